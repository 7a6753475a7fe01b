"""``wait()``: calls a log from sync code."""

from collections.abc import Coroutine
from threading import Event
from typing import Any, Final, TypeVar

from streamhtml._eventloop import current_event_loop
from streamhtml._shared_loop import submit

T = TypeVar("T")

CLEANUP_TIMEOUT: Final = 5.0
"""Time in seconds for which to wait for the call, if the program ends."""


def wait(call: Coroutine[Any, Any, T]) -> T:
    """Run what a method of a log returns, and return its result. This is for sync code.

    It runs in the event loop that all sync views of the process share::

        wait(answers.stop(pair))
        wait(answers.record(pair, tokens).run())

    Args:
        call: the coroutine.

    Raises:
        RuntimeError: an event loop runs in this thread. Use ``await`` there.
        Exception: what the call raises.
    """
    try:
        current_event_loop()
    except RuntimeError:
        ended = Event()
        future = submit(_run(call, ended))
        try:
            return future.result()
        except BaseException:
            if not future.done():  # Ctrl-C, for example, or SystemExit of a signal handler.
                future.cancel()
                ended.wait(CLEANUP_TIMEOUT)
            raise
    call.close()
    raise RuntimeError("wait() is for sync code, and an event loop runs in this thread; use await")


async def _run(call: Coroutine[Any, Any, T], ended: Event) -> T:
    try:
        return await call
    finally:
        ended.set()
