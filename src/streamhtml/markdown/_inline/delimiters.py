"""Pairs up the delimiter runs of ``*``, ``_`` and ``~``, at a cost that is linear in their number.

The algorithm is https://spec.commonmark.org/0.31.2/#phase-2-inline-structure. The runs are a doubly
linked list. For each kind of closer, the position below which no opener is left is remembered, so
each run is visited a bounded number of times.
"""

from typing import Final

from streamhtml.markdown._dialect import MAX_EMPHASIS, Dialect
from streamhtml.markdown._inline.cjk import kind_in_cjk, kind_of

_TAGS: Final = {"*": ("em", "strong"), "_": ("em", "strong"), "~": ("del", "del")}


TILDES: Final = "~~~"
"""The shortest run of tildes that never is strikethrough."""


class DelimiterRun:
    """A delimiter run, such as ``*``, ``__`` or ``~~``, and the tags that it has become.

    https://spec.commonmark.org/0.31.2/#delimiter-run

    Attributes:
        character: the character that it consists of.
        length: the number of its characters.
        index: the index of its piece of HTML.
        opens: whether it can open emphasis.
        closes: whether it can close emphasis.
        count: the number of its characters that are not part of a pair yet.
        before: the end tags that its characters have become.
        after: the start tags that its characters have become.
        reach: the index of the piece where the outermost emphasis that this run closes begins;
            ``index`` if it closes none.
        inner: the depth of the emphasis between this run and the next one in the list.
        previous: the previous run in the list.
        next: the next run in the list.
    """

    __slots__ = (
        "after", "before", "character", "closes", "count", "index", "inner", "length",
        "next", "opens", "previous", "reach",
    )  # fmt: skip

    def __init__(
        self, character: str, length: int, index: int, *, opens: bool, closes: bool
    ) -> None:
        self.character = character
        self.length = self.count = length
        self.index = self.reach = index
        self.opens = opens
        self.closes = closes
        self.before = self.after = ""
        self.inner = 0
        self.previous: DelimiterRun | None = None
        self.next: DelimiterRun | None = None

    @property
    def html(self) -> str:
        """The HTML of the run: its tags, and its unused characters as text."""
        return self.before + self.character * self.count + self.after


class DelimiterStack:
    """The delimiter runs that may still pair up, in order."""

    __slots__ = ("_has_closer", "last")

    def __init__(self) -> None:
        self.last: DelimiterRun | None = None
        self._has_closer = False

    def add(self, run: DelimiterRun) -> None:
        """Add a run at the end."""
        self._has_closer = self._has_closer or run.closes
        run.previous = self.last
        if self.last:
            self.last.next = run
        self.last = run

    def enclose(self) -> None:
        """Record that complete emphasis follows, which needs no run of its own."""
        if self.last:
            self.last.inner = max(self.last.inner, 1)

    def pair(self, bottom: DelimiterRun | None = None, *, until: int | None = None) -> None:
        """Pair up runs.

        Args:
            bottom: only runs after this one are paired; None for all.
            until: only runs whose index is below this one close emphasis; None for all.
        """
        if not self._has_closer or self.last is bottom:
            return
        closer = self._first(bottom)
        floor = bottom.index if bottom else -1
        no_opener_up_to: dict[tuple[str, bool, int], int] = {}
        while closer and (until is None or closer.index < until):
            if not closer.closes:
                closer = closer.next
                continue
            kind = _kind(closer)
            lowest = no_opener_up_to.get(kind, floor)
            opener = closer.previous
            while opener and opener.index > lowest and not _match(opener, closer):
                opener = opener.previous
            if not opener or opener.index <= lowest or not self._join(opener, closer):
                no_opener_up_to[kind] = closer.previous.index if closer.previous else floor
                following = closer.next
                if not closer.opens:
                    self._remove(closer)
                closer = following
            elif not closer.count:
                following = closer.next
                self._remove(closer)
                closer = following

    def drop(self, bottom: DelimiterRun | None) -> None:
        """Remove all runs after ``bottom``; None removes all."""
        if bottom:
            while self.last is not bottom:
                assert self.last
                self._remove(self.last)
        self.last = bottom

    def openers(self) -> list[DelimiterRun]:
        """Return the runs that may still open emphasis, in order."""
        found = []
        run = self.last
        while run:
            if run.opens:
                found.append(run)
            run = run.previous
        found.reverse()
        return found

    def last_before(self, index: int) -> DelimiterRun | None:
        """Return the last run before the piece ``index``."""
        run = self.last
        while run and run.index >= index:
            run = run.previous
        return run

    def _first(self, bottom: DelimiterRun | None) -> DelimiterRun | None:
        if bottom:
            return bottom.next
        run = self.last
        while run and run.previous:
            run = run.previous
        return run

    def _join(self, opener: DelimiterRun, closer: DelimiterRun) -> bool:
        """Turn the text between two runs into emphasis; return False if it is nested too deeply."""
        depth = 1 + opener.inner
        between = opener.next
        while between is not closer:
            assert between
            depth = max(depth, 1 + between.inner)
            between = between.next
        if depth > MAX_EMPHASIS:
            return False
        used = min(opener.count, closer.count, 2)
        if opener.character == "~":
            used = opener.count
        tag = _TAGS[opener.character][used - 1]
        opener.count -= used
        opener.after = f"<{tag}>{opener.after}"
        opener.inner = depth
        opener.next = closer
        closer.previous = opener
        closer.count -= used
        closer.before += f"</{tag}>"
        closer.reach = min(closer.reach, opener.reach)
        if not opener.count:
            self._remove(opener)
        return True

    def _remove(self, run: DelimiterRun) -> None:
        if run.previous:
            run.previous.next = run.next
            run.previous.inner = max(run.previous.inner, run.inner)
        if run.next:
            run.next.previous = run.previous
        else:
            self.last = run.previous


def new_run(text: str, start: int, end: int, index: int, dialect: Dialect) -> DelimiterRun:
    """Return the delimiter run ``text[start:end]``, and decide whether it can open and close.

    https://spec.commonmark.org/0.31.2/#left-flanking-delimiter-run

    Chinese, Japanese and Korean do not put spaces between words, so CommonMark's rule for
    punctuation keeps ``**10%**를`` from being bold. With ``dialect.cjk``, their characters count
    neither as letters nor as punctuation (https://github.com/tats-u/markdown-cjk-friendly). A ``_``
    between two letters has no effect in any language.

    As on GitHub, ``*`` looks past ``~~``, so that ``**~~a~~**b`` is bold.
    """
    character, length = text[start], end - start
    if character == "~" and length != 2 and not (length == 1 and dialect.single_tilde):
        return DelimiterRun(character, length, index, opens=False, closes=False)
    first, last = text[start - 1 : start] or " ", text[end : end + 1] or " "
    if character == "*" and (first == "~" or last == "~") and dialect.strikethrough:
        start, end = _before_tildes(text, start), _after_tildes(text, end)
        first, last = text[start - 1 : start] or " ", text[end : end + 1] or " "
    kind = kind_in_cjk if dialect.cjk else kind_of
    before, after = kind(first), kind(last)
    left = after != " " and (after != "." or before != "a")
    right = before != " " and (before != "." or after != "a")
    if character == "_" or (character == "~" and length == 1):
        # These do not work inside a word, or in a range of numbers such as 10~20.
        opens = not right or before in ".," or (before == "c" and after == ",")
        closes = not left or after in ".," or (before in ".," and after == "c")
        left, right = left and opens, right and closes
    return DelimiterRun(character, length, index, opens=left, closes=right)


def _before_tildes(text: str, pos: int) -> int:
    """Return where the ``~`` or ``~~`` before ``pos`` begins; ``pos`` if there is none."""
    start = max(pos - len(TILDES), 0)
    tildes = pos - start - len(text[start:pos].rstrip("~"))
    return pos - tildes if tildes < len(TILDES) else pos


def _after_tildes(text: str, pos: int) -> int:
    """Return where the ``~`` or ``~~`` at ``pos`` ends; ``pos`` if there is none."""
    if text.startswith("~", pos) and not text.startswith(TILDES, pos):
        return pos + (2 if text.startswith("~~", pos) else 1)
    return pos


def _kind(closer: DelimiterRun) -> tuple[str, bool, int]:
    """Return the kind of a closer. Closers of the same kind match the same openers."""
    length = closer.count if closer.character == "~" else closer.length % 3
    return closer.character, closer.opens, length


def _match(opener: DelimiterRun, closer: DelimiterRun) -> bool:
    """Return whether two runs pair up.

    The multiples of three are rules 9 and 10 of
    https://spec.commonmark.org/0.31.2/#emphasis-and-strong-emphasis.
    """
    if not opener.opens or opener.character != closer.character:
        return False
    if closer.character == "~":
        return opener.count == closer.count
    if not (opener.closes or closer.opens):
        return True
    return (opener.length + closer.length) % 3 != 0 or (
        opener.length % 3 == 0 and closer.length % 3 == 0
    )
