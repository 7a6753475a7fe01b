"""One request to an ASGI or WSGI app, by hand: test clients hide chunks and disconnects."""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from wsgiref.util import setup_testing_defaults

import anyio


@dataclass
class Answer:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    chunks: list[bytes] = field(default_factory=list)
    left_at: float = 0.0
    """The time (``time.monotonic()``) at which the client disconnected."""

    @property
    def text(self) -> str:
        return b"".join(self.chunks).decode()


Headers = Mapping[str, str] | list[tuple[bytes, bytes]] | None
"""Text, or bytes as they arrive at a server: names in any case, any of them more than once."""


async def call_asgi(
    app: Any,
    method: str = "POST",
    headers: Headers = None,
    *,
    leave_after: int | None = None,
    spec_version: str = "2.3",
    path: str = "/",
) -> Answer:
    """Call the app; with ``leave_after``, disconnect when so many chunks have come.

    A server of ASGI 2.4 may raise OSError from send() once the client has left.
    """
    answer = Answer()
    left = anyio.Event()
    requested = False

    async def receive() -> dict[str, Any]:
        nonlocal requested
        if not requested:
            requested = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if left.is_set() and spec_version >= "2.4":
            raise OSError("the client has left")
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {k.decode().title(): v.decode() for k, v in message["headers"]}
        elif message.get("body"):
            answer.chunks.append(message["body"])
            if len(answer.chunks) == leave_after:
                answer.left_at = time.monotonic()
                left.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": spec_version},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "server": ("127.0.0.1", 80),
        "client": ("127.0.0.1", 1),
        "headers": [(name.lower(), value) for name, value in _pairs(headers)],
        "state": {},
    }
    if leave_after == 0:
        left.set()
    with suppress(OSError):  # As servers do: it is theirs, and a middleware may pass it on.
        await app(scope, receive, send)
    return answer


def _pairs(headers: Headers) -> list[tuple[bytes, bytes]]:
    if isinstance(headers, list):
        return headers
    return [(name.encode(), value.encode()) for name, value in (headers or {}).items()]


def call_wsgi(
    app: Callable[..., Iterable[bytes]],
    method: str = "POST",
    headers: Headers = None,
    *,
    leave_after: int | None = None,
) -> Answer:
    """Call the app as a server does: iterate, and close in every case."""
    answer = Answer()
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": "/"}
    for name, value in _pairs(headers):
        key, text = f"HTTP_{name.decode().upper().replace('-', '_')}", value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    setup_testing_defaults(environ)

    def start_response(status: str, response_headers: list[tuple[str, str]], *_: Any) -> None:
        answer.status = int(status[:3])
        answer.headers = {k.title(): v for k, v in response_headers}

    body = app(environ, start_response)
    try:
        if leave_after != 0:
            for chunk in body:
                answer.chunks.append(chunk)
                if len(answer.chunks) == leave_after:
                    answer.left_at = time.monotonic()
                    break
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
    return answer
