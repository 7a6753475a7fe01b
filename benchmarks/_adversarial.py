"""Texts that are made to be slow, or to make much HTML of little Markdown."""

from collections.abc import Callable
from itertools import count
from typing import Final


def _again(unit: str, before: str = "", after: str = "") -> Callable[[int], str]:
    """Return a function that repeats ``unit`` up to a number of characters."""

    def make(size: int) -> str:
        return before + unit * max(1, (size - len(before) - len(after)) // len(unit)) + after

    return make


def _halves(opening: str, middle: str, closing: str) -> Callable[[int], str]:
    """Return a function that repeats an opening, and then a closing as often."""

    def make(size: int) -> str:
        times = (size - len(middle)) // (len(opening) + len(closing))
        return opening * times + middle + closing * times

    return make


def _counted(unit: str) -> Callable[[int], str]:
    """Return a function that repeats ``unit`` with 0, 1, 2 … in it, up to so many characters."""

    def make(size: int) -> str:
        pieces = []
        length = 0
        for number in count():
            pieces.append(unit.format(number))
            length += len(pieces[-1])
            if length >= size:
                break
        return "".join(pieces)

    return make


def _chained(unit: str) -> Callable[[int], str]:
    """Return a reference to footnote 0, and definitions of which each refers to the next one."""

    def make(size: int) -> str:
        pieces = ["a[^0]\n\n"]
        length = 0
        for number in count():
            pieces.append(unit.format(number, number + 1))
            length += len(pieces[-1])
            if length >= size:
                break
        return "".join(pieces)

    return make


def _runs(mark: str) -> Callable[[int], str]:
    """Return runs of a mark, each longer by one, between spaces."""

    def make(size: int) -> str:
        longest = int((2 * size) ** 0.5)
        return " ".join(mark * length for length in range(1, longest))

    return make


def _steps(marker: str, least: int = 0) -> Callable[[int], str]:
    """Return a list of which each item is indented two more than the one before it."""

    def make(size: int) -> str:
        levels = int((size + least**2) ** 0.5) - least
        pieces = ["  " * (least + level) + marker + " a\n" for level in range(levels)]
        return "".join(pieces)

    return make


def _wide(rows: int) -> Callable[[int], str]:
    """Return a table of so many rows below its header, as wide as the size demands."""

    def make(size: int) -> str:
        columns = size // (2 * (rows + 2))
        return "|a" * columns + "\n" + "|-" * columns + "\n" + ("|b" * columns + "\n") * rows

    return make


def _table(columns: int, row: str) -> Callable[[int], str]:
    """Return a table of so many columns with rows that are short of them."""
    return _again(row, "|a" * columns + "\n" + "|-" * columns + "\n")


def _loosened(size: int) -> str:
    """Return lists inside lists, tight till the innermost ends; then each becomes loose."""
    levels = 48
    fill = "".join(f"{'  ' * level}- {'word ' * 8}\n" for level in range(levels))
    inner = "  " * levels + "- x\n"
    inner *= max(1, (size - 2 * len(fill)) // len(inner))
    ends = "".join(f"\n{'  ' * level}- y\n" for level in reversed(range(levels)))
    return fill + inner + ends


def _alternating(size: int) -> str:
    """Return a list whose items' lists become loose one after the other."""
    return _again("- a\n  - b\n    - c\n\n    - d\n  - e\n\n  - f\n- g\n\n")(size)


def _both(first: str, then: str) -> Callable[[int], str]:
    """Return two counted halves."""

    def make(size: int) -> str:
        return _counted(first)(size // 2) + "\n\n" + _counted(then)(size // 2)

    return make


ADVERSARIAL: Final[dict[str, Callable[[int], str]]] = {
    # A mark, long blanks, and then something that spoils it
    "$1…": lambda size: "$1" + "." * size,
    "\\[ … x": lambda size: "\\[" + " " * size + "x\n",
    "\\[ a a a": lambda size: "\\[" + " " * (size // 2) + " a" * (size // 4),
    "$$ … x": lambda size: "$$" + " " * size + "x\n",
    "a, then - … x": lambda size: "a\n-" + " " * size + "x\n",
    "a, then |- … x": lambda size: "a\n|-" + " " * size + "x\n",
    # Addresses that are none, and links in many brackets
    "http://!": _again("http://!"),
    "www.!(": _again("www.!("),
    "a@b.c in a tight item": _again("  # h\n  x abcd@b.c\n", "- a\n"),
    "http://a.b/ and stars": _again("*" * 16000 + "x" * 9, "http://a.b/"),
    "[ and [a](b)": lambda size: "[" * (size // 2) + "[a](b)" * (size // 12),
    "![ and [a](b)": lambda size: "![" * (size // 4) + "[a](b)" * (size // 12),
    "~~a then _a* b_": lambda size: "~~a " * (size // 8) + "_a* b_ " * (size // 14),
    # Brackets
    "[": _again("["),
    "]": _again("]"),
    "[]": _again("[]"),
    "[ … ]": _halves("[", "a", "]"),
    "[[a]]": _again("[[a]]"),
    "![": _again("!["),
    "![ … ](b)": _halves("![", "a", "](b)"),
    "[ … ](b)": _halves("[", "a", "](b)"),
    "![a](b)": _again("![a](b)"),
    "[a](b)": _again("[a](b)"),
    "[a](b": _again("[a](b"),
    "[a](<b": _again("[a](<b"),
    '[a](b "c': _again('[a](b "c'),
    "[a](((": _again("(", "[a]("),
    "[a][": _again("[a]["),
    "[](": _again("[]("),
    "[![": _again("[!["),
    "[*": _again("[*"),
    "*[": _again("*["),
    "![*": _again("![*"),
    "`[": _again("`["),
    "[`a](b)`": _again("[`a](b)`"),
    "<[": _again("<["),
    "~~[": _again("~~["),
    "$a[": _again("$a["),
    "[*a*](b ": _again("[*a*](b "),
    "[a] late": _again("[a] ", after="\n\n[a]: b\n"),
    "[a] late, in a table": _again("|[a]|x|\n", "|a|b|\n|-|-|\n", "\n[a]: b\n"),
    "[a]\\n\\n late": _again("[a]\n\n", after="[a]: b\n"),
    "[0] [1] … late": _both("[{}] ", "[{}]: b\n"),
    "[0]\\n\\n … late": _both("[{}]\n\n", "[{}]: b\n"),
    "[a]: b\\n": _again("[a]: b\n"),
    '[a]: b "c\\n': _again('[a]: b "c\n'),
    "[a]: \\n": _again("[a]: \n"),
    "[a]: b 'c then lines": _again("d\n", "[a]: b 'c\n"),
    "[a\\n": _again("[a\n"),
    "[^1]": _again("[^1]"),
    "[^1] and its note": _again("[^1]", "[^1]: a\n\n"),
    "[^1] late": _again("[^1]", after="\n\n[^1]: a\n"),
    "[^0] [^1] … late": _both("[^{}] ", "[^{}]: b\n\n"),
    "[^0]: b": _counted("[^{}]: b\n"),
    "[^": _again("[^"),
    "[^1]: a[^2]": _chained("[^{}]: a[^{}]\n"),
    "[^1]:\\n\\n    a[^2]": _chained("[^{}]:\n\n    a[^{}]\n\n"),
    "[^1]: [a[^2]](b)": _chained("[^{}]: [a[^{}]](b)\n"),
    "[^1]: ![a[^2]](b)": _chained("[^{}]: ![a[^{}]](b)\n"),
    "[^1]: a[^2], and notes in it": _chained("[^{0}]: a[^{1}][^b{0}]\n\n    [^b{0}]: a\n\n"),
    "[1]: 2": _chained("[{}]: {}\n"),
    "a[^1]\\n\\n": _counted("a[^{}]\n\n"),
    "![ … [^1] … ](b)": lambda size: (
        "![" * (size // 16) + "[^1]" * (size // 8) + "](b)" * (size // 16) + "\n\n[^1]: a"
    ),
    "[ … [^1] … ](b)": lambda size: (
        "[" * (size // 8) + "[^1]" * (size // 8) + "](b)" * (size // 16) + "\n\n[^1]: a"
    ),
    "[1] [2]": _counted("[{}] "),
    "[1]\\n\\n[2]": _counted("[{}]\n\n"),
    "[1][2]": _counted("[{}]"),
    "[a [1] ": _counted("[a [{}] "),
    "【1†a】": _counted("【{}†a】"),
    "【1†": _again("【1†"),
    # Emphasis
    "*": _again("*"),
    "**": _again("**", "a "),
    "a**": _again("a**"),
    "_": _again("_"),
    "*a ": _again("*a "),
    "**a ": _again("**a "),
    "*a **b ": _again("*a **b "),
    "*a _b ": _again("*a _b "),
    "***a** ": _again("***a** "),
    "a***b* c** ": _again("a***b* c** "),
    "**a … **": _halves("**a ", "b", " a**"),
    "*a … *": _halves("*a ", "b", " a*"),
    "*a**b … ": _halves("*a**b", "c", "b**a*"),
    "**a* ": _again("**a* "),
    "*a*": _again("*a*"),
    "*a**": _again("*a**"),
    "**a**": _again("**a**"),
    "***a ": _again("***a "),
    "*a\\n": _again("*a\n"),
    "_a *b ~~c ": _again("_a *b ~~c "),
    "~~a ~b ": _again("~~a ~b "),
    "_a_*": _again("_a_*"),
    "*_a": _again("*_a"),
    "a_": _again("a_"),
    "~~a": _again("~~a"),
    "~~a~~": _again("~~a~~"),
    "~": _again("~", "a "),
    "runs of *": _runs("*"),
    "runs of ~": _runs("~"),
    # Code and formulas
    "`": _again("`"),
    "a `": _again("`", "a "),
    "**_a_**b": _again("**_a_**b"),
    "runs of `": _runs("`"),
    "`a": _again("`a"),
    "``a`": _again("``a`"),
    "```\\n": _again("```\n"),
    "```a\\n``\\n": _again("``\n", "```a\n"),
    "~~~ x\\n": _again("~~~ x\n"),
    "$": _again("$"),
    "$a": _again("$a"),
    "$$": _again("$$", "a "),
    "$$\\na\\n": _again("$$\na\n"),
    "\\(": _again("\\("),
    "\\[": _again("\\[", "a "),
    "\\[\\n": _again("\\[\n"),
    "- $$\\nx\\n": _again("- $$\nx\n"),
    "\\[1,": _again("1,", "a \\[ ", "\\]"),
    "\\": _again("\\"),
    "\\\\n": _again("\\\n"),
    # HTML, entities, addresses
    "<": _again("<"),
    "<a ": _again("<a "),
    "<a b='": _again("<a b='"),
    "<a@b": _again("<a@b"),
    "<http://a": _again("<http://a"),
    "<a b='c' d": _again("<a b='c' d"),
    "<sub>": _again("<sub>"),
    "<sub>*a ": _again("<sub>*a "),
    "<sub>*[a</sub>": _again("<sub>*[a</sub>"),
    "<!--": _again("<!--"),
    "<?": _again("<?"),
    "<![CDATA[": _again("<![CDATA["),
    "<div>\\n": _again("<div>\n"),
    "&": _again("&"),
    "&amp": _again("&amp"),
    "&amp;": _again("&amp;"),
    "&#": _again("&#"),
    "&#x1": _again("&#x1"),
    "a@b": _again("a@b"),
    "a@b.c ": _again("a@b.c "),
    "a@b.": _again("a@b."),
    "a@b.c_": _again("a@b.c_"),
    "a b@c.de\\n\\n": _again("a b@c.de\n\n"),
    "a.": _again("a."),
    "a. @": _again("a.", after="@b.c"),
    "@": _again("@"),
    "mailto:a@": _again("mailto:a@"),
    "https://a.b/가(": _again("https://a.b/가("),
    "가(": _again("가(", "https://a.b/"),
    "https://a가": _again("https://a가"),
    "https://a.b/[1]": _again("[1]", "https://a.b/"),
    "a@b.c:": _again("a@b.c:"),
    "www.": _again("www."),
    "http://a.": _again("http://a."),
    "http://a.b/(": _again("(", "http://a.b/"),
    "http://a.b/)": _again(")", "http://a.b/"),
    "http://a.b/?!": _again("?!", "http://a.b/"),
    "http://a.b/&amp;": _again("&amp;", "http://a.b/"),
    "www.a.b/&a;": _again("&a;", "www.a.b/"),
    "http://a.b/ and marks": _again("http://a.b/" + "." * 200 + " "),
    "http:": _again("http:"),
    "http://a.b ": _again("http://a.b "),
    # Containers
    ">": _again(">"),
    "> ": _again("> "),
    ">\\n": _again(">\n"),
    "> a\\nb\\n": _again("> a\nb\n"),
    ">…> a\\n": _again(">" * 49 + " a\n"),
    ">…> a\\nb\\n": _again("b\n", ">" * 49 + " a\n"),
    "> - ": _again("> - "),
    "> [!NOTE]\\n": _again("> [!NOTE]\n"),
    "> [!NOTE]\\n\\n": _again("> [!NOTE]\n\n"),
    "- ": _again("- "),
    "* ": _again("* "),
    "+ a": _again("+ ", after="a"),
    "1. ": _again("1. "),
    "1.": _again("1."),
    "- \\n": _again("- \n"),
    "-\\n": _again("-\n"),
    "- a\\n\\n": _again("- a\n\n"),
    "- a\\n+ a\\n": _again("- a\n+ a\n"),
    "- [ ] ": _again("- [ ] "),
    "- [ ] a\\n": _again("- [ ] a\n"),
    "- deeper by two": _steps("-"),
    "1. deeper by two": _steps("1."),
    "- from level 300": _steps("-", 300),
    "- at once, then deep": _again("  " * 300 + "- b\n", "- " * 300 + "a\n"),
    "- at 49 levels": _again("- " * 49 + "a\n"),
    "- below 49 levels": _again("  " * 49 + "a\n\n", "- " * 49 + "a\n"),
    "loose from inside": _loosened,
    "loose by turns": _alternating,
    "\\n in 49 levels": _again("\n", "- " * 49 + "a\n", "a"),
    "- a\\n\\n\\n\\n…b": _again("\n", "- a\n", "  b"),
    # Leaves
    "#": _again("#"),
    "# ": _again("# "),
    "# a\\n": _again("# a\n"),
    "# a #": _again("#", "# a "),
    "a\\n=\\n": _again("a\n=\n"),
    "a\\n\\n=…": _again("=", "a\n"),
    "a\\n-…": _again("-", "a\n"),
    "- a\\n  ===\\n  b\\n": _again("  a\n  ===\n  b\n", "- a\n"),
    "the same in a nested item": _again("    a\n    ===\n    b\n", "- a\n  - a\n"),
    "- a\\n  *b\\n": _again("  *b\n", "- a\n"),
    "# *a ": _again("*a ", "# "),
    "a | b\\n- | -\\n in an item": _again("  a | b\n  - | -\n", "- a\n"),
    "a | b\\n- | -\\n\\n": _again("a | b\n- | -\n\n"),
    "a | b\\n": _again("a | b\n"),
    "|": _again("|"),
    "|\\n": _again("|\n"),
    "||||||||\\n": _again("||||||||\n"),
    "| - ": _again("| - "),
    "wide table": _wide(1),
    "wide table of 20 rows": _wide(20),
    "128 columns, short rows": _table(128, "|\n"),
    "128 columns, rows of a": _table(128, "|a\n"),
    "2 columns, `|`": _table(2, "|`|`\n"),
    "2 columns, long cell": _again("*a ", "|a|b|\n|-|-|\n|"),
    "2 columns, long row": _again("|c", "|a|b|\n|-|-|\n"),
    "***\\n": _again("***\n"),
    "- - - - a": _again("- ", "", "a"),
    "_ _ _": _again("_ "),
    "    ": _again("    "),
    "    a\\n": _again("    a\n"),
    "    a, then \\n": _again("\n", "    a\n", "    b"),
    "a, then spaces": _again(" ", "a", "b"),
    "a  \\n": _again("a  \n"),
    "tabs": _again("\t"),
    "- tabs": _again("\t", "- "),
    # Characters
    "\\r": _again("\r"),
    "a\\r": _again("a\r"),
    "\\n": _again("\n"),
    "\\0": _again("\0"),
    "é": _again("é"),
    "한": _again("한"),
    "lone surrogates": _again("\ud800"),
    "surrogates, wrong way round": _again("\udc00\ud800"),
    "a": _again("a"),
    "a ": _again("a "),
    "a\\n": _again("a\n"),
    "a\\n\\n": _again("a\n\n"),
    '"': _again('"'),
}
"""What makes a text of about a number of characters, by what it repeats."""
