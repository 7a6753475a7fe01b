"""The formats by their names."""

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

from streamhtml.formats._format import Format
from streamhtml.formats.datastar import DatastarFormat
from streamhtml.formats.html import HTMLFormat
from streamhtml.formats.htmx import HTMXFormat
from streamhtml.formats.multipart import MultipartFormat
from streamhtml.formats.page import PageFormat
from streamhtml.formats.sse import SSEFormat
from streamhtml.formats.turbo import TurboFormat
from streamhtml.formats.whole import WholeFormat

FormatName: TypeAlias = Literal[
    "auto", "html", "htmx", "sse", "multipart", "turbo", "datastar", "page", "whole"
]
"""The names that ``format=`` accepts. "auto" chooses by the headers of the request."""

FORMATS: Final[dict[str, Callable[[], Format]]] = {
    "html": HTMLFormat,
    "htmx": HTMXFormat,
    "sse": SSEFormat,
    "multipart": MultipartFormat,
    "turbo": TurboFormat,
    "datastar": DatastarFormat,
    "page": PageFormat,
    "whole": WholeFormat,
}
"""The formats by name. Add your own to let a client ask for it in the ``Streaming-HTML`` header."""
