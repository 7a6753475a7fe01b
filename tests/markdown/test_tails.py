"""How uncertain text is shown as a tail, and how the next tail corrects a wrong guess."""

from tests.markdown.patch_steps import END, REL, TAB, Step, check, note, notes, sent, streams

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
        ("a ~~b", "append 0 <p>a </p>"),
        ("c",),
        ("~~ ", "append 1 <del>bc</del>"),
        (END,),
    ),
    long_strike=(
        ("~~" + "b" * 60,),
        ("c", "append 0 <p></p>", f"tail 1 <del>{'b' * 60}c</del>"),
        ("~~ ", f"append 1 <del>{'b' * 60}c</del>"),
        (END,),
    ),
    one_tilde_is_text=(("a ~", "append 0 <p>a </p>"), ("b", "append 1 ~b"), (END,)),
    strike_in_strong=(
        ("**~",),
        ("~a",),
        ("~~ ", "append 0 <p></p>", "tail 1 <strong><del>a</del></strong>"),
        ("c**", "tail 1 <strong><del>a</del> c</strong>"),
        ("b", "append 1 <strong><del>a</del> c</strong>b"),
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
        ("t",),
        ("](",),
        ("http://b", "tail 1 text"),
        ("/c",),
        (") d", f'append 1 <a href="http://b/c" {TAB} {REL}>text</a> d'),
        (END,),
    ),
    link_with_structure=(
        ("x [a **bc** `d", "append 0 <p>x </p>"),
        ("`](#", "tail 1 a <strong>bc</strong> <code>d</code>"),
        (")", f'append 1 <a href="#" {REL}>a <strong>bc</strong> <code>d</code></a>'),
        (END,),
    ),
    brackets=(
        ("a [text", "append 0 <p>a </p>"),
        ("] b", "append 1 [text] b"),
        (END,),
    ),
    placeholder_in_emphasis=(
        ("a **b [Your Na", "append 0 <p>a </p>", "tail 1 <strong>b</strong>"),
        ("me] c", "tail 1 <strong>b [Your Name] c</strong>"),
        ("**.", "append 1 <strong>b [Your Name] c</strong>."),
        (END,),
    ),
    text_in_parentheses=(
        ("a [b](c", "append 0 <p>a </p>"),
        (" d", "append 1 [b](c d"),
        (END,),
    ),
    badge=(
        ("a [![b](/c)](/" + "d" * 99, "append 0 <p>a </p>", f'tail 1 <a href="/c" {REL}>b</a>'),
        (")", f'append 1 <a href="/{"d" * 99}" {REL}>b</a>'),
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
        ("$",),
        (" b", 'append 1 <code class="language-math math-display">x^2</code> b'),
        (END,),
    ),
    formula_in_brackets=(
        ("a \\[", "append 0 <p>a </p>"),
        ("x",),
        ("^2", 'tail 1 <code class="language-math math-display">x^2</code>'),
        ("\\",),
        ("]",),
        ("(",),
        ("1",),
        (") ", 'append 1 <code class="language-math math-display">x^2</code>(1)'),
        ("\\[b=", "append 1  "),
        ("c\\](",),
        ("d", "append 1 [b=c](d"),
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
        (" d", f'append 1 <a href="https://b.c" {TAB} {REL}>https://b.c</a>. d'),
        (END,),
    ),
    address_in_angles=(
        ("a <http", "append 0 <p>a </p>"),
        ("://b",),
        (">", f'append 1 <a href="http://b" {TAB} {REL}>http://b</a>'),
        (END,),
    ),
    less_than=(("a <b", "append 0 <p>a </p>"), (", c", "append 1 &lt;b, c"), (END,)),
    line_break=(
        ("a<b", "append 0 <p>a</p>"),
        ("r ",),
        ("/",),
        (">", "append 1 <br>"),
        ("b", "append 1 b"),
        (END,),
    ),
    tags=(
        ("H<su", "append 0 <p>H</p>"),
        ("b>",),
        ("2 *a",),
        ("*</s",),
        ("ub>O", "append 1 <sub>2 <em>a</em></sub>O"),
        (END,),
    ),
    tags_in_emphasis=(
        ("**a <sup>b *c", "append 0 <p></p>", "tail 1 <strong>a</strong>"),
        ("</sup>d", "tail 1 <strong>a <sup>b *c</sup>d</strong>"),
        ("** e", "append 1 <strong>a <sup>b *c</sup>d</strong> e"),
        (END,),
    ),
    tags_that_stay_open=(
        ("a <sub>b", "append 0 <p>a </p>"),
        (" *c" + "c" * 58, f"tail 1 &lt;sub&gt;b <em>c{'c' * 58}</em>"),
        (END, f"append 1 &lt;sub&gt;b *c{'c' * 58}"),
    ),
    tag_with_attributes=(
        ("a <b c", "append 0 <p>a </p>", "tail 1 &lt;b c"),
        ('="https://d', 'tail 1 &lt;b c="https://d'),
        ('">e', 'append 1 &lt;b c="https://d"&gt;e'),
        (END,),
    ),
    no_tag=(
        ("a <b c ", "append 0 <p>a </p>", "tail 1 &lt;b c"),
        ("= d, *e", "append 1 &lt;b c = d, ", "tail 1 <em>e</em>"),
        (END, "append 1 *e"),
    ),
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
        ("# *b", "append 0 <h1></h1>", "tail 1 <em>b</em>"),
        ("*\n", "append 1 <em>b</em>"),
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
    bracket_in_a_word=(
        ("a[" + "b" * 30, "append 0 <p>a</p>"),
        ("c", f"tail 1 [{'b' * 30}c"),
        (END, f"append 1 [{'b' * 30}c"),
    ),
    quoted_in_brackets=(
        ("a ['b', 'c', 'd', 'e', 'f', 'g'", "append 0 <p>a </p>"),
        (", 'h", "tail 1 ['b', 'c', 'd', 'e', 'f', 'g', 'h"),
        ("'] i", "append 1 ['b', 'c', 'd', 'e', 'f', 'g', 'h'] i"),
        (END,),
    ),
    inner_bracket=(
        ("a [b [text", "append 0 <p>a </p>"),
        ("] c",),
        ("] d", "append 1 [b [text] c] d"),
        (END,),
    ),
    citations=(("a [doc1][doc2] b", "append 0 <p>a [doc1][doc2] b</p>"), (END,)),
    matrices=(("a [A][B] b", "append 0 <p>a [A][B] b</p>"), (END,)),
    classes=(("a [b-y][a-z] b", "append 0 <p>a [b-y][a-z] b</p>"), (END,)),
    reference=(
        ("a [text]", "append 0 <p>a </p>"),
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
        (" " + "c" * 59, f"tail 1 *b {'c' * 59}"),
        ("* d", f"append 1 <em>b {'c' * 59}</em> d"),
        (END,),
    ),
    product_that_is_emphasis=(
        ("(a)*(b) + (c)", "append 0 <p>(a)</p>"),
        ("*(d)", "append 1 <em>(b) + (c)</em>(d)"),
        (END,),
    ),
    products=(
        ("2 *3 and (4)", "append 0 <p>2 </p>"),
        ("**5" + " a" * 29, "tail 1 *3 and (4)"),
        (" b", f"tail 1 *3 and (4)**5{' a' * 29} b"),
        (END, f"append 1 *3 and (4)**5{' a' * 29} b"),
    ),
    integral=(
        ("∫_0^", "append 0 <p>∫</p>"),
        ("1" + " x" * 30, f"tail 1 _0^1{' x' * 30}"),
        (END, f"append 1 _0^1{' x' * 30}"),
    ),
    field=(
        ("the _id of", "append 0 <p>the </p>"),
        (" b" * 30, f"tail 1 _id of{' b' * 30}"),
        (END, f"append 1 _id of{' b' * 30}"),
    ),
    name=(
        ("_a",),
        ("_",),
        ("b c", "append 0 <p></p>", "tail 1 _a_b c"),
        (END, "append 1 _a_b c"),
    ),
    arguments=(
        ("takes *ar", "append 0 <p>takes </p>"),
        ("gs and **kwargs.",),
        (" b" * 40, f"tail 1 *args and **kwargs.{' b' * 40}"),
        (END, f"append 1 *args and **kwargs.{' b' * 40}"),
    ),
    arguments_in_a_call=(
        ("f(*a_b", "append 0 <p>f(</p>"),
        (", **d) e",),
        (END, "append 1 *a_b, **d) e"),
    ),
    no_arguments=(
        ("*a",),
        ("re b", "append 0 <p></p>", "tail 1 <em>are b</em>"),
        ("* (*c", "append 1 <em>are b</em> ("),
        (" d*)", "append 1 <em>c d</em>)"),
        (END,),
    ),
    marks_in_a_word=(
        ("a~~**b" + "c" * 60, "append 0 <p>a</p>", f"tail 1 ~~<strong>b{'c' * 60}</strong>"),
        (END, f"append 1 ~~**b{'c' * 60}"),
    ),
    underscores=(
        ("_a",),
        (" b", "append 0 <p></p>", "tail 1 <em>a b</em>"),
        ("_ c", "append 1 <em>a b</em> c"),
        (END,),
    ),
    pattern=(("rm *.py", "append 0 <p>rm </p>", "tail 1 *.py"), (END, "append 1 *.py")),
    four_stars=(("a ****b", "append 0 <p>a </p>", "tail 1 ****b"), (END, "append 1 ****b")),
    half_strike=(("a ~b", "append 0 <p>a ~b</p>"), (END,)),
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


def test_one_tilde_is_text_first_with_the_option() -> None:
    steps = sent(["~a", "~ b"], single_tilde=True)
    assert steps == [["append 0 <p></p>", "tail 1 ~a"], ["append 1 <del>a</del> b"], []]


def test_a_bracket_that_stays_open_is_shown_after_100_characters() -> None:
    assert sent(["a [", "b" * 100, "b"])[1:-1] == [[], [f"tail 1 [{'b' * 101}"]]


def test_an_image_that_stays_open_is_shown_after_400_characters() -> None:
    assert sent(["a ![", "b" * 400, "b"])[1:-1] == [[], [f"tail 1 ![{'b' * 401}"]]


def test_a_tail_shows_20_elements_inside_each_other() -> None:
    (step, _) = sent(["*a " * 25])
    assert step[1] == "tail 1 " + "<em>a " * 20 + "a a a a a" + "</em>" * 20


def test_a_long_tail_is_read_again_only_when_it_grew_by_a_part() -> None:
    steps = sent(["a **" + "b" * 600, *("c" * 10 for _ in range(30))])
    assert 2 <= sum(map(bool, steps[1:-1])) <= 4
    steps = sent(["a **" + "b" * 6000, *("c" * 1000 for _ in range(25))])
    assert sum(map(bool, steps[1:-1])) == 2
