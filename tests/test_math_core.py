"""MathML: what is drawn, what keeps its source, and that hostile TeX changes nothing else."""

import logging
import re
import threading
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup, escape
from tests.markdown.page import canonical
from tests.markdown.rendering import shown

from streamhtml import math_core
from streamhtml.markdown import MarkdownRenderer, Options, render
from streamhtml.math_core import mathml

SOURCE = '<code class="language-math math-inline">'
SCROLLABLE = 'class="math-display" aria-label="Formula" role="group" tabindex="0"'
BLOCK = f'<div class="streamhtml-fence"><div {SCROLLABLE}>'
DISPLAYED = '<math data-tex="x" display="block">'
SQUARE = '<math data-tex="x^2" display="block">'


# What is drawn


@pytest.mark.parametrize(
    ("tex", "content"),
    [
        ("x^2", "<msup><mi>x</mi><mn>2</mn></msup>"),
        (
            r"\text{<b>\&lt;\textbf{b}}",
            "<mrow><mtext>&lt;b&gt;&amp;lt;</mtext><mtext><b>b</b></mtext></mrow>",
        ),
        (r"\textsf{a}", "<mtext>a</mtext>"),
        (r"\color{red} x", '<mrow mathcolor="#FF0000"><mi>x</mi></mrow>'),
        (r"\raisebox{9em}{x}", "<mpadded><mtext>x</mtext></mpadded>"),
        (r"a\quad\!b", '<mi>a</mi><mspace width="1em"></mspace><mspace></mspace><mi>b</mi>'),
        (r"\boxed{x}", '<menclose notation="box"><mi>x</mi></menclose>'),
        (r"\max", "<mrow><mspace></mspace><mi>max</mi></mrow>"),
    ],
)
def test_a_formula(tex: str, content: str) -> None:
    source = escape(tex)
    assert mathml(tex, False) == f'<math data-tex="{source}">{content}</math>'
    assert mathml(tex, True) == f'<math data-tex="{source}" display="block">{content}</math>'


def test_the_source_stays_in_its_attribute() -> None:
    html = mathml(r"""x<y\text{"' onclick=a}""", False)
    assert html is not None
    tex = r"x&lt;y\text{&quot;' onclick=a}"
    assert html.startswith(f'<math data-tex="{tex}"><mi>x</mi>')


def test_classes_replace_styles() -> None:
    html = mathml(r"\begin{array}{l|r}a&b\end{array} \begin{aligned}a&=b\end{aligned}", True)
    assert html is not None
    for name in "math-left", "math-right", "math-line-right", "math-tight-left":
        assert name in html
    assert "style=" not in html.replace("displaystyle=", "")


def test_a_number_beside_a_formula() -> None:
    html = mathml(r"x = 1 \tag{2}", True)
    assert html is not None
    assert "<mtext>(2)</mtext>" in html
    assert "math-wide" in html
    assert mathml(r"\begin{align} x \tag{2} \end{align}", True) is not None
    assert mathml(r"x \tag{2}", False) is None


@pytest.mark.parametrize(
    "tex",
    [
        *(
            r"\foo",
            "{",
            r"\frac{1}",
            r"\begin{a}x\end{a}",
            "x & y",
            r"\href{javascript:alert(1)}{x}",
        ),
        *(
            r"\htmlId{a}{x}",
            r"\class{a}{x}",
            r"\style{color:red}{x}",
            r"\unicode{x41}",
            r"\url{//a}",
        ),
        *(r"\eqref{a}", r"\def\a{x}\a", r"\newcommand{\a}{\a\a}\a", r"\let\a=x \a", r"\gdef\a{\a}"),
        *(
            "x" * 2001,
            "{" * 21 + "x" + "}" * 21,
            r"\sqrt" * 201 + "x",
            r"\sqrt[" * 30,
            "f" + "'" * 190,
        ),
        *(r"\left(" * 21 + r"\right)" * 21, r"\begin{matrix}" * 21, r"\hat " * 70 + "x"),
    ],
    ids=lambda tex: tex[:20],
)
def test_what_keeps_its_source(tex: str) -> None:
    assert mathml(tex, True) is None
    assert mathml(tex, False) is None


def test_groups_that_end_are_not_nested() -> None:
    assert mathml("{x}" * 100, False) is not None
    assert mathml(r"]x[ \left( x \right) \}", False) is not None


# What is allowed


@pytest.mark.parametrize(
    "html",
    [
        *("<math><script>x</script></math>", '<math><mtext><a href="#x">x</a></mtext></math>'),
        *(
            "<mi>x</mi>",
            "x",
            "<math>x</math>",
            "<math><mi>x</math>",
            "<math><mi><mi>x</mi></mi></math>",
        ),
        *(
            "<math><b>x</b></math>",
            "<math><mi>x</mi></math></math>",
            "<math><mi>x</mi>",
            "<math><!-- -->",
        ),
        *(
            "<math><annotation>x</annotation></math>",
            "<math><mi>x</mi></math> ",
            "<math><math></math></math>",
        ),
        *(
            '<math x-y="1"></math>',
            "<math><mi>x</mi>y</math>",
            "<math>" + "<mrow>" * 60 + "</mrow>" * 60 + "</math>",
        ),
    ],
)
def test_what_is_not_allowed(html: str) -> None:
    assert math_core._checked(html) is None


def test_attributes_that_are_left_out() -> None:
    html = (
        '<math onclick="x" id="a"><mspace width="9999em"/>'
        '<mo style="color:red;margin:-9em" form="x" lspace="1em">x</mo></math>'
    )
    assert math_core._checked(html) == '<math><mspace></mspace><mo lspace="1em">x</mo></math>'


PIECES = (
    *(
        r"\frac",
        r"\sqrt",
        *"{}[]^_&|=1x<>\"'#%~가$",
        "\\\\",
        r"\left(",
        r"\right)",
        r"\begin{matrix}",
    ),
    *(
        r"\end{matrix}",
        r"\begin{array}{c|c}",
        r"\end{array}",
        r"\text{",
        r"\textbf{",
        r"\color{red}",
    ),
    *(r"\sum", r"\limits", r"\not", r"\tag{1}", r"\label{a}", r"\eqref{a}", r"\overset", r"\hline"),
    *(r"\cancel", r"\boxed", r"\middle", r"\big", r"\def", "<script>", "</math>", "<!--", r"\hat"),
    *(r"\raisebox{1em}", r"\hspace{9em}", r"\href{javascript:x}", r"\substack"),
)


@example(["\ud800"], False)
@given(st.lists(st.sampled_from(PIECES) | st.characters(), max_size=20), st.booleans())
def test_anything(pieces: list[str], display: bool) -> None:
    html = mathml("".join(pieces), display)
    if html is not None:
        canonical(html)
        html = Markup(re.sub(r' data-tex="[^"<>]*"', "", html))
        names = set(re.findall(r"<([a-z0-9]+)", html))
        assert names <= math_core._ELEMENTS | {"b", "i"}
        assert not re.search(r" (?:on\w+|href|src|id|style)=", html)


@pytest.mark.parametrize(
    "tex",
    [
        *(
            "{" * 20 + "x" + "}" * 20,
            "{" * 19 + r"\sum_" * 90 + "x" + "}" * 19,
            r"\frac1" * 199 + "x",
        ),
        *(
            r"\sqrt" * 199,
            r"\hat " * 199,
            r"\frac{" * 20 + "x" + "}{y}" * 20,
            r"\overset{a}" * 199 + "x",
        ),
    ],
    ids=lambda tex: tex[:20],
)
def test_the_largest_formulas_fit_into_a_small_stack(tex: str) -> None:
    before = threading.stack_size(512 * 1024)
    try:
        thread = threading.Thread(target=mathml.__wrapped__, args=(tex, True))
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)


# In an answer


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a $x$ b", '<p>a <math data-tex="x"><mi>x</mi></math> b</p>'),
        (r"**\(x\)**", '<p><strong><math data-tex="x"><mi>x</mi></math></strong></p>'),
        ("$`x`$", '<p><math data-tex="x"><mi>x</mi></math></p>'),
        ("a $$x$$", f"<p>a <span {SCROLLABLE}>{DISPLAYED}<mi>x</mi></math></span></p>"),
        ("$$\nx\n$$", f"{BLOCK}{DISPLAYED}<mi>x</mi></math></div></div>"),
        (
            r"\[x^2\]",
            f"{BLOCK}{SQUARE}<msup><mi>x</mi><mn>2</mn></msup></math></div></div>",
        ),
        (r"$\foo$", f"<p>{SOURCE}\\foo</code></p>"),
        ("```math\nx\n```", '<pre><code class="language-math">x\n</code></pre>'),
    ],
)
def test_formulas_are_drawn(text: str, html: str) -> None:
    assert shown(text, math=mathml) == html


def test_a_formula_that_cannot_be_read_keeps_its_block() -> None:
    text = "$$\n\\foo\n$$"
    assert shown(text, math=mathml) == render(text)


def test_on_fence_comes_first() -> None:
    def on_fence(language: str, text: str, info: str) -> Markup | None:
        return Markup("<figure>{}</figure>").format(text) if "y" in text else None

    assert "<figure>y\n</figure>" in shown("$$\ny\n$$", math=mathml, on_fence=on_fence)
    assert "<math" in shown("$$\nx\n$$", math=mathml, on_fence=on_fence)


@pytest.mark.parametrize("text", ["$x$", "$$\nx\n$$"])
def test_a_drawer_that_raises_keeps_the_source(text: str, caplog: pytest.LogCaptureFixture) -> None:
    def draw(tex: str, display: bool) -> Markup | None:
        raise ValueError(tex)

    with caplog.at_level(logging.ERROR, "streamhtml"):
        assert render(text, Options(math=draw)) == render(text)
    assert "failed for a formula" in caplog.text


def test_what_a_drawer_returns_is_escaped_unless_it_is_markup() -> None:
    def draw(tex: str, display: bool) -> Any:
        return f"<b>{tex}"

    assert "&lt;b&gt;x" in render("$x$", Options(math=draw))


def test_a_formula_in_a_tail_is_drawn_once() -> None:
    drawn: list[str] = []

    def draw(tex: str, display: bool) -> Markup:
        drawn.append(tex)
        return Markup("<math>{}</math>").format(tex)

    renderer = MarkdownRenderer("r", Options(math=draw))
    for character in "*so $x^2$ and $y^2$ and $x^2$ are open":
        renderer.feed(character)
    assert drawn == ["x^2", "y^2"]
