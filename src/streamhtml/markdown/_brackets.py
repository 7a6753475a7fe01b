"""Links, images and references to footnotes: what brackets become.

https://spec.commonmark.org/0.31.2/#look-for-link-or-image
"""

import re
from typing import TYPE_CHECKING, Final

from streamhtml.markdown._characters import escape
from streamhtml.markdown._emphasis import Run
from streamhtml.markdown._links import (
    CUT,
    MAX_LABEL,
    Cut,
    Target,
    is_blank,
    read_inline,
    read_label,
)
from streamhtml.markdown._urls import text_of

if TYPE_CHECKING:
    from streamhtml.markdown._reader import Reader

_NOTE: Final = re.compile(r"\[\^([^\s\[\]]{1,200})\]")
_PARTIAL_NOTE: Final = re.compile(r"\[\^[^\s\[\]]{0,200}\Z")
_LIKELY_LABEL_BEFORE: Final = re.compile(r"[\w\]]")


class Bracket:
    """A ``[`` or ``![`` that may open a link or an image.

    Attributes:
        level: how many are open around it.
        index: of its piece of HTML.
        start: where in the text its content begins.
        bottom: the last delimiter run before it.
        holds_bracket: whether another was opened in it, so that it is no label.
    """

    __slots__ = ("bottom", "holds_bracket", "image", "index", "level", "start")

    def __init__(
        self, level: int, index: int, start: int, bottom: Run | None, *, image: bool
    ) -> None:
        self.level = level
        self.index = index
        self.start = start
        self.bottom = bottom
        self.image = image
        self.holds_bracket = False


def read_exclamation(reader: "Reader") -> None:
    """Read ``!``, which may begin an image."""
    following = reader.text[reader.pos + 1 : reader.pos + 2]
    if following == "[":
        _open_bracket(reader, 2, image=True)
    elif following or reader.whole:
        reader.literal()
    else:
        reader.stop()


def read_open_bracket(reader: "Reader") -> None:
    """Read ``[``: a reference to a footnote, or what may open a link."""
    if reader.inline.dialect.footnotes and reader.text.startswith("[^", reader.pos):
        found = _NOTE.match(reader.text, reader.pos)
        if found:
            reader.pending = True
            if reader.inline.references.may_be_note(found[1]):
                reader.notes.append((len(reader.pieces), found[1]))
                reader.add("", reader.pos)
                reader.pos = found.end()
                return
        elif not reader.whole and _PARTIAL_NOTE.match(reader.text, reader.pos):
            reader.stop()
            return
    elif reader.pos + 1 == len(reader.text) and not reader.whole:
        reader.stop()
        return
    _open_bracket(reader, 1, image=False)


def _open_bracket(reader: "Reader", length: int, *, image: bool) -> None:
    if reader.brackets:
        reader.brackets[-1].holds_bracket = True
    start = reader.pos + length
    level, index = len(reader.brackets), len(reader.pieces)
    reader.brackets.append(Bracket(level, index, start, reader.runs.last, image=image))
    reader.literal(length)


def read_close_bracket(reader: "Reader") -> None:
    """Read ``]``, which may close a link or an image."""
    bracket = reader.brackets[-1] if reader.brackets else None
    if not bracket or not reader.may_close(bracket):
        if bracket:
            reader.pop_bracket()
        reader.literal()
        return
    target, end = _target_of(reader, bracket)
    if end is CUT:
        reader.stop()
        return
    reader.pop_bracket()
    if end is None:
        reader.literal()
        return
    assert isinstance(end, int)
    if bracket.image:
        _make_image(reader, bracket, target)
    else:
        _make_link(reader, bracket, target)
    reader.pos = end


def _target_of(reader: "Reader", bracket: Bracket) -> "tuple[Target | None, int | Cut | None]":
    """Return where the link leads that is closed here, and where it ends.

    The end is None where there is no link. The target is None where it will most likely be
    defined later.
    """
    text, after = reader.text, reader.pos + 1
    references = reader.inline.references
    if after == len(text):
        if not reader.whole:
            return None, CUT
    elif text[after] == "(":
        found = read_inline(text, after)
        if isinstance(found, Cut) and not reader.whole:
            return None, CUT
        if isinstance(found, tuple):
            return found
    elif text[after] == "[":
        label = read_label(text, after)
        if isinstance(label, Cut) and not reader.whole:
            return None, CUT
        if isinstance(label, tuple) and label[0]:
            name, end = label
            if target := references.target(name) if not is_blank(name) else None:
                return target, end
            reader.pending = True
            return None, end if _is_likely(reader, bracket, name) else None
        if isinstance(label, tuple):
            after = label[1]
    if bracket.holds_bracket or after - bracket.start > MAX_LABEL + 2:
        return None, None
    name = text[bracket.start : reader.pos]
    if is_blank(name):
        return None, None
    if target := references.target(name):
        return target, after
    reader.pending = True
    return None, after if after > reader.pos + 1 and _is_likely(reader, bracket, name) else None


def _is_likely(reader: "Reader", bracket: Bracket, label: str) -> bool:
    """Return whether a label that is not defined is one whose definition follows."""
    before = reader.text[bracket.start - 2 : bracket.start - 1]
    is_citation = label.isdigit() and reader.text[bracket.start : reader.pos].isdigit()  # [2][3]
    return (
        not reader.inline.references.is_complete
        and not is_citation
        and not is_blank(label)
        and not label.startswith("^")
        and not _LIKELY_LABEL_BEFORE.match(before)
    )


def _make_link(reader: "Reader", bracket: Bracket, target: Target | None) -> None:
    reader.runs.pair(bracket.bottom)
    reader.write_runs(bracket.index)
    reader.runs.drop(bracket.bottom)
    start, end = reader.inline.policy.link(target) if target else ("", "")
    reader.pieces[bracket.index] = start
    reader.add(end, reader.pos)
    # No link stands in another: what is one in here is text, and what is open opens none.
    while reader.links and reader.links[-1][0] > bracket.index:
        index, plain = reader.links.pop()
        reader.pieces[index] = plain
    while reader.notes and reader.notes[-1][0] > bracket.index:
        index, label = reader.notes.pop()
        reader.pieces[index] = escape(f"[^{label}]")
    reader.links_from = len(reader.brackets)


def _make_image(reader: "Reader", bracket: Bracket, target: Target | None) -> None:
    reader.runs.pair(bracket.bottom)
    reader.write_runs(bracket.index)
    reader.runs.drop(bracket.bottom)
    content = "".join(reader.pieces[bracket.index + 1 :])
    for inside in (reader.links, reader.notes):
        while inside and inside[-1][0] > bracket.index:
            inside.pop()
    del reader.pieces[bracket.index :], reader.starts[bracket.index :]
    html = reader.inline.policy.image(target, content) if target else text_of(content)
    if html.startswith("<a "):
        reader.links.append((len(reader.pieces), text_of(html)))
    reader.add(html, bracket.start - 2)
