"""Ways to cut a text into pieces. The law: the pieces join to the text."""

import random
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")

# How the vocabulary of a model cuts a text: a word with the space before it; up to three digits;
# marks with the newlines after them; newlines; and spaces, except the last, which belongs to the
# next word. Scripts without spaces are cut into groups of two or three characters.
_TOKEN: Final = re.compile(
    r"'(?:s|t|re|ve|m|ll|d)\b"
    r"| ?[A-Za-zÀ-ɏ]+"
    r"|\d{1,3}"
    r"| ?[가-힣]{1,2}"
    r"|[ぁ-ヿ]{1,3}|[一-鿿]{1,2}"
    r"| ?[\u0600-\u06ff]{1,4}"
    r"| ?[!-/:-@\[-`{-~]+[\r\n]*"
    r"|[ \t]*[\r\n]+"
    r"|[ \t]+(?= )"
    r"|.",
    re.DOTALL,
)


def by_character(text: str) -> list[str]:
    return list(text)


def by_lines(text: str) -> list[str]:
    """Cut after each LF, CRLF or CR."""
    return _LINE.findall(text)


def at_random(text: str, seed: int) -> list[str]:
    """Cut anywhere. Most pieces are short, some are long, and some are empty."""
    choose = random.Random(seed)
    pieces = []
    at = 0
    while at < len(text):
        size = choose.randint(0, choose.choice((1, 2, 4, 4, 16, 100)))
        pieces.append(text[at : at + size])
        at += size
    return pieces


def like_tokens(text: str, seed: int) -> list[str]:
    r"""Cut like a model's vocabulary: common words stay whole, rarer ones are cut in two.

    A sign that consists of several code points is cut too. ".\n" and "**\n\n" stay whole.
    """
    choose = random.Random(seed)
    pieces = []
    for token in _TOKEN.findall(text):
        # The longer a token, the rarer it is in a vocabulary.
        if len(token) > 2 and choose.random() < len(token) / 24:
            cut = choose.randint(1, len(token) - 1)
            pieces += [token[:cut], token[cut:]]
        else:
            pieces.append(token)
    return pieces


def in_groups(pieces: Iterable[str], n: int) -> list[str]:
    """Join each ``n`` pieces, like a flush after several tokens."""
    return list(_groups(iter(pieces), n))


def _groups(pieces: Iterator[str], n: int) -> Iterator[str]:
    while group := list(islice(pieces, n)):
        yield "".join(group)
