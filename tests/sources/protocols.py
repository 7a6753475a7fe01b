"""One small answer in the events of each protocol. All of them say the same.

Each says ``REASONING``, then ``TEXT``, in the pieces that are given here, and calls two tools at
the same time. The events are mappings, as in JSON. ``as_objects()`` makes objects of them.
"""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from tests.sources import events, framework_events
from tests.sources.events import CALLS, REASONING, USAGE


@dataclass(frozen=True)
class Protocol:
    """The events of one answer, and how they say what can vary."""

    name: str
    events: list[Any]
    reasoning: tuple[str, ...] = REASONING
    finish: str | None = "stop"
    usage: dict[str, int] = field(default_factory=lambda: USAGE)
    results: dict[str, str] = field(default_factory=dict)


def as_objects(value: Any) -> Any:
    """Return the same events with attributes instead of names."""
    if isinstance(value, dict):
        return SimpleNamespace(**{name: as_objects(each) for name, each in value.items()})
    if isinstance(value, list | tuple):
        return type(value)(as_objects(each) for each in value)
    return value


RESULTS = {call[0]: f"{call[1]} is 1" for call in CALLS}
COUNTS = {"prompt_eval_count": 7, "eval_count": 5}
PROTOCOLS = [
    Protocol("chat", events.CHAT),
    Protocol("mistral", [{"data": event} for event in events.CHAT]),
    Protocol("chat stream", [{"type": "chunk", "chunk": event} for event in events.CHAT]),
    Protocol("responses", events.RESPONSES, finish="completed"),
    Protocol("agents", events.AGENTS, finish="completed", results=RESULTS),
    Protocol("anthropic", events.ANTHROPIC),
    Protocol("ag-ui", events.AG_UI, finish="success", results=RESULTS),
    Protocol("pydantic-ai", events.PYDANTIC_AI, results=RESULTS),
    Protocol("pydantic-ai responses", events.PYDANTIC_AI_RESPONSES),
    Protocol("gemini", events.GEMINI, finish="STOP"),
    Protocol("ollama", events.OLLAMA, usage=COUNTS),
    Protocol("langchain", framework_events.LANGCHAIN),
    Protocol("langgraph", framework_events.LANGGRAPH, results=RESULTS),
    Protocol("langchain events", framework_events.LANGCHAIN_EVENTS, results=RESULTS),
    Protocol("langchain blocks", framework_events.BLOCKS),
    Protocol("langgraph events", framework_events.LANGGRAPH_EVENTS, results=RESULTS),
    Protocol("llama-index", framework_events.LLAMA_INDEX, finish=None, usage={}, results=RESULTS),
    Protocol("llama-index raw", framework_events.RAW),
]
