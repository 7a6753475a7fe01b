"""No header of a client makes a response fail: every adapter × many odd sets of headers.

The tests are in several modules, because each module runs on one worker.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import cycle
from typing import Any

import flask
import pytest
from django.http import HttpRequest
from django.utils import translation
from flask_babel import Babel
from tests.adapters.calls import Answer, call_asgi, call_wsgi
from tests.adapters.frameworks import ASGI, WSGI
from tests.adapters.header_sets import HeaderSet, header_sets

from streamhtml.formats import Headers
from streamhtml.formats._negotiate import _warn_once

SEED = 13
COUNTS = pytest.mark.parametrize(
    "count", [250, pytest.param(100_000, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])]
)
# What the view passes, in turn. Without ``into``, the client has to name the place.
ARGUMENTS: list[dict[str, Any]] = [
    {},
    {"compress": True},
    {"renderer": "text", "into": "messages"},
    {"renderer": "template", "into": "", "compress": True},
    {"into": "messages", "format": "turbo"},
    {"nonce": "n0", "renderer": "template"},
]


async def tokens() -> AsyncIterator[str]:
    yield "Hel"
    yield "*lo*"


def answers(adapter: str, sets: Iterator[HeaderSet]) -> Iterator[tuple[HeaderSet, Answer]]:
    """Send every set to a view, one after the other, and yield the answers."""
    arguments = cycle(ARGUMENTS)

    def view(request: Any, response: Any) -> Any:
        with in_language_of(request):
            return response(request, tokens(), interval=0, **next(arguments))

    app = {**ASGI, **WSGI}[adapter](view)
    if adapter == "flask":
        Babel(app, locale_selector=lambda: flask.request.accept_languages.best_match(["ko", "en"]))
    with asyncio.Runner() as runner:
        for each in sets:
            try:
                if adapter in ASGI:
                    answer = runner.run(call_asgi(app, each.method, each.headers))
                else:
                    answer = call_wsgi(app, each.method, each.headers)
            except Exception as error:
                error.add_note(f"with {each}")
                raise
            yield each, answer


def in_language_of(request: Any) -> AbstractContextManager[Any]:
    """Activate the language that a request to Django asks for, as ``LocaleMiddleware`` does."""
    if isinstance(request, HttpRequest):
        return translation.override(translation.get_language_from_request(request))
    return nullcontext()


def check(adapter: str, count: int, caplog: pytest.LogCaptureFixture) -> None:
    """Check that an adapter answers every set, and warns once about each client it cannot serve."""
    _warn_once.cache_clear()
    for sent, answer in answers(adapter, header_sets(SEED, count)):
        if sent.method in {"GET", "POST"}:
            assert answer.status == 200, sent
            assert answer.chunks, sent
            assert has_asked(sent, answer), sent
        else:
            assert answer.status in {200, 405}, sent  # A framework refuses unknown methods itself.
    said = [record.getMessage() for record in caplog.records if record.name == "streamhtml"]
    assert len(said) == 2  # Once for Turbo, once for Datastar.
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def has_asked(sent: HeaderSet, answer: Answer) -> bool:
    """Return whether the client has named the format of the answer in some header, or anything may
    read it. ``ARGUMENTS`` name Turbo in the place of the client.
    """
    headers = Headers(sent.headers)
    named = " ".join(headers.get(name, "").lower() for name in ("Streaming-HTML", "Accept"))
    media_type = answer.headers["Content-Type"].partition(";")[0]
    if media_type == "text/event-stream":
        return "datastar-request" in headers or any(
            each in named for each in (media_type, "sse", "datastar")
        )
    if media_type == "multipart/mixed":
        return "multipart" in named
    is_native = any(b"<?start name=" in chunk for chunk in answer.chunks)
    if is_native:
        is_page = headers["Sec-Fetch-Dest"].strip().lower() in {
            "document",
            "iframe",
            "frame",
            "object",
        }
        return is_page and '"Chromium";v="15' in headers["Sec-CH-UA"]
    return True
