"""Alerts, footnotes, task items and tables."""

import pytest
from tests.markdown.rendering import link, shown, whole

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
    ("[a[^x]](u)\n\n[^x]: X", f"<p>{link('u', f'a{note(1)}')}</p>{notes('<p>X</p>')}"),
    ("![a[^x]](u)\n\n[^x]: X", f"<p>{link('u', 'a')}{note(1)}</p>{notes('<p>X</p>')}"),
    ("![a![b[^x]](v)](u)\n\n[^x]: X", f"<p>{link('u', 'ab[^x]')}</p>"),
    ("a![^x]\n\n[^x]: X", f"<p>a!{note(1)}</p>{notes('<p>X</p>')}"),
    ("a[^x]\n\n[^x]:\n\n    X\n\nb", f"<p>a{note(1)}</p><p>b</p>{notes('<p>X</p>')}"),
    ("a[^x]\n\n[^x]:\n\nb", f"<p>a{note(1)}</p><p>b</p>{notes('')}"),
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


def test_a_footnote_in_a_link_is_no_link_but_has_the_id() -> None:
    html = shown("[a[^x]](u) b[^x]\n\n[^x]: X", ids=True)
    assert 'a<sup class="footnote-ref" id="r-fnref-1">1</sup></a>' in html
    assert 'b<sup class="footnote-ref"><a href="#r-fn-1">1</a></sup>' in html


def test_the_id_of_an_empty_footnote() -> None:
    assert '<li id="r-fn-1"> <a href="#r-fnref-1"' in shown("a[^x]\n\n[^x]:", ids=True)


# Task items

OPEN = '<input disabled="" type="checkbox" aria-label="Task"> '
DONE = '<input checked="" disabled="" type="checkbox" aria-label="Task"> '


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
            f"<ul><li>{OPEN}a | b<ul><li>| :-</li></ul></li></ul>",
        ),
        (
            "- [ ] a | b\n  -|-",
            "<ul><li><table><thead><tr><th>[ ] a</th><th>b</th></tr></thead></table></li></ul>",
        ),
    ],
)
def test_only_a_paragraph_has_a_checkbox(text: str, html: str) -> None:
    assert shown(text) == html


# Tables


@whole(
    (
        "|a|b|c|d|\n|-|:-|-:|:-:|\n|1|2|3|4|",
        (
            '<table tabindex="0">'
            '<thead><tr><th>a</th><th align="left">b</th><th align="right">c</th>'
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
