"""A reader of an answer in the format ``html``, who can leave and come back."""

import re
from contextlib import aclosing

from streamhtml.asgi import StreamingHTMLResponse
from streamhtml.log import Log
from streamhtml.sources import Tokens

_NOTICE = re.compile(r'<span class="streamhtml-notice.*?</span>')
_ELEMENT = re.compile(r"<[^>]*>")
_MARK = re.compile(r"<!\w{2}(\+?) ?([^>]*)>")


class Reader:
    """What one reader has received. The answer must be plain text, without ``<`` or ``&``.

    Attributes:
        text: the answer.
        ends: the outcomes; more than one would be wrong.
    """

    def __init__(self) -> None:
        self.text = ""
        self.ends: list[str] = []
        self._number, self._tag = -1, ""
        self._operation = ""

    async def follow(self, log: Log, answer_id: str, chunks: float = float("inf")) -> None:
        """Follow an answer to its end, or leave after some chunks."""
        await self.read(log.follow(answer_id, wait=30), chunks)

    async def read(self, source: Tokens, chunks: float = float("inf")) -> None:
        """Read the response to a request for a source, which says what is there already."""
        last_id = f"{self._number}.{self._tag}".encode()
        response = StreamingHTMLResponse(
            {"method": "GET", "headers": [(b"last-event-id", last_id)] if self._tag else []},
            source,
            renderer="text",
            format="html",
            template=lambda context: context["ai_message"],
        )
        waiting = ""
        async with aclosing(response):
            async for chunk in response:
                waiting = self._receive(waiting + chunk.decode())
                chunks -= 1
                if chunks <= 0:
                    return

    def _receive(self, html: str) -> str:
        """Apply what is complete, and return the rest."""
        position = 0
        for mark in _MARK.finditer(html):
            self._apply(html[position : mark.start()], mark[2], is_last=not mark[1])
            position = mark.end()
        return html[position:]

    def _apply(self, html: str, operation: str, *, is_last: bool) -> None:
        name, _, place = operation.partition(" ")
        if name == "from":
            number, _, tag = place.partition(".")
            self._number, self._tag = int(number) - 1, tag or self._tag
            return
        if name == "end":
            self.ends.append(place)
        elif name != "ping":
            self._operation = name or self._operation
            text = _ELEMENT.sub("", _NOTICE.sub("", html))
            self.text = self.text + text if self._operation == "append" else text
        if is_last and name != "ping":
            self._number += 1
