"""Makes difficult Markdown documents from a seed.

The law: the same ``random.Random`` state makes the same document. The content is chosen to break
parsers that read line by line, and renderers that show a text before it is complete.
"""

import random
from collections.abc import Callable
from typing import Final

from tests.markdown.formula_grammar import formula
from tests.markdown.vocabulary import (
    ALERTS,
    BULLETS,
    CITATIONS,
    ENDINGS,
    ENTITIES,
    GAPS,
    INDENTS,
    INFOS,
    LABELS,
    LOOKALIKES,
    MATHS,
    NOTES,
    PRODUCTS,
    RUNS,
    SOUP,
    TAGS,
    TITLES,
    URLS,
    WORDS,
)

Choice = random.Random

LIMIT: Final = 1500


def document(random: Choice) -> str:
    """Return a document of up to 1,500 characters, most of them shorter, some empty."""
    limit = random.choice((0, 10, 40, 100, 100, 200, 200, 400, 400, 800, LIMIT))
    text = ""
    while len(text) < limit:
        text += _block(random, 3) + random.choice(ENDINGS)
    text = text[:limit]
    if random.random() < 0.2:
        text = _newlines(random, text)
    if random.random() < 0.1:
        text = _inserted(
            random, text, ("\x00", "\ufeff", "\ud800", "\udc00", "\x0b", "\x0c", "\x85")
        )
    if random.random() < 0.05:
        text = "\ufeff" + text
    if random.random() < 0.3:
        text = _shaken(random, text)
    return text[:LIMIT]


def soup(random: Choice) -> str:
    """Return up to 120 special strings in a row, without any structure."""
    strings = SOUP
    if random.random() < 0.5:  # fewer kinds, so that equal ones meet more often
        strings = tuple(random.choices(SOUP, k=random.randint(2, 8)))
    size = random.choice((3, 6, 12, 24, 60, 120))
    return "".join(random.choices(strings, k=random.randint(0, size)))


def _block(random: Choice, depth: int) -> str:
    """Return a block, or several; ``depth`` is how many more may be nested in it."""
    kinds = LEAVES + CONTAINERS if depth else LEAVES
    return random.choice(kinds)(random, depth)


def _blocks(random: Choice, depth: int) -> str:
    blocks = [_block(random, depth) for _ in range(random.choice((1, 1, 1, 2, 2, 3)))]
    return random.choice(("\n", "\n\n", "\n\n", "\n\n\n")).join(blocks)


# Inlines


def _inline(random: Choice, depth: int = 3) -> str:
    """Return one or a few lines of text with nested and broken constructs."""
    pieces = []
    for _ in range(random.choice((1, 1, 2, 3, 5, 8))):
        pieces.append(random.choice(INLINES)(random, depth - 1) if depth else _words(random, 0))
        pieces.append(random.choice((" ", " ", " ", "", "\n", "  \n", "\\\n", "\t", "\u00a0", ".")))
    return "".join(pieces[:-1])


def _words(random: Choice, depth: int) -> str:
    return " ".join(random.choices(WORDS, k=random.choice((1, 1, 2, 3, 6))))


def _emphasis(random: Choice, depth: int) -> str:
    mark = random.choice(("*", "**", "***", "_", "__", "~~", "~", "*_", "**_", "****", "^", "**~~"))
    end = mark[::-1] if random.random() < 0.8 else random.choice(("", "*", "_", "**", " *", "~~"))
    space = random.choice(("", "", "", " "))
    return mark + space + _inline(random, depth) + random.choice(("", "", "", " ", "\\")) + end


def _pair(random: Choice, depth: int) -> str:
    """Return a pair of tags that are elements, or almost."""
    name = random.choice(("sub", "sup", "kbd", "SUB", "b"))
    start = random.choice((f"<{name}>", f"<{name}>", f"<{name}>", f"<{name} x>", f"<{name} ", ""))
    end = random.choice((f"</{name.lower()}>", f"</{name}>", f"</{name}>", "</sup>", "</sub", ""))
    return start + _inline(random, depth) + end


def _code(random: Choice, depth: int) -> str:
    ticks = "`" * random.choice((1, 1, 2, 3, 4))
    end = ticks if random.random() < 0.8 else "`" * random.choice((0, 1, 2, 3))
    inside = random.choice(("x", " x ", " `` ", "`", "*a*", "", " ", "\\", "a\nb", "|", "<b>&amp;"))
    return ticks + inside + end


def _link(random: Choice, depth: int) -> str:
    text = _inline(random, depth) if random.random() < 0.7 else random.choice(LABELS)
    target = random.choice(URLS) + random.choice(("", "", "", *TITLES))
    label = random.choice(LABELS)
    return random.choice(("", "", "", "!", "\\", "[")) + random.choice(
        (
            f"[{text}]({target})",
            f"[{text}]({target})",
            f"[{text}]( {target}\n)",
            f"[{text}][{label}]",
            f"[{label}][]",
            f"[{label}]",
            f"[{text}",
            f"[{text}]",
            f"[{text}](",
            f"[{text}]({target}",
            f"[{text}][",
            f"[[{text}]({target})]({target})",
            f"[![{text}]({target})]({target})",
        )
    )


def _note(random: Choice, depth: int) -> str:
    forms = (
        *("[^{}]", "[^{}]", "[^{}", "![^{}]", "a![^{}]", "[^{}](u)", "[^{}][a]", "a[^{}]"),
        *("[a[^{}]](u)", "![a[^{}] b](u)", "![a![b[^{}]](v)](u)", "[![a[^{}]](v)](u)"),
    )
    return random.choice(forms).format(random.choice(NOTES))


def _picked(strings: tuple[str, ...]) -> Callable[[Choice, int], str]:
    return lambda random, depth: random.choice(strings)


def _run(random: Choice, depth: int) -> str:
    mark = random.choice(RUNS)
    if random.random() < 0.2:
        return " ".join(f"{mark}a" for _ in range(random.randint(2, 20)))
    return mark * random.choice((2, 3, 4, 5, 7, 10, 30)) + random.choice(("", "a", " "))


def _escaped(random: Choice, depth: int) -> str:
    return "\\" + random.choice("\\*_`[]()#+-.!|<>&$~:a \n")


INLINES: Final[tuple[Callable[[Choice, int], str], ...]] = (
    *(_words, _words, _words, _emphasis, _emphasis, _emphasis, _code, _code, _link, _link, _link),
    *(_note, _run, _escaped, _picked(LOOKALIKES), _picked(ENTITIES), _picked(TAGS), _picked(MATHS)),
    *(_pair, _pair, _picked(TAGS)),
    *(_picked(CITATIONS), _picked(PRODUCTS)),
)


# Blocks


def _paragraph(random: Choice, depth: int) -> str:
    lines = _inline(random).split("\n")
    return "\n".join(
        random.choice(INDENTS) + line if random.random() < 0.2 else line for line in lines
    )


def _heading(random: Choice, depth: int) -> str:
    mark = "#" * random.choice((1, 2, 3, 4, 6, 7))
    end = random.choice(("", "", " #", " ##  ", "#", " \\#", " # x"))
    return _indent(random) + mark + random.choice(GAPS) + _inline(random, 2).split("\n")[0] + end


def _setext(random: Choice, depth: int) -> str:
    line = random.choice(("===", "=", "---", "--", "-", "- -", "=-=", "===  ", "--- -", "== ="))
    return _paragraph(random, 0) + "\n" + _indent(random) + line


def _rule(random: Choice, depth: int) -> str:
    rules = (
        "---",
        "***",
        "___",
        "- - -",
        "* * *",
        "--",
        "-- -",
        "_ _ _ _",
        "---a",
        "-\t-\t-",
        "***  ",
    )
    return _indent(random) + random.choice(rules)


def _fence(random: Choice, depth: int) -> str:
    mark = random.choice("`~") * random.choice((3, 3, 3, 4, 5))
    end = random.choice(
        (mark, mark, mark, mark + mark[0], mark[1:], "", mark + " x", "  " + mark, "~~~")
    )
    inside = random.choice((_lines, _blocks))(random, 0)
    indent = _indent(random)
    return f"{indent}{mark}{random.choice(INFOS)}\n{inside}\n{_indent(random)}{end}"


def _lines(random: Choice, depth: int) -> str:
    lines = (
        "def f():",
        "    return 1",
        "\tx",
        "",
        "",
        " ",
        "# no",
        "<b>&amp;",
        "**",
        "```",
        "~~~",
        "- x",
    )
    return "\n".join(random.choices(lines, k=random.randint(0, 5)))


def _indented(random: Choice, depth: int) -> str:
    indent = random.choice(("    ", "    ", "\t", "  \t", "     ", "\t\t"))
    lines = _lines(random, 0).split("\n")
    return "\n".join(indent + line if line or random.random() < 0.5 else line for line in lines)


def _definition(random: Choice, depth: int) -> str:
    url = random.choice(URLS) or "/u"
    title = random.choice(("", "", "", *TITLES))
    gap = random.choice((" ", " ", " ", "", "\n", "\n   ", "\n\n"))
    one = f"{_indent(random)}[{random.choice(LABELS)}]:{gap}{url}{title}"
    return one if random.random() < 0.7 else one + "\n" + _definition(random, depth)


def _table(random: Choice, depth: int) -> str:
    width = random.choice((1, 2, 2, 3, 4))
    rows = [_row(random, width + random.choice((0, 0, 0, 0, 1, -1)))]
    marks = random.choices(
        ("---", "-", ":-", "-:", ":-:", " --- ", ":", "--x", ""),
        (9, 3, 3, 3, 3, 3, 1, 1, 1),
        k=width,
    )
    rows.append(_edged(random, marks))
    widths = [width + random.choice((0, 0, 0, 1, 2, -1)) for _ in range(random.randrange(4))]
    rows += [_row(random, cells) for cells in widths]
    indent = random.choice(("", "", "", " ", "    "))
    return "\n".join(indent + row for row in rows)


def _row(random: Choice, width: int) -> str:
    cells = (
        _inline(random, 1).replace("\n", " ") if random.random() < 0.5 else "" for _ in range(width)
    )
    odd = ("a\\|b", "`a|b`", "`a\\|b`", "\\\\|", "**x", "한글", "[a](b|c)", "", " ", "x")
    return _edged(random, [cell or random.choice(odd) for cell in cells])


def _edged(random: Choice, cells: list[str]) -> str:
    text = random.choice(("|", " | ", " | ", "\t|")).join(cells)
    return random.choice(("|{}|", "| {} |", "| {} |", "{}", "| {}", "{} |", "| {} | ")).format(text)


def _indent(random: Choice) -> str:
    return random.choice(INDENTS) if random.random() < 0.3 else ""


def _list(random: Choice, depth: int) -> str:
    mark = random.choice(BULLETS)
    items = []
    for _ in range(random.choice((1, 2, 2, 3, 4))):
        if random.random() < 0.1:
            mark = random.choice(BULLETS)
        gap = random.choice(GAPS) if random.random() < 0.4 else " "
        task = (
            random.choice(("[ ] ", "[x] ", "[X]", "[] ", "[ ]\n")) if random.random() < 0.15 else ""
        )
        inside = task + (_blocks(random, depth - 1) if random.random() < 0.8 else "")
        wide = len(mark) + (len(gap) if 0 < len(gap.expandtabs()) < 5 else 1)
        if random.random() < 0.15:
            wide = max(0, wide + random.choice((-2, -1, 1, 2, 4)))
        items.append(mark + gap + _under(random, inside, " " * wide))
    indent = _indent(random)
    joined = random.choice(("\n", "\n", "\n\n", "\n\n\n", "\n \n")).join(items)
    return _under(random, indent + joined, indent)


def _under(random: Choice, text: str, prefix: str) -> str:
    """Indent all lines but the first by ``prefix``; sometimes forget it, or write a tab instead."""
    first, *rest = text.split("\n")
    lines = [first]
    for line in rest:
        chance = random.random()
        if (not line and chance < 0.8) or chance < 0.06:
            lines.append(line)
        elif chance < 0.1:
            lines.append("\t" + line)
        else:
            lines.append(prefix + line)
    return "\n".join(lines)


def _quote(random: Choice, depth: int) -> str:
    inside = _blocks(random, depth - 1)
    if random.random() < 0.25:
        inside = f"[!{random.choice(ALERTS)}]{random.choice(('', '', ' ', ' x'))}\n{inside}"
    mark = random.choice(("> ", "> ", "> ", ">", ">\t", " > ", ">  ", "    > "))
    lines = []
    for number, line in enumerate(inside.split("\n")):
        if number and random.random() < 0.1:
            lines.append(line)  # a lazy continuation line, if it is in a paragraph
        else:
            lines.append(mark + line)
    return "\n".join(lines)


def _footnote(random: Choice, depth: int) -> str:
    inside = _blocks(random, depth - 1)
    indent = random.choice(("    ", "    ", "  ", "\t", ""))
    gap = random.choice((" ", " ", "", "\n    ", "\n", "\n\n    ", "\n\n\n    ", "\n\n"))
    return f"{_indent(random)}[^{random.choice(NOTES)}]:{gap}{_under(random, inside, indent)}"


def _html(random: Choice, depth: int) -> str:
    blocks = (
        *(
            "<div>\n*x*\n</div>",
            "<script>\n\nx\n</script>",
            "<!-- a\n\nb -->",
            "<details>\n\n**x**",
        ),
        *(
            "<pre>\n\n  x",
            "<table><tr><td>\n\nx\n\n</td></tr></table>",
            "</p>",
            "<?x\n?>",
            "<b>x</b>",
        ),
    )
    return random.choice(blocks)


LEAVES: Final[tuple[Callable[[Choice, int], str], ...]] = (
    *(_paragraph, _paragraph, _paragraph, _paragraph, _heading, _setext, _rule, _fence, _fence),
    *(_indented, _definition, _definition, _table, _table, _html, formula),
)
CONTAINERS: Final[tuple[Callable[[Choice, int], str], ...]] = (
    *(_list, _list, _list, _list, _list, _quote, _quote, _quote, _footnote, _footnote),
)


# The whole document


def _newlines(random: Choice, text: str) -> str:
    kinds = random.choice((("\r\n",), ("\r",), ("\n", "\r", "\r\n")))
    return "".join(random.choice(kinds) if c == "\n" else c for c in text)


def _inserted(random: Choice, text: str, characters: tuple[str, ...]) -> str:
    for _ in range(random.randint(1, 4)):
        at = random.randint(0, len(text))
        text = text[:at] + random.choice(characters) + text[at:]
    return text


def _shaken(random: Choice, text: str) -> str:
    """Drop, duplicate and move a few stretches, so that constructs break."""
    for _ in range(random.randint(1, 4)):
        at = random.randint(0, len(text))
        end = at + random.choice((1, 1, 2, 3, 8))
        match random.randrange(3):
            case 0:
                text = text[:at] + text[end:]
            case 1:
                text = text[:end] + text[at:]
            case _:
                to = random.randint(0, len(text))
                text = text[:to] + text[at:end] + text[to:]
    return text
