"""Which blocks are sent once more when they turn out to be something else."""

import random

import pytest
from markupsafe import Markup
from tests.markdown.cuts import at_random, by_character, by_lines, in_groups
from tests.markdown.page import Page, canonical
from tests.markdown.patch_steps import (
    END,
    FORMULA,
    LONG,
    MAIL,
    REL,
    Step,
    check,
    note,
    notes,
    streams,
)

from streamhtml.markdown import MarkdownRenderer, render
from streamhtml.markdown._block import open_blocks
from streamhtml.markdown._output import buffer

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
        ("- **b", "append 0 <ul><li></li></ul>", "tail 2 <strong>b</strong>"),
        ("\n  =",),
        ("\n", "append 2 <h1>**b</h1>"),
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
    definition_that_is_text=(
        ("[a]: /u ",),
        ("b", "append 0 <p>[a]: /u b</p>"),
        (END,),
    ),
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
        (f"$$\n{LONG}\n", f"append 0 {FORMULA.format(LONG)}"),
        ("$$\n", 'replace 1 <div class="streamhtml-fence"><b>math: 202</b></div>'),
        (END,),
    ),
    left=(
        ("```none\na\n", 'append 0 <pre><code class="language-none">a\n</code></pre>'),
        ("```\n",),
        (END,),
    ),
)
def test_a_fence_is_replaced_once(steps: tuple[Step, ...]) -> None:
    def on_fence(language: str, text: str, info: str) -> Markup | None:
        return None if language == "none" else Markup("<b>{}: {}</b>").format(language, len(text))

    check(steps, on_fence=on_fence)


@streams(
    short=(
        ("a\n$$\nb\n", "append 0 <p>a</p>"),
        ("- c\n",),
        ("\n", "append 1 \n$$\nb", "append 0 <ul><li>c</li></ul>"),
        (END,),
    ),
    at_the_end=(("$$\nb\n",), (END, "append 0 <p>$$\nb</p>")),
    paragraph=(
        (f"a\n$$\n{LONG}\n", f"append 0 <p>a</p>{FORMULA.format(LONG)}"),
        ("- c\n", "append 2 - c\n"),
        ("\n", f"replace 1 <p>$$\n{LONG}</p>", "append 0 <ul><li>c</li></ul>"),
        (END,),
    ),
    long_at_the_end=(
        (f"$$\n{LONG}\n", f"append 0 {FORMULA.format(LONG)}"),
        (END, f"replace 1 <p>$$\n{LONG}</p>"),
    ),
    item=(
        (f"- $$\n  {LONG}\n", f"append 0 <ul><li>{FORMULA.format(LONG)}</li></ul>"),
        ("-",),
        (" c", f"replace 1 <ul><li><p>$$\n{LONG}</p></li><li><p>c</p></li></ul>"),
        (END,),
    ),
    held=(
        ("a: $$\n", "append 0 <p>a: </p>"),
        ("b\n",),
        ("- c\n",),
        ("de f",),
        ("g", "append 1 $$\nb", "append 0 <ul><li>c\nde fg</li></ul>"),
        (END,),
    ),
    found=(
        ("a: $$\n", "append 0 <p>a: </p>"),
        ("b\n- c\n",),
        ("$$\n",),
        ("d", 'append 1 <code class="language-math math-display">b\n- c</code>\nd'),
        (END,),
    ),
)
def test_a_formula_that_is_not_closed_is_replaced_once(steps: tuple[Step, ...]) -> None:
    check(steps)


# In deep lists

LEVELS = range(48, -1, -1)
NESTED = "".join("  " * level + "- a\n" for level in range(49)) + "  " * 49 + "b " * 2000 + "\n"
QUOTED = "- > " * 24 + "b " * 2000 + "\n"
FROM_THE_INSIDE_OUT = {
    "items": NESTED + "".join("\n" + "  " * n + "- x\n" for n in LEVELS),
    "paragraphs": NESTED + "".join("\n" + "  " * n + "  x\n" for n in LEVELS),
    "tables": NESTED
    + "".join("  " * n + "# h\n" + "  " * n + "x|y\n" + "  " * n + "-|-\n" for n in LEVELS),
    "quotes": QUOTED + "".join("  > " * n + "\n" + "  > " * n + "- x\n" for n in range(23, -1, -1)),
}


@pytest.mark.parametrize("text", FROM_THE_INSIDE_OUT.values(), ids=FROM_THE_INSIDE_OUT)
def test_lists_that_change_from_the_inside_out_are_sent_a_few_times(text: str) -> None:
    renderer = MarkdownRenderer("r")
    page = Page("r")
    sent = 0
    for piece in (*in_groups(list(text), 40), None):
        patches = renderer.close() if piece is None else renderer.feed(piece)
        page.apply(patches)
        sent += sum(len(patch.html) for patch in patches)
    assert page.html == canonical(render(text))
    assert sent < 8 * len(render(text))


LINES = (
    "- a", "- a", "1. b", "x", "x me@x.org", "# h", "===", "-|-", "a|b", "", "", "> q", "> - r",
    "```", "**b", "[x]", "- [x] y", "[^1]",
)  # fmt: skip


def nested(choose: random.Random) -> str:
    """Return lines with more and less indentation."""
    depth, text = 0, ""
    for _ in range(choose.randrange(5, 30)):
        depth = max(0, min(depth + choose.choice((-2, -1, -1, 0, 1, 1)), 8))
        text += "  " * depth + choose.choice(LINES) + "\n"
    return text


@pytest.mark.parametrize("most", [0, 1, 4])
def test_the_page_is_exact_if_changes_wait(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in buffer, open_blocks:
        monkeypatch.setattr(module, "MAX_RESENT", most)
    for seed in range(80):
        text = nested(random.Random(seed))
        for pieces in by_character(text), by_lines(text), at_random(text, seed), [text]:
            page = Page("r")
            renderer = MarkdownRenderer("r")
            for piece in pieces:
                page.apply(renderer.feed(piece))
            page.apply(renderer.close())
            assert page.html == canonical(render(text)), pieces


def test_two_texts_that_were_not_shown_become_tables_at_once() -> None:
    renderer = MarkdownRenderer("r")
    page = Page("r")
    pieces = [
        "- - - # h\n      a|b\n      -|-\n      a",
        "|b\n      -|-\n    # h\n    a|b\n    -|-\n  # h\n",
    ]
    for piece in pieces:
        page.apply(renderer.feed(piece))
    page.apply(renderer.close())
    assert page.html == canonical(render("".join(pieces)))
