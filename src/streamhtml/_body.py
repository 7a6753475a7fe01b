"""The bytes of one response: each Fragment in its format, as UTF-8, compressed where asked for.

A body knows the process's SIGTERM handler, which ends it, but no framework.
"""

from streamhtml import _sigterm
from streamhtml._gzip import Gzip
from streamhtml._reconnected import Reconnected
from streamhtml._stream import Stream
from streamhtml.formats import Format


class Body:
    """Iterates the bytes of one response, one Fragment at each step.

    Call ``aclose()`` at the end, or ``close()`` from another thread. Both can be called at any
    time, and more than once.

    Args:
        stream: gives the Fragments.
        format: encodes them.
        gzip: compresses the bytes; None sends them as they are.
    """

    begun = False
    """Whether the first Fragment was asked for."""

    def __init__(
        self, stream: Stream | Reconnected, format: Format, gzip: Gzip | None = None
    ) -> None:
        self._stream = stream
        self._format = format
        self._gzip = gzip

    def __aiter__(self) -> "Body":
        return self

    async def __anext__(self) -> bytes:
        if not self.begun:
            self.begun = True
            _sigterm.register(self)
        fragment = await anext(self._stream)
        # A template may output a lone surrogate, which UTF-8 cannot encode: it becomes "?".
        data = self._format.encode(fragment).encode("utf-8", "replace")
        if self._gzip is not None:
            data = self._gzip.encode(data, last=fragment.outcome is not None)
        return data

    def stop(self) -> None:
        """Close the source, because the user asked for it; may be called from any thread.

        The body then ends with the last Fragment, whose outcome is "stopped".
        """
        self._stream.stop()

    def interrupt(self) -> None:
        """Close the source, because the server shuts down; may be called from any thread.

        The body then ends with the last Fragment, whose outcome is "interrupted".
        """
        self._stream.stop("interrupted")

    def close(self) -> None:
        """Close the source and end the stream soon, without waiting; from any thread."""
        _sigterm.unregister(self)
        self._stream.close()

    async def aclose(self) -> None:
        """Close the source, end the stream, and wait for both."""
        try:
            await self._stream.aclose()
        finally:
            _sigterm.unregister(self)
