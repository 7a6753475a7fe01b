"""Turn any iterator of tokens into a stream of HTML.

This package is the core. ``streamhtml.starlette``, ``streamhtml.django`` and ``streamhtml.flask``
each have a ``StreamingHTMLResponse`` for their framework. ``streamhtml.asgi`` and
``streamhtml.wsgi`` have one for any other framework. Nothing here imports a framework.
"""

from pathlib import Path as _Path

from streamhtml._aenumerate import aenumerate
from streamhtml._answer import Answer, AnswerPart
from streamhtml._delta import Delta, Facts, ToolDelta, Truncated
from streamhtml._http_status import http_status
from streamhtml._limits import LimitName, Limits
from streamhtml._merge import merge
from streamhtml._notice import Notice
from streamhtml._patch import Fragment, Patch, pair_id
from streamhtml._primed import primed
from streamhtml._render_message import render_message
from streamhtml._renderer import Renderer, RendererName
from streamhtml._reply import Reply
from streamhtml._request_headers import Headers
from streamhtml._stream import stream
from streamhtml._text import TextRenderer
from streamhtml._words import client_words
from streamhtml.formats import Format, FormatName, FormatRequest
from streamhtml.markdown import MarkdownRenderer
from streamhtml.sources import SourceError, Tokens, deltas, think

__all__ = [
    "Answer",
    "AnswerPart",
    "Delta",
    "Facts",
    "Format",
    "FormatName",
    "FormatRequest",
    "Fragment",
    "Headers",
    "LimitName",
    "Limits",
    "MarkdownRenderer",
    "Notice",
    "Patch",
    "Renderer",
    "RendererName",
    "Reply",
    "SourceError",
    "TextRenderer",
    "Tokens",
    "ToolDelta",
    "Truncated",
    "aenumerate",
    "client_words",
    "deltas",
    "http_status",
    "merge",
    "pair_id",
    "primed",
    "render_message",
    "static_path",
    "stream",
    "think",
]

static_path = _Path(__file__).parent / "static" / "streamhtml"
"""The folder with the client's files, to be served as static files by any server or framework."""

__version__: str
"""The version of the installed package."""


def __getattr__(name: str) -> str:
    # Reading the metadata takes longer than importing the rest, and few programs ask for it.
    if name == "__version__":
        from importlib.metadata import version

        return version("streamhtml")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
