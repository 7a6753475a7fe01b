"""``wait()``: calls a log from sync code."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from streamhtml._eventloop import current_event_loop
from streamhtml._shared_loop import submit

T = TypeVar("T")


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
        future = submit(call)
        try:
            return future.result()
        except BaseException:  # Ctrl-C, for example.
            future.cancel()
            raise
    call.close()
    raise RuntimeError("wait() is for sync code, and an event loop runs in this thread; use await")
