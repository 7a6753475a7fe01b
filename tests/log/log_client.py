"""A client for answers in a log, in each format: it may leave, and asks for the rest later."""

import re
from contextlib import aclosing
from typing import Any

from tests.docs.reference_client import Decoder, Fragment, Page, token_of
from tests.formats.multipart_body import parts_of
from tests.formats.swapped_page import _READ, _swap
from tests.formats.test_events import read

from streamhtml._patch import OUTCOMES
from streamhtml.asgi import StreamingHTMLResponse

FORMATS = ("html", "sse", "multipart", "turbo", "datastar")
"""The formats whose clients can resume."""

_MARK = re.compile(r"<!\w+ ?([^>]*)>")


class LogClient:
    """A page that shows one answer.

    Args:
        name: the format.
        arguments: of each response.
    """

    def __init__(self, name: str, **arguments: Any) -> None:
        self.name = name
        self.page = Page()
        self.last_id = ""
        self.outcomes: list[str] = []
        self.numbers: list[int] = []
        self.responses = 0
        self._arguments = arguments
        self._number, self._tag = -1, ""

    async def read(self, source: Any, *, leaves: bool = False, **arguments: Any) -> None:
        """Read the source from where this client is, to its end.

        Args:
            source: the source.
            leaves: whether to leave at the first ping.
            arguments: of the response.
        """
        headers = {"Streaming-HTML": self.name, "HX-Request": "true"}
        if self.last_id:
            name = "HX-Last-Part-ID" if self.name == "multipart" else "Last-Event-ID"
            headers[name] = self.last_id
        response = StreamingHTMLResponse(
            {"method": "GET", "headers": headers},
            source,
            into="messages",
            **self._arguments,
            **arguments,
        )
        self.responses += 1
        content_type = response.headers["Content-Type"]
        decoder = Decoder(token_of(content_type)) if self.name == "html" else None
        async with aclosing(response):
            async for chunk in response:
                seen = len(self.numbers)
                if decoder is not None:
                    for fragment in decoder.feed(chunk):
                        self._apply(fragment)
                else:
                    self._swap(chunk.decode())
                if leaves and len(self.numbers) == seen and not self.outcomes:
                    return

    @property
    def html(self) -> str:
        """The HTML of the message."""
        return self.page.inner()

    def _apply(self, fragment: Fragment) -> None:
        self.outcomes += filter(None, [fragment.outcome])
        if fragment.tag == self._tag and fragment.number <= self._number:
            assert not fragment.changes, f"fragment {fragment.number} was sent twice"
        self._note(fragment.number, fragment.tag)
        self.page.apply(fragment)

    def _note(self, number: int, tag: str) -> None:
        self._number, self._tag = number, tag
        self.numbers.append(number)
        self.last_id = f"{number}.{tag}" if tag else str(number)

    def _swap(self, text: str) -> None:
        for mode, selector, html in _READ[self.name](text):
            _swap(self.page, mode, selector, html)
        if self.name == "turbo":
            self._read_marks(text)
            return
        if self.name == "multipart":
            ids = [part.headers["hx-part-id"] for part in parts_of(text)]
        else:
            ids = [event.id for event in read([text.encode()])]
        for each in ids:
            if each in OUTCOMES:
                self.outcomes.append(each)
            elif each and not each.endswith(".0"):
                number, _, tag = each.partition(".")
                assert int(number) > self._number, f"fragment {number} was sent twice"
                self._note(int(number), tag)

    def _read_marks(self, text: str) -> None:
        for operation in _MARK.findall(text):
            if operation.startswith("from "):
                number, _, tag = operation[5:].partition(".")
                self._number, self._tag = int(number) - 1, tag or self._tag
            elif operation != "ping":
                self._note(self._number + 1, self._tag)
            if operation.startswith("end "):
                self.outcomes.append(operation[4:])
