"""Formulas, in text and on lines of their own."""

import pytest
from tests.markdown.patch_steps import LONG, note, notes
from tests.markdown.rendering import paragraph, shown, whole

from streamhtml.markdown import MarkdownRenderer

# Formulas


def inline(tex: str) -> str:
    return f'<code class="language-math math-inline">{tex}</code>'


WORDS = "words or more that have no sign"


def within(tex: str) -> str:
    return f'<code class="language-math math-display">{tex}</code>'


def display(tex: str) -> str:
    return f'<pre aria-label="Formula" role="group" tabindex="0">{within(tex)}</pre>'


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
    (r"\(a \(b\)", f"(a {inline('b')}"),
    (r"\(\d+\) \(see the text\)", r"(\d+) (see the text)"),
    (r"\(x\)는 \(\text{see it}\)", inline("x") + "는 " + inline(r"\text{see it}")),
    (r"a \[x\] b \[1\] \[^1\] \[my\_name\]", "a [x] b [1] [^1] [my_name]"),
    (r"a \[x = 1\].", f"a {within('x = 1')}."),
    (r"**a:** \[ \pi r^2 \] (1)", "<strong>a:</strong> " + within(r"\pi r^2") + " (1)"),
    (r"\[ x_1 \] y", f"{within('x_1')} y"),
    ("a \\[ x\n= 1 \\] b", f"a {within(f'x{chr(10)}= 1')} b"),
    (r"\[\[x^2\]", f"[{within('x^2')}"),
    (
        r"**$5** and **$6**, ^a.$, ^\d+$",
        r"<strong>$5</strong> and <strong>$6</strong>, ^a.$, ^\d+$",
    ),
    (r"list\[my_index\] x\[y^2", "list[my_index] x[y^2"),
    (r"list\[\pi\] \[see my_index of it\]", "list" + within(r"\pi") + " [see my_index of it]"),
    ("変数$x$は、$y^2$です。", f"変数{inline('x')}は、{inline('y^2')}です。"),
)
def test_formulas_within_text(text: str, content: str) -> None:
    assert shown(text) == f"<p>{content}</p>"


@pytest.mark.parametrize(
    "text",
    [
        *("$", "$$$", "$$$$", "$$ $$", "$x", "$$x", "a $x", "$ x$", "$x $", "$x$1", "a$x$"),
        *("$5 and $10", "$5, $6", "costs $1.50 or $2", "$5-$10", "$5/$10", "US$5 and US$6"),
        *("$1.5M and $2M", "from $5 to $10, or $15", "$20 $", "it is $5 for you and $6 for me$"),
        *("costs $$5 and $$10", "$$, or $$$", "5$와 6$", "$5, then 6$"),
        *('{"$ref": "a", "$id": "b"}', '"$a", "$b"', "$(pwd)/$(x)", "${a}_${b}", "$@ and $*"),
        *("(a+)$|(b+)$", "echo $$; kill -9 $$", "$i++, $j--", "$.a.b/$.c"),
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
    ("$$\nx $$", display("x \n")),
    ("\\[ x = 1 \\]", display("x = 1\n")),
    ("\\[x^2\\]", display("x^2\n")),
    ("\\[\n*x*\n\\]", display("*x*\n")),
    ("a\n$$\nx\n$$", "<p>a</p>" + display("x\n")),
    ("- $$\n  x\n  $$", f"<ul><li>{display(f'x{chr(10)}')}</li></ul>"),
    ("- \\[x=1\\]", f"<ul><li>{display(f'x=1{chr(10)}')}</li></ul>"),
    ("> $$\n> x\n> $$\ny", f"<blockquote>{display(f'x{chr(10)}')}</blockquote><p>y</p>"),
    ("$$\nx\n$$.", display("x\n") + "<p>.</p>"),
    ("$$\nx\n$$ (1)\nb", display("x\n") + "<p>(1)\nb</p>"),
    ("\\[\nx\n\\].\n\nb", display("x\n") + "<p>.</p><p>b</p>"),
    ("$$\n- x\n> y\n$$", display("- x\n&gt; y\n")),
    ("$$\\begin{a}\nx\n\\end{a}$$", display("\\begin{a}\nx\n\\end{a}\n")),
    ("$$\n\\text{$x$}\n$$", display("\\text{$x$}\n")),
    ("a: $$\nx = 1\n$$", f"<p>a: {within('x = 1')}</p>"),
    ("a: $$\nx = 1\n$$ b: \\[\n- y_1\n\\]", f"<p>a: {within('x = 1')} b: {within('- y_1')}</p>"),
    ("$$x\n= 1$$", f"<p>{within(f'x{chr(10)}= 1')}</p>"),
    (
        "- a: \\[\n  x\n  + y_1\n  \\]\n- b",
        f"<ul><li>a: {within(f'x{chr(10)}+ y_1')}</li><li>b</li></ul>",
    ),
    ("`$$` and $$x$$\n- b", f"<p><code>$$</code> and {within('x')}</p><ul><li>b</li></ul>"),
)
def test_formulas_on_lines_of_their_own(text: str, html: str) -> None:
    assert shown(text) == html


@whole(
    ("- a: $$\nx = 1\n$$\nb", f"<ul><li>a: {within('x = 1')}\nb</li></ul>"),
    ("- $$\n  x\n$$\n- b", f"<ul><li>{display(f'x{chr(10)}')}</li><li>b</li></ul>"),
    ("1. $$\nx\n$$\n2. b", f"<ol><li>{display(f'x{chr(10)}')}</li><li>b</li></ol>"),
    ("> $$\n= 1 \n$$ b\nc", f"<blockquote>{display(f'= 1 {chr(10)}')}<p>b\nc</p></blockquote>"),
    ("> a: \\[\n> x = 1\n\\].", f"<blockquote><p>a: {within('x = 1')}.</p></blockquote>"),
    (
        "- a\n  - b: \\[\n x = 1\n \\]\n- c",
        f"<ul><li>a<ul><li>b: {within('x = 1')}</li></ul></li><li>c</li></ul>",
    ),
    ("> - $$\n> 10\n> $$", f"<blockquote><ul><li>{display(f'10{chr(10)}')}</li></ul></blockquote>"),
    (
        "a[^1]\n\n[^1]: $$\nx\n$$\n\nb",
        f"<p>a{note(1)}</p><p>b</p>" + notes("").replace("<p></p>", display("x\n")),
    ),
)
def test_formulas_in_lines_without_the_markers_of_their_containers(text: str, html: str) -> None:
    assert shown(text) == html


# Brackets with backslashes, and dollar signs of a shell or a price


@pytest.mark.parametrize(
    "tex",
    [
        *("E = mc^2", "x = 1", "a + b = c", "100 + 20", "|A| = 5", "f''(x) = 18x", "y_1", "H_2O"),
        *("y = sin(x)", "PV = nRT", "α = β", "x_{max}", r"\pi", r"\{1, 2\}", "속도 = 거리/시간"),
        *("Profit = Revenue - Cost", "x > 0", "n! = 120", "4(y - 2) = 3x", "x1 = 2"),
    ],
)
def test_brackets_with_a_sign_of_tex_are_a_formula(tex: str) -> None:
    html = tex.replace(">", "&gt;")
    assert shown(f"\\[ {tex} \\]") == display(f"{html}\n")
    assert shown(f"a \\[ {tex} \\](1)") == f"<p>a {within(html)}(1)</p>"


@pytest.mark.parametrize(
    "text",
    [
        *(
            "optional",
            "file=x",
            "name = value",
            "options",
            "--out=FILE",
            "my_index",
            "x",
            "1",
            "1-5",
        ),
        *("a, b", "y/n", "id=5", "size=12", "key=value, other=thing", "OS=linux", "^1", "INFO"),
    ],
)
def test_brackets_without_a_sign_of_tex_are_text(text: str) -> None:
    assert shown(f"\\[{text}\\]") == f"<p>[{text}]</p>"
    assert shown(f"\\[ {text} \\]") == f"<p>[ {text} ]</p>"
    assert shown(f"a: \\[{text}\\] = b") == f"<p>a: [{text}] = b</p>"
    assert shown(f"\\[y=1\\]({text})") == f"<p>[y=1]({text})</p>" or text == "1"


@pytest.mark.parametrize(
    "text",
    [
        *("echo $$\necho $$", "PID=$$ and $$x", "PID=$$\nkill -9 $$", "kill $$\nx = 1\nkill $$"),
        *("mv a.$$ b.$$", "mv $$.a $$.b", "ps $$\nps $$", "cp /tmp/$$-a /tmp/$$-b", "x=$$ y=$$"),
        *(
            "it costs $$ to $$.",
            "$$x = $$y",
            "$$(a)$$(b)",
            "$$@ $$@",
            "a $$ + $$ b",
            "$$ oder $$ b",
            "$$ · Pizza · $$",
        ),
        *("$$: a $$x: $$", "\\[\noptional\n\\]", '\\[\n"a"\n\\]'),
    ],
)
def test_dollars_and_brackets_that_are_no_formula(text: str) -> None:
    assert shown(text) == f"<p>{text.replace(chr(92), '')}</p>"


@whole(
    ("\\[x\\]", "<p>[x]</p>"),
    ("\\[ x", "<p>[ x</p>"),
    ("\\[ x \\] y", "<p>[ x ] y</p>"),
    ("$$\nx\n\ny", "<p>$$\nx</p><p>y</p>"),
    ("$$\n\ny", "<p>$$</p><p>y</p>"),
    ("$$\n$$\n\ny", "<p>$$\n$$</p><p>y</p>"),
    ("a\n$$\n\ny", "<p>a\n$$</p><p>y</p>"),
    ("\\[x = 1\ny\n\n- z", "<p>[x = 1\ny</p><ul><li>z</li></ul>"),
    ("$$\n- x\n- y\n\nz", "<p>$$</p><ul><li>x</li><li>y</li></ul><p>z</p>"),
    ("$$\n```\nx\n```", "<p>$$</p><pre><code>x\n</code></pre>"),
    ("> $$\n> x\ny\n", "<blockquote><p>$$\nx\ny</p></blockquote>"),
    ("- a\n  $$\n  x\n- b", "<ul><li>a\n$$\nx</li><li>b</li></ul>"),
    ("- a\n  $$\n- b", "<ul><li>a\n$$</li><li>b</li></ul>"),
    ("- $$\n- $$$", "<ul><li>$$</li><li>$$$</li></ul>"),
    ("$$\n\\[\nx\n\ny", "<p>$$\n[\nx</p><p>y</p>"),
    ("$$\nx", "<p>$$\nx</p>"),
    ("$$\neight words or more that have no sign\n$$", f"<p>$$\neight {WORDS}\n$$</p>"),
    ("\\[\neight words or more that have no sign\n\\]", f"<p>[\neight {WORDS}\n]</p>"),
    ("a\n$$\nx = 1\n", "<p>a\n$$\nx = 1</p>"),
    ("\\[\nx", "<p>[\nx</p>"),
    ("- \\[\n  \\pi", "<ul><li>[\n\\pi</li></ul>"),
    (f"$$\n{LONG}\n", f"<p>$$\n{LONG}</p>"),
    ("- $$\n- x\n$$", "<ul><li>$$</li><li>x</li></ul><p>$$</p>"),
    ("> $$\n# x\n$$", "<blockquote><p>$$</p></blockquote><h1>x</h1><p>$$</p>"),
    ("> $$\nx\n1. y\n$$", "<blockquote><p>$$\nx</p></blockquote><ol><li>y</li></ol><p>$$</p>"),
    ("a: $$\n\\[\nx\n\\]\n\ny", f"<p>a: $$</p>{display(f'x{chr(10)}')}<p>y</p>"),
    ("a: $$\n- b\n- c\n\nd", "<p>a: $$</p><ul><li>b</li><li>c</li></ul><p>d</p>"),
    ("a: $$\n- b: $$\n\nc", "<p>a: $$</p><ul><li>b: $$</li></ul><p>c</p>"),
    ("a: $$\nsome more words\n- b", "<p>a: $$\nsome more words</p><ul><li>b</li></ul>"),
    ("a: $$\nx=1", "<p>a: $$\nx=1</p>"),
    ("| $$ | a |\n|---|---|", "<table><thead><tr><th>$$</th><th>a</th></tr></thead></table>"),
)
def test_what_is_not_closed_was_text(text: str, html: str) -> None:
    assert shown(text) == html


def test_a_long_text_is_not_held_back_for_a_formula() -> None:
    text = "a: $$\n" + "x1\n" * 1000
    renderer = MarkdownRenderer("r")
    renderer.feed(text)
    assert renderer.held < len(text)
    assert shown(text + "- y\n\n").endswith("x1</p><ul><li>y</li></ul>")
