"""The texts that benchmarks/markdown.py measures, and how they are cut into tokens.

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
    """Cut a text like a model's vocabulary.

    A common word is one token, with the space before it. The shorter a word, the likelier it is
    common, and the same word is always cut in the same way. Other words become two or three tokens.
    Up to three digits are one token, and so are marks with the newlines after them. English text
    has 4 to 4.5 characters per token.
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
    """Join each ``size`` pieces, like a flush after several tokens."""
    if size == 1:
        return pieces
    return ["".join(pieces[at : at + size]) for at in range(0, len(pieces), size)]


# Mixed answers

# Each of these is one large block, which the shapes below measure. Here they would be half of the
# text, and could not be cut.
_ONE_BLOCK: Final = {"26-one-paragraph", "28-large-fence", "30-large-table"}
_FENCE: Final = re.compile(r" *(```+|~~~+)")


def mixed(size: int, total: int = 20_000) -> list[str]:
    """Return answers of about ``size`` tokens each. Together they are always the same text.

    That text joins the answers of tests/markdown, up to ``total`` tokens, and is cut between two
    top-level blocks. A longer answer therefore differs from a shorter one only in its length.
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
    """Cut a text before each line that is not indented and follows a blank line outside a fence."""
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
