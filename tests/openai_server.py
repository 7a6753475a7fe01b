"""A server that speaks OpenAI's streaming chat completions, and cuts its bytes where it is told.

https://platform.openai.com/docs/api-reference/chat-streaming: each chunk is a server-sent event,
``data: {json}``, and the last one is ``data: [DONE]``.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from threading import Event
from typing import Any

from tests.scripted_server import Exchange, ScriptedServer

Cut = Callable[[bytes], Iterable[bytes]]


class OpenAIServer(ScriptedServer):
    """Answers every chat completion with the same tokens.

    Args:
        tokens: one chunk each.
        cut: cuts the body into the pieces that are written to the network one by one.
        stall: wait after the tokens, and do not end the answer.

    Attributes:
        base_url: for ``OPENAI_BASE_URL``.
        requests: the JSON of each request.
        waiting: is set when the server waits after the tokens.
        closed: is set when the client has closed the connection then.
        closed_at: the time of that (``time.monotonic()``).
    """

    def __init__(self, *tokens: str, cut: Cut = lambda data: [data], stall: bool = False) -> None:
        self._body = b"".join(_events(tokens, whole=not stall))
        self._cut = cut
        self._stall = stall
        self.requests: list[dict[str, Any]] = []
        self.waiting, self.closed = Event(), Event()
        self.closed_at = 0.0
        super().__init__()
        self.base_url = f"{self.url}/v1"

    def answer(self, exchange: Exchange) -> None:
        request = json.loads(exchange.body)
        self.requests.append(request)
        if exchange.path != "/v1/chat/completions" or not request.get("stream"):
            exchange.send("text/plain", b"not a streaming chat completion", status=400)
            return
        exchange.begin("text/event-stream; charset=utf-8")
        for data in self._cut(self._body):
            exchange.write(data)
        if not self._stall:
            exchange.end()
            return
        self.waiting.set()
        exchange.cut()
        if exchange.wait_until_left():
            self.closed_at = time.monotonic()
            self.closed.set()


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


def _event(**content: Any) -> bytes:
    chunk = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "fake",
        **content,
    }
    # Not escaped to ASCII, so that a cut can fall within the bytes of one character.
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"
