"""Every type of event that a protocol defines is either read or known to change nothing."""

import contextlib
import typing

import openresponses_types.types as open_responses
import pytest
from ag_ui.core import EventType

from streamhtml import SourceError, Truncated, deltas
from streamhtml.sources import _ag_ui, _openai_responses

AG_UI = [kind.value for kind in EventType]
OPEN_RESPONSES = [
    kind.value
    for name, model in vars(open_responses).items()
    if name.endswith("StreamingEvent")
    for kind in model.model_fields["type"].annotation
]


def test_the_packages_have_the_types_that_are_expected() -> None:
    assert {"TEXT_MESSAGE_CONTENT", "RUN_FINISHED", "SUBAGENT_ERROR"} <= {*AG_UI}
    assert {"response.output_text.delta", "response.reasoning.delta", "error"} <= {*OPEN_RESPONSES}


@pytest.mark.parametrize("kind", AG_UI)
def test_each_event_of_ag_ui(kind: str) -> None:
    assert (kind in _ag_ui.READ) != (kind in _ag_ui.IGNORED)
    check_that_it_is_known(kind)


@pytest.mark.parametrize("kind", OPEN_RESPONSES)
def test_each_event_of_open_responses(kind: str) -> None:
    assert (kind in _openai_responses.READ) != (kind in _openai_responses.IGNORED)
    check_that_it_is_known(kind)


def check_that_it_is_known(kind: str) -> None:
    """Read an event that has nothing but its type."""
    event: typing.Any = {"type": kind}
    with contextlib.suppress(SourceError, Truncated):
        assert "".join(delta.text for delta in deltas([event])) == ""


def test_a_vendors_own_event_is_ignored_among_those_of_open_responses() -> None:
    events = [{"type": "response.created"}, {"type": "acme:trace", "text": "no"}]
    assert list(deltas(events)) == []
    with pytest.raises(TypeError, match="'acme:trace'"):
        list(deltas(events[1:]))
