"""A batch has a limited size, whatever the tokens are, and nothing is lost where they are cut."""

from collections import deque
from collections.abc import Sequence
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from streamhtml import Delta
from streamhtml._batch import Buffer, take_batch
from streamhtml._delta import Replacement, ToolDelta

TOKENS = st.lists(
    st.one_of(
        st.text(min_size=1, max_size=30),
        st.builds(Delta, st.text(min_size=1, max_size=30), st.sampled_from(["text", "tool"])),
        st.builds(Delta, st.text("ab", min_size=1, max_size=30).map(Markup)),
    ),
    max_size=20,
)


def parts_of(deltas: list[Delta]) -> list[tuple[str, str]]:
    """Return the text of each run of deltas of the same part."""
    runs = groupby(deltas, key=lambda delta: delta.part)
    return [(part, "".join(str(delta.text) for delta in run)) for part, run in runs]


def all_batches(tokens: Sequence[str | Delta], max_chars: float) -> list[list[Delta]]:
    buffer: Buffer = deque(tokens)
    batches = []
    while buffer:
        batch, size = take_batch(buffer, max_chars)
        assert size == sum(len(delta.text) for delta in batch)
        batches.append(batch)
    return batches


@given(TOKENS, st.integers(1, 40))
def test_nothing_is_lost_and_no_batch_is_too_large(
    tokens: list[str | Delta], max_chars: int
) -> None:
    batches = all_batches(tokens, max_chars)
    given = [Delta(token) if isinstance(token, str) else token for token in tokens]
    assert parts_of([delta for batch in batches for delta in batch]) == parts_of(given)
    markup = [delta for delta in given if isinstance(delta.text, Markup)]
    assert [d for batch in batches for d in batch if isinstance(d.text, Markup)] == markup
    for batch in batches:
        last = len(batch[-1].text) if isinstance(batch[-1].text, Markup) else 0
        assert batch
        assert sum(len(delta.text) for delta in batch) <= max_chars + last


@pytest.mark.parametrize("token", ["x" * 10_000, Delta("x" * 10_000, "tool")])
def test_a_long_token_is_cut(token: str | Delta) -> None:
    sizes = [[len(d.text) for d in batch] for batch in all_batches(["ab", token, "cd"], 4000)]
    assert [sum(batch) for batch in sizes] == [4000, 4000, 2004]


def test_plain_tokens_are_joined_and_many_deltas_are_not_taken_at_once() -> None:
    assert take_batch(deque(["a", "b", Delta("c", "tool"), "d", "e"]), 100) == (
        [Delta("ab"), Delta("c", "tool"), Delta("de")],
        5,
    )
    batch, _ = take_batch(deque([Delta("a", "tool")] * 1000), 1000)
    assert len(batch) < 100


def test_without_a_limit_everything_is_taken() -> None:
    assert take_batch(deque(["a" * 10_000, "b"]), float("inf")) == (
        [Delta("a" * 10_000 + "b")],
        10_001,
    )


def test_what_is_cut_stays_what_it_is() -> None:
    call = ToolDelta("0123456789", id="1", name="search")
    state = Delta.replace("abcdefghij", "status")
    [first, second, third, *rest] = [
        delta for batch in all_batches([call, state], 6) for delta in batch
    ]
    assert first == ToolDelta("012345", id="1", name="search")
    assert second == ToolDelta("6789", id="1", name="search")
    assert isinstance(third, Replacement)
    assert all(type(delta) is Delta for delta in rest)
    assert third.text + "".join(delta.text for delta in rest) == state.text
