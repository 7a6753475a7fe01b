"""Which patches are sent for each piece of a text."""

from markupsafe import Markup
from tests.markdown.patch_steps import ALERT, END, FORMULA, LONG, Step, check, streams

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
        ("a", 'append 2 <input checked="" disabled="" type="checkbox" aria-label="Task"> a'),
        (END,),
    ),
    formula=(
        ("$$\n",),
        ("a\nb\n",),
        ("$$\n", f"append 0 {FORMULA.format(f'a{chr(10)}b')}"),
        ("c", "append 0 <p>c</p>"),
        (END,),
    ),
    long_formula=(
        (f"$$\na\n{LONG}\n", f"append 0 {FORMULA.format(f'a{chr(10)}{LONG}')}"),
        ("b\n", "append 2 b\n"),
        ("$$\n",),
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
