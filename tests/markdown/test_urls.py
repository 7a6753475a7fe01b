import pytest
from tests.markdown.spec_renderer import AnyURL

from streamhtml.markdown._inline.link_syntax import Target
from streamhtml.markdown._inline.url_policy import (
    SafeURLs,
    is_allowed,
    normalize_url,
    text_of,
    url_attributes,
)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        *((url, True) for url in ("", "a", "/a:b", "?a:b", "#a:b", "./a:b", "//h:1/", "http:a")),
        *((url, True) for url in ("HTTP://h", "https://h", "MailTo:a", "Tel:1", "a/b:c", "\\\\h")),
        *(
            (url, False)
            for url in ("a:", ":", "javascript:", "java\tscript:a", " http://h", "\0a:b")
        ),
        *(
            (url, False)
            for url in ("httpx:a", "http\n:a", "data:,a", "ｈttp:a", "a\\b:c", "http%3A:a")
        ),
    ],
    ids=ascii,
)
def test_where_a_link_may_lead(url: str, allowed: bool) -> None:
    assert is_allowed(url) is allowed
    assert bool(SafeURLs((), new_tab=True).link(Target(url, None))[0]) is allowed


@pytest.mark.parametrize(
    ("url", "elsewhere"),
    [
        *((url, True) for url in ("http://h", "HTTPS://h/a", "//h", "http:a")),
        *((url, False) for url in ("", "a", "/a", "#a", "?a=//b", "/\\h", "mailto:a@b.c", "tel:1")),
    ],
)
def test_which_links_open_in_a_new_tab(url: str, elsewhere: bool) -> None:
    rel = ' rel="noopener noreferrer nofollow ugc">'
    for new_tab in True, False:
        start, _ = SafeURLs((), new_tab=new_tab).link(Target(url, None))
        tab = ' target="_blank"' if elsewhere and new_tab else ""
        assert start == f"<a{url_attributes('href', Target(url, None))}{tab}{rel}"


@pytest.mark.parametrize(
    ("url", "written"),
    [
        *((url, url) for url in ("", "http://h/a?b=c&d#e", "%20", "%", "~!$'()*+,;=@:-._")),
        ('a b"<>\\^`{|}[]', "a%20b%22%3C%3E%5C%5E%60%7B%7C%7D%5B%5D"),
        ("\t\n", "%09%0A"),
        ("글", "%EA%B8%80"),
    ],
    ids=ascii,
)
def test_how_a_url_is_written(url: str, written: str) -> None:
    assert normalize_url(url) == written
    assert normalize_url(written) == written


def test_the_text_of_html() -> None:
    assert text_of('a <em>b</em> <img src="u" alt="c &lt;d&gt;"> <a href="v">e</a>&amp;') == (
        "a b c &lt;d&gt; e&amp;"
    )
    assert text_of("a<br>b<br>\nc<sub>d</sub>&lt;br&gt;") == "a b\ncd&lt;br&gt;"


def test_no_policy() -> None:
    target = Target("javascript:a", 'b"')
    assert AnyURL().link(target) == ('<a href="javascript:a" title="b&quot;">', "</a>")
    assert AnyURL().image(target, '<em>"</em>') == (
        '<img src="javascript:a" title="b&quot;" alt="&quot;">'
    )
