"""Two ways to show a message as a whole: the template again for each fragment, or once at the end.

Both are synchronous and pure.
"""

from collections.abc import Iterable, Iterator
from functools import partial

from markupsafe import Markup, escape

from streamhtml._answer import Answer, AnswerPart
from streamhtml._closed_html import closed
from streamhtml._patch import Patch
from streamhtml._placeholders import shown_places
from streamhtml._scrub import Scrubber
from streamhtml._template import SEQUENCE
from streamhtml._views import Join, Kept, LiveView, Shown


class RerenderView:
    """Renders the whole template for each fragment, with the whole text so far.

    At ``chunk_index`` 0 the message is appended to the page. Later ones replace it "out of band":
    the template gives its outermost element the id ``message_pair_id`` and, from ``chunk_index`` 1
    on, ``hx-swap-oob="true"``. The cost grows with the square of the answer's length.

    ``ai_message`` and the parts of ``parts`` are plain ``str``, which the template escapes. A part
    becomes ``Markup`` once one of its tokens was ``Markup``. ``{{ parts }}`` is the finished HTML
    of the parts so far.
    """

    held = 0

    def __init__(self, shown: Shown) -> None:
        self._shown = shown
        self._sequence = shown.sequence(SEQUENCE)
        self._notice = Markup()
        self._chunk_index = 0
        self._uses_sequence = False
        self._fixed: frozenset[str] = frozenset()
        """The kinds at fixed places, if the template also shows ``{{ parts }}``."""

    def open(self) -> list[Patch]:
        patches = self._render()
        if self._uses_sequence:
            self._fixed = shown_places(partial(self._shown.message.render, 0))
        return patches

    def feed(self, kept: Kept) -> list[Patch]:
        return self._render() if kept else []

    def catch_up(self, batches: Iterator[Kept], join: Join) -> list[Patch]:
        for _ in batches:
            pass
        if join == "open":
            self._chunk_index = 0
        return [] if join == "continue" else self._render()

    def close(self, notice: Markup) -> list[Patch]:
        self._notice = notice
        return self._render()

    def fail(self, notice: Markup) -> list[Patch]:
        return [Patch("append", notice, self._shown.message.message_pair_id)]

    def whole(self, notice: Markup) -> list[Patch]:
        """Return the finished message as one patch, instead of ``feed()`` and ``close()``."""
        self._chunk_index = 0  # The patch that open() returned was not sent.
        return self.close(notice)

    def may_call_site(self, kept: Kept) -> bool:
        return True

    def may_call_site_at_end(self) -> bool:
        return True

    def may_call_site_for(self, parts: Iterable[AnswerPart]) -> bool:
        """Return whether showing these parts may look up or render a template of the site."""
        return True

    def _render(self) -> list[Patch]:
        html = self._shown.message.render(self._chunk_index, self._value)
        first = self._chunk_index == 0
        self._chunk_index += 1
        return [Patch("append", html, self._shown.into) if first else Patch("replace", html)]

    def _value(self, name: str) -> str:
        answer = self._shown.answer
        if name == SEQUENCE:
            self._uses_sequence = True
            parts = [part for part in answer.parts if part.kind not in self._fixed]
            return self._sequence.whole(parts) + ("" if "text" in self._fixed else self._notice)
        text = _scrubbed(answer.said_of(name), ended=answer.outcome is not None)
        for part in answer.parts:
            if part.kind == name and part.outcome:
                text = _joined(text, self._shown.notice_of(part.outcome))
        return _joined(text, self._notice) if name == "text" else text


def _scrubbed(said: Iterable[str], *, ended: bool) -> str:
    """Return the text of a part as one str, or as Markup if one of its pieces is."""
    scrubber = Scrubber()
    text = ""
    for piece in said:
        if isinstance(piece, Markup):
            text = _joined(text + scrubber.close(), closed(piece))
        else:
            text += scrubber.feed(piece)
    return text + scrubber.close() if ended else text


def _joined(text: str, html: Markup) -> str:
    """Return both, where the text is escaped if it is not HTML."""
    # Markup + str escapes the str, so HTML stays HTML and text stays text.
    return escape(text) + html if html else text


class BufferedView:
    """Shows nothing until the end, and then the finished message in one piece."""

    held = 0

    def __init__(self, view: LiveView | RerenderView, answer: Answer) -> None:
        self._view = view
        self._answer = answer

    def open(self) -> list[Patch]:
        self._view.open()  # Errors in the template are raised now, not after the answer.
        return []

    def feed(self, kept: Kept) -> list[Patch]:
        return []

    def catch_up(self, batches: Iterator[Kept], join: Join) -> list[Patch]:
        for _ in batches:
            pass
        return []

    def close(self, notice: Markup) -> list[Patch]:
        return self._view.whole(notice)

    def fail(self, notice: Markup) -> list[Patch]:
        return [Patch("append", notice)]

    def may_call_site(self, kept: Kept) -> bool:
        return False

    def may_call_site_at_end(self) -> bool:
        return self._view.may_call_site_for(self._answer.parts)
