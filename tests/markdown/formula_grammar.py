"""Makes formulas of one or more lines, closed or not, from a seed."""

from random import Random

from tests.markdown.vocabulary import INDENTS


def formula(random: Random, depth: int) -> str:
    """Return a formula on lines of its own, or what looks like one."""
    blocks = (
        *(
            "$$\nx_1 * y\n$$",
            "$$\n\nx\n$$",
            "$$x\ny$$",
            "$$\nx",
            "\\[\nx_1\n\\]",
            "\\[\n\nx",
            "$$ x $$ y",
        ),
        *("  $$\n  x\n  $$", "a\n$$\nx\n$$\nb", "\\[ x \\]", "$$\n- x\n$$", "\\[\n> x\n\\]"),
    )
    return random.choice(blocks) if random.random() < 0.5 else _formula_lines(random)


def _formula_lines(random: Random) -> str:
    """Return a formula of a few lines, which may have a label, no end, or text after it."""
    before = random.choice(
        ("", "", "", "a: ", "**a** ", "`$$` ", "- ", "> ", "1. a: ", "a\n", "$5 ")
    )
    opening, closing = random.choice((("$$", "$$"), ("\\[", "\\]"), ("$$", "\\]"), ("\\(", "\\)")))
    inside = (
        "x",
        "= 1",
        "+ y_1",
        "- z",
        "> 0",
        "\\\\[2pt]",
        "\\frac{1}{2}",
        "two words",
        "",
        "```",
        "|x|",
    )
    lines = [opening + random.choice(("", "", " ", "x", "x^2", "5 two"))]
    lines += [random.choice(INDENTS) + random.choice(inside) for _ in range(random.randrange(5))]
    end = random.choice((closing, closing, closing, "", "x" + closing))
    after = random.choice(("", "", ".", " (1)", " b: $$", "\nb", " \\["))
    return before + "\n".join(lines) + random.choice(("\n", "\n", "")) + end + after
