"""An answer of a model that thinks and calls two tools, in place of a real one."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Final

from streamhtml import Delta, ToolDelta

WORK_SECONDS: Final = 1.5
"""How long the slower tool works, in seconds."""

_THOUGHTS: Final = (
    "They want to know whether to walk along the river today. I need the **weather** and the "
    "opening hours of the park, and both tools can run at the same time."
)
_BEFORE: Final = "Let me look that up."
_CALLS: Final = (
    ToolDelta('{"city": "Seoul", "days": 1}', id="weather", name="get_weather"),
    ToolDelta('{"place": "Yeouido Hangang Park"}', id="hours", name="opening_hours"),
)
_RESULTS: Final = (
    ToolDelta("open all day, every day", id="hours", field="result"),
    ToolDelta("24 °C, sunny, light wind from the west", id="weather", field="result"),
)
_AFTER: Final = (
    "Yes, **go for the walk**: it is 24 °C and sunny, with a light wind.\n\n"
    "- The park is open all day.\n"
    "- The nicest part is from Yeouinaru Station to the west.\n"
    "- Take a hat: there is little shade along the water.\n"
)


async def stream(rate: float) -> AsyncGenerator[Delta]:
    """Yield the Deltas of the answer.

    Args:
        rate: Deltas per second; 0 for no pause, also not for the work of the tools.
    """
    for delta in (*_pieces(Delta(_THOUGHTS, "reasoning")), *_pieces(Delta(_BEFORE)), *_arguments()):
        await asyncio.sleep(1 / rate if rate else 0)
        yield delta
    for result in _RESULTS:
        await asyncio.sleep(WORK_SECONDS / len(_RESULTS) if rate else 0)
        yield result
    for delta in _pieces(Delta(_AFTER)):
        await asyncio.sleep(1 / rate if rate else 0)
        yield delta


def _pieces(delta: Delta, size: int = 6) -> Iterator[Delta]:
    for start in range(0, len(delta.text), size):
        yield Delta(delta.text[start : start + size], delta.part)


def _arguments() -> Iterator[Delta]:
    """Yield the arguments of both calls, in turns."""
    one, other = _CALLS
    for start in range(0, max(len(one.text), len(other.text)), 4):
        for call in one, other:
            text = call.text[start : start + 4]
            if text:
                yield ToolDelta(text, id=call.id, name=call.name)
