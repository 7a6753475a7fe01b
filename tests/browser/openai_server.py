"""A server that speaks OpenAI's streaming chat completions, and cuts its bytes where it is told.

https://platform.openai.com/docs/api-reference/chat-streaming: each chunk is a server-sent event,
``data: {json}``, and the last one is ``data: [DONE]``.
"""

import json
import select
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import IPPROTO_TCP, MSG_PEEK, TCP_NODELAY
from threading import Event, Thread
from typing import Any

Cut = Callable[[bytes], Iterable[bytes]]

PATIENCE = 30.0


class OpenAI:
    """The running server; ``base_url`` is for OPENAI_BASE_URL.

    Args:
        tokens: of every answer.
        cut: cuts the body into what is written each time.
        stall: wait after the tokens, and do not end the answer; ``waiting`` is set then, and
            ``closed_at`` holds the time (``time.monotonic()``) when ``closed`` was set, because
            the client has closed the connection.
    """

    def __init__(self, tokens: Iterable[str], cut: Cut, *, stall: bool = False) -> None:
        openai = self

        class Handler(_Handler):
            def do_POST(self) -> None:
                self.answer(openai)

        self.body = b"".join(_events(tokens, whole=not stall))
        self.cut = cut
        self.stall = stall
        self.asked: list[dict[str, Any]] = []
        self.waiting, self.closed = Event(), Event()
        self.closed_at = 0.0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@contextmanager
def openai(tokens: Iterable[str], cut: Cut, *, stall: bool = False) -> Iterator[OpenAI]:
    """Run the server."""
    server = OpenAI(tokens, cut, stall=stall)
    try:
        yield server
    finally:
        server.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, openai: OpenAI) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        openai.asked.append(asked)
        if self.path != "/v1/chat/completions" or not asked.get("stream"):
            self.send_error(400)
            return
        self.connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for data in openai.cut(openai.body):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
        if openai.stall:
            self._wait_for_the_client_to_leave(openai)
        else:
            self.wfile.write(b"0\r\n\r\n")

    def _wait_for_the_client_to_leave(self, openai: OpenAI) -> None:
        openai.waiting.set()
        self.close_connection = True
        readable, _, _ = select.select([self.connection], [], [], PATIENCE)
        if readable and _has_left(self.connection):
            openai.closed_at = time.monotonic()
            openai.closed.set()

    def log_message(self, *_: object) -> None:
        pass


def _has_left(connection: Any) -> bool:
    try:
        return bool(connection.recv(1, MSG_PEEK) == b"")
    except ConnectionError:
        return True


def _events(tokens: Iterable[str], *, whole: bool) -> Iterator[bytes]:
    yield _event(choices=[_choice({"role": "assistant", "content": ""})])
    for token in tokens:
        yield _event(choices=[_choice({"content": token})])
    if whole:
        yield _event(choices=[_choice({}, "stop")])
        yield _event(
            choices=[], usage={"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
        )
        yield b"data: [DONE]\n\n"


def _choice(delta: dict[str, str], finish_reason: str | None = None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def _event(**more: Any) -> bytes:
    chunk = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "fake",
        **more,
    }
    # Not as ASCII: the bytes of one character shall be cut apart.
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"
