"""Requests for each format, the view that answers them, and what its answer holds."""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

from tests.adapters.calls import Answer
from tests.adapters.test_adapters import TOKENS
from tests.formats.test_events import read
from tests.formats.test_formats import NAVIGATION, TURBO

ASKED = {
    "sse": {"Accept": "text/event-stream"},
    "multipart": {"Accept": "text/html, multipart/mixed", "HX-Request": "true"},
    "turbo": {"Accept": TURBO},
    "turbo-events": {"Accept": "text/event-stream", "Streaming-HTML": "turbo"},
    "datastar": {"Accept": "text/event-stream, text/html", "Datastar-Request": "true"},
    "page": {"Accept": NAVIGATION, "Sec-Fetch-Dest": "document"},
}
EVENTS = ["sse", "turbo-events", "datastar"]
TYPES = {
    "sse": "text/event-stream",
    "multipart": r"multipart/mixed; boundary=[\w-]{4}",
    "turbo": r"text/vnd\.turbo-stream\.html; charset=utf-8; fragments=\w{2}",
    "turbo-events": "text/event-stream",
    "datastar": "text/event-stream",
    "page": "text/html; charset=utf-8",
}
MESSAGE = '<article id="{{ message_pair_id }}"><p>{{ human_message }}</p>{{ ai_message }}</article>'
CONTEXT = {"message_pair_id": "ai_1", "human_message": "<hi>"}
OUTCOMES = ["finished", "stopped", "truncated", "failed", "interrupted"]
LOST = "The answer was interrupted, and ends here."


class Untouched:
    """A source that must not be iterated, and that records when it is closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()

    def __aiter__(self) -> AsyncIterator[str]:
        raise AssertionError("not to be iterated")

    async def aclose(self) -> None:
        self.closed.set()

    def sync(self) -> "UntouchedIterator":
        return UntouchedIterator(self.closed)

    def for_this_thread(self) -> Any:
        """Return a source that can be closed in the event loop, or without one, as it is here."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self.sync()
        return self


class UntouchedIterator(Iterator[str]):
    def __init__(self, closed: threading.Event) -> None:
        self.closed = closed

    def __next__(self) -> str:
        raise AssertionError("not to be iterated")

    def close(self) -> None:
        self.closed.set()


def streamed(request: Any, response: Any, **arguments: Any) -> Any:
    """Stream the tokens into a message with one region, the element ``#ai_1_text``."""
    given = {"context": CONTEXT, "renderer": "text", "into": "messages", "interval": 0}
    given["template"] = template(request, MESSAGE)
    return response(request, arguments.pop("tokens", TOKENS), **given | arguments)


def additions(answer: Answer, name: str) -> list[tuple[str, str]]:
    """Return what was appended where, as the format's client reads it."""
    texts = [answer.text]
    if name in EVENTS:
        texts = [event.data for event in read(answer.chunks) if event.event != "end"]
    pattern = {
        "sse": r"<q hx-swap-oob=beforeend:(\S*?)>(.*)</q>",
        "multipart": r"HX-Retarget:(\S+)\r\n\r\n(.*?)\r\n--",
        "turbo": r'<turbo-stream action=append targets?="?([^">]*)"?><template>(.*?)</template>',
        "datastar": r"selector (.*?)\nmode append\nelements (.*)",
    }[name.removesuffix("-events")]
    return [
        (f"#{selector.removeprefix('#')}", html.replace("\nelements ", "\n"))
        for text in texts
        for selector, html in re.findall(pattern, text, re.DOTALL)
    ]


def template(request: Any, source: str) -> Any:
    """Return a template of the request's framework."""
    if type(request).__module__.startswith("django"):
        from django.template import engines

        return engines["django"].from_string(source)
    import jinja2

    return jinja2.Environment(autoescape=True).from_string(source)
