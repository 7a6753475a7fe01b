"""Makes the bytes of one response: encodes each Fragment, and compresses it if that is asked for.

If SIGTERM arrives during the iteration, the body ends with its last Fragment. Nothing here knows a
framework.
"""

from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import Final

from streamhtml import _sigterm
from streamhtml._eventloop import current_event_loop
from streamhtml._gzip import Gzip
from streamhtml._patch import Fragment
from streamhtml._reconnected import Reconnected
from streamhtml._render_thread import RenderInThread
from streamhtml._stream import Stream
from streamhtml.formats import Format

MAX_ENCODED_ON_LOOP: Final = 1 << 16
"""Maximum number of characters of HTML that are encoded on the event loop. More are encoded on a
worker thread, so that other requests do not wait."""


class Body:
    """Iterates the bytes of one response, one Fragment at each step.

    Call ``aclose()`` at the end, or ``close()`` from another thread. Both can be called at any
    time, and more than once.

    Args:
        stream: yields the Fragments.
        format: encodes the Fragments as text.
        gzip: compresses the bytes; None sends them uncompressed.
    """

    begun = False
    """Whether the iteration has begun."""

    def __init__(
        self, stream: Stream | Reconnected, format: Format, gzip: Gzip | None = None
    ) -> None:
        self._stream = stream
        self._format = format
        self._gzip = gzip
        self._size = 0
        self._encoding: RenderInThread[bytes] | None = None

    def __aiter__(self) -> "Body":
        return self

    async def __anext__(self) -> bytes:
        if not self.begun:
            self.begun = True
            _sigterm.register(self)
        if self._encoding is None:
            fragment = await anext(self._stream)
            size = 0
            for patch in fragment.patches:
                size += len(patch.html)
            self._size += size
            # At its end, a format may write everything again.
            if (self._size if fragment.outcome else size) <= MAX_ENCODED_ON_LOOP:
                return self._encode(fragment)
            self._encoding = RenderInThread(
                current_event_loop(), copy_context(), partial(self._encode, fragment), waits=False
            )
        # If this wait is cancelled, the next call waits for the same result.
        data = await self._encoding.result()
        self._encoding = None
        return data

    def _encode(self, fragment: Fragment) -> bytes:
        # A template may output a lone surrogate, which UTF-8 cannot encode: it becomes "?".
        data = self._format.encode(fragment).encode("utf-8", "replace")
        if self._gzip is not None:
            data = self._gzip.encode(data, last=fragment.outcome is not None)
        return data

    def stop(self) -> None:
        """End the body early, because the user asked for it. May be called from any thread.

        The body then ends with the last Fragment, whose outcome is "stopped".
        """
        self._stream.stop()

    def interrupt(self) -> None:
        """End the body early, because the server shuts down. May be called from any thread.

        The body then ends with the last Fragment, whose outcome is "interrupted".
        """
        self._stream.stop("interrupted")

    def on_stalled(self, function: Callable[[], object]) -> None:
        """Call a function if the reader does not take the next bytes within the limit."""
        self._stream.on_stalled = function

    def close(self) -> None:
        """End the body soon, without waiting. May be called from any thread."""
        _sigterm.unregister(self)
        self._stream.close()

    async def aclose(self) -> None:
        """Close the source, end the stream, and wait a few seconds at most for both."""
        try:
            await self._stream.aclose()
        finally:
            _sigterm.unregister(self)
