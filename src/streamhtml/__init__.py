"""Turn any iterator of tokens into a stream of HTML.

This package is the core; ``streamhtml.starlette``, ``streamhtml.django`` and ``streamhtml.flask``
each have a ``StreamingHTMLResponse`` for their framework. Nothing here imports one of them.
"""

from streamhtml._delta import Delta, Truncated
from streamhtml._notice import Notice
from streamhtml._patch import Fragment, Patch, pair_id
from streamhtml._reply import Reply
from streamhtml._stream import Stream, aenumerate, stream
from streamhtml._text import TextRenderer
from streamhtml.markdown import MarkdownRenderer
from streamhtml.sources import deltas

__all__ = [
    "Delta",
    "Fragment",
    "MarkdownRenderer",
    "Notice",
    "Patch",
    "Reply",
    "Stream",
    "TextRenderer",
    "Truncated",
    "aenumerate",
    "deltas",
    "pair_id",
    "stream",
]
