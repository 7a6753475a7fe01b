"""What becomes of Markdown beyond CommonMark, seen from outside.

Each text is streamed by character too, and its page must be that of the text at once.
"""

from typing import Any

import pytest
from markupsafe import Markup
from tests.markdown.page import Page, canonical

from streamhtml import Patch
from streamhtml.markdown import MarkdownRenderer, Options, render

REL = 'rel="noopener noreferrer nofollow ugc"'


def shown(text: str, **options: Any) -> str:
    """Return the HTML of a text in the region ``r``."""
    chosen = Options(**options)
    html = str(render(text, chosen, root="r"))
    assert streamed(list(text), chosen) == canonical(html)
    return html


def streamed(pieces: list[str], options: Options) -> str:
    page = Page("r")
    renderer = MarkdownRenderer("r", options)
    for piece in pieces:
        page.apply(renderer.feed(piece))
    page.apply(renderer.close())
    return page.html


def link(url: str, text: str) -> str:
    return f'<a href="{url}" {REL}>{text}</a>'


def paragraph(*cases: tuple[str, str]) -> Any:
    """Parametrize with texts, and the content of the paragraph that becomes of each."""
    return pytest.mark.parametrize(("text", "content"), cases, ids=[ascii(c[0]) for c in cases])


def whole(*cases: tuple[str, str]) -> Any:
    """Parametrize with texts, and all the HTML that becomes of each."""
    return pytest.mark.parametrize(("text", "html"), cases, ids=[ascii(c[0]) for c in cases])


# Alerts


@pytest.mark.parametrize("kind", ["note", "tip", "important", "warning", "caution"])
@pytest.mark.parametrize("written", ["> [!{}]\n> x", ">[!{}]  \n>x", "> [!{}]\n>\n> x"])
def test_an_alert(kind: str, written: str) -> None:
    expected = (
        f'<div class="markdown-alert markdown-alert-{kind}">'
        f'<p class="markdown-alert-title">{kind.title()}</p><p>x</p></div>'
    )
    assert shown(written.format(kind.upper())) == shown(written.format(kind)) == expected


TIP = '<div class="markdown-alert markdown-alert-tip"><p class="markdown-alert-title">Tip</p>'


@whole(
    ("> [!tip]", f"{TIP}</div>"),
    ("> [!tip]\n> - x", f"{TIP}<ul><li>x</li></ul></div>"),
    ("- > [!tip]\n  > x", f"<ul><li>{TIP}<p>x</p></div></li></ul>"),
    ("> > [!tip]", f"<blockquote>{TIP}</div></blockquote>"),
    ("> [!tip]\n> x\n\ny", f"{TIP}<p>x</p></div><p>y</p>"),
)
def test_where_an_alert_may_be(text: str, html: str) -> None:
    assert shown(text) == html


@pytest.mark.parametrize(
    "text",
    ["[!tip]", "> [!tip] x", "> x\n> [!tip]", "> [!tips]", "> [tip]", "- [!tip]", "> [!tip"],
)
def test_what_is_no_alert(text: str) -> None:
    html = shown(text)
    assert "markdown-alert" not in html
    assert text[text.index("[") :] in html


# Footnotes


def note(number: int) -> str:
    return f'<sup class="footnote-ref">{number}</sup>'


def notes(*items: str) -> str:
    inner = "".join(f"<li>{item}</li>" for item in items)
    return f'<section class="footnotes"><ol>{inner}</ol></section>'


@whole(
    (
        "a[^x] b[^y] a[^x]\n\n[^y]: Y\n[^x]: X",
        f"<p>a{note(1)} b{note(2)} a{note(1)}</p>{notes('<p>X</p>', '<p>Y</p>')}",
    ),
    ("[^x]: X\n\na[^x]", f"<p>a{note(1)}</p>{notes('<p>X</p>')}"),
    ("a[^x]\n\n[^X]: X\n[^x]: Z", f"<p>a{note(1)}</p>{notes('<p>X</p>')}"),
    ("a[^x]\n\nb", "<p>a[^x]</p><p>b</p>"),
    ("a[^x] b[^y]\n\n[^y]: Y", f"<p>a[^x] b{note(1)}</p>{notes('<p>Y</p>')}"),
    ("a\n\n[^x]: X", "<p>a</p>"),
    (
        "a[^x]\n\n[^x]: b[^y]\n[^y]: c[^x] d[^z]\n[^z]: Z",
        f"<p>a{note(1)}</p>"
        + notes(f"<p>b{note(2)}</p>", f"<p>c{note(1)} d{note(3)}</p>", "<p>Z</p>"),
    ),
    ("# a[^x]\n\n[^x]: X", f"<h1>a{note(1)}</h1>{notes('<p>X</p>')}"),
    (
        "|a|\n|-|\n|b[^x]|\n\n[^x]: X",
        (
            f"<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b{note(1)}</td></tr></tbody>"
            f"</table>{notes('<p>X</p>')}"
        ),
    ),
    (
        "a[^x]\n\n[^x]: X\nlazy\n\n    Y\n\n    - z\n\nb",
        f"<p>a{note(1)}</p><p>b</p>" + notes("<p>X\nlazy</p><p>Y</p><ul><li>z</li></ul>"),
    ),
    ("a[^x]\n\n[^x]:\n", f"<p>a{note(1)}</p>{notes('')}"),
    ("a[^x y]\n\n[^x y]: X", f"<p>a{link('X', '^x y')}</p>"),
    ("`[^x]` \\[^x]\n\n[^x]: X", "<p><code>[^x]</code> [^x]</p>"),
    ("**a[^x]**\n\n[^x]: X", f"<p><strong>a{note(1)}</strong></p>{notes('<p>X</p>')}"),
    ("[a[^x]](u)\n\n[^x]: X", f"<p>{link('u', 'a[^x]')}</p>"),
    ("![a[^x]](u)\n\n[^x]: X", f"<p>{link('u', 'a')}</p>"),
    ("> a[^x]\n>\n> [^x]: X", f"<blockquote><p>a{note(1)}</p></blockquote>{notes('<p>X</p>')}"),
)
def test_footnotes(text: str, html: str) -> None:
    assert shown(text) == html


def test_footnotes_with_ids() -> None:
    text = "a[^x] b[^x] c[^y] d[^z]\n\n[^x]: X\n[^y]:\n    - Y\n[^z]: Z\n\n    a\n\n    b"
    assert shown(text, ids=True) == (
        '<p>a<sup class="footnote-ref"><a href="#r-fn-1" id="r-fnref-1">1</a></sup>'
        ' b<sup class="footnote-ref"><a href="#r-fn-1">1</a></sup>'
        ' c<sup class="footnote-ref"><a href="#r-fn-2" id="r-fnref-2">2</a></sup>'
        ' d<sup class="footnote-ref"><a href="#r-fn-3" id="r-fnref-3">3</a></sup></p>'
        '<section class="footnotes"><ol>'
        '<li id="r-fn-1"><p>X <a href="#r-fnref-1" class="footnote-backref">↩</a></p></li>'
        '<li id="r-fn-2"><ul><li>Y</li></ul>'
        ' <a href="#r-fnref-2" class="footnote-backref">↩</a></li>'
        '<li id="r-fn-3"><p>Z</p><p>a</p><p>b <a href="#r-fnref-3" class="footnote-backref">↩</a>'
        "</p></li></ol></section>"
    )


def test_the_id_of_an_empty_footnote() -> None:
    assert '<li id="r-fn-1"> <a href="#r-fnref-1"' in shown("a[^x]\n\n[^x]:", ids=True)


# Task items

OPEN = '<input disabled="" type="checkbox"> '
DONE = '<input checked="" disabled="" type="checkbox"> '


@whole(
    (
        "- [ ] a\n- [x] b\n- [X] c",
        f"<ul><li>{OPEN}a</li><li>{DONE}b</li><li>{DONE}c</li></ul>",
    ),
    ("1. [x] a", f"<ol><li>{DONE}a</li></ol>"),
    ("- [ ]\t *a*", f"<ul><li>{OPEN}<em>a</em></li></ul>"),
    ("- [ ] a\n\n- [x] b", f"<ul><li><p>{OPEN}a</p></li><li><p>{DONE}b</p></li></ul>"),
    ("- [ ] a\n  - [x] b", f"<ul><li>{OPEN}a<ul><li>{DONE}b</li></ul></li></ul>"),
    ("> - [ ] a", f"<blockquote><ul><li>{OPEN}a</li></ul></blockquote>"),
    ("- [x] [ ] a", f"<ul><li>{DONE}[ ] a</li></ul>"),
    ("- [x] [a](u)", f"<ul><li>{DONE}{link('u', 'a')}</li></ul>"),
    ("- [ ]", "<ul><li>[ ]</li></ul>"),
    ("- [ ] ", "<ul><li>[ ]</li></ul>"),
    ("- [ ]a", "<ul><li>[ ]a</li></ul>"),
    ("- [y] a", "<ul><li>[y] a</li></ul>"),
    ("- [x](u)", f"<ul><li>{link('u', 'x')}</li></ul>"),
    ("- [x]: /u\n\n[x]", f"<ul><li></li></ul><p>{link('/u', 'x')}</p>"),
    ("- a\n  [ ] b", "<ul><li>a\n[ ] b</li></ul>"),
    ("- a\n\n  [ ] b", "<ul><li><p>a</p><p>[ ] b</p></li></ul>"),
    ("- # [ ] a", "<ul><li><h1>[ ] a</h1></li></ul>"),
    ("[x] a", "<p>[x] a</p>"),
)
def test_task_items(text: str, html: str) -> None:
    assert shown(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("- [ ] a\n  ===", "<ul><li><h1>[ ] a</h1></li></ul>"),
        ("- [x] a\n  ---\n\n- b", "<ul><li><h2>[x] a</h2></li><li><p>b</p></li></ul>"),
        ("- b\n\n- [x] a\n  ===", "<ul><li><p>b</p></li><li><h1>[x] a</h1></li></ul>"),
        (
            "- [ ] a | b\n  - | :-",
            '<ul><li><input disabled="" type="checkbox"> a | b<ul><li>| :-</li></ul></li></ul>',
        ),
        (
            "- [ ] a | b\n  -|-",
            "<ul><li><table><thead><tr><th>[ ] a</th><th>b</th></tr></thead></table></li></ul>",
        ),
    ],
)
def test_only_a_paragraph_has_a_checkbox(text: str, html: str) -> None:
    assert shown(text) == html


# Formulas


def inline(tex: str) -> str:
    return f'<code class="language-math math-inline">{tex}</code>'


def within(tex: str) -> str:
    return f'<code class="language-math math-display">{tex}</code>'


def display(tex: str) -> str:
    return f"<pre>{within(tex)}</pre>"


@paragraph(
    ("$x$", inline("x")),
    ("a $x^2$, ($y$)", f"a {inline('x^2')}, ({inline('y')})"),
    ("$a_1 * b_2 * c$", inline("a_1 * b_2 * c")),
    ("**$x$**", f"<strong>{inline('x')}</strong>"),
    ("$a<b$ $&amp;$", f"{inline('a&lt;b')} {inline('&amp;amp;')}"),
    (r"$a\$b$", inline(r"a\$b")),
    ("$n$-th", f"{inline('n')}-th"),
    (r"$x \text{ if you like it}$", inline(r"x \text{ if you like it}")),
    ("a $$x$$ b", f"a {within('x')} b"),
    ("$$x\ny$$ b", f"{within(f'x{chr(10)}y')} b"),
    (r"a \(x\) b", f"a {inline('x')} b"),
    (r"\( x\$ \)", inline(r"x\$")),
    (r"\(a\) \(b", f"{inline('a')} (b"),
    (r"\(\) \( \)", "() ( )"),
    (r"\\(x\\)", r"\(x\)"),
    (r"a \[x\] b", "a [x] b"),
)
def test_formulas_within_text(text: str, content: str) -> None:
    assert shown(text) == f"<p>{content}</p>"


@pytest.mark.parametrize(
    "text",
    [
        *("$", "$$$", "$$$$", "$$ $$", "$x", "$$x", "a $x", "$ x$", "$x $", "$x$1", "a$x$"),
        *("$5 and $10", "$5, $6", "costs $1.50 or $2", "$5-$10", "$5/$10", "US$5 and US$6"),
        *("$1.5M and $2M", "from $5 to $10, or $15", "$20 $", "it is $5 for you and $6 for me$"),
        *("$HOME/bin:$PATH", "$HOME and $USER", "$x$$y$", "$a\nb$", "echo $a, $b", "$1 $2", "$$x$"),
    ],
)
def test_what_is_no_formula(text: str) -> None:
    assert shown(text) == f"<p>{text}</p>"


@pytest.mark.parametrize("text", ["$x$", "$$x$$", "a $$x$$"])
def test_without_formulas_dollars_are_text(text: str) -> None:
    assert shown(text, math=False) == f"<p>{text}</p>"
    assert shown("\\(x\\)\n\n\\[\nx\n\\]", math=False) == "<p>(x)</p><p>[\nx\n]</p>"


@whole(
    ("$$x$$", display("x\n")),
    ("$$ x + y $$ \nz", display("x + y\n") + "<p>z</p>"),
    ("$$\nx\n\ny\n$$\nz", display("x\n\ny\n") + "<p>z</p>"),
    ("$$\nx $$", display("x \n")),
    ("$$\nx", display("x\n")),
    ("\\[ x \\]", display("x\n")),
    ("\\[\n*x*\n\\]", display("*x*\n")),
    ("\\[\nx", display("x\n")),
    ("a\n$$\nx\n$$", "<p>a</p>" + display("x\n")),
    ("- $$\n  x\n  $$", f"<ul><li>{display(f'x{chr(10)}')}</li></ul>"),
    ("> $$\n> x\ny", f"<blockquote>{display(f'x{chr(10)}')}</blockquote><p>y</p>"),
    ("\\[x\\]", "<p>[x]</p>"),
    ("\\[ x", "<p>[ x</p>"),
    ("\\[ x \\] y", "<p>[ x ] y</p>"),
)
def test_formulas_on_lines_of_their_own(text: str, html: str) -> None:
    assert shown(text) == html


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
    ("mailto:a@b.c", f"mailto:{link('mailto:a@b.c', 'a@b.c')}"),
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


# Where links lead


@pytest.mark.parametrize(
    ("target", "url"),
    [
        *((url, url) for url in ("/x", "x", "#x", "?x:y", "./x:y", "../x", "//host", "x/y:z", "")),
        *((url, url) for url in ("http://h", "HTTPS://h", "mailto:a@b.c?subject=x", "http:x")),
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
    *("vbscript:x", "data:text/html,x", "file:///x", "blob:x", "tel:1", "ftp://h", "a:b", ":b"),
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


# Options


def test_ids_of_headings() -> None:
    text = "# a\n\n# a\n\nb\n=\n\n> ## c {#d}\n\n- e\n  -\n"
    assert shown(text, ids=True) == (
        '<h1 id="r-h1">a</h1><h1 id="r-h2">a</h1><h1 id="r-h3">b</h1>'
        '<blockquote><h2 id="r-h4">c {#d}</h2></blockquote><ul><li><h2 id="r-h5">e</h2></li></ul>'
    )
    assert "id=" not in shown(text)


@pytest.mark.parametrize("hosts", ["x", "", "img.example.com"])
def test_one_string_of_hosts_is_an_error(hosts: str) -> None:
    with pytest.raises(TypeError, match=rf"image_hosts='{hosts}' is one string.*\['{hosts}'\]"):
        Options(image_hosts=hosts)


@pytest.mark.parametrize("host", ["HTTP://x", "http://x", "X.com", "x/y", ""])
def test_what_is_no_host_is_an_error(host: str) -> None:
    with pytest.raises(ValueError, match=f"image_hosts has '{host}', which is not the name"):
        Options(image_hosts=["x", host])


# Code


@whole(
    ("```py\nx<\n```", '<pre><code class="language-py">x&lt;\n</code></pre>'),
    ("~~~ c++ title='x'\nx", '<pre><code class="language-c++">x\n</code></pre>'),
    ("```C#\n```", '<pre><code class="language-C#"></code></pre>'),
    ("```a\\&#98;\n```", "<pre><code></code></pre>"),
    ("```&#97;\\.b\n```", '<pre><code class="language-a.b"></code></pre>'),
    ("```\n\nx\n```", "<pre><code>\nx\n</code></pre>"),
    ('```a"onclick="x\n```', "<pre><code></code></pre>"),
    ("```<x>\n```", "<pre><code></code></pre>"),
    ("```{.py}\n```", "<pre><code></code></pre>"),
    (f"```{'a' * 40}\n```", f'<pre><code class="language-{"a" * 40}"></code></pre>'),
    (f"```{'a' * 41}\n```", "<pre><code></code></pre>"),
    ("    x\n\n    y\n\n", "<pre><code>x\n\ny\n</code></pre>"),
)
def test_code(text: str, html: str) -> None:
    assert shown(text) == html


FENCED = {
    "```py title\na <\n\n```\nb": ("py", "a <\n\n"),
    "```\n```": ("", ""),
    "~~~x&amp;y\na\n~~~": ("x&y", "a\n"),
    "```py\na": ("py", "a\n"),
    "```py\na\n": ("py", "a\n"),
    "```py\n\ta\n``\n````": ("py", "\ta\n``\n"),
    "  ```py\n    a\n b": ("py", "  a\nb\n"),
    "- a\n\n  ```py\n  b\n  ```\n\n- c": ("py", "b\n"),
    "> ```py\n> a\nb": ("py", "a\n"),
    "a[^x]\n\n[^x]: b\n\n    ```py\n    c\n    ```": ("py", "c\n"),
    "$$x$$": ("math", "x\n"),
    "$$\n a\n\nb $$\nc": ("math", " a\n\nb \n"),
    "\\[\nx\n\\]": ("math", "x\n"),
    "\\[ x \\]": ("math", "x\n"),
    "$$\nx": ("math", "x\n"),
    "```math\nx\n```": ("math", "x\n"),
}


@pytest.mark.parametrize(("text", "expected"), FENCED.items())
def test_on_fence_is_told_the_language_and_the_text_once(
    text: str, expected: tuple[str, str]
) -> None:
    calls: list[tuple[str, str]] = []

    def on_fence(language: str, content: str) -> Markup:
        calls.append((language, content))
        return Markup("<b>{}</b>").format(content)

    html = shown(text, on_fence=on_fence)
    assert calls == [expected, expected]  # at once, and streamed
    block = Markup('<div class="streamhtml-fence"><b>{}</b></div>').format(expected[1])
    assert block in html
    assert "<code" not in html


@pytest.mark.parametrize("text", ["    a", "`a`", "$x$", "a $$x$$ b", "a"])
def test_on_fence_is_not_asked_for_other_code(text: str) -> None:
    assert shown(text, on_fence=lambda *_: Markup("no")) == shown(text)


def test_on_fence_may_leave_the_block() -> None:
    assert shown("```py\na\n```\nb", on_fence=lambda *_: None) == shown("```py\na\n```\nb")
    empty = shown("```py\na\n```\nb", on_fence=lambda *_: Markup(""))
    assert empty == '<div class="streamhtml-fence"></div><p>b</p>'


def test_what_on_fence_raises_is_logged_and_leaves_the_block(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def on_fence(language: str, text: str) -> Markup:
        raise LookupError(text)

    options = Options(on_fence=on_fence)
    assert render("```py\na\n```\nb", options) == render("```py\na\n```\nb")
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("streamhtml", "ERROR")
    assert record.getMessage() == "on_fence failed for a block of 'py'"
    assert record.exc_info
    assert record.exc_info[0] is LookupError


# Markup


@pytest.mark.parametrize(
    ("pieces", "html"),
    [
        (["a", Markup("<b>x</b>"), "c"], "<p>a</p>{}<p>c</p>"),
        (["**a", Markup("<b>x</b>"), "b**"], "<p>**a</p>{}<p>b**</p>"),
        (
            ["> - a", Markup("<b>x</b>"), "b"],
            "<blockquote><ul><li>a</li></ul></blockquote>{}<p>b</p>",
        ),
        (["```\na", Markup("<b>x</b>"), "b"], "<pre><code>a\n</code></pre>{}<p>b</p>"),
        (["a\n", Markup("<b>x</b>"), "=\n"], "<p>a</p>{}<p>=</p>"),
        (["a\r", Markup("<b>x</b>"), "\nb"], "<p>a</p>{}<p>b</p>"),
        (["#", Markup("<b>x</b>"), "a"], "<h1></h1>{}<p>a</p>"),
        ([Markup("<b>x</b>"), "[a]\n\n[a]: u"], f"{{}}<p>{link('u', 'a')}</p>"),
        (["[a]", Markup("<b>x</b>"), "[a]: u"], f"<p>{link('u', 'a')}</p>{{}}"),
        ([Markup("<b>x</b>"), Markup("<b>x</b>")], "{0}{0}"),
        (["*a", Markup(""), "b*"], "<p><em>ab</em></p>"),
    ],
)
def test_markup_is_a_block_of_its_own(pieces: list[str], html: str) -> None:
    expected = html.format('<div class="streamhtml-html"><b>x</b></div>')
    assert MarkdownRenderer("r").render(*pieces) == expected
    assert streamed(pieces, Options()) == canonical(expected)


# Emphasis


@paragraph(
    ("**10%**를", "<strong>10%</strong>를"),
    ("한국**어**를", "한국<strong>어</strong>를"),
    ("이것은 **'강조'**입니다", "이것은 <strong>'강조'</strong>입니다"),
    ("これは**「重要」**です", "これは<strong>「重要」</strong>です"),
    ("中文*（斜体）*中文", "中文<em>（斜体）</em>中文"),
    ("a**'b'**c", "a**'b'**c"),
    ("글_a_글", "글_a_글"),
    ("😀**'b'** c", "😀<strong>'b'</strong> c"),
    ("a**'b'** c", "a**'b'** c"),
    ("글　**a**", "글　<strong>a</strong>"),
    ("~~a~~ ~b~", "<del>a</del> <del>b</del>"),
    ("~~*a*~~ ~~b~~c", "<del><em>a</em></del> <del>b</del>c"),
    ("10~20~30", "10~20~30"),
    ("a~b~c ~d~.", "a~b~c <del>d</del>."),
    ("about ~5 or ~6", "about ~5 or ~6"),
    ("~~a~ ~b ~~", "~~a~ ~b ~~"),
    ("a ~~~b~~~", "a ~~~b~~~"),
    ("snake_case_name *a*", "snake_case_name <em>a</em>"),
    ("*a **b*", "*a *<em>b</em>"),
)
def test_emphasis(text: str, content: str) -> None:
    assert shown(text) == f"<p>{content}</p>"


# Tables


@whole(
    (
        "|a|b|c|d|\n|-|:-|-:|:-:|\n|1|2|3|4|",
        (
            '<table><thead><tr><th>a</th><th align="left">b</th><th align="right">c</th>'
            '<th align="center">d</th></tr></thead><tbody><tr><td>1</td><td align="left">2</td>'
            '<td align="right">3</td><td align="center">4</td></tr></tbody></table>'
        ),
    ),
    ("a|b\n-|-\n", "<table><thead><tr><th>a</th><th>b</th></tr></thead></table>"),
    (
        "|a|b|\n|-|-|\n|1|\n|1|2|3|\nx\n\ny",
        (
            "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td></td></tr>"
            "<tr><td>1</td><td>2</td></tr><tr><td>x</td><td></td></tr></tbody></table><p>y</p>"
        ),
    ),
    (
        "|a|\n|-|\n|`b\\|c`|\n|d\\\\|\n|\\*e|",
        (
            "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td><code>b|c</code></td></tr>"
            "<tr><td>d\\</td></tr><tr><td>*e</td></tr></tbody></table>"
        ),
    ),
    (
        "|a|\n|-|\n||\n|  |\n> b",
        (
            "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td></td></tr><tr><td></td></tr>"
            "</tbody></table><blockquote><p>b</p></blockquote>"
        ),
    ),
    (
        "x\n|a|\n|-|\n",
        "<p>x</p><table><thead><tr><th>a</th></tr></thead></table>",
    ),
    ("|a|\n|-|-|\n", "<p>|a|\n|-|-|</p>"),
    ("a\n|-|b\n", "<p>a\n|-|b</p>"),
)
def test_tables(text: str, html: str) -> None:
    assert shown(text) == html


# Limits


@pytest.mark.parametrize("marker", ["> ", "- ", "1. "])
def test_containers_are_nested_up_to_50(marker: str) -> None:
    start = {"> ": "<blockquote>", "- ": "<ul><li>", "1. ": "<ol><li>"}[marker]
    html = shown(marker * 52 + "x")
    assert html.startswith(start * 50 + ("<p>" if marker == "> " else ""))
    assert html.count(start) == 50
    assert f"{Markup.escape(marker * 2)}x" in html


def test_emphasis_is_nested_up_to_100() -> None:
    def nested(count: int) -> str:
        return shown("*a " * count + "b" + " a*" * count)

    assert nested(100) == "<p>" + "<em>a " * 100 + "b" + " a</em>" * 100 + "</p>"
    html = nested(102)
    assert html.count("<em>") == 100
    assert html.startswith("<p>*a *a <em>a ")
    assert html.endswith("a</em> a* a*</p>")


def test_tables_have_up_to_128_columns() -> None:
    assert shown("|a" * 128 + "\n" + "|-" * 128).count("<th>") == 128
    assert shown("|a" * 129 + "\n" + "|-" * 129).startswith("<p>|a|a")


@pytest.mark.parametrize("by", [1, 1000])
def test_rows_are_filled_up_with_10000_cells(by: int) -> None:
    text = "|a" * 100 + "\n" + "|-" * 100 + "\n" + "|x\n" * 200 + "|x" * 100
    html = render(text)
    assert html.count("<td></td>") == 9999
    assert html.count("<td>x</td>") == 300
    assert html.count("<tr>") == 202
    pieces = [text[at : at + by] for at in range(0, len(text), by)]
    assert streamed(pieces, Options()) == canonical(html)


# HTML and control characters


@paragraph(
    ("<b>x</b> <!-- y -->", "&lt;b&gt;x&lt;/b&gt; &lt;!-- y --&gt;"),
    ("&lt;b&gt; &copy; &bogus; & &#60;", "&lt;b&gt; © &amp;bogus; &amp; &lt;"),
    ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;"),
    ("a\0b\x1bc\ud800", "a\ufffdb\ufffdc\ufffd"),
    ("a\u202eb\u2066c\U000e0041d", "abcd"),
    ("a\r\nb\rc", "a\nb\nc"),
    ("\ud83d\udc4b", "👋"),
    ("&#0; &#xd800; &#x202e;a &#x110000; &#9;b", "\ufffd \ufffd a \ufffd \tb"),
    ("`<b>&amp;\0`", "<code>&lt;b&gt;&amp;amp;\ufffd</code>"),
)
def test_what_is_escaped_and_scrubbed(text: str, content: str) -> None:
    assert shown(text) == f"<p>{content}</p>"


# Pieces


def test_nothing_gives_no_patch() -> None:
    renderer = MarkdownRenderer("r")
    assert renderer.feed("") == renderer.feed("\u202e") == renderer.feed("") == []
    assert renderer.feed("a") == [Patch("append", Markup("<p>a</p>"), "r")]
    assert renderer.feed("") == renderer.close() == []


def test_nothing_at_all() -> None:
    assert MarkdownRenderer("r").close() == []
    assert render("") == render("\n \n") == Markup("")


def test_a_stored_message_looks_as_it_was_streamed() -> None:
    text = "# a[^1]\n\n- b\n\n- [c]\n\n[^1]: d\n[c]: /u\n"
    options = Options(ids=True, image_hosts=["h"])
    html = render(text, options, root="ai_1")
    assert isinstance(html, Markup)
    page = Page("ai_1")
    renderer = MarkdownRenderer("ai_1", options)
    assert renderer.element == "div"
    for character in text:
        page.apply(renderer.feed(character))
    page.apply(renderer.close())
    assert page.html == canonical(html)
    assert 'id="ai_1-h1"' in html
    assert 'href="#ai_1-fn-1"' in html


def test_ids_need_a_root() -> None:
    options = Options(ids=True)
    with pytest.raises(
        ValueError, match=r"Options\(ids=True\) needs a root.*render\(text, options, r"
    ):
        render("a", options)
    with pytest.raises(ValueError, match="needs a root"):
        MarkdownRenderer("", options)


def test_text_in_pieces_is_one_text() -> None:
    assert (
        MarkdownRenderer("r").render("**a", "*", "* b\r", "\nc") == "<p><strong>a</strong> b\nc</p>"
    )
