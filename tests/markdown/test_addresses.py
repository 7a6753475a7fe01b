"""Addresses in text, where links lead, and images."""

import pytest
from tests.markdown.page import canonical
from tests.markdown.patch_steps import sent
from tests.markdown.rendering import REL, link, paragraph, shown, streamed

from streamhtml.markdown import Options, render

# Addresses


@paragraph(
    ("https://a.b", link("https://a.b", "https://a.b")),
    ("(HTTP://a.b/c?d=e&f).", f"({link('HTTP://a.b/c?d=e&amp;f', 'HTTP://a.b/c?d=e&amp;f')})."),
    ("www.a.b, c", f"{link('http://www.a.b', 'www.a.b')}, c"),
    ("https://a.b/(x)", link("https://a.b/(x)", "https://a.b/(x)")),
    ("https://a.b/x).", f"{link('https://a.b/x', 'https://a.b/x')})."),
    ("https://a.b/&amp;", f"{link('https://a.b/', 'https://a.b/')}&amp;"),
    ("https://a.b/;", f"{link('https://a.b/', 'https://a.b/')};"),
    ("https://a.b/x_y_z_", f"{link('https://a.b/x_y_z', 'https://a.b/x_y_z')}_"),
    ("**https://a.b**", f"<strong>{link('https://a.b', 'https://a.b')}</strong>"),
    ("https://a.b<c", f"{link('https://a.b', 'https://a.b')}&lt;c"),
    ("https://a.b/글", link("https://a.b/%EA%B8%80", "https://a.b/글")),
    ("글https://a.b", f"글{link('https://a.b', 'https://a.b')}"),
    ("[x https://a.b] y", f"[x {link('https://a.b', 'https://a.b')}] y"),
    ("[https://a.b](u)", link("u", "https://a.b")),
    ("`https://a.b`", "<code>https://a.b</code>"),
    ("<https://a.b>", link("https://a.b", "https://a.b")),
    ("<a@b.c>", link("mailto:a@b.c", "a@b.c")),
    ("a@b.c", link("mailto:a@b.c", "a@b.c")),
    ("to a.b-c+d_e@f.g.", f"to {link('mailto:a.b-c+d_e@f.g', 'a.b-c+d_e@f.g')}."),
    ("mailto:a@b.c", link("mailto:a@b.c", "mailto:a@b.c")),
    ("x *MailTo:a@b.c*.", f"x <em>{link('MailTo:a@b.c', 'MailTo:a@b.c')}</em>."),
    ("mailto:mailto:a@b.c", f"mailto:{link('mailto:a@b.c', 'mailto:a@b.c')}"),
    ("xmailto:a@b.c", f"xmailto:{link('mailto:a@b.c', 'a@b.c')}"),
    ("mailto:_a@b.c", f"mailto:_{link('mailto:a@b.c', 'a@b.c')}"),
    ("x:a@b.c", f"x:{link('mailto:a@b.c', 'a@b.c')}"),
    ("<tel:+1-2>", link("tel:+1-2", "tel:+1-2")),
    ("a@b.c: d", f"{link('mailto:a@b.c', 'a@b.c')}: d"),
    ("a@b.c:", f"{link('mailto:a@b.c', 'a@b.c')}:"),
    ("mailto:a@b.c:d", f"{link('mailto:a@b.c', 'mailto:a@b.c')}:d"),
    ("a://b a@b.c", f"a://b {link('mailto:a@b.c', 'a@b.c')}"),
    ("www.a.b/c[^1] [1]", f"{link('http://www.a.b/c', 'www.a.b/c')}[^1] [1]"),
    ("a@b.c를", f"{link('mailto:a@b.c', 'a@b.c')}를"),
    ("(https://a.b/c)를", f"({link('https://a.b/c', 'https://a.b/c')})를"),
    ("**https://a.b/c**를", f"<strong>{link('https://a.b/c', 'https://a.b/c')}</strong>를"),
    ("「https://a.b/c」、", f"「{link('https://a.b/c', 'https://a.b/c')}」、"),
    (
        "to a@b.c and d@e.f",
        f"to {link('mailto:a@b.c', 'a@b.c')} and {link('mailto:d@e.f', 'd@e.f')}",
    ),
)
def test_addresses(text: str, content: str) -> None:
    assert shown(text) == f"<p>{content}</p>"


@pytest.mark.parametrize(
    "text",
    [
        *("https://", "http:///x", "http://.a", "https://a_b.c", "https://a.b_c", "xhttps://a.b"),
        *("www.", "www", "awww.a.b", "ftp://a.b", "a@b", "a@", "@a", "a@b.c-", "a@b.c_", "a@b..c"),
        *(
            "react@18.2.0",
            "next@14.0.0-canary.5",
            "node@18.x",
            "me@192.168.0.1",
            "a@b.1",
            "ssh://a@b.c",
            "ssh://a@b.c d",
            "git+ssh://git@b.c:d/e.git",
            "redis://a:b%40c-d@e.f/0",
            "git@b.c:d/e",
            "a@b.c:22/d",
            "to a@b.c:~/d and e.f@g.h:/i",
            "sip:a@b.c",
            "@a@b.c",
            "mailto:a",
        ),
    ],
)
def test_what_is_no_address(text: str) -> None:
    assert shown(text) == f"<p>{text}</p>"


def test_an_address_in_upper_case_behind_one_of_e_mail() -> None:
    assert shown("a@b.c HTTP://d") == (
        f"<p>{link('mailto:a@b.c', 'a@b.c')} {link('HTTP://d', 'HTTP://d')}</p>"
    )


def test_an_address_of_e_mail_with_underscores_behind_another() -> None:
    assert shown("a@b.c d_e@f.g") == (
        f"<p>{link('mailto:a@b.c', 'a@b.c')} {link('mailto:d_e@f.g', 'd_e@f.g')}</p>"
    )


def test_emphasis_begins_in_what_is_no_address() -> None:
    assert shown("a._@ b_") == "<p>a.<em>@ b</em></p>"


def test_an_address_behind_mailto_that_was_shown() -> None:
    for pieces in (
        ["a mailto:", "b@c.d e"],
        ["mai", "lto", ":b@c.d e"],
        ["mailto:b", "@c.d"],
    ):
        assert streamed(pieces, Options()) == canonical(render("".join(pieces)))


def test_links_open_in_the_same_tab_with_an_option() -> None:
    text = "[a](https://b) ![c](https://d)"
    assert shown(text) == f"<p>{link('https://b', 'a')} {link('https://d', 'c')}</p>"
    assert shown(text, new_tab=False) == (
        f'<p><a href="https://b" {REL}>a</a> <a href="https://d" {REL}>c</a></p>'
    )


# Where links lead


@pytest.mark.parametrize(
    ("target", "url"),
    [
        *((url, url) for url in ("/x", "x", "#x", "?x:y", "./x:y", "../x", "//host", "x/y:z", "")),
        *(
            (url, url)
            for url in ("http://h", "HTTPS://h", "mailto:a@b.c?subject=x", "http:x", "tel:1")
        ),
        ("<>", ""),
        ("<a b>", "a%20b"),
        ("ü", "%C3%BC"),
        ("%20%zz", "%20%zz"),
        ('a"b', "a%22b"),
        ("a&b", "a&amp;b"),
        ("/\\host", "/%5Chost"),
        ("[", "%5B"),
    ],
)
def test_where_a_link_may_lead(target: str, url: str) -> None:
    assert shown(f"[a]({target})") == f"<p>{link(url, 'a')}</p>"


REFUSED = [
    *("javascript:x", "JavaScript:x", "javascript:x//http://h", "\\javascript:x", "javascript\\:x"),
    *("&#106;avascript:x", "&#x6A;avascript:x", "javascript&#58;x", "javascript&colon;x"),
    *("java&Tab;script:x", "java&NewLine;script:x", "&#1;javascript:x", "&#0;javascript:x"),
    *(
        "<java\tscript:x>",
        "< javascript:x>",
        "<\tjavascript:x>",
        "java%73cript:x",
        "%6aavascript:x",
    ),
    *("\u200bjavascript:x", "java\u00adscript:x", "ｊavascript:x", "\ufeffjavascript:x"),
    *("java\u202escript:x", "java\0script:x", "java\x1bscript:x", "java\ud800script:x"),
    *("vbscript:x", "data:text/html,x", "file:///x", "blob:x", "sms:1", "ftp://h", "a:b", ":b"),
    *("feed:javascript:x", "view-source:http://h", "javascript&#0000058;x", "JAVASCRIPT&#x3a;x"),
]


@pytest.mark.parametrize("target", REFUSED, ids=ascii)
def test_a_link_that_is_refused_is_its_text(target: str) -> None:
    assert shown(f"[*a*]({target}) b") == "<p><em>a</em> b</p>"
    assert shown(f'[a]\n\n[a]: {target} "title"') == "<p>a</p>"
    assert shown(f"![a]({target})", image_hosts=["h"]) == "<p>a</p>"


def test_an_address_that_is_refused_is_text() -> None:
    assert shown("<javascript:x>") == "<p>&lt;javascript:x&gt;</p>"
    assert shown("<data:x&amp;y>") == "<p>&lt;data:x&amp;amp;y&gt;</p>"
    assert shown("![](javascript:x)") == "<p>javascript:x</p>"


def test_a_title() -> None:
    assert shown('[a](u "b\\"<&amp;")') == (
        f'<p><a href="u" title="b&quot;&lt;&amp;" {REL}>a</a></p>'
    )


@pytest.mark.parametrize("lines", [1, 300])
def test_a_definition_of_many_lines(lines: int) -> None:
    title = "line\n" * lines
    assert shown(f"[a]: /u '{title}'\n\n[a]") == (
        f'<p><a href="/u" title="{title}" {REL}>a</a></p>'
    )
    assert shown(f"[a]: /u '{title}") == f"<p>[a]: /u '{title.rstrip()}</p>"


@pytest.mark.parametrize("depth", [8, 9])
def test_parentheses_in_a_url_are_nested_up_to_8(depth: int) -> None:
    url = "(" * depth + "b" + ")" * depth
    assert shown(f"[a]({url})") == f"<p>{link(url, 'a') if depth == 8 else f'[a]({url})'}</p>"


# Images


def image(url: str, alternative: str) -> str:
    return f'<img src="{url}" alt="{alternative}">'


@paragraph(
    ("![a](http://h/i)", image("http://h/i", "a")),
    ("![a](HTTPS://H/i)", image("HTTPS://H/i", "a")),
    ("![](http://h)", image("http://h", "")),
    ('![a"*b*](http://h/i)', image("http://h/i", "a&quot;b")),
    ('![a](http://h/i "t")', '<img src="http://h/i" title="t" alt="a">'),
    ("![a ![b](http://h/b) c](http://h/i)", image("http://h/i", "a b c")),
    ("![a [b](u)](http://h/i)", image("http://h/i", "a b")),
    ("![a][r]\n\n[r]: http://h/i", image("http://h/i", "a")),
    ("[![a](http://h/i)](u)", link("u", image("http://h/i", "a"))),
    ("![a](http://i/i)", link("http://i/i", "a")),
    ("![](http://i/i?a&b)", link("http://i/i?a&amp;b", "http://i/i?a&amp;b")),
    ("[![a](http://i/i)](u)", link("u", "a")),
    ("![a](http://sub.h/i)", link("http://sub.h/i", "a")),
    ("![a](http://h:80/i)", link("http://h:80/i", "a")),
    ("![a](http://u@h/i)", link("http://u@h/i", "a")),
    ("![a](http://h@i/i)", link("http://h@i/i", "a")),
    ("![a](http://i\\h/i)", link("http://i%5Ch/i", "a")),
    ("![a](http://[h/i)", link("http://%5Bh/i", "a")),
    ("![a](http://h%2f/i)", link("http://h%2f/i", "a")),
    ("![a](http://h/ü)", link("http://h/%C3%BC", "a")),
    ("![a](http:h/i)", link("http:h/i", "a")),
    ("![a](http:///h/i)", link("http:///h/i", "a")),
    ("![a](//h/i)", link("//h/i", "a")),
    ("![a](/i)", link("/i", "a")),
    ("![a](data:image/png;base64,x)", "a"),
    ("![a", "![a"),
    ("![a][nowhere]", "![a][nowhere]"),
)
def test_images_come_from_named_hosts_alone(text: str, content: str) -> None:
    assert shown(text, image_hosts=["h"]) == f"<p>{content}</p>"


def test_no_image_is_loaded_unless_a_host_is_named() -> None:
    assert shown("![a](http://h/i)") == f"<p>{link('http://h/i', 'a')}</p>"
    assert shown("![a](http:///i)") == f"<p>{link('http:///i', 'a')}</p>"


def test_the_description_of_an_image_that_may_be_loaded_is_not_shown_before_it() -> None:
    start, end = "a ![b](https://", "h/c)"
    steps = sent([start, end], image_hosts=["h"])
    assert steps == [["append 0 <p>a </p>"], ['append 1 <img src="https://h/c" alt="b">'], []]
    steps = sent([start, end])
    assert steps[0] == ["append 0 <p>a </p>", "tail 1 b"]
