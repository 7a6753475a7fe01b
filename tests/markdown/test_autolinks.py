import pytest

from streamhtml.markdown._inline.addresses import (
    end_of_url,
    is_email,
    likely_part,
    unfinished_start,
)
from streamhtml.markdown._sentinel import INCOMPLETE


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("http://a", "http://a"),
        ("http://a.b/?c&d= e", "http://a.b/?c&d="),
        ("www.a.b<c", "www.a.b"),
        ("http://a.b?!.,:*_~'\"", "http://a.b"),
        ("http://a.b/(c)))", "http://a.b/(c)"),
        ("http://a.b/(c", "http://a.b/(c"),
        ("http://a.b/c).)", "http://a.b/c"),
        ("http://a.b&lt;&amp;", "http://a.b"),
        ("http://a.b&;", "http://a.b&"),
        ("http://a_b.c.d", "http://a_b.c.d"),
        ("http://a.b]c", "http://a.b"),
        ("http://a.b].c", "http://a.b"),
        ("http://a.b/[c]d]e", "http://a.b/[c]d"),
        ("http://a.b/[c", "http://a.b/"),
        ("http://글.kr/글", "http://글.kr/글"),
        *((text, None) for text in ("http://", "http:///a", "http://.a", "http://a_b", "www.")),
        *((text, None) for text in ("http://a.b_c", "http://a_b.c", "http://...")),
    ],
)
def test_where_an_address_ends(text: str, address: str | None) -> None:
    end = None if address is None else len(address) + 1
    assert end_of_url(f"({text}", 1, final=True) == end
    if address:
        assert end_of_url(f"({text} ", 1, final=False) == end


@pytest.mark.parametrize("text", ["http://", "www.", "http://a", "http://a.b/[c", "http://a.b/["])
def test_an_address_may_go_on(text: str) -> None:
    assert end_of_url(text, 0, final=False) is INCOMPLETE


def test_a_bracket_ends_an_address_for_certain() -> None:
    assert end_of_url("http://a.b](c", 0, final=False) == len("http://a.b")


def test_what_will_most_likely_belong_to_an_address() -> None:
    shown = [likely_part(text) for text in ("http://a.b**", "http://a.b/?c&", "http://a.b/?c&d")]
    assert shown == ["http://a.b", "http://a.b/?c", "http://a.b/?c"]


def test_what_is_an_address_of_e_mail() -> None:
    assert all(map(is_email, ["a@b.c", "a@b-c.d", "a@b_c.d", "a@b.c.d"]))
    assert not any(map(is_email, ["a@b", "a@b.", "a@.b", "a@b..c", "a@b.c-", "a@b.c_"]))


@pytest.mark.parametrize(
    ("text", "start", "start_of_word"),
    [
        ("a b", 3, 2),
        ("a b ", 4, 4),
        ("a http", 2, 2),
        ("a https:/", 2, 2),
        ("a ftp:", 2, 2),
        ("a ww", 2, 2),
        ("a(h", 2, 2),
        ("글w", 1, 1),
        ("ah", 2, 0),
        ("a httpx", 7, 2),
        ("a wwwh", 6, 2),
        ("a b.c+d-e_g", 11, 2),
        ("a -", 3, 3),
        ("", 0, 0),
    ],
)
def test_what_may_become_an_address(text: str, start: int, start_of_word: int) -> None:
    assert unfinished_start(text, words=False) == start
    assert unfinished_start(text, words=True) == start_of_word


@pytest.mark.parametrize("text", ["a HTTP:", "a Https:/", "a FTP://"])
def test_upper_case_may_become_an_address(text: str) -> None:
    assert unfinished_start(text, words=False) == unfinished_start(text, words=True) == 2
