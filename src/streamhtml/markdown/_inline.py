"""Inline structure: emphasis, code, links, formulas … in the text of one block.

The text may be only the beginning. Then the reading tells how far it is certain, whatever follows,
and gives the rest as it is best shown for now. The law: what was certain once is never read again,
and the certain pieces join to the HTML of the text read whole.

Nothing is certain behind an opener that may still be closed: emphasis, a bracket, a code span, a
formula. So what holds back is the first of these, and what is matched around it.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from streamhtml.markdown import _autolinks, _math
from streamhtml.markdown._characters import (
    ENTITY,
    PARTIAL_ENTITY,
    PUNCTUATION,
    entity,
    escape,
)
from streamhtml.markdown._emphasis import Run, Runs, new_run
from streamhtml.markdown._links import CUT, Cut, Target, read_inline, read_label
from streamhtml.markdown._options import Dialect
from streamhtml.markdown._raw_html import raw_tag
from streamhtml.markdown._references import References
from streamhtml.markdown._urls import Policy, text_of

_AUTOLINK: Final = re.compile(r"<([A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>\x00-\x20\x7f]*)>")
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
_NOTE: Final = re.compile(r"\[\^([^\s\[\]]{1,200})\]")
_PARTIAL_NOTE: Final = re.compile(r"\[\^[^\s\[\]]{0,200}\Z")
_REJOIN: Final = re.compile(r"[A-Za-z0-9._+-]*@[A-Za-z0-9._-]*")
_LIKELY_LABEL_BEFORE: Final = re.compile(r"[\w\]]")

_OPENED: Final = {
    (character, count): tags
    for character, emphasis, strong in (
        ("*", "em", "strong"),
        ("_", "em", "strong"),
        ("~", "del", "del"),
    )
    for count, tags in enumerate(((), (emphasis,), (strong,), (emphasis, strong)))
}
"""What a run stands for, in the tail, while it may still open emphasis."""

MAX_OPENED: Final = 20
"""Elements that the tail shows open inside each other; more are shown without."""

_EXCESS: Final = re.compile(r"(?:[*_~]+|&[A-Za-z0-9]*;?)\Z")
_NAME: Final = re.compile(r"\w+_\w")
_WORD_AT_END: Final = re.compile(r"\w*[*_]*\Z")

_UNLIKELY_EMPHASIZED: Final = frozenset("./,;:?!)]}%=|\ufe0f")
_UNLIKELY_LINKED: Final = frozenset("\"'{[,;:.?=+-/\\|^ ")
"""Characters behind an opener that speak for a file name, an emoji, a list of code …"""

SHOWN_AFTER: Final = 3
"""Characters after which the text behind an open bracket is shown."""

LITERAL_AFTER: Final = 400
"""Characters after which a bracket that is still open is shown as what it is."""


class Reading(NamedTuple):
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


class Bracket:
    """A ``[`` or ``![`` that may open a link or an image."""

    __slots__ = ("active", "bottom", "holds_bracket", "image", "index", "start")

    def __init__(self, index: int, start: int, bottom: Run | None, *, image: bool) -> None:
        self.index = index
        self.start = start
        self.bottom = bottom
        self.image = image
        self.active = True
        self.holds_bracket = False


class Inline:
    """Reads inline structure: the same for all blocks of one document.

    Args:
        dialect: the constructs that are known.
        policy: writes links and images.
        references: what the document has defined.

    Attributes:
        holds_words: whether a word is held back while it may become an address of e-mail. Before
            the first address in a document, none is: words would be shown twice for nothing.
    """

    def __init__(self, dialect: Dialect, policy: Policy, references: References) -> None:
        self.dialect = dialect
        self.policy = policy
        self.references = references
        self._search, self._search_addresses = _searches(dialect)
        self.holds_words = False

    def read(self, text: str, before: str = "", *, whole: bool = True) -> Reading:
        """Read a text.

        Args:
            text: without white space at its beginning; at its end only where it goes on.
            before: the character that was read before, or ``""``.
            whole: whether the text ends here; otherwise more may follow.
        """
        search = self._search
        if self.dialect.autolinks and ("@" in text or "://" in text or "www." in text):
            search = self._search_addresses
        elif not search.search(text):
            return self._read_plain(text, before, whole)
        return Reader(self, before + text, len(before), search, whole).read()

    def plain(self, text: str) -> str | None:
        """Return the HTML of a whole text that has no structure, quickly; None if it may have."""
        if self._search.search(text) or self._search_addresses.search(text):
            return None
        return plain_html(text.strip(" \t"))

    def _read_plain(self, text: str, before: str, whole: bool) -> Reading:
        if whole:
            return Reading(plain_html(text.rstrip(" \t\n")), len(text))
        end = len(text.rstrip(" \t\n"))
        if end < len(text) or not self.dialect.autolinks:
            return Reading(plain_html(text[:end]), end)
        end = _autolinks.unfinished(before + text, words=self.holds_words) - len(before)
        end = max(end, 0)
        return Reading(plain_html(text[:end]), end, plain_html(text[end:]))


@lru_cache
def _searches(dialect: Dialect) -> tuple[re.Pattern[str], re.Pattern[str]]:
    characters = r"\\`*_\[\]!<&\n"
    if dialect.strikethrough:
        characters += "~"
    if dialect.math:
        characters += "$"
    return re.compile(f"[{characters}]"), re.compile(f"[{characters}]|{_autolinks.SEARCH}")


class Reader:
    """Reads one text, from one special character to the next.

    ``pieces`` is the HTML, ``starts`` where in the text each piece begins; a delimiter run's piece
    is written when it is known what pairs up. Where reading has ``stopped`` before the end, ``hold`` is
    the first piece that is not certain.
    """

    __slots__ = (
        "brackets", "first", "hold", "inline", "links", "no_parenthesis", "notes", "pending",
        "pieces", "pos", "rejoin", "runs", "search", "starts", "stopped", "text", "ticks", "whole",
        "written",
    )  # fmt: skip

    def __init__(
        self, inline: Inline, text: str, pos: int, search: re.Pattern[str], whole: bool
    ) -> None:
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
        self.notes: list[tuple[int, str]] = []
        self.ticks: dict[int, list[int]] | None = None
        self.hold = 0
        self.stopped = False
        self.pending = False
        self.rejoin = False
        self.no_parenthesis = False

    def read(self) -> Reading:
        text, search, pieces, starts = self.text, self.search.search, self.pieces, self.starts
        length = len(text.rstrip(" \t\n"))
        if self.first and "@" in text and self.inline.dialect.autolinks:
            self.check_email()
        while not self.stopped:
            pos = self.pos
            found = search(text, pos, length)
            if not found:
                self.finish_plain(length)
                break
            start = found.start()
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
        end = length
        if length == len(text) and self.inline.dialect.autolinks:
            end = _autolinks.unfinished(text, words=self.inline.holds_words)
            end = max(end, self.pos)
        if self.pos < end:
            self.add(plain_html(text[self.pos : end]), self.pos)
            self.pos = end
        if end < len(text):
            self.stop(plain_html(text[end:length]))

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
        if self.ticks is None:
            self.ticks = {}
            for found in reversed(list(_TICKS.finditer(self.text, start))):
                if self.whole or found.end() < len(self.text):  # One at the end may grow.
                    self.ticks.setdefault(len(found[0]), []).append(found.start())
        places = self.ticks.get(length, [])
        while places and places[-1] < start:
            places.pop()
        return places[-1] if places else None

    def read_run(self) -> None:
        text, pos = self.text, self.pos
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

    def read_exclamation(self) -> None:
        following = self.text[self.pos + 1 : self.pos + 2]
        if following == "[":
            self.open_bracket(2, image=True)
        elif following or self.whole:
            self.literal()
        else:
            self.stop()

    def read_open_bracket(self) -> None:
        if self.inline.dialect.footnotes and self.text.startswith("[^", self.pos):
            found = _NOTE.match(self.text, self.pos)
            if found:
                self.pending = True
                if self.inline.references.has_note(found[1]):
                    self.notes.append((len(self.pieces), found[1]))
                    self.add("", self.pos)
                    self.pos = found.end()
                    return
            elif not self.whole and _PARTIAL_NOTE.match(self.text, self.pos):
                self.stop()
                return
        elif self.pos + 1 == len(self.text) and not self.whole:
            self.stop()
            return
        self.open_bracket(1, image=False)

    def open_bracket(self, length: int, *, image: bool) -> None:
        if self.brackets:
            self.brackets[-1].holds_bracket = True
        start = self.pos + length
        self.brackets.append(Bracket(len(self.pieces), start, self.runs.last, image=image))
        self.literal(length)

    def read_close_bracket(self) -> None:
        bracket = self.brackets[-1] if self.brackets else None
        if not bracket or not bracket.active:
            if bracket:
                self.brackets.pop()
            self.literal()
            return
        target, end = self.target_of(bracket)
        if end is CUT:
            if self.whole:
                target, end = None, None
            else:
                self.stop()
                return
        self.brackets.pop()
        if end is None:
            self.literal()
            return
        assert isinstance(end, int)
        if bracket.image:
            self.make_image(bracket, target)
        else:
            self.make_link(bracket, target)
        self.pos = end

    def target_of(self, bracket: Bracket) -> "tuple[Target | None, int | Cut | None]":
        """Return where the link leads that is closed here, and where it ends.

        The end is None where there is no link. The target is None where it will most likely be
        defined later.
        """
        text, after = self.text, self.pos + 1
        references = self.inline.references
        if after == len(text):
            if not self.whole:
                return None, CUT
        elif text[after] == "(":
            found = read_inline(text, after)
            if isinstance(found, Cut) and not self.whole:
                return None, CUT
            if isinstance(found, tuple):
                return found
        elif text[after] == "[":
            label = read_label(text, after)
            if isinstance(label, Cut) and not self.whole:
                return None, CUT
            if isinstance(label, tuple) and label[0]:
                name, end = label
                if target := references.target(name) if name.strip() else None:
                    return target, end
                self.pending = True
                return None, end if self.is_likely(bracket, name) else None
            if isinstance(label, tuple):
                after = label[1]
        if bracket.holds_bracket or after - bracket.start > 1001:
            return None, None
        name = text[bracket.start : self.pos]
        if not name.strip():
            return None, None
        if target := references.target(name):
            return target, after
        self.pending = True
        return None, after if after > self.pos + 1 and self.is_likely(bracket, name) else None

    def is_likely(self, bracket: Bracket, label: str) -> bool:
        """Return whether a label that is not defined is one whose definition follows."""
        before = self.text[bracket.start - 2 : bracket.start - 1]
        return (
            not self.inline.references.is_complete
            and bool(label.strip())
            and not label.startswith("^")
            and not _LIKELY_LABEL_BEFORE.match(before)
        )

    def make_link(self, bracket: Bracket, target: Target | None) -> None:
        self.runs.pair(bracket.bottom)
        self.write_runs(bracket.index)
        self.runs.drop(bracket.bottom)
        start, end = self.inline.policy.link(target) if target else ("", "")
        self.pieces[bracket.index] = start
        self.add(end, self.pos)
        # No link stands in another: what is one in here is text, and what is open opens none.
        while self.links and self.links[-1][0] > bracket.index:
            index, plain = self.links.pop()
            self.pieces[index] = plain
        while self.notes and self.notes[-1][0] > bracket.index:
            index, label = self.notes.pop()
            self.pieces[index] = escape(f"[^{label}]")
        for other in self.brackets:
            if not other.image:
                other.active = False

    def make_image(self, bracket: Bracket, target: Target | None) -> None:
        self.runs.pair(bracket.bottom)
        self.write_runs(bracket.index)
        self.runs.drop(bracket.bottom)
        content = "".join(self.pieces[bracket.index + 1 :])
        for inside in (self.links, self.notes):
            while inside and inside[-1][0] > bracket.index:
                inside.pop()
        del self.pieces[bracket.index :], self.starts[bracket.index :]
        html = self.inline.policy.image(target, content) if target else text_of(content)
        if html.startswith("<a "):
            self.links.append((len(self.pieces), text_of(html)))
        self.add(html, bracket.start - 2)

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
            end: int | None = found.end()
            if end == len(text) and not self.whole:
                self.stop(escape(text[pos:].rstrip("_")))
                return
            address = found["email"].rstrip(".")
            end = pos + len(address) if _autolinks.is_email(address) else None
            url = "mailto:" + address
        else:
            ends = _autolinks.runs_to(text, pos)
            in_brackets = bool(self.brackets) and "]" in text[pos:ends]
            if ends == len(text) and not self.whole and not in_brackets:
                self.stop(escape(_EXCESS.sub("", text[pos:])))
                return
            end = _autolinks.read_address(text, pos, in_brackets=in_brackets)
            url = text[pos:end]
            if url[:1] in "wW":
                url = "http://" + url
        if end is None:
            self.literal(len(found[0].rpartition("@")[0]) or len(found[0]))
            return
        plain = escape(text[pos:end])
        start, close = self.inline.policy.link(Target(url, None))
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
        elif not self.inline.holds_words and _autolinks.is_email("a" + found[0].rstrip(".")):
            self.rejoin = self.inline.holds_words = True

    # The end -----------------------------------------------------------------------------------

    def write_runs(self, index: int) -> None:
        """Write the pieces of the runs from ``index`` on, as they have paired up."""
        while self.written and self.written[-1].index >= index:
            run = self.written.pop()
            self.pieces[run.index] = run.html

    def result(self) -> Reading:
        if self.whole:
            self.runs.pair()
            self.write_runs(0)
            self.write_notes(len(self.pieces))
            html = "".join(self.pieces)
            return Reading(html, len(self.text) - self.first, "", self.pending, self.rejoin)
        certain = self.certain()
        pieces = self.pieces
        ends = tail = ""
        end = self.pos
        if certain < len(pieces):
            end = self.starts[certain]
            self.hide_undecided(certain)
            if self.runs.last:
                self.runs.pair(until=len(pieces))
            ends = self.complete(certain)
        self.write_runs(0)
        if self.notes:
            self.write_notes(certain)
        if certain < len(pieces):
            tail = "".join(pieces[certain:])
            tail = tail.rstrip(" \n") + ends if _shows(tail) else ""
            del pieces[certain:]
        return Reading("".join(pieces), end - self.first, tail, self.pending, self.rejoin)

    def certain(self) -> int:
        """Return how many pieces are certain, whatever follows."""
        certain = self.hold if self.stopped else len(self.pieces)
        for bracket in self.brackets:
            if bracket.active:
                certain = min(certain, bracket.index)
                break
        if self.runs.last:
            self.runs.pair(until=certain)
            run = self.runs.last
            while run:
                if run.opens and run.reach < certain:
                    certain = run.reach
                run = run.previous
        return certain

    def hide_undecided(self, certain: int) -> None:
        """Leave out what may become the description of an image, and all that follows.

        So with a bracket that has just opened, for ``[1]`` is short, and is text. And with a word that begins with ``_`` or has ``*`` in it: there may be emphasis, or the
        name of a variable, or a product.
        """
        count = len(self.pieces)
        for bracket in self.brackets:
            is_short = len(self.text) - bracket.start <= SHOWN_AFTER
            if bracket.active and (bracket.image or (is_short and bracket.index >= certain)):
                count = bracket.index
                break
        run = self.written[-1] if self.written else None
        if run and run.opens and run.index >= certain and not (run.before or run.after):
            in_name = run.character == "_" or self.is_in_word(run.index)
            if in_name and _WORD_AT_END.match(self.text, self.starts[run.index] + run.length):
                count = min(count, run.index)
        if count < len(self.pieces):
            del self.pieces[count:], self.starts[count:]
            self.written = [run for run in self.written if run.index < count]
            self.notes = [note for note in self.notes if note[0] < count]

    def complete(self, certain: int) -> str:
        """Show what is open in the tail as if it ended here; return the end tags."""
        for bracket in self.brackets:
            is_open = bracket.active and certain <= bracket.index < len(self.pieces)
            if is_open and self.is_likely_link(bracket):
                self.pieces[bracket.index] = ""
        ends: list[str] = []
        for run in self.runs.openers():
            if certain <= run.index < len(self.pieces) and self.is_likely_opener(run):
                tags = _OPENED[run.character, run.count] if len(ends) < MAX_OPENED else ()
                run.count = 0
                run.after = "".join(f"<{tag}>" for tag in tags) + run.after
                ends += [f"</{tag}>" for tag in tags]
        return "".join(ends[::-1])

    def is_likely_link(self, bracket: Bracket) -> bool:
        """Return whether a link is what the open bracket will most likely open."""
        return (
            len(self.text) - bracket.start <= LITERAL_AFTER
            and self.text[bracket.start : bracket.start + 1] not in _UNLIKELY_LINKED
            and not self.is_in_word(bracket.index)
        )

    def is_likely_opener(self, run: Run) -> bool:
        """Return whether emphasis is what the run will most likely open."""
        end = self.starts[run.index] + run.length
        if run.count > 3 or run.html == "~" or self.text[end : end + 1] in _UNLIKELY_EMPHASIZED:
            return False
        if run.character == "_":
            return not _NAME.match(self.text, end)
        return not self.is_in_word(run.index)

    def is_in_word(self, index: int) -> bool:
        """Return whether a letter or a digit stands before a piece."""
        start = self.starts[index]
        return start > 0 and self.text[start - 1].isascii() and self.text[start - 1].isalnum()

    def write_notes(self, certain: int) -> None:
        ahead: dict[str, int] = {}
        for index, label in self.notes:
            self.pieces[index] = self.inline.references.note(
                label, None if index < certain else ahead
            )


_Read: TypeAlias = Callable[[Reader], None]
_READERS: Final[dict[str, _Read]] = {
    "\\": Reader.read_backslash,
    "$": Reader.read_dollar,
    "`": Reader.read_backtick,
    "*": Reader.read_run,
    "_": Reader.read_run,
    "~": Reader.read_run,
    "!": Reader.read_exclamation,
    "[": Reader.read_open_bracket,
    "]": Reader.read_close_bracket,
    "<": Reader.read_less_than,
    "&": Reader.read_ampersand,
    "\n": Reader.read_newline,
}


def plain_html(text: str) -> str:
    """Return text without special characters as HTML."""
    return text.replace(">", "&gt;")


def code(text: str) -> str:
    """Return the content of a code span as HTML."""
    text = text.replace("\n", " ")
    if len(text) > 2 and text[0] == text[-1] == " " and not text.isspace():
        text = text[1:-1]
    return escape(text)


def formula(tex: str, *, display: bool) -> str:
    """Return a formula's source as HTML, for whatever draws it."""
    kind = "display" if display else "inline"
    return f'<code class="language-math math-{kind}">{escape(tex)}</code>'


def _shows(html: str) -> bool:
    """Return whether a reader would see something."""
    if "<" in html:
        return "<img " in html or bool(text_of(html).strip())
    return bool(html) and not html.isspace()
