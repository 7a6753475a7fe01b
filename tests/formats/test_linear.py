"""The law that the bytes of every format grow with the length of the answer."""

from functools import cache

import pytest

from streamhtml import Delta, Fragment, Reply
from streamhtml.demo._answers import LONG, tokens
from streamhtml.formats import FORMATS

KINDS = {
    "mixed": [*tokens(LONG)[:999], "\n\n"],
    "paragraph": ["Word", " and", " *more*", " of", " it", ",", " all", " in", " one", " go"],
    "list": ["- ", "an", " item", " of", " it", "\n"],
    "nested": ["- a\n", "  - b\n", "    > q ", "text", " more\n", "\n"],
    "table": ["| a", " | b |\n", "| - | - |\n", *["| one", " | **tw", "o** |", "\n"] * 2000],
    "code": ["```py\n", *["x", " =", " f(", "y", ")", "\n"] * 2000],
}


@pytest.mark.no_cover  # To trace it takes twice as long.
@pytest.mark.parametrize("gathered", [1, 4])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", FORMATS)
def test_five_times_the_answer_is_five_times_the_bytes(name: str, kind: str, gathered: int) -> None:
    short, long = (_bytes(name, kind, count, gathered) for count in (1000, 5000))
    assert 4 * short < long <= 5.5 * short


def _bytes(name: str, kind: str, count: int, gathered: int) -> int:
    one_format = FORMATS[name]()
    fragments = _fragments(kind, count, gathered, one_format.at_once)
    return sum(len(one_format.encode(each).encode()) for each in fragments)


@cache
def _fragments(kind: str, count: int, gathered: int, at_once: bool) -> list[Fragment]:
    source = (KINDS[kind] * (count // len(KINDS[kind]) + 1))[:count]
    reply = Reply(context={"message_pair_id": "ai_1"}, into="messages", at_once=at_once)
    fragments = [reply.open()]
    batches = (source[start : start + gathered] for start in range(0, count, gathered))
    fragments += [reply.feed(map(Delta, batch)) for batch in batches]
    fragments += [reply.close("finished")]
    assert reply.text == "".join(source)
    return [each for each in fragments if each.patches or each.outcome]
