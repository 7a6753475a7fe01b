"""One way of an SDK to stream, and what is known to be lost on it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

ASPECTS: Final = {
    "text": "text",
    "reasoning": "reasoning",
    "tools": "tool calls",
    "results": "tool results",
    "usage": "usage",
    "finish": "finish reason",
    "refusal": "refusal",
    "error": "error",
    "stop": "stop",
}
"""What is measured, and the headings of the table in the documentation."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Way:
    """One way of an SDK to stream.

    Args:
        sdk: the name of the SDK.
        call: the call, as its users write it.
        protocol: what the provider speaks, a key of the table in ``provider_server``.
        open: returns the source, from the URL of the provider and the name of the model. It is
            called in an event loop if ``is_async``.
        is_async: whether the source is read in an event loop.
        lost: aspects that do not arrive, each with the reason. A test fails if one does arrive.
        varies: aspects that arrive or not, because two threads or tasks of the SDK race; each with
            the reason. They are not measured.
        tools: the scenario with two tool calls.
        runs_tools: whether the SDK runs the tools, and goes on with their results.
    """

    sdk: str
    call: str
    protocol: str
    open: Callable[[str, str], Any]
    is_async: bool = True
    lost: Mapping[str, str] = field(default_factory=dict)
    varies: Mapping[str, str] = field(default_factory=dict)
    tools: str = "tools"
    runs_tools: bool = False

    def __str__(self) -> str:
        return f"{self.sdk}: {self.call}"
