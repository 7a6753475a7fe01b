"""The answer to a client that lost its connection and reconnects by itself.

Nothing is generated again: the answer only says how the first stream ended.
"""

from collections.abc import Callable

from streamhtml._notice import Notice
from streamhtml._patch import OUTCOMES, Fragment, Outcome, Patch
from streamhtml._stream import Stream


class Reconnected:
    """Replaces a ``Stream``, which is closed before it reads a token.

    A client that already received the outcome gets it again, because it only failed to close the
    connection. Any other client gets a notice that the rest of the answer was lost.

    Args:
        stream: the new stream that the view has created. This object closes it.
        last_id: the last id that the client received: the index of a Fragment, or an outcome.
        notice: the notices in the reader's language.
        into: the id of the element that the notice is appended to; ``""`` if the client knows it.
    """

    on_stalled: Callable[[], object] | None = None
    """Never called: there is only one Fragment, which is short."""

    def __init__(self, stream: Stream, last_id: str, notice: Notice, into: str) -> None:
        if last_id in OUTCOMES:
            last = Fragment(0, (), last_id)
        else:
            lost = Patch("append", notice.plain("interrupted"), into)
            last = Fragment(0, (lost,), "interrupted")
        self._fragments = iter([last])
        self._stream = stream
        stream.close()

    async def __anext__(self) -> Fragment:
        for fragment in self._fragments:
            return fragment
        raise StopAsyncIteration

    def stop(self, outcome: Outcome = "stopped") -> None:
        """Do nothing: there is nothing to stop."""

    def close(self) -> None:
        self._stream.close()

    async def aclose(self) -> None:
        # close() in a sync view, where no event loop runs, cannot close every kind of source.
        await self._stream.aclose()
