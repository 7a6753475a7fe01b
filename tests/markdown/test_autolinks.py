import pytest

from streamhtml.markdown._incomplete import INCOMPLETE
from streamhtml.markdown._inline.addresses import (
    end_of_url,
    is_email,
    likely_part,
    unfinished_start,
)


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
        *((f"http://a.b{end}", "http://a.b") for end in ("를", "漢字", "かな", "カナ", "Ａ", "ｶﾅ")),
        *(
            (f"http://a.b/c{end}", "http://a.b/c")
            for end in ("를", "!를", ",를", ".를", "(를)", '"를')
        ),
        *((f"http://a.b/c{end}", "http://a.b/c") for end in "。，、）】」』》！？：；”’…—　｡"),
        *((f"http://a.b{end}", "http://a.b") for end in ("。", "，를", ":를", "”를")),
        ("http://a.b/글)를", "http://a.b/글"),
        ("http://a.b/글_(글)를", "http://a.b/글_(글)"),
        ("http://a.b/글(글)/c를", "http://a.b/글(글)/c"),
        ("http://a.b/글1a글/글:글.글", "http://a.b/글1a글/글:글.글"),
        ("http://a.b/?글=글&글#글", "http://a.b/?글=글&글#글"),
        ("http://a.b/@글-글+글", "http://a.b/@글-글+글"),
        ("http://a.b/ア・イ", "http://a.b/ア・イ"),
        ("http://a.b/%EA를", "http://a.b/%EA"),
        ("http://a.b/é를", "http://a.b/é"),
        ("http://c.글.글/", "http://c.글.글/"),
        ("www.글.kr에서", "www.글.kr"),
        ("www.a.b에서", "www.a.b"),
        *(
            (f"http://a.b/{end}", "http://a.b/")
            for end in ("를", "에서", "입니다.", "で", "から、")
        ),
        *(
            (f"http://a.b/{end}", f"http://a.b/{end}")
            for end in ("를x", "이미지", "に/", "x/에서의글")
        ),
        ("http://를", "http://를"),
        ("http://a.b/[c를]", "http://a.b/"),
        ("http://a.b/😀", "http://a.b/😀"),
        *(
            (f"http://{url}", f"http://{url}")
            for url in ("글.kr/가", "글.글/를", "c글.kr/를", "글")
        ),
        *((f"www.{url}", f"www.{url}") for url in ("c-글d.kr/가", "글.kr")),
        ("http://www.c글.kr를", "http://www.c글.kr"),
        ("http://c글. 글", "http://c"),
        ("http://c글.글", "http://c"),
        ("http://a.b和c.d", "http://a.b"),
        *((f"http://a.b/c{end}", "http://a.b/c") for end in ("[1]", "[^x].", "[1][doc-2],[3])")),
        *((f"http://a.b/c{end}", "http://a.b/c") for end in ("[1](http://d)", ".[2](/d)")),
        *((f"http://a.b/{end}", f"http://a.b/{end}") for end in ("[0]", "[1]/d", "?c[1]=2", "[x]")),
        ("http://。", None),
        *((text, None) for text in ("http://", "http:///a", "http://.a", "http://a_b", "www.")),
        *((text, None) for text in ("http://a.b_c", "http://a_b.c", "http://...")),
    ],
)
def test_where_an_address_ends(text: str, address: str | None) -> None:
    end = None if address is None else len(address) + 1
    assert end_of_url(f"({text}", 1, final=True, cjk=True) == end
    if address:
        assert end_of_url(f"({text} ", 1, final=False, cjk=True) == end


@pytest.mark.parametrize("text", ["http://", "www.", "http://a", "http://a.b/[c", "http://a.b/["])
def test_an_address_may_go_on(text: str) -> None:
    assert end_of_url(text, 0, final=False, cjk=True) is INCOMPLETE


def test_a_bracket_ends_an_address_for_certain() -> None:
    assert end_of_url("http://a.b](c", 0, final=False, cjk=True) == len("http://a.b")


def test_a_letter_of_korean_ends_an_address_for_certain() -> None:
    assert end_of_url("http://a.b를", 0, final=False, cjk=True) == len("http://a.b")
    assert end_of_url("http://a.b를", 0, final=True, cjk=False) == len("http://a.b를")
    for text in ("http://a.b/글", "http://a.b/글:", "http://a.b/c(", "http://a글", "www.a글."):
        assert end_of_url(text, 0, final=False, cjk=True) is INCOMPLETE


def test_what_will_most_likely_belong_to_an_address() -> None:
    shown = [likely_part(text) for text in ("http://a.b**", "http://a.b/?c&", "http://a.b/?c&d")]
    assert shown == ["http://a.b", "http://a.b/?c", "http://a.b/?c"]
    assert likely_part("http://a.b/c_d~~.)") == "http://a.b/c_d"
    assert likely_part("http://a.b/c_d.") == "http://a.b/c_d."
    assert likely_part("http://a.b/c[1](http://d") == "http://a.b/c"
    for citation in ("[", "[1", "[1]", "[^no", "[1][doc-2], [3"):
        assert likely_part(f"http://a.b/c{citation}").startswith("http://a.b/c")
        assert "[" not in likely_part(f"http://a.b/c{citation}".replace(" ", ""))


def test_what_is_an_address_of_e_mail() -> None:
    assert all(map(is_email, ["a@b.c", "a@b-c.d", "a@b_c.d", "a@b.c.d"]))
    assert all(map(is_email, ["a@163.com", "a@3m.co", "a@1-2.com", "a@b.c1", "a@v.c"]))
    assert not any(map(is_email, ["a@18.2.0", "a@192.168.0.1", "a@18.x", "a@V1.X", "a@1.0.0-b.c"]))
    assert not any(map(is_email, ["a@b.1c", "a@1.0rc1"]))
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
        ("a mailto:", 9, 2),
        ("a MailTo:b.c", 12, 2),
        ("mailto:b", 8, 0),
        ("amailto:b", 9, 8),
        ("ailto:b", 7, 6),
    ],
)
def test_what_may_become_an_address(text: str, start: int, start_of_word: int) -> None:
    assert unfinished_start(text, words=False) == start
    assert unfinished_start(text, words=True) == start_of_word


@pytest.mark.parametrize("text", ["a HTTP:", "a Https:/", "a FTP://"])
def test_upper_case_may_become_an_address(text: str) -> None:
    assert unfinished_start(text, words=False) == unfinished_start(text, words=True) == 2
