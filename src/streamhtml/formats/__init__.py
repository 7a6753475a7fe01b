"""The formats: each turns Fragments into the text that one kind of client reads.

``negotiate()`` chooses the format for a request. Everything here is pure, and each response gets a
new format object.
"""

from streamhtml._request_headers import Headers, HeaderSource
from streamhtml.formats._format import Format, FormatRequest
from streamhtml.formats._negotiate import REQUEST_HEADER, VARY, create_format, negotiate
from streamhtml.formats._registry import FORMATS, FormatName

__all__ = [
    "FORMATS",
    "REQUEST_HEADER",
    "VARY",
    "Format",
    "FormatName",
    "FormatRequest",
    "HeaderSource",
    "Headers",
    "create_format",
    "negotiate",
]
