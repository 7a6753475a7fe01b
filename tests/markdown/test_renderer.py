"""Options, code, Markup, emphasis, limits and scrubbing, as a caller of the renderer sees them."""

import math
from typing import Any

import pytest
from markupsafe import Markup
from tests.markdown.page import Page, canonical
from tests.markdown.patch_steps import FORMULA
from tests.markdown.rendering import link, paragraph, shown, streamed, whole

from streamhtml import Patch
from streamhtml.markdown import MarkdownRenderer, Options, render

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


@pytest.mark.parametrize("name", ["ids", "dir_auto", "new_tab", "breaks", "single_tilde"])
def test_what_is_no_bool_is_an_error(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name}='yes' is not a bool; pass {name}=True"):
        Options(**{name: "yes"})


def _name_of_type(value: object) -> str:
    return type(value).__name__


async def _asynchronous(*_: object) -> Markup:
    raise AssertionError("not to be called")


@pytest.mark.parametrize("value", ["x", True, 3, _asynchronous], ids=_name_of_type)
@pytest.mark.parametrize("name", ["on_fence", "highlight", "on_citation"])
def test_what_is_no_function_is_an_error(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=f"{name}=.* must be a function that is not asynchronous"):
        Options(**{name: value})


@pytest.mark.parametrize("value", ["mathml", 1, None, math, _asynchronous], ids=_name_of_type)
def test_what_draws_no_formulas_is_an_error(value: Any) -> None:
    with pytest.raises(TypeError, match=r"math=.* must be True, False or a function that draws"):
        Options(math=value)


@pytest.mark.parametrize("name", ["on_fence", "math", "on_citation"])
def test_a_function_must_return_html(name: str, caplog: pytest.LogCaptureFixture) -> None:
    text = "```x\ny\n```\n\n$z$ [1]"
    assert render(text, Options(**{name: lambda *_: 3})) == render(text)
    assert caplog.messages


def test_a_highlighter_needs_its_methods(caplog: pytest.LogCaptureFixture) -> None:
    highlight: Any = str  # It returns the language.
    assert render("```x\ny\n```", Options(highlight=highlight)) == render("```x\ny\n```")
    assert "a value of the type str; it must return an object with the methods" in caplog.text


def test_the_list_of_footnotes_finds_its_direction() -> None:
    html = render("a[^1]\n\n[^1]: b", Options(dir_auto=True))
    assert '<ol dir="auto"><li>' in html


def test_a_single_tilde() -> None:
    assert shown("~a~ ~~b~~ 1~2", single_tilde=True) == "<p><del>a</del> <del>b</del> 1~2</p>"


@whole(
    ("a\nb *c\nd*  \ne\\\nf", "<p>a<br>\nb <em>c<br>\nd</em><br>\ne<br>\nf</p>"),
    ("a<br>\nb<br> \nc<br>", "<p>a<br>\nb<br><br>\nc<br></p>"),
    ("- a\n  b\n\n`c\nd`\n===", "<ul><li>a<br>\nb</li></ul><h1><code>c d</code></h1>"),
    ("```\na\nb\n```", "<pre><code>a\nb\n</code></pre>"),
    ("![a\nb](u)", "<p>" + link("u", "a\nb") + "</p>"),
)
def test_every_line_break_is_shown(text: str, html: str) -> None:
    assert shown(text, breaks=True) == html


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
    "$$\n a\nb $$\nc": ("math", " a\nb \n"),
    "\\[\nx\n\\]": ("math", "x\n"),
    "\\[ x=1 \\]": ("math", "x=1\n"),
    "- $$\n  x\n$$": ("math", "x\n"),
    "```math\nx\n```": ("math", "x\n"),
}


@pytest.mark.parametrize(("text", "expected"), FENCED.items())
def test_on_fence_is_told_the_language_and_the_text_once(
    text: str, expected: tuple[str, str]
) -> None:
    calls: list[tuple[str, str]] = []

    def on_fence(language: str, content: str, info: str) -> Markup:
        calls.append((language, content))
        return Markup("<b>{}</b>").format(content)

    html = shown(text, on_fence=on_fence)
    assert calls == [expected, expected]  # at once, and streamed
    block = Markup('<div class="streamhtml-fence"><b>{}</b></div>').format(expected[1])
    assert block in html
    assert "<code" not in html


@pytest.mark.parametrize(
    ("info", "language"),
    [
        ('python title="app.py" {1,3}', "python"),
        ("js{1,3}", "js"),
        ("{.py}", ""),
        ("a&lt;b\\* c", "a<b*"),
        ("", ""),
    ],
)
def test_on_fence_gets_the_info_string(info: str, language: str) -> None:
    calls: list[tuple[str, str]] = []

    def on_fence(language: str, text: str, info: str) -> None:
        calls.append((language, info))

    render(f"~~~ {info} \na\n~~~\n\n$$\nx\n$$", Options(on_fence=on_fence))
    unescaped = info.replace("&lt;", "<").replace("\\", "")
    assert calls == [(language, unescaped), ("math", "")]


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
    def on_fence(language: str, text: str, info: str) -> Markup:
        raise LookupError(text)

    options = Options(on_fence=on_fence)
    assert render("```py\na\n```\nb", options) == render("```py\na\n```\nb")
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("streamhtml", "ERROR")
    assert record.getMessage() == "on_fence failed for a code block or a formula"
    assert record.exc_info
    assert record.exc_info[0] is LookupError


# The reading direction

DIRECTED = {
    "1. a\n   - b": '<ol dir="auto"><li>a<ul dir="auto"><li>b</li></ul></li></ol>',
    "3) a": '<ol start="3" dir="auto"><li>a</li></ol>',
    "> a": '<blockquote dir="auto"><p>a</p></blockquote>',
    "> [!tip]\n> a": (
        '<div class="markdown-alert markdown-alert-tip" dir="auto">'
        '<p class="markdown-alert-title"><bdi>Tip</bdi></p><p>a</p></div>'
    ),
    "|a|\n|-|": '<table dir="auto"><thead><tr><th>a</th></tr></thead></table>',
    "a|b|c\n-|-|-": (
        '<table dir="auto" tabindex="0">'
        "<thead><tr><th>a</th><th>b</th><th>c</th></tr></thead></table>"
    ),
}


@pytest.mark.parametrize(("text", "html"), DIRECTED.items())
def test_lists_quotes_and_tables_find_their_direction(text: str, html: str) -> None:
    assert shown(text, dir_auto=True) == html
    plain = html.replace(' dir="auto"', "").replace("<bdi>", "").replace("</bdi>", "")
    assert shown(text) == plain


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
    ("~~a~~ ~b~", "<del>a</del> ~b~"),
    ("(~$55–65B to N), ~5 (~$10)", "(~$55–65B to N), ~5 (~$10)"),
    ("~~삭제(괄호)~~는", "<del>삭제(괄호)</del>는"),
    ("_강조(괄호)_는 __「強」__は", "<em>강조(괄호)</em>는 <strong>「強」</strong>は"),
    ("변수_이름_값, 가_(1) 나_(2)", "변수_이름_값, 가_(1) 나_(2)"),
    ("**~~a~~**b a*~~b~~*", "<strong><del>a</del></strong>b a<em><del>b</del></em>"),
    ("**~~~a~~~**b", "**~~~a~~~**b"),
    ("~~*a*~~ ~~b~~c", "<del><em>a</em></del> <del>b</del>c"),
    ("10~20~30", "10~20~30"),
    ("a~b~c ~d~.", "a~b~c ~d~."),
    ("about ~5 or ~6", "about ~5 or ~6"),
    ("~~a~ ~b ~~", "~~a~ ~b ~~"),
    ("a ~~~b~~~", "a ~~~b~~~"),
    ("snake_case_name *a*", "snake_case_name <em>a</em>"),
    ("*a **b*", "*a *<em>b</em>"),
)
def test_emphasis(text: str, content: str) -> None:
    assert shown(text) == f"<p>{content}</p>"


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


def test_the_keyboard_reaches_what_may_scroll() -> None:
    assert render("|a|b|\n|-|-|").startswith("<table><thead>")
    assert render("|a|b|c|\n|-|-|-|").startswith('<table tabindex="0"><thead>')
    assert render("$$\nx\n$$") == FORMULA.format("x")
