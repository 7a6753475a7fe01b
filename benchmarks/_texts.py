"""The texts that benchmarks/markdown.py measures, and the tokens that they come in.

The law: the same arguments make the same text, on every machine and in every run.
"""

import random
import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Final
from zlib import crc32

ANSWERS: Final = sorted(
    (Path(__file__).parent.parent / "tests" / "markdown" / "answers").glob("*.md")
)

# Tokens

_TOKEN: Final = re.compile(
    r"'(?:s|t|re|ve|m|ll|d)\b"
    r"| ?[A-Za-zÀ-ɏ]+"
    r"|\d{1,3}"
    r"| ?[가-힣]{1,2}"
    r"|[ぁ-ヿ]{1,3}|[一-鿿]{1,2}"
    r"| ?[\u0600-\u06ff]{1,4}"
    r"| ?[!-/:-@\[-`{-~]{1,3}[\r\n]*"
    r"|[ \t]*[\r\n]+"
    r"|[ \t]+(?= )"
    r"|.",
    re.DOTALL,
)


def tokens(text: str) -> list[str]:
    """Cut a text as a model's vocabulary does.

    A word comes whole with the space before it, if it is common: the shorter the likelier, and
    the same word always in the same way. Others come in two or three pieces. Digits come in
    threes, marks together with the newlines behind them. English comes to 4-4.5 characters a token.
    """
    pieces: list[str] = []
    for token in _TOKEN.findall(text):
        chance = crc32(token.encode("utf-8", "surrogatepass"))
        if not token[-1].isalpha() or chance % 20 >= len(token) - 8:
            pieces.append(token)
        elif len(token) > 14:
            pieces += [token[:5], token[5:10], token[10:]]
        else:
            cut = 4 + chance // 20 % (len(token) - 6)
            pieces += [token[:cut], token[cut:]]
    return pieces


def grouped(pieces: list[str], size: int) -> list[str]:
    """Join ``size`` pieces each, as a flush does that comes after several tokens."""
    if size == 1:
        return pieces
    return ["".join(pieces[at : at + size]) for at in range(0, len(pieces), size)]


# Mixed answers

# These are one large block each, which the shapes below are for; here they would be half of the
# text, and could not be cut.
_ONE_BLOCK: Final = {"26-one-paragraph", "28-large-fence", "30-large-table"}
_FENCE: Final = re.compile(r" *(```+|~~~+)")


def mixed(size: int, total: int = 20_000) -> list[str]:
    """Return answers of about ``size`` tokens each: together they are always the same text.

    That is the answers of tests/markdown, joined up to ``total`` tokens and cut between two
    top-level blocks. So a longer answer differs from a shorter one in its length alone, not in
    what it is made of.
    """
    blocks: list[tuple[int, str]] = []
    whole = 0
    answers = [path for path in ANSWERS if path.stem not in _ONE_BLOCK]
    texts = (path.read_text("utf-8") for _ in count() for path in answers)
    while whole < total:
        for block in _blocks(next(texts)):
            blocks.append((len(tokens(block)), block))
            whole += blocks[-1][0]
            if whole >= total:
                break
    made = [""]
    here = 0
    for length, block in blocks:
        if here and here + length / 2 > size:
            made.append("")
            here = 0
        made[-1] += block
        here += length
    if here < size / 2 and len(made) > 1:
        made.pop()
    return made


def _blocks(text: str) -> Iterator[str]:
    """Cut a text before each line, outside a fence, that begins anew after an empty one."""
    block = fence = ""
    blank = False
    for line in (text.rstrip("\n") + "\n\n").splitlines(keepends=True):
        if blank and not fence and not line[0].isspace():
            yield block
            block = ""
        block += line
        blank = not line.strip()
        if match := _FENCE.match(line):
            if not fence:
                fence = match[1]
            elif match[1].startswith(fence) and not line[match.end() :].strip():
                fence = ""
    yield block


# One single block

_WORDS: Final = tuple(
    re.findall(
        r"\S+",
        "the a of to and in is that it for on with as this are be at or by from which when each "
        "can value table stream answer result function request response message element browser "
        "server because between without every another however therefore incremental "
        "implementation measurement Python memory network 12 2,000 3.14 don't it's",
    )
)


def _phrase(choose: random.Random, least: int = 3, most: int = 9) -> str:
    """Return some words, every eighth of them marked up."""
    words = choose.choices(_WORDS, k=choose.randint(least, most))
    if choose.random() < 0.6:
        mark = choose.choice(("**{}**", "*{}*", "`{}`", "[{}](https://example.com/a)", "~~{}~~"))
        at = choose.randrange(len(words))
        words[at] = mark.format(words[at])
    return " ".join(words)


def _sentence(choose: random.Random) -> str:
    text = f"{_phrase(choose, 4, 9)}, {_phrase(choose, 4, 9)}. "
    return text[0].upper() + text[1:]


def _code(choose: random.Random, number: int) -> str:
    words = [word for word in choose.choices(_WORDS, k=4) if word.isalpha()]
    indent = "    " * choose.randint(0, 2)
    return f"{indent}{'_'.join(words)} = f({number}, <b> & 'c')  # {' '.join(words)}\n"


def _nested(choose: random.Random, number: int) -> str:
    return f"{'  ' * (0, 1, 2, 2, 1)[number % 5]}- {_phrase(choose)}\n"


def _quote(choose: random.Random, number: int) -> str:
    return ">\n" if number % 5 == 4 else f"> {_sentence(choose)}\n"


def _loose(choose: random.Random, number: int) -> str:
    return f"{number + 1}. {_sentence(choose)}\n\n   {_sentence(choose)}\n\n"


def _row(choose: random.Random, number: int) -> str:
    return f"| {number} | {_phrase(choose)} | {_phrase(choose, 1, 3)} |\n"


_BLOCKS: Final[dict[str, tuple[str, Callable[[random.Random, int], str]]]] = {
    "one fence": ("```python\n", _code),
    "flat list": ("", lambda choose, number: f"- {_phrase(choose)}\n"),
    "nested list": ("", _nested),
    "table": ("| n | what | note |\n|--:|------|------|\n", _row),
    "one paragraph": ("", lambda choose, _: _sentence(choose)),
    "block quote": ("", _quote),
    "loose ordered list": ("", _loose),
}
BLOCKS: Final = tuple(_BLOCKS)


def one_block(shape: str, size: int) -> str:
    """Return a text of at least ``size`` tokens that is one top-level block.

    Args:
        shape: one of ``BLOCKS``.
        size: in tokens.
    """
    text, piece = _BLOCKS[shape]
    choose = random.Random(shape)
    pieces = [text]
    length = len(tokens(text))
    for number in count():
        if length >= size:
            break
        pieces.append(piece(choose, number))
        length += len(tokens(pieces[-1]))
    return "".join(pieces)


# Shapes that are meant to hurt


def _again(unit: str, before: str = "", after: str = "") -> Callable[[int], str]:
    """Return what repeats ``unit`` up to a number of characters."""

    def make(size: int) -> str:
        return before + unit * max(1, (size - len(before) - len(after)) // len(unit)) + after

    return make


def _halves(opening: str, middle: str, closing: str) -> Callable[[int], str]:
    """Return what repeats an opening, and then a closing as often."""

    def make(size: int) -> str:
        times = (size - len(middle)) // (len(opening) + len(closing))
        return opening * times + middle + closing * times

    return make


def _counted(unit: str) -> Callable[[int], str]:
    """Return what repeats ``unit`` with 0, 1, 2 … in it, up to a number of characters."""

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
    "\\": _again("\\"),
    "\\\\n": _again("\\\n"),
    # HTML, entities, addresses
    "<": _again("<"),
    "<a ": _again("<a "),
    "<a b='": _again("<a b='"),
    "<a@b": _again("<a@b"),
    "<http://a": _again("<http://a"),
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
