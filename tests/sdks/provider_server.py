"""A server that speaks the protocol of each provider, and cuts its bytes where it is told.

The name of the model is what happens: "text", "reasoning", "tools" and so on, as in ``bodies``;
"slow" is a text without an end; "agent" is "tools" first, and "text" when it gets the results;
"http401" and "http429" are errors before the answer. It listens on a free loopback port.
"""

import json
import re
import select
import time
from queue import Queue
from threading import Event
from typing import Any, Final

from tests.scripted_server import PATIENCE, Exchange, ScriptedServer
from tests.sdks import bodies, bodies_openai
from tests.sdks.said import TEXT

_PATHS: Final = (
    (r"/mistral/.*/chat/completions$", "mistral"),
    (r"/chat/completions$", "chat"),
    (r"/open/.*/responses$", "open-responses"),
    (r"/responses$", "responses"),
    (r"/messages$", "anthropic"),
    (r":(stream)?[gG]enerateContent$", "gemini"),
    (r"/api/chat$", "ollama-chat"),
    (r"/api/generate$", "ollama-generate"),
    (r"/ag-ui$", "ag-ui"),
)
_BODIES: Final[dict[str, dict[str, list[dict[str, Any]]]]] = {
    "chat": bodies_openai.CHAT,
    "responses": bodies_openai.RESPONSES,
    "open-responses": bodies_openai.OPEN_RESPONSES,
    "mistral": bodies_openai.MISTRAL,
    "anthropic": bodies.ANTHROPIC,
    "gemini": bodies.GEMINI,
    "ollama-chat": bodies.OLLAMA_CHAT,
    "ollama-generate": bodies.OLLAMA_GENERATE,
    "ag-ui": bodies.AG_UI,
}
_WHOLE: Final[dict[str, dict[str, Any]]] = {
    "chat": bodies_openai.WHOLE_CHAT,
    "mistral": bodies_openai.WHOLE_CHAT,
    "responses": bodies_openai.WHOLE_RESPONSE,
    "anthropic": bodies.WHOLE_MESSAGE,
    "gemini": bodies.WHOLE_GEMINI,
    "ollama-chat": bodies.WHOLE_OLLAMA,
}
_ENDS_WITH_DONE: Final = ("chat", "mistral", "open-responses")
_TYPED: Final = ("responses", "open-responses", "anthropic")
_TOOL_RESULT: Final = re.compile(rb'"role": ?"tool"|function_call_output|tool_result')

PAUSE: Final = 0.05
"""Seconds between two events of "slow"."""


class ProviderServer(ScriptedServer):
    """Answers each request as the name of its model says.

    Args:
        cut: how many bytes are written at once; 0 for one event at once.
        always: what happens, whatever the name of the model is.

    Attributes:
        requests: the path and the JSON of each request.
        left: gets the time (``time.monotonic()``) when a client leaves a slow answer.
    """

    def __init__(self, cut: int = 0, always: str = "") -> None:
        self._cut = cut
        self._always = always
        self.requests: list[tuple[str, Any]] = []
        self.left: Queue[float] = Queue()
        self._closing = Event()
        super().__init__()

    def close(self) -> None:
        """End the slow answers, and stop listening."""
        self._closing.set()
        super().close()

    def answer(self, exchange: Exchange) -> None:
        request = json.loads(exchange.body or b"{}")
        self.requests.append((exchange.path, request))
        protocol = next(name for path, name in _PATHS if re.search(path, exchange.path))
        in_path = re.search(r"models/([^:]+):", exchange.path)
        model = self._always or (in_path[1] if in_path else request["model"]).rpartition("/")[2]
        if model.startswith("http"):
            error = {"error": {"message": "refused", "type": "refused", "code": "refused"}}
            exchange.send("application/json", _json(error), int(model.removeprefix("http")))
        elif not _streams(protocol, exchange.path, request):
            exchange.send("application/json", _json(_WHOLE[protocol]))
        elif model == "slow":
            self._answer_slowly(exchange, protocol)
        else:
            if model.startswith("agent"):
                has_results = _TOOL_RESULT.search(exchange.body)
                model = "text" if has_results else model.replace("agent", "tools")
            self._answer_at_once(exchange, protocol, model)

    def _answer_at_once(self, exchange: Exchange, protocol: str, model: str) -> None:
        scenarios = _BODIES[protocol]
        events = scenarios.get(model) or scenarios[model.removesuffix("_in_turn")]
        written = [_event(protocol, event) for event in events]
        if protocol in _ENDS_WITH_DONE:
            written.append(b"data: [DONE]\n\n")
        body = b"".join(written)
        size = self._cut
        pieces = [body[at : at + size] for at in range(0, len(body), size)] if size else written
        exchange.begin(_content_type(protocol))
        for piece in pieces:
            exchange.write(piece)
        exchange.end()

    def _answer_slowly(self, exchange: Exchange, protocol: str) -> None:
        events = [_event(protocol, event) for event in _BODIES[protocol]["text"]]
        second = next(at for at, event in enumerate(events) if _json(TEXT[1])[1:-1] in event)
        began = time.monotonic()
        exchange.begin(_content_type(protocol))
        try:
            for event in events[:second]:
                exchange.write(event)
            while time.monotonic() - began < PATIENCE and not self._closing.is_set():
                exchange.write(events[second])
                readable, _, _ = select.select([exchange.connection], [], [], PAUSE)
                if readable and exchange.has_left():
                    self.left.put(time.monotonic())
                    break
        except ConnectionError:
            self.left.put(time.monotonic())
        exchange.cut()


def scenarios(protocol: str) -> set[str]:
    """Return what a provider with this protocol can send."""
    return set(_BODIES[protocol])


def _streams(protocol: str, path: str, request: dict[str, Any]) -> bool:
    if protocol == "gemini":
        return "streamGenerateContent" in path
    default = protocol.startswith("ollama") or protocol == "ag-ui"
    return bool(request.get("stream", default))


def _content_type(protocol: str) -> str:
    ollama = protocol.startswith("ollama")
    return "application/x-ndjson" if ollama else "text/event-stream; charset=utf-8"


def _event(protocol: str, event: dict[str, Any]) -> bytes:
    """Return one event as the provider writes it."""
    data = _json(event)
    if protocol.startswith("ollama"):
        return data + b"\n"
    end = b"\r\n" if protocol == "gemini" else b"\n"
    head = b"event: %b%b" % (event["type"].encode(), end) if protocol in _TYPED else b""
    return head + b"data: " + data + end + end


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
