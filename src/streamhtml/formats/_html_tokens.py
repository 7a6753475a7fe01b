"""HTML as tags, comments and text. What cannot be one of them for sure is mended.

The law: after what ``finish_tokens()`` returns, every parser reads on as if there had been nothing.
No tag, comment or text is left unfinished, and every ``<template>`` is closed.
"""

import re
from typing import Final

_SPACE: Final = r"[ \t\n\f\r]"
_NAME: Final = r"[a-z][^ \t\n\f\r/<>\0]*+"
_ATTRIBUTE: Final = r"""[^ \t\n\f\r"'<>/=]++"""
_UNQUOTED: Final = r"""[^ \t\n\f\r"'=<>`]++"""
# ASCII, because "ſ" is no "s" in a tag name.
FLAGS: Final = re.DOTALL | re.IGNORECASE | re.ASCII

RAW: Final = frozenset({"iframe", "noembed", "noframes", "script", "style", "xmp"})
"""The elements whose content is neither tags nor character references."""

RCDATA: Final = frozenset({"textarea", "title"})
"""The elements whose content is text with character references, without tags."""

# The parser ignores these tags where a patch can be. Clients that search for them do not.
_IGNORED: Final = frozenset({"body", "frame", "frameset", "head", "html", "plaintext"})

_COMMENT: Final = r"<!--[^<>]*+(?<=--)>"
_SPECIAL: Final = (
    r"(?:template|hx-|noscript|iframe|noembed|noframes|script|style|xmp|textarea|title|body|frame"
    r"|head\b|html|plaintext)"
)
_PLAIN_TAG_END: Final = (
    rf"""(?:{_SPACE}++{_ATTRIBUTE}(?:=(?:"[^"<]*+"|'[^'<]*+'|{_UNQUOTED}))?+)*+{_SPACE}*+/?+>"""
)
_PLAIN: Final = re.compile(
    rf"(?:[^<]++|<(?!/?{_SPECIAL})/?+{_NAME}{_PLAIN_TAG_END}|{_COMMENT})*+\Z", FLAGS
)
"""HTML that every parser reads in the same way, wherever it is. Almost all HTML is like this."""

TAG: Final = (
    rf"<(?P<end>/?)(?P<name>{_NAME})(?=[ \t\n\f\r/>])"
    rf"(?:[ \t\n\f\r/]*+{_ATTRIBUTE}(?:{_SPACE}*+={_SPACE}*+"
    r"""(?:"[^"]*+"|'[^']*+'|[^ \t\n\f\r"'<>][^ \t\n\f\r<>]*+)?+)?+)*+[ \t\n\f\r/]*+>"""
)
"""The pattern of a tag. Whatever else looks like a tag is none for us, and becomes text."""

TOKEN: Final = re.compile(
    TAG
    # Comments, and what a parser takes for one.
    + r"|<!--(?:-?>|.*?--!?>|.*)|<(?:[!?]|/(?![a-z]))[^>]*+>?+|<",
    FLAGS,
)

_UNCERTAIN: Final = frozenset({"math", "noscript", "select", "svg"})
"""The elements in which not every parser finds the same tags. For example, the content of
``<noscript>`` is text where scripts are enabled."""

_HX_NAME: Final = re.compile(r"hx-[a-z0-9-]+\Z")

# Where clients and parsers do not look at what is around them, they take these for end tags.
_SEEN_AS_END: Final = re.compile(r"</(?=template|hx-|noscript|body|head|html)", FLAGS)
_NESTED_SCRIPT: Final = re.compile(r"<!--.*<script", FLAGS)


def is_plain(html: str) -> bool:
    """Return whether every parser reads the tags of this HTML in the same way."""
    return _PLAIN.match(html) is not None


def finish_tokens(html: str) -> str:
    """Return the HTML without what every parser or client could read in another way.

    Well-formed HTML stays the same on the page: templates in it, scripts, and values of attributes
    that look like tags. Comments may be dropped. What is not well-formed is mended: an end tag of
    a template that is not open is dropped, a template that is left open is closed, and a tag that
    has no end becomes text.
    """
    return _Writer(html).write()


class _Writer:
    """Reads HTML token by token, and writes what is certain."""

    def __init__(self, html: str) -> None:
        self._html = html
        self._at = 0
        self._out: list[str] = []
        self._open: list[str] = []
        """The names of the open elements that have to be closed in order."""
        self._kept: list[str] | None = None
        """What was written before a template that is left out; None outside of one."""
        self._is_raw = True
        """Whether the parser takes the content of ``RAW`` elements for text for sure."""
        self._uncertain = 0
        """How many of the open elements are ``_UNCERTAIN``."""
        self._in_table = False

    def write(self) -> str:
        html = self._html
        while token := TOKEN.search(html, self._at):
            self._out.append(html[self._at : token.start()])
            self._at = token.end()
            name = (token["name"] or "").lower()
            if not name:
                self._out.append(_without_tags(token[0]))
            elif name in _IGNORED or (name.startswith("hx-") and not _HX_NAME.match(name)):
                pass
            elif token["end"]:
                self._end(name, token[0])
            elif name in RAW or name in RCDATA:
                self._raw(name, token[0])
            else:
                self._start(name, token[0])
        self._out.append(html[self._at :])
        while self._open:
            self._end(self._open[-1], f"</{self._open[-1]}>")
        return "".join(self._out)

    def _start(self, name: str, tag: str) -> None:
        if _must_close(name):
            is_empty = name in ("svg", "math") and tag.endswith("/>")
            if not is_empty and not self._enter(name):
                return
            if name == "template" or name.startswith("hx-"):
                # htmx searches for "<hx-a " and "<hx-a>", but not for "<hx-a/".
                rest = tag[1 + len(name) : -1].strip(" \t\n\f\r/")
                tag = f"<{name} {rest}>" if rest else f"<{name}>"
        self._out.append(_escape_values(tag))
        if name == "table":
            self._in_table = True
        elif name in ("col", "colgroup") and (self._open or not self._in_table):
            # A template that begins with a column ignores the tags of most elements.
            self._is_raw = False

    def _enter(self, name: str) -> bool:
        """Open an element. Return False if its tag has to be left out."""
        if name == "noscript" and name in self._open:
            return False
        self._open.append(name)
        if name in _UNCERTAIN:
            self._uncertain += 1
        elif self._uncertain and self._kept is None:
            # Perhaps this is no template for the parser. Leave it out with its content.
            self._kept, self._out = self._out, []
            self._left_out = len(self._open)
        return True

    def _end(self, name: str, tag: str) -> None:
        if _must_close(name):
            if not self._open or self._open[-1] != name:
                return
            self._open.pop()
            self._uncertain -= name in _UNCERTAIN
            tag = f"</{name}>"
            if self._kept is not None and len(self._open) < self._left_out:
                self._out, self._kept = self._kept, None
                return
        elif name in RAW or name in RCDATA:
            return
        self._out.append(_escape_values(tag))

    def _raw(self, name: str, tag: str) -> None:
        """Write an element that contains text up to its own end tag."""
        end = re.compile(rf"</{name}(?=[ \t\n\f\r/>])", FLAGS).search(self._html, self._at)
        content = self._html[self._at : end.start() if end else None]
        self._at = len(self._html)
        if end:
            end_tag = TOKEN.match(self._html, end.start())
            self._at = end_tag.end() if end_tag and end_tag["name"] else end.end()
        is_text = self._is_raw and not self._uncertain
        if not is_text or (name == "script" and _NESTED_SCRIPT.search(content)):
            content = _escape(content)
        # In a string of a script or of a style sheet, "<\/" is "</".
        content = _SEEN_AS_END.sub("&lt;/" if name in RCDATA else r"<\\/", content)
        self._out.append(f"{_escape_values(tag)}{content}</{name}>")


def _must_close(name: str) -> bool:
    """Return whether a missing end tag of the element could swallow what comes after it."""
    # htmx reads <hx-…> as <template>.
    return name == "template" or name in _UNCERTAIN or name.startswith("hx-")


def _without_tags(piece: str) -> str:
    """Return ``<`` as text, a comment that every parser and client takes for one, or nothing."""
    if piece == "<":
        return "&lt;"
    is_comment = piece.startswith("<!--") and piece.endswith("-->")
    return piece if is_comment and not _SEEN_AS_END.search(piece) else ""


def _escape(text: str) -> str:
    return text.replace("<", "&lt;")


def _escape_values(tag: str) -> str:
    return tag[:1] + _escape(tag[1:])
