"""Formulas, in text and on lines of their own."""

import pytest
from tests.markdown.rendering import paragraph, shown, whole

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
