"""What is sent for each piece of a text, patch by patch."""

from collections.abc import Sequence
from typing import Any

import pytest
from markupsafe import Markup
from tests.markdown.page import Page, canonical

from streamhtml.markdown import MarkdownRenderer, Options

REL = 'rel="noopener noreferrer nofollow ugc"'
MAIL = f'<a href="mailto:me@x.org" {REL}>me@x.org</a>'


def sent(pieces: Sequence[str], **options: Any) -> list[list[str]]:
    """Return the patches of each piece and of the end, written ``action depth html``.

    Where a patch names a child of the region, ``#`` and its index stand for the depth.
    """
    chosen = Options(**options)
    renderer = MarkdownRenderer("r", chosen)
    page = Page("r")
    steps = []
    for piece in (*pieces, None):
        patches = renderer.close() if piece is None else renderer.feed(piece)
        page.apply(patches)
        steps.append(
            [
                f"{p.action} {p.depth if p.child is None else f'#{p.child}'} {p.html}"
                for p in patches
            ]
        )
    assert page.html == canonical(MarkdownRenderer("r", chosen).render(*pieces))
    return steps


Step = tuple[str, ...]
"""A piece, and the patches that it makes."""


def streams(**cases: tuple[Step, ...]) -> Any:
    """Parametrize with texts in pieces. The last step's piece is ``END``."""
    return pytest.mark.parametrize("steps", cases.values(), ids=cases)


END = "the end"
ALERT = (
    '<div class="markdown-alert markdown-alert-note"><p class="markdown-alert-title">Note</p></div>'
)


def note(number: int) -> str:
    return f'<sup class="footnote-ref">{number}</sup>'


def notes(*items: str) -> str:
    inner = "".join(f"<li><p>{item}</p></li>" for item in items)
    return f'<section class="footnotes"><ol>{inner}</ol></section>'


def check(steps: tuple[Step, ...], **options: Any) -> None:
    *pieces, end = [step[0] for step in steps]
    assert end is END
    assert sent(pieces, **options) == [list(step[1:]) for step in steps]


# Text as it comes


@streams(
    first_character=(("a", "append 0 <p>a</p>"), ("b", "append 1 b"), (END,)),
    nothing=(("",), ("a", "append 0 <p>a</p>"), ("",), (END,)),
    blanks_wait=(
        ("a ", "append 0 <p>a</p>"),
        (" ",),
        ("b", "append 1   b"),
        (" \n",),
        (END,),
    ),
    lines=(
        ("a\n", "append 0 <p>a</p>"),
        ("b", "append 1 \nb"),
        ("\n\n",),
        ("c", "append 0 <p>c</p>"),
        (END,),
    ),
    hard_break=(("a  \n", "append 0 <p>a</p>"), ("b", "append 1 <br>\nb"), (END,)),
    several_blocks=(
        ("a\n\n# b\n\n- c", "append 0 <p>a</p><h1>b</h1><ul><li>c</li></ul>"),
        ("d\n- e", "append 2 d", "append 1 <li>e</li>"),
        (END,),
    ),
    in_a_quote=(
        ("> a", "append 0 <blockquote><p>a</p></blockquote>"),
        ("b\n", "append 2 b"),
        ("> c\n>\n> d", "append 2 \nc", "append 1 <p>d</p>"),
        ("\ne", "append 2 \ne"),
        ("\n\ng", "append 0 <p>g</p>"),
        (END,),
    ),
    deep=(
        ("- > - a", "append 0 <ul><li><blockquote><ul><li>a</li></ul></blockquote></li></ul>"),
        ("b", "append 5 b"),
        ("\n  > - c", "append 4 <li>c</li>"),
        ("\n- d", "append 1 <li>d</li>"),
        (END,),
    ),
    carriage_return=(("a\r", "append 0 <p>a</p>"), ("\nb", "append 1 \nb"), (END,)),
)
def test_text(steps: tuple[Step, ...]) -> None:
    check(steps)


# Blocks that open


@streams(
    heading=(
        ("#",),
        ("# ",),
        ("a", "append 0 <h2>a</h2>"),
        (" #",),
        ("#",),
        (" b", "append 1  ## b"),
        (" ##\n",),
        ("c", "append 0 <p>c</p>"),
        (END,),
    ),
    no_heading=(("#",), ("a", "append 0 <p>#a</p>"), (END,)),
    item=(("-",), (" ",), ("a", "append 0 <ul><li>a</li></ul>"), ("\n",), (END,)),
    number=(
        ("1",),
        ("0.",),
        (" a", 'append 0 <ol start="10"><li>a</li></ol>'),
        ("\n2",),
        (". b", "append 1 <li>b</li>"),
        (END,),
    ),
    no_number=(("20",), ("24",), (" a", "append 0 <p>2024 a</p>"), (END,)),
    number_within_text=(
        ("a\n", "append 0 <p>a</p>"),
        ("2", "append 1 \n2"),
        (". b", "append 1 . b"),
        (END,),
    ),
    rule=(("--",), ("-",), ("\n", "append 0 <hr>"), (END,)),
    no_rule=(("--",), ("a", "append 0 <p>--a</p>"), (END,)),
    empty_items=(
        ("- a\n-", "append 0 <ul><li>a</li></ul>"),
        ("\n- b", "append 1 <li></li><li>b</li>"),
        (END,),
    ),
    quote=((">",), (" ",), ("a", "append 0 <blockquote><p>a</p></blockquote>"), (END,)),
    fence=(
        ("``",),
        ("`p",),
        ("y\n", 'append 0 <pre><code class="language-py"></code></pre>'),
        ("a", "append 2 a"),
        ("<\n", "append 2 &lt;\n"),
        ("``",),
        ("`",),
        ("\n",),
        ("b", "append 0 <p>b</p>"),
        (END,),
    ),
    fence_that_does_not_end=(
        ("~~~\na\n~~", "append 0 <pre><code>a\n</code></pre>"),
        ("b", "append 2 ~~b"),
        ("\n  ", "append 2 \n"),
        ("~~~~ c", "append 2   ~~~~ c"),
        (END, "append 2 \n"),
    ),
    indented_code=(
        ("    a\n\n", "append 0 <pre><code>a\n</code></pre>"),
        ("    b\n", "append 2 \nb\n"),
        ("\n    \nc", "append 0 <p>c</p>"),
        (END,),
    ),
    alert=(
        ("> [!no",),
        (
            "te]\n",
            f"append 0 {ALERT}",
        ),
        ("> a", "append 1 <p>a</p>"),
        (END,),
    ),
    no_alert=(
        ("> [!no",),
        ("pe]\n",),
        ("> a",),
        ("\n\n", "append 0 <blockquote><p>[!nope]\na</p></blockquote>"),
        (END,),
    ),
    task=(
        ("- [",),
        ("x", "append 0 <ul><li></li></ul>"),
        ("] ",),
        ("a", 'append 2 <input checked="" disabled="" type="checkbox"> a'),
        (END,),
    ),
    formula=(
        ("$$\n", 'append 0 <pre><code class="language-math math-display"></code></pre>'),
        ("a",),
        ("\nb\n", "append 2 a\nb\n"),
        ("$$\n",),
        ("c", "append 0 <p>c</p>"),
        (END,),
    ),
    markup=(
        ("a **b", "append 0 <p>a </p>", "tail 1 <strong>b</strong>"),
        (
            Markup("<b>x</b>"),
            "append 1 **b",
            'append 0 <div class="streamhtml-html"><b>x</b></div>',
        ),
        ("c", "append 0 <p>c</p>"),
        (END,),
    ),
)
def test_a_block_opens_as_soon_as_it_is_certain(steps: tuple[Step, ...]) -> None:
    check(steps)


# Tails


@streams(
    strong=(
        ("a *", "append 0 <p>a </p>"),
        ("*",),
        ("b", "tail 1 <strong>b</strong>"),
        (" c", "tail 1 <strong>b c</strong>"),
        ("*",),
        ("*",),
        (" d", "append 1 <strong>b c</strong> d"),
        (END,),
    ),
    emphasis=(
        ("a *b", "append 0 <p>a </p>", "tail 1 <em>b</em>"),
        ("*",),
        (".", "append 1 <em>b</em>."),
        (END,),
    ),
    both=(
        ("***a", "append 0 <p></p>", "tail 1 <em><strong>a</strong></em>"),
        ("** b", "tail 1 <em><strong>a</strong> b</em>"),
        ("*",),
        (END, "append 1 <em><strong>a</strong> b</em>"),
    ),
    nested=(
        ("**a *b", "append 0 <p></p>", "tail 1 <strong>a <em>b</em></strong>"),
        ("* c", "tail 1 <strong>a <em>b</em> c</strong>"),
        ("**",),
        ("d", "append 1 <strong>a <em>b</em> c</strong>d"),
        (END,),
    ),
    strike=(
        ("~~a", "append 0 <p></p>", "tail 1 <del>a</del>"),
        ("~~ ", "append 1 <del>a</del>"),
        (END,),
    ),
    one_tilde_is_text_first=(
        ("~a", "append 0 <p></p>", "tail 1 ~a"),
        ("~ b", "append 1 <del>a</del> b"),
        (END,),
    ),
    code=(
        ("a `b", "append 0 <p>a </p>", "tail 1 <code>b</code>"),
        (" *<", "tail 1 <code>b *&lt;</code>"),
        ("`",),
        ("c", "append 1 <code>b *&lt;</code>c"),
        (END,),
    ),
    code_with_nothing_in_it=(
        ("a `", "append 0 <p>a </p>"),
        ("`",),
        ("b", "tail 1 <code>b</code>"),
        (END, "append 1 ``b"),
    ),
    link=(
        ("a [tex", "append 0 <p>a </p>"),
        ("t", "tail 1 text"),
        ("](http://b",),
        ("/c",),
        (") d", f'append 1 <a href="http://b/c" {REL}>text</a> d'),
        (END,),
    ),
    link_with_structure=(
        ("x [a **bc** `d", "append 0 <p>x </p>", "tail 1 a <strong>bc</strong> <code>d</code>"),
        ("`](u",),
        (")", f'append 1 <a href="u" {REL}>a <strong>bc</strong> <code>d</code></a>'),
        (END,),
    ),
    brackets=(
        ("a [text", "append 0 <p>a </p>", "tail 1 text"),
        ("] b", "append 1 [text] b"),
        (END,),
    ),
    image=(
        ("a ![b", "append 0 <p>a </p>"),
        ("](u",),
        (") c", f'append 1 <a href="u" {REL}>b</a> c'),
        (END,),
    ),
    formula=(
        ("a $x", "append 0 <p>a </p>"),
        ("^2", 'tail 1 <code class="language-math math-inline">x^2</code>'),
        ("$",),
        (" b", 'append 1 <code class="language-math math-inline">x^2</code> b'),
        (END,),
    ),
    display_formula=(
        (
            "a $$x^2",
            "append 0 <p>a </p>",
            'tail 1 <code class="language-math math-display">x^2</code>',
        ),
        ("$",),
        ("$", 'append 1 <code class="language-math math-display">x^2</code>'),
        (END,),
    ),
    formula_in_parentheses=(
        ("a \\(", "append 0 <p>a </p>"),
        ("x", 'tail 1 <code class="language-math math-inline">x</code>'),
        ("\\",),
        (")", 'append 1 <code class="language-math math-inline">x</code>'),
        (END,),
    ),
    parentheses=(
        ("a \\(", "append 0 <p>a </p>"),
        ("x *y", 'tail 1 <code class="language-math math-inline">x *y</code>'),
        (END, "append 1 (x *y"),
    ),
    price=(("a $5", "append 0 <p>a </p>"), (" for b", "append 1 $5 for b"), (END,)),
    entity=(("a &am", "append 0 <p>a </p>"), ("p",), ("; b", "append 1 &amp; b"), (END,)),
    no_entity=(("a &am", "append 0 <p>a </p>"), ("p b", "append 1 &amp;amp b"), (END,)),
    backslash=(("a\\", "append 0 <p>a</p>"), ("*", "append 1 *"), (END,)),
    exclamation=(("a!", "append 0 <p>a</p>"), ("b", "append 1 !b"), (END,)),
    address=(
        ("a http", "append 0 <p>a </p>", "tail 1 http"),
        ("s://b.c", "tail 1 https://b.c"),
        (".", "tail 1 https://b.c."),
        (" d", f'append 1 <a href="https://b.c" {REL}>https://b.c</a>. d'),
        (END,),
    ),
    address_in_angles=(
        ("a <http", "append 0 <p>a </p>"),
        ("://b",),
        (">", f'append 1 <a href="http://b" {REL}>http://b</a>'),
        (END,),
    ),
    less_than=(("a <b", "append 0 <p>a </p>"), (" c", "append 1 &lt;b c"), (END,)),
    a_tail_stays=(
        ("a *b", "append 0 <p>a </p>", "tail 1 <em>b</em>"),
        (" ![c",),
        ("](u) d", f'tail 1 <em>b <a href="u" {REL}>c</a> d</em>'),
        (END, f'append 1 *b <a href="u" {REL}>c</a> d'),
    ),
    stars_at_the_end=(("a **", "append 0 <p>a </p>"), (END, "append 1 **")),
    not_closed=(
        ("a **b `c", "append 0 <p>a </p>", "tail 1 <strong>b <code>c</code></strong>"),
        (END, "append 1 **b `c"),
    ),
    in_an_item=(
        ("- a *b", "append 0 <ul><li>a </li></ul>", "tail 2 <em>b</em>"),
        ("*\n- c", "append 2 <em>b</em>", "append 1 <li>c</li>"),
        (END,),
    ),
    in_a_heading=(
        ("# *a", "append 0 <h1></h1>", "tail 1 <em>a</em>"),
        ("*\n", "append 1 <em>a</em>"),
        (END,),
    ),
    in_a_cell=(
        ("|a|\n|-|\n", "append 0 <table><thead><tr><th>a</th></tr></thead></table>"),
        ("| `b\\|", "append 1 <tbody><tr><td></td></tr></tbody>", "tail 4 <code>b|</code>"),
        ("c` |", "append 4 <code>b|c</code>"),
        (END,),
    ),
)
def test_what_is_not_certain_is_a_tail(steps: tuple[Step, ...]) -> None:
    check(steps)


# Guesses


@streams(
    hidden_bracket=(("a [1", "append 0 <p>a </p>"), ("] b", "append 1 [1] b"), (END,)),
    bracket_in_a_word=(("a[text", "append 0 <p>a</p>", "tail 1 [text"), (END, "append 1 [text")),
    quoted_in_brackets=(
        ("a ['te", "append 0 <p>a </p>"),
        ("xt", "tail 1 ['text"),
        (END, "append 1 ['text"),
    ),
    inner_bracket=(
        ("a [b [text", "append 0 <p>a </p>", "tail 1 b text"),
        (END, "append 1 [b [text"),
    ),
    reference=(
        ("a [text]", "append 0 <p>a </p>", "tail 1 text"),
        ("[b",),
        ("] c", "append 1 text c"),
        ("\n\n[b]: /u",),
        (END, f'replace #0 <p>a <a href="/u" {REL}>text</a> c</p>'),
    ),
    reference_to_itself=(
        ("a [text][] b", "append 0 <p>a text b</p>"),
        (END, "replace #0 <p>a [text][] b</p>"),
    ),
    index=(("a[0][i] b", "append 0 <p>a[0][i] b</p>"), (END,)),
    description=(("a ![b][c] d", "append 0 <p>a b d</p>"), (END, "replace #0 <p>a ![b][c] d</p>")),
    product=(
        ("a*b", "append 0 <p>a</p>"),
        (" c", "tail 1 *b c"),
        ("* d", "append 1 <em>b c</em> d"),
        (END,),
    ),
    name=(
        ("_a",),
        ("_",),
        ("b c", "append 0 <p></p>", "tail 1 _a_b c"),
        (END, "append 1 _a_b c"),
    ),
    underscores=(
        ("_a",),
        (" b", "append 0 <p></p>", "tail 1 <em>a b</em>"),
        ("_ c", "append 1 <em>a b</em> c"),
        (END,),
    ),
    pattern=(("rm *.py", "append 0 <p>rm </p>", "tail 1 *.py"), (END, "append 1 *.py")),
    four_stars=(("a ****b", "append 0 <p>a </p>", "tail 1 ****b"), (END, "append 1 ****b")),
    half_strike=(("a ~b", "append 0 <p>a </p>", "tail 1 ~b"), (END, "append 1 ~b")),
    shell=(("a ${b^c", "append 0 <p>a </p>"), (END, "append 1 ${b^c")),
    dollar=(("a $b", "append 0 <p>a </p>"), (END, "append 1 $b")),
    footnote=(
        (
            "a *b[^1] c[^x] d[^1",
            "append 0 <p>a </p>",
            f"tail 1 <em>b{note(1)} c{note(2)} d</em>",
        ),
        (
            "]* e[^x]",
            f"append 1 <em>b{note(1)} c{note(2)} d{note(1)}</em> e{note(2)}",
        ),
        ("\n\n[^1]: f\n[^x]: g\n",),
        (
            END,
            f"append 0 {notes('f', 'g')}",
        ),
    ),
    email=(
        ("a me@x", "append 0 <p>a </p>", "tail 1 me@x"),
        (".org ", f'append 1 <a href="mailto:me@x.org" {REL}>me@x.org</a>'),
        ("b", "append 1  b"),
        (END,),
    ),
)
def test_a_guess_is_mended_by_the_next_tail(steps: tuple[Step, ...]) -> None:
    check(steps)


def test_a_bracket_that_stays_open_is_shown_after_400_characters() -> None:
    steps = sent(["a [", "b" * 399, "b", "b"])
    assert steps[1:-1] == [
        [f"tail 1 {'b' * 399}"],
        [f"tail 1 {'b' * 400}"],
        [f"tail 1 [{'b' * 401}"],
    ]


def test_a_tail_shows_20_elements_inside_each_other() -> None:
    (step, _) = sent(["*a " * 25])
    assert step[1] == "tail 1 " + "<em>a " * 20 + "a a a a a" + "</em>" * 20


def test_a_long_tail_is_read_again_only_when_it_grew_by_a_part() -> None:
    steps = sent(["a **" + "b" * 600, *("c" * 10 for _ in range(30))])
    assert 2 <= sum(map(bool, steps[1:-1])) <= 4
    steps = sent(["a **" + "b" * 6000, *("c" * 1000 for _ in range(25))])
    assert sum(map(bool, steps[1:-1])) == 2


# What is sent once more


@streams(
    heading=(
        ("a *b", "append 0 <p>a </p>", "tail 1 <em>b</em>"),
        ("*\n=",),
        ("=",),
        ("\n", "replace 1 <h1>a <em>b</em></h1>"),
        ("c", "append 0 <p>c</p>"),
        (END,),
    ),
    heading_of_two_lines=(
        ("a\nb\n", "append 0 <p>a\nb</p>"),
        ("--\n", "replace 1 <h2>a\nb</h2>"),
        (END,),
    ),
    heading_in_a_quote=(
        ("> a\n", "append 0 <blockquote><p>a</p></blockquote>"),
        ("> -\n", "replace 2 <h2>a</h2>"),
        (END,),
    ),
    heading_in_an_item=(
        ("- a\n", "append 0 <ul><li>a</li></ul>"),
        ("  -\n", "replace 2 <li><h2>a</h2></li>"),
        ("- b", "append 1 <li>b</li>"),
        (END,),
    ),
    heading_of_which_nothing_was_certain=(
        ("- **a", "append 0 <ul><li></li></ul>", "tail 2 <strong>a</strong>"),
        ("\n  =",),
        ("\n", "append 2 <h1>**a</h1>"),
        (END,),
    ),
    after_that_an_item_is_held=(
        ("- a\n", "append 0 <ul><li>a</li></ul>"),
        ("  =\n", "replace 2 <li><h1>a</h1></li>"),
        ("  b", "tail 2 b"),
        ("\n  -\n", "append 2 <h2>b</h2>"),
        ("  c **", "tail 2 c "),
        ("d", "tail 2 c <strong>d</strong>"),
        (END, "append 2 c **d"),
    ),
    heading_at_once=(("a\n=\nb", "append 0 <h1>a</h1><p>b</p>"), (END,)),
    table=(
        ("a | b\n", "append 0 <p>a | b</p>"),
        ("-|-",),
        ("\n", "replace 1 <table><thead><tr><th>a</th><th>b</th></tr></thead></table>"),
        ("x", "append 1 <tbody><tr><td>x</td></tr></tbody>"),
        ("y|", "append 4 y"),
        ("2\nz", "append 3 <td>2</td>", "append 2 <tr><td>z</td></tr>"),
        (END, "append 3 <td></td>"),
    ),
    table_below_text=(
        ("x\na|b\n", "append 0 <p>x\na|b</p>"),
        (
            "-|-\n",
            "replace 1 <p>x</p>",
            "append 0 <table><thead><tr><th>a</th><th>b</th></tr></thead></table>",
        ),
        (END,),
    ),
    table_in_an_item=(
        ("- a|b\n", "append 0 <ul><li>a|b</li></ul>"),
        (
            "  -|-\n",
            "replace 2 <li><table><thead><tr><th>a</th><th>b</th></tr></thead></table></li>",
        ),
        (END,),
    ),
    table_whose_header_waits=(
        ("| a |",),
        ("\n|",),
        ("-|\n", "append 0 <table><thead><tr><th>a</th></tr></thead></table>"),
        ("| 1", "append 1 <tbody><tr><td>1</td></tr></tbody>"),
        (END,),
    ),
    no_table=(
        ("| a |\n",),
        ("|-",),
        ("b|\n", "append 0 <p>| a |</p>"),
        (END, "append 1 \n|-b|"),
    ),
    cells=(
        ("|a|b|\n|-|-|\n", "append 0 <table><thead><tr><th>a</th><th>b</th></tr></thead></table>"),
        ("|", "append 1 <tbody><tr></tr></tbody>"),
        (" 1\\", "append 3 <td>1</td>"),
        ("|2", "append 4 |2"),
        ("|*3", "append 3 <td></td>", "tail 4 <em>3</em>"),
        ("*|4|\n", "append 4 <em>3</em>"),
        ("5\\\n", "append 2 <tr><td>5\\</td><td></td></tr>"),
        (END,),
    ),
    loose=(
        ("- a\n- b\n", "append 0 <ul><li>a</li><li>b</li></ul>"),
        ("\n",),
        ("- c", "replace 1 <ul><li><p>a</p></li><li><p>b</p></li><li><p>c</p></li></ul>"),
        ("d", "append 3 d"),
        ("\n\n- e", "append 1 <li><p>e</p></li>"),
        (END,),
    ),
    loose_by_a_second_paragraph=(
        ("- a\n\n", "append 0 <ul><li>a</li></ul>"),
        ("  b", "replace 1 <ul><li><p>a</p><p>b</p></li></ul>"),
        ("\n- c", "append 1 <li><p>c</p></li>"),
        (END,),
    ),
    loose_inside=(
        ("- a\n  - b\n\n", "append 0 <ul><li>a<ul><li>b</li></ul></li></ul>"),
        ("  - c", "replace 3 <ul><li><p>b</p></li><li><p>c</p></li></ul>"),
        ("\n- d", "append 1 <li>d</li>"),
        (END,),
    ),
    loose_while_a_tail_is_shown=(
        ("- a\n", "append 0 <ul><li>a</li></ul>"),
        ("\n- *b", "replace 1 <ul><li><p>a</p></li><li><p></p></li></ul>", "tail 3 <em>b</em>"),
        ("*",),
        (END, "append 3 <em>b</em>"),
    ),
    tight=(("- a\n\n", "append 0 <ul><li>a</li></ul>"), ("b", "append 0 <p>b</p>"), (END,)),
    late_definitions=(
        ("[a] [b]\n\n", "append 0 <p>[a] [b]</p>"),
        ("- [a]\n\n", "append 0 <ul><li>[a]</li></ul>"),
        ("[c]\n\n", "append 0 <p>[c]</p>"),
        ("[a]: /u\n[b]: /v\n",),
        (
            END,
            f'replace #0 <p><a href="/u" {REL}>a</a> <a href="/v" {REL}>b</a></p>',
            f'replace #1 <ul><li><a href="/u" {REL}>a</a></li></ul>',
        ),
    ),
    definition_before=(
        ("[a]: /u\n",),
        ('"t',),
        ('"\n',),
        ("b [a] c", f'append 0 <p>b <a href="/u" title="t" {REL}>a</a> c</p>'),
        (END,),
    ),
    definition_that_is_text=(("[a]: /u b",), (END, "append 0 <p>[a]: /u b</p>")),
    late_footnotes=(
        (
            "a[^x] b[^y]\n\n",
            f"append 0 <p>a{note(1)} b{note(2)}</p>",
        ),
        ("[^y]: c\n",),
        (
            END,
            f"replace #0 <p>a[^x] b{note(1)}</p>",
            f"append 0 {notes('c')}",
        ),
    ),
    words_before_an_address=(
        ("a me", "append 0 <p>a me</p>"),
        ("@x", "tail 1 @x"),
        (".org b", f"replace 1 <p>a {MAIL} </p>", "tail 1 b"),
        (" me", "append 1 b ", "tail 1 me"),
        ("@x.org\n\nc me", f"append 1 {MAIL}", "append 0 <p>c me</p>"),
        ("@x.org d", f"replace 1 <p>c {MAIL} </p>", "tail 1 d"),
        (END, "append 1 d"),
    ),
    words_before_an_address_in_an_item=(
        ("- a me", "append 0 <ul><li>a me</li></ul>"),
        ("@x.org b\n", f"replace 2 <li>a {MAIL} </li>", "tail 2 b"),
        ("  # b\n  c me", "append 2 b", "append 2 <h1>b</h1>c ", "tail 2 me"),
        ("@x.org d", f"append 2 {MAIL} ", "tail 2 d"),
        (END, "append 2 d"),
    ),
)
def test_what_was_misread_is_sent_once_more(steps: tuple[Step, ...]) -> None:
    check(steps)


@streams(
    replaced=(
        ("```x\na", 'append 0 <pre><code class="language-x">a</code></pre>'),
        ("\nb\n", "append 2 \nb\n"),
        ("```",),
        ("\n", 'replace 1 <div class="streamhtml-fence"><b>x: 4</b></div>'),
        ("c", "append 0 <p>c</p>"),
        (END,),
    ),
    at_the_end=(
        ("> ```\n> a", "append 0 <blockquote><pre><code>a</code></pre></blockquote>"),
        (END, 'replace 2 <div class="streamhtml-fence"><b>: 2</b></div>'),
    ),
    not_seen=(
        (
            "- ```\n  a\n  ```\n",
            'append 0 <ul><li><div class="streamhtml-fence"><b>: 2</b></div></li></ul>',
        ),
        ("- b", "append 1 <li>b</li>"),
        (END,),
    ),
    formula=(
        ("$$\n", 'append 0 <pre><code class="language-math math-display"></code></pre>'),
        ("a\n$$\n", 'replace 1 <div class="streamhtml-fence"><b>math: 2</b></div>'),
        (END,),
    ),
    left=(
        ("```none\na\n", 'append 0 <pre><code class="language-none">a\n</code></pre>'),
        ("```\n",),
        (END,),
    ),
)
def test_a_fence_is_replaced_once(steps: tuple[Step, ...]) -> None:
    def on_fence(language: str, text: str) -> Markup | None:
        return None if language == "none" else Markup("<b>{}: {}</b>").format(language, len(text))

    check(steps, on_fence=on_fence)
