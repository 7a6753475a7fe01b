"""However often its clients were cut off, an answer in a log ends as the finished message."""

from itertools import product
from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from tests.docs.reference_client import spelled
from tests.log.log_client import FORMATS, LogClient
from tests.markdown.vocabulary import SOUP

from streamhtml import Answer, Delta, ToolDelta, render_message
from streamhtml._delta import merge_deltas
from streamhtml._patch import Outcome
from streamhtml.log import MemoryLog
from streamhtml.log._entries import Batch, EndEntry, Entry, Header, encode

PAIR = "ai_1"

TEXTS = st.lists(st.sampled_from([*SOUP, "<script>", "</div>", '<!T from 9.x>"']), max_size=6).map(
    "".join
)
DELTAS = st.one_of(
    TEXTS.map(Delta),
    TEXTS.map(lambda text: Delta(text, "reasoning")),
    TEXTS.map(lambda text: Delta.replace(text, "status")),
    st.builds(ToolDelta, TEXTS, st.just("tool"), st.sampled_from(["1", "2"]), st.just("look")),
    st.builds(lambda text: ToolDelta(text, "tool", "1", "", "result"), TEXTS),
    st.just(Delta(Markup("<b>x</b>"))),
)
BATCHES = st.lists(st.lists(DELTAS, min_size=1, max_size=3), max_size=12)
OUTCOMES: st.SearchStrategy[Outcome] = st.sampled_from(["finished", "stopped", "failed"])
CUTS = st.lists(st.integers(0, 4), max_size=8)
"""How many entries are stored before a client is cut off, one after the other."""

STATIC = "<article>{{ message_pair_id }}: {{ parts.reasoning }} <p>{{ ai_message }}</p></article>"
RERENDERED = (
    '<p id="{{ message_pair_id }}"{% if chunk_index %} hx-swap-oob="true"{% endif %}>'
    "{{ ai_message }}{{ parts.reasoning }}</p>"
)


def arguments_of(name: str) -> dict[str, Any]:
    """Return the arguments of the response for one way to show an answer."""
    from jinja2 import Environment

    templates = Environment(autoescape=True)
    return {
        "parts": {},
        "fixed": {"template": templates.from_string(STATIC), "renderer": "text"},
        "template": {"template": templates.from_string(RERENDERED), "renderer": "template"},
    }[name]


class StoredAnswer:
    """An answer that is stored entry by entry, as a writer would.

    Args:
        log: the log.
        batches: what is said.
        outcome: how it ends.
    """

    def __init__(self, log: MemoryLog, batches: list[list[Delta]], outcome: Outcome) -> None:
        self._log = log
        self._epoch = 0
        self.answer = Answer(message_pair_id=PAIR)
        self.rest: list[Entry] = [Header("k", 0.0)]
        for number, deltas in enumerate(batches):
            if merged := list(merge_deltas(deltas)):
                self.rest.append(Batch(number / 8, merged))
                for delta in merged:
                    self.answer.add(delta, number / 8)
        self.answer.end(outcome, 9.0)
        self.rest.append(EndEntry(outcome, 0.0, 9.0))
        self.number = -1

    async def store(self, count: int) -> None:
        """Store the next entries."""
        for _ in range(min(count, len(self.rest))):
            self.number += 1
            text = encode(self.rest.pop(0))
            if self.number:
                await self._log.append(PAIR, self._epoch, self.number, text)
            else:
                self._epoch = await self._log.create(PAIR, text) or 0


async def read_with_cuts(
    client: LogClient, batches: list[list[Delta]], outcome: Outcome, cuts: list[int]
) -> Answer:
    """Cut the client off after each of the cuts. Return the answer."""
    log = MemoryLog(lease=600)  # Nobody renews it here.
    stored = StoredAnswer(log, batches, outcome)
    await stored.store(1)
    for count in cuts:
        await stored.store(count)
        if not client.outcomes:
            await client.read(log.follow(PAIR), leaves=True, ping=0.001)
    await stored.store(len(stored.rest))
    if not client.outcomes:
        await client.read(log.follow(PAIR))
    return stored.answer


@pytest.mark.parametrize(
    ("name", "shown"),
    [*product(FORMATS, ["parts", "fixed"]), ("html", "template")],
)
@settings(deadline=None, max_examples=8)
@given(BATCHES, OUTCOMES, CUTS)
def test_a_client_that_was_cut_off_has_the_finished_message(
    name: str,
    shown: str,
    batches: list[list[Delta]],
    outcome: Outcome,
    cuts: list[int],
) -> None:
    arguments = arguments_of(shown)
    client, uncut = LogClient(name, **arguments), LogClient(name, **arguments)
    answer = anyio.run(read_with_cuts, client, batches, outcome, cuts)
    anyio.run(read_with_cuts, uncut, batches, outcome, [])
    assert client.outcomes == uncut.outcomes == [outcome]
    assert client.html == uncut.html
    if name == "html" and shown != "template":
        assert client.html == spelled(render_message(answer, **arguments))
