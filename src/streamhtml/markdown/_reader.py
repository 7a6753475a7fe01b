"""Reads the inline structure of one text, from one special character to the next.

Nothing is certain behind an opener that may still be closed: emphasis, a bracket, a code span, a
formula. So what holds back is the first of these, and what is matched around it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from streamhtml.markdown import _autolinks, _math
from streamhtml.markdown._brackets import (
    Bracket,
    read_close_bracket,
    read_exclamation,
    read_open_bracket,
)
from streamhtml.markdown._characters import (
    ENTITY,
    PARTIAL_ENTITY,
    PUNCTUATION,
    entity,
    escape,
    plain_html,
)
from streamhtml.markdown._emphasis import Run, Runs, new_run
from streamhtml.markdown._links import Cut, Target
from streamhtml.markdown._raw_html import raw_tag
from streamhtml.markdown._tail import show_tail

if TYPE_CHECKING:
    from streamhtml.markdown._inline import Inline

_AUTOLINK: Final = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^<>\x00-\x20\x7f]*)>")
_EMAIL_AUTOLINK: Final = re.compile(
    r"<([a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*)>"
)
_PARTIAL_AUTOLINK: Final = re.compile(
    r"<(?:[A-Za-z][A-Za-z0-9+.-]{0,31}(?::[^\s<>]*)?"
    r"|[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}(?:@[A-Za-z0-9.-]*)?)?\Z"
)
_TICKS: Final = re.compile(r"`+")
_DOLLARS: Final = re.compile(r"\$+")
_REJOIN: Final = re.compile(r"[A-Za-z0-9._+-]*@[A-Za-z0-9._-]*")


@dataclass(slots=True)
class Reading:
    """What was read of a text.

    Attributes:
        html: of its certain part.
        length: how many characters that part has.
        tail: HTML of the rest, as it is shown provisionally.
        pending: whether a definition that is yet to come could change the certain part.
        rejoin: whether the text goes on with an address whose beginning was taken for plain text.
    """

    html: str
    length: int
    tail: str = ""
    pending: bool = False
    rejoin: bool = False


class Find(Protocol):
    """The ``search`` of a pattern."""

    def __call__(
        self, text: str, pos: int = ..., endpos: int = ..., /
    ) -> "re.Match[str] | None": ...


class Reader:
    """Reads one text, from one special character to the next.

    ``pieces`` is the HTML, ``starts`` where in the text each piece begins; a delimiter run's piece
    is written when it is known what pairs up. Where reading has ``stopped`` before the end,
    ``hold`` is the first piece that is not certain.
    """

    __slots__ = (
        "brackets", "first", "hold", "inline", "links", "links_from", "no_parenthesis", "notes",
        "pending", "pieces", "pos", "rejoin", "runs", "search", "starts", "stopped", "text",
        "ticks", "whole", "written",
    )  # fmt: skip

    def __init__(self, inline: "Inline", text: str, pos: int, search: "Find", whole: bool) -> None:
        self.inline = inline
        self.text = text
        self.pos = pos
        self.search = search
        self.whole = whole
        self.first = pos
        self.pieces: list[str] = []
        self.starts: list[int] = []
        self.runs = Runs()
        self.written: list[Run] = []
        self.brackets: list[Bracket] = []
        self.links: list[tuple[int, str]] = []
        self.links_from = 0  # brackets below this level have a link in them, and open none
        self.notes: list[tuple[int, str]] = []
        self.ticks: dict[int, list[int]] | None = None
        self.hold = 0
        self.stopped = False
        self.pending = False
        self.rejoin = False
        self.no_parenthesis = False

    def read(self, *, holds_words: bool) -> Reading:
        text, search, pieces, starts = self.text, self.search, self.pieces, self.starts
        limit = length = len(text.rstrip(" \t\n"))
        if holds_words and not self.whole and length == len(text):
            limit = max(_autolinks.unfinished(text, words=True), self.first)
        elif self.first and "@" in text and self.inline.dialect.autolinks:
            self.check_email()
        while not self.stopped:
            pos = self.pos
            found = search(text, pos, length)
            start = found.start() if found else limit
            if not found or start >= limit:
                self.finish_plain(limit)
                break
            character = text[start]
            if start > pos:
                plain = text[pos:start]
                if character == "\n":
                    plain = plain.rstrip(" ")
                pieces.append(plain.replace(">", "&gt;"))
                starts.append(pos)
                self.pos = start
            if found.lastgroup:
                self.read_address(found)
            else:
                _READERS[character](self)
        return self.result()

    # Pieces ---------------------------------------------------------------------------------

    def add(self, html: str, start: int) -> None:
        self.pieces.append(html)
        self.starts.append(start)

    def literal(self, length: int = 1) -> None:
        """Take so many characters as they are."""
        self.add(escape(self.text[self.pos : self.pos + length]), self.pos)
        self.pos += length

    def stop(self, tail: str = "") -> None:
        """The rest is part of something that is not complete: show ``tail`` for it."""
        self.hold = len(self.pieces)
        if tail:
            self.add(tail, self.pos)
        self.stopped = True

    def finish_plain(self, length: int) -> None:
        """Add what follows the last special character."""
        text = self.text
        if self.whole:
            if self.pos < length:
                self.add(plain_html(text[self.pos : length]), self.pos)
            return
        end = max(length, self.pos)
        if length == len(text) and text[-1] in _autolinks.LAST and self.inline.dialect.autolinks:
            end = max(_autolinks.unfinished(text, words=False), self.pos)
        if self.pos < end:
            self.add(plain_html(text[self.pos : end]), self.pos)
            self.pos = end
        if end < len(text):
            self.stop(plain_html(text[end:].rstrip(" \t\n_")))

    # One method for each special character -----------------------------------------------------

    def read_backslash(self) -> None:
        text, pos = self.text, self.pos
        following = text[pos + 1 : pos + 2]
        if not following:
            if self.whole:
                self.literal()
            else:
                self.stop()
        elif following == "\n":
            self.add("<br>", pos)
            self.pos += 1
        elif following == "(" and self.inline.dialect.math and self.read_parentheses():
            pass
        elif following in PUNCTUATION:
            self.add(escape(following), pos)
            self.pos += 2
        else:
            self.literal()

    def read_parentheses(self) -> bool:
        r"""Read ``\(…\)``; return whether it is a formula, or may be."""
        end = -1 if self.no_parenthesis else self.text.find("\\)", self.pos + 2)
        if end >= 0:
            tex = self.text[self.pos + 2 : end].strip()
            if tex:
                self.add(formula(tex, display=False), self.pos)
                self.pos = end + 2
            return bool(tex)
        self.no_parenthesis = True
        if not self.whole:
            tex = self.text[self.pos + 2 :].removesuffix("\\").strip()
            self.stop(formula(tex, display=False) if tex else "")
        return not self.whole

    def read_dollar(self) -> None:
        found = _math.read_dollars(self.text, self.pos, whole=self.whole)
        if isinstance(found, _math.Formula):
            self.add(formula(found.tex, display=found.display), self.pos)
            self.pos = found.end
        elif isinstance(found, Cut) and not self.whole:
            display = self.text.startswith("$$", self.pos)
            tex = self.text[self.pos :].strip("$").rstrip("\\").strip()
            self.stop(formula(tex, display=display) if _math.looks_like_one(tex) else "")
        else:
            dollars = _DOLLARS.match(self.text, self.pos)
            assert dollars
            self.literal(len(dollars[0]))

    def read_backtick(self) -> None:
        text, pos = self.text, self.pos
        opening = _TICKS.match(text, pos)
        assert opening
        start, length = opening.end(), opening.end() - pos
        close = self.closing_ticks(start, length)
        if close is not None:
            self.add(f"<code>{code(text[start:close])}</code>", pos)
            self.pos = close + length
        elif self.whole:
            self.literal(length)
        else:
            content = code(text[start:].rstrip("`")).strip(" ")
            self.stop(f"<code>{content}</code>" if content else "")

    def closing_ticks(self, start: int, length: int) -> int | None:
        """Return where the next run of so many backticks begins."""
        text = self.text
        next_run = text.find("`", start)
        end = next_run + length
        if next_run < 0 or (end == len(text) and not self.whole):
            return None
        if text.startswith("`" * length, next_run) and not text.startswith("`", end):
            return next_run
        if self.ticks is None:  # Not the next one: find all of them, once.
            self.ticks = {}
            for found in reversed(list(_TICKS.finditer(text, start))):
                if self.whole or found.end() < len(text):  # One at the end may grow.
                    self.ticks.setdefault(len(found[0]), []).append(found.start())
        places = self.ticks.get(length, [])
        while places and places[-1] < start:
            places.pop()
        return places[-1] if places else None

    def read_run(self) -> None:
        text, pos = self.text, self.pos
        if text[pos] == "*" and (not pos or text[pos - 1] == " ") and self.read_emphasis():
            return
        character, end = text[pos], pos + 1
        while text.startswith(character, end):
            end += 1
        if end == len(text) and not self.whole:
            self.stop()
            return
        run = new_run(text, pos, end, len(self.pieces), cjk=self.inline.dialect.cjk_emphasis)
        if run.opens or run.closes:
            self.runs.add(run)
            self.written.append(run)
        self.add(character * run.count, pos)
        self.pos = end

    def read_emphasis(self) -> bool:
        """Read emphasis that is plainly that, in one go; return whether there is some.

        So with emphasis that is still open where it is all that is.
        """
        patterns = self.inline.patterns
        if self.search is not patterns.special:
            return False
        found = patterns.emphasis(self.text, self.pos)
        if not found:
            return False
        tag = "em" if found.end(1) == self.pos + 1 else "strong"
        if found[3] and (self.whole or found.end() < len(self.text)):
            self.add(f"<{tag}>{found[2]}</{tag}>", self.pos)
            self.pos = found.end()
            self.runs.enclose()
        elif found[3] or self.whole or self.runs.last or self.brackets:
            return False
        else:
            content = found[2].rstrip(" \t\n")
            self.stop(f"<{tag}>{content}</{tag}>")
        return True

    def read_less_than(self) -> None:
        text, pos = self.text, self.pos
        found = _AUTOLINK.match(text, pos)
        prefix = ""
        if not found:
            found = _EMAIL_AUTOLINK.match(text, pos)
            prefix = "mailto:"
        if found:
            start, end = self.inline.policy.link(Target(prefix + found[1], None))
            plain = escape(found[1] if start else found[0])
            self.links.append((len(self.pieces), plain))
            self.add(f"{start}{plain}{end}", pos)
            self.pos = found.end()
        elif not self.whole and _PARTIAL_AUTOLINK.match(text, pos):
            self.stop()
        elif self.inline.dialect.raw_html and (end_of_tag := raw_tag(text, pos)):
            self.add(text[pos:end_of_tag], pos)
            self.pos = end_of_tag
        else:
            self.literal()

    def read_ampersand(self) -> None:
        found = ENTITY.match(self.text, self.pos)
        if found:
            self.add(escape(entity(found[0])), self.pos)
            self.pos = found.end()
        elif not self.whole and PARTIAL_ENTITY.match(self.text, self.pos):
            self.stop()
        else:
            self.literal()

    def read_newline(self) -> None:
        text, pos = self.text, self.pos
        hard = text.endswith("  ", 0, pos)
        self.add("<br>\n" if hard else "\n", pos)
        self.pos = pos + 1

    # Addresses in plain text ---------------------------------------------------------------------

    def read_address(self, found: "re.Match[str]") -> None:
        text, pos = self.text, self.pos
        if found.lastgroup == "email":
            end = _autolinks.end_of_email(found, whole=self.whole)
        else:
            end = _autolinks.end_of_url(text, pos, whole=self.whole)
        if isinstance(end, Cut):
            self.stop(escape(_autolinks.likely_part(text[pos:])))
            return
        if end is None:
            # Up to a "_" at the most, which may be a delimiter.
            self.literal(len(re.split("[_@]", found[0])[0]))
            return
        address = text[pos:end]
        scheme = "mailto:" if found.lastgroup == "email" else "http://" if text[pos] == "w" else ""
        plain = escape(address)
        start, close = self.inline.policy.link(Target(scheme + address, None))
        self.links.append((len(self.pieces), plain))
        self.add(f"{start}{plain}{close}", pos)
        self.pos = end

    def check_email(self) -> None:
        """See whether the beginning of an address has already been shown as plain text."""
        before = self.text[self.first - 1]
        if not (before.isascii() and (before.isalnum() or before in "._+-")):
            return
        found = _REJOIN.match(self.text, self.first)
        if not found:
            return
        if found.end() == len(self.text) and not self.whole:
            self.stop(escape(found[0].rstrip("_")))
        elif _autolinks.is_email("a" + found[0].rstrip(".")):
            self.rejoin = True

    # The end -----------------------------------------------------------------------------------

    def may_close(self, bracket: Bracket) -> bool:
        """Return whether a link or an image can come of an open bracket."""
        return bracket.image or bracket.level >= self.links_from

    def pop_bracket(self) -> None:
        """Take the innermost bracket off the stack."""
        self.brackets.pop()
        self.links_from = min(self.links_from, len(self.brackets))

    def result(self) -> Reading:
        pieces = self.pieces
        if self.whole:
            if self.written:
                self.runs.pair()
                self.write_runs(0)
            if self.notes:
                self.write_notes(len(pieces))
            return Reading(
                "".join(pieces), len(self.text) - self.first, "", self.pending, self.rejoin
            )
        certain = held = self.hold if self.stopped else len(pieces)
        if self.brackets or self.runs.last:
            certain = self.certain(held)
        end, tail = self.pos, ""
        if self.notes:
            self.write_notes(certain)
        if certain < len(pieces):
            end = self.starts[certain]
            tail = pieces.pop() if certain == held else show_tail(self, certain)
        if self.written:
            self.write_runs(0)
        return Reading("".join(pieces), end - self.first, tail, self.pending, self.rejoin)

    def certain(self, held: int) -> int:
        """Return how many of so many pieces are certain, whatever follows."""
        certain = held
        for bracket in self.brackets:
            if self.may_close(bracket):
                certain = min(certain, bracket.index)
                break
        if self.runs.last:
            self.runs.pair(until=certain)
            for run in self.runs.openers():
                certain = min(certain, run.reach)
        return certain

    def write_runs(self, index: int) -> None:
        """Write the pieces of the runs from ``index`` on, as they have paired up."""
        written = self.written
        while written and written[-1].index >= index:
            run = written.pop()
            self.pieces[run.index] = run.html

    def write_notes(self, count: int, ahead: dict[str, int] | None = None) -> None:
        """Write the references to footnotes among the first pieces; see ``References.note``."""
        for index, label in self.notes:
            if index < count:
                self.pieces[index] = self.inline.references.note(label, ahead)


_Read: TypeAlias = Callable[[Reader], None]
_READERS: Final[dict[str, _Read]] = {
    "\\": Reader.read_backslash,
    "$": Reader.read_dollar,
    "`": Reader.read_backtick,
    "*": Reader.read_run,
    "_": Reader.read_run,
    "~": Reader.read_run,
    "!": read_exclamation,
    "[": read_open_bracket,
    "]": read_close_bracket,
    "<": Reader.read_less_than,
    "&": Reader.read_ampersand,
    "\n": Reader.read_newline,
}


def code(text: str) -> str:
    """Return the content of a code span as HTML."""
    text = text.replace("\n", " ")
    if text.startswith(" ") and text.endswith(" ") and text.strip(" "):
        text = text[1:-1]
    return escape(text)


def formula(tex: str, *, display: bool) -> str:
    """Return a formula's source as HTML, for whatever draws it."""
    kind = "display" if display else "inline"
    return f'<code class="language-math math-{kind}">{escape(tex)}</code>'
