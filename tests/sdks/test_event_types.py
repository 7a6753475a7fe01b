"""Every type of event that an SDK defines is either read or known to change nothing."""

from typing import Any, get_args

import pytest

from streamhtml.sources import _anthropic, _openai_responses, _pydantic_ai


def types_of(union: Any) -> list[str]:
    """Return the types of all events in a union, which may be nested or annotated."""
    if fields := getattr(union, "model_fields", None):
        return [str(kind) for kind in get_args(fields["type"].annotation)]
    return [
        kind for each in get_args(union) if not isinstance(each, str) for kind in types_of(each)
    ]


def test_each_event_of_openais_responses() -> None:
    sdk = pytest.importorskip("openai.types.responses")
    types = types_of(sdk.ResponseStreamEvent)
    assert len(types) > 50
    for kind in types:
        assert (kind in _openai_responses.READ) != (kind in _openai_responses.IGNORED), kind


def test_each_event_of_anthropic() -> None:
    pytest.importorskip("anthropic")
    from anthropic.lib.streaming import _types
    from anthropic.types import RawMessageStreamEvent

    types = {*types_of(RawMessageStreamEvent), *types_of(_types.ParsedMessageStreamEvent)}
    assert {"message_start", "text", "content_block_stop"} <= types
    for kind in types:
        assert (kind in _anthropic.READ) != (kind in _anthropic.IGNORED), kind


def test_each_event_of_pydantic_ai() -> None:
    sdk = pytest.importorskip("pydantic_ai.messages")
    types = {
        each.__dataclass_fields__["event_kind"].default
        for each in vars(sdk).values()
        if isinstance(each, type) and "event_kind" in getattr(each, "__dataclass_fields__", {})
    }
    assert {"part_start", "function_tool_result"} <= types
    for kind in types:
        is_read = _pydantic_ai.PydanticAIEvents.begins({"event_kind": kind})
        assert is_read or not isinstance(kind, str), kind
