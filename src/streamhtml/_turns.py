"""Shares an event loop: streams that have much to render take turns, and other tasks run between.

Without turns, a hundred streams that all have a batch to render would each render it before the
loop could answer another request.
"""

from typing import Final

import anyio
from anyio.lowlevel import RunVar, checkpoint

CHECKPOINT_EVERY: Final = 16
"""Number of tokens after which a source that never suspends lets other tasks run."""

MAX_CHARS_BETWEEN_TURNS: Final = 512
"""Number of characters after which a stream lets other tasks run before it renders more. The
batches of a model are smaller, and always have a wait in between."""

_PAUSES: Final = 3
"""Passes of the event loop between two turns, at least. In each pass, every other task that is
ready runs once. An answer to a small request needs about five."""

_turn: RunVar[anyio.Lock] = RunVar("streamhtml_turn")


async def take_turn() -> None:
    """Wait for this stream's turn, in the order of the calls, while other tasks run.

    The turn lasts until the task suspends.
    """
    try:
        lock = _turn.get()
    except LookupError:
        lock = anyio.Lock()
        _turn.set(lock)
    async with lock:
        for _ in range(_PAUSES):
            await checkpoint()
