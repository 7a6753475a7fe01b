"""Parts one after the other: what a reader sees of them, in every format and at every cut."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment
from tests.formats.interleaved import INTERLEAVED
from tests.formats.swapped_page import expected, shown

from streamhtml import Delta, Fragment, Reply
from streamhtml._delta import ToolDelta

FORMATS = ["html", "page", "turbo", "datastar", "sse", "htmx"]
ENVIRONMENT = Environment(
    autoescape=True,
    loader=DictLoader(
        {
            # What shows the state, the times, and only a part of the text.
            "text": "<h4>{{ part.state }} {{ part.seconds }}</h4>{{ part.text }}",
            "tool": "<p>{{ part.name }} {{ part.status }}</p><pre>{{ part.result }}</pre>{{ who }}",
        }
    ),
)
PARTS = {name: ENVIRONMENT.get_template(name).render for name in ("text", "tool")}
MESSAGES = {
    "built-in": None,
    "with a fixed place": ENVIRONMENT.from_string(
        "<i>{{ ai_message }}</i><article>{{ parts }}</article><u>{{ parts.status }}</u>"
    ).render,
    "with tools apart": ENVIRONMENT.from_string("{{ parts.tool }}<hr>{{ parts }}").render,
}
CONTEXT = {"message_pair_id": "m", "who": "<me>"}


def fragments(
    batches: list[list[Delta]], outcome: str = "finished", *, at_once: bool = False, **how: object
) -> list[Fragment]:
    """Return the fragments of a reply. Each batch arrives a second after the one before."""
    reply = Reply(context=CONTEXT, into="messages", at_once=at_once, **how)  # type: ignore[arg-type]
    made = [reply.open()]
    made += [reply.feed(batch, at=float(number)) for number, batch in enumerate(batches)]
    made.append(reply.close(outcome, at=float(len(batches))))  # type: ignore[arg-type]
    return [each for each in made if each.patches or each.outcome]


def whole(batches: list[list[Delta]], outcome: str = "finished", **how: object) -> str:
    (fragment,) = fragments(batches, outcome, at_once=True, **how)
    return str(fragment.patches[0].html)


@pytest.mark.parametrize("outcome", ["finished", "stopped"])
@pytest.mark.parametrize("parts", [{}, PARTS], ids=["our parts", "own parts"])
@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("name", FORMATS)
def test_every_client_ends_with_the_finished_message(
    name: str, message: str, parts: dict[str, object], outcome: str
) -> None:
    batches = [[delta] for delta in INTERLEAVED]
    how = {"template": MESSAGES[message], "parts_templates": parts}
    result = shown(fragments(batches, outcome, **how), name)
    assert result == expected(whole(batches, outcome, **how), name)
    assert result.count("role=") == (outcome != "finished")


DELTAS = st.lists(
    st.sampled_from(INTERLEAVED)
    | st.builds(Delta, st.sampled_from(["a", "*", "\n\n", "`", "[x]: /u\n"]))
    | st.builds(
        Delta.replace, st.sampled_from(["", "x", "*y*"]), st.sampled_from(["text", "status"])
    )
    | st.builds(
        ToolDelta,
        st.sampled_from(["", "{}", "x"]),
        id=st.sampled_from("ab"),
        name=st.sampled_from(["", "one"]),
        field=st.sampled_from(["arguments", "result", "error"]),
    ),
    max_size=14,
)


@settings(max_examples=150)
@given(
    DELTAS,
    st.lists(st.integers(0, 14), max_size=6),
    st.sampled_from(FORMATS),
    st.fixed_dictionaries(
        {
            "template": st.sampled_from([*MESSAGES.values()]),
            "parts_templates": st.sampled_from([{}, PARTS]),
        }
    ),
    st.sampled_from(["finished", "stopped", "failed"]),
)
def test_law_the_page_is_the_finished_message_however_it_was_cut(
    deltas: list[Delta],
    cuts: list[int],
    name: str,
    how: dict[str, Any],
    outcome: str,
) -> None:
    starts = [0, *sorted(min(cut, len(deltas)) for cut in cuts), len(deltas)]
    batches = [deltas[start:end] for start, end in pairwise(starts)]
    assert shown(fragments(batches, outcome, **how), name) == expected(
        whole(batches, outcome, **how), name
    )
