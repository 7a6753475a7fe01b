"""Closes HTML: completes what a piece of HTML leaves open, so that it cannot affect what follows.

The law: in what ``closed()`` returns, no tag, comment or character reference is unfinished, each
element has both tags (but for void ones), and they are nested as in the tree that a parser makes of
them. So it changes nothing around it, and what follows is not swallowed.

This is no sanitiser: the HTML may contain any element and any attribute.
"""

import re
from collections import Counter
from typing import Final, NamedTuple

from markupsafe import Markup

from streamhtml._nesting import (
    CHANGES_REACH,
    CLOSES,
    FOREIGN,
    IGNORED_IN,
    INVISIBLE,
    ONLY_TABLE_PARTS,
    RAW,
    RCDATA,
    VOID,
    Names,
    is_ignored,
    reach_inside,
)

_SPACE_AND_SLASH: Final = " \t\n\f\r/"
# ASCII, because "ſ" is no "s" in a tag name.
FLAGS: Final = re.DOTALL | re.IGNORECASE | re.ASCII
_ATTRIBUTE: Final = (
    r"[^ \t\n\f\r<>/=]++(?:[ \t\n\f\r]*+=[ \t\n\f\r]*+"
    r"""(?:"[^"]*+"|'[^']*+'|[^ \t\n\f\r"'<>][^ \t\n\f\r<>]*+|(?=>)))?+"""
)
TAG: Final = (
    r"<(?P<end>/?)(?P<name>[a-z][^ \t\n\f\r/<>\0]*+)(?=[ \t\n\f\r/>])"
    rf"(?:[ \t\n\f\r/]*+{_ATTRIBUTE})*+(?P<last>[ \t\n\f\r/]*+)>"
)
"""A tag. Whatever else looks like one becomes text."""

_TOKEN: Final = re.compile(rf"{TAG}|<!--|<[!?]|</(?![a-z])|<", FLAGS)
# How a comment ends, and what a parser takes for one.
_ENDS: Final = {"<!--": re.compile("(?<=<!--)-?>|--!?>"), "<!": re.compile(">")}

# A parser ignores these tags where a patch can be. Clients that search for them do not.
_IGNORED: Final = frozenset(
    {"body", "frame", "frameset", "head", "html", "malignmark", "mglyph", "plaintext"}
)
# htmx makes a <template> of <hx-…>, by regular expressions.
_HX_NAME: Final = re.compile(r"hx-[a-z0-9-]+\Z")
# Some clients take these for tags wherever they are, even in the value of an attribute. So does a
# parser that takes the content of <noscript> for text.
_MISREAD: Final = re.compile(r"<(?=/?(?:template|hx-|noscript|body|head|html))", FLAGS)
_SEEN_AS_END: Final = re.compile(_MISREAD.pattern.replace("/?", "/"), FLAGS)
_OPEN_REFERENCE: Final = re.compile(r"&(?:#[xX]?)?[0-9A-Za-z]{0,40}\Z")
# Inside of these, parsers do not agree on what is a tag.
_UNCERTAIN: Final = FOREIGN | {"select"}
_IMPLIED: Final = {"table": "tbody", "tbody": "tr", "tfoot": "tr", "thead": "tr", "tr": "td"}


class _Open(NamedTuple):
    name: str
    """In lower case."""
    end: str
    """The end tag; ``""`` if both tags are left out."""
    parent: str
    """``_Writer.parent`` before it was opened."""
    reach: Names
    """``_Writer.reach`` before it was opened."""


def closed(html: str, parent: str = "") -> Markup:
    """Return the HTML with all that is open closed.

    HTML that is closed is returned as it is, apart from comments. Elsewhere, end tags that are
    missing are added, end tags without a start tag are left out, and a tag that has no end becomes
    text.

    Args:
        html: HTML that is trusted.
        parent: the name of the element that it is for, if it is a part of a table.
    """
    writer = _Writer(html, parent)
    writer.write()
    return Markup(writer.result())


def open_elements(html: str) -> tuple[str, Names]:
    """Return the innermost element that HTML leaves open, and what is in reach there."""
    writer = _Writer(html)
    writer.write()
    return writer.parent, writer.reach


class _Writer:
    """Reads HTML tag by tag, and writes what is certain.

    Attributes:
        parent: the name of the innermost element whose start tag was written.
        reach: which open elements the next start tag can reach.
    """

    def __init__(self, html: str, parent: str = "") -> None:
        self._html = str(html)
        self._at = 0
        self._out: list[str] = []
        self._open: list[_Open] = []
        self._names: Counter[str] = Counter()
        self._column_seen = False
        self._without_end: set[str] = set()
        self.parent = parent
        self.reach: Names = frozenset()

    def write(self) -> None:
        html = self._html
        while token := _TOKEN.search(html, self._at):
            self._text(html[self._at : token.start()])
            self._at = token.end()
            spelled = token["name"]
            if not spelled:
                self._comment_or_text(token[0])
                continue
            # Browsers change the case of ASCII letters only.
            name = spelled.lower() if spelled.isascii() else spelled
            if name in _IGNORED or (name.startswith("hx-") and not _HX_NAME.match(name)):
                continue
            if token["end"]:
                self._end(name)
            else:
                self._start(name, token)
        self._text(html[self._at :])

    def result(self) -> str:
        """Return what was written, after closing what is open."""
        while self._open:
            self._close_last()
        html = "".join(self._out)
        # What follows could complete the reference. An empty comment changes nothing else.
        return f"{html}<!---->" if _OPEN_REFERENCE.search(html, max(len(html) - 44, 0)) else html

    def _comment_or_text(self, start: str) -> None:
        """Write a comment, or ``<`` as text if no tag and no comment begins there."""
        kind = "<!--" if start == "<!--" else "<!"
        end = None
        if start != "<" and kind not in self._without_end:
            end = _ENDS[kind].search(self._html, self._at)
        if end:
            comment = self._html[self._at - len(start) : end.end()]
            self._at = end.end()
            if comment.startswith("<!--") and end[0] != "--!>" and not _MISREAD.search(comment):
                self._out.append(comment)
            return
        if start != "<":
            self._without_end.add(kind)  # Searching again and again would take quadratic time.
        self._text("&lt;" + start[1:])

    def _text(self, text: str) -> None:
        if text:
            if text.strip(" \t\n\f\r"):
                self._move_into_table("")
            self._out.append(text)

    def _start(self, name: str, token: re.Match[str]) -> None:
        closes = CLOSES.get(name)
        if closes:
            while not closes.isdisjoint(self.reach):
                self._close_last()
        self._move_into_table(name)
        is_foreign = not FOREIGN.isdisjoint(self.reach)
        if self._is_left_out(name):
            if name in RAW or name in RCDATA:
                self._raw_content(name)
            elif name not in VOID:
                self._push(name, "")
            return
        tag = _written(name, token[0])
        end = f"</{name if name.startswith('hx-') else token['name']}>"
        # A template that begins with a column ignores the tags of most elements.
        if name in ("col", "colgroup") and self.parent not in ("table", "colgroup"):
            self._column_seen = True
        if token["last"].endswith("/") and (is_foreign or name in FOREIGN):
            # Where a parser ignores <svg>, it may not ignore these.
            if name in RAW or name == "template" or name.startswith("hx-"):
                tag = f"{tag[:-1].rstrip(_SPACE_AND_SLASH)}>{end}"
            self._out.append(tag)
        elif name in RAW or (name in RCDATA and not is_foreign):
            self._out.append(f"{tag}{self._raw_content(name)}{end}")
        elif name in VOID and not is_foreign:
            self._out.append(tag)
        else:
            self._out.append(tag)
            self._push(name, end)

    def _is_left_out(self, name: str) -> bool:
        ignored_in = IGNORED_IN.get(name)
        if ignored_in and not ignored_in.isdisjoint(self.reach):
            return True
        return is_ignored(name, self.parent)

    def _move_into_table(self, name: str) -> None:
        """Open the elements that a table needs around an element, or around text.

        Args:
            name: the name of the element; ``""`` for text.
        """
        while (parent := self.parent) in ONLY_TABLE_PARTS and name not in INVISIBLE:
            if name in ONLY_TABLE_PARTS[parent]:
                return
            if parent == "colgroup":
                self._end(parent)
                continue
            implied = "colgroup" if (parent, name) == ("table", "col") else _IMPLIED[parent]
            self._out.append(f"<{implied}>")
            self._push(implied, f"</{implied}>")

    def _push(self, name: str, end: str) -> None:
        self._open.append(_Open(name, end, self.parent, self.reach))
        self._names[name] += 1
        if end:
            self.parent = name
            if name in CHANGES_REACH:
                self.reach = reach_inside(name, self.reach)

    def _close_last(self) -> None:
        name, end, self.parent, self.reach = self._open.pop()
        self._names[name] -= 1
        self._out.append(end)

    def _end(self, name: str) -> None:
        if self._names[name]:
            while self._open[-1].name != name:
                self._close_last()
            self._close_last()

    def _raw_content(self, name: str) -> str:
        """Read up to the end tag of an element that contains text, and return the text."""
        end = re.compile(rf"</{name}(?=[ \t\n\f\r/>])", FLAGS).search(self._html, self._at)
        content = self._html[self._at : end.start() if end else None]
        self._at = len(self._html)
        if end:
            end_tag = _TOKEN.match(self._html, end.start())
            self._at = end_tag.end() if end_tag and end_tag["name"] else end.end()
        is_uncertain = self._column_seen or not _UNCERTAIN.isdisjoint(self.reach)
        if is_uncertain or (name == "script" and "<script" in content.partition("<!--")[2].lower()):
            return content.replace("<", "&lt;")
        # In a string of a script or of a style sheet, "<\/" is "</".
        return _SEEN_AS_END.sub("&lt;" if name in RCDATA else r"<\\", content)


def _written(name: str, tag: str) -> str:
    """Return a start tag in which every parser and client finds the same."""
    if name.startswith("hx-"):
        # htmx searches for "<hx-a " and "<hx-a>", but not for "<hx-a/".
        rest = tag[1 + len(name) : -1].strip(_SPACE_AND_SLASH)
        tag = f"<{name} {rest}>" if rest else f"<{name}>"
    return "<" + tag[1:].replace("<", "&lt;") if _MISREAD.search(tag, 1) else tag
