"""A wrong argument is an error at once. It says what came and what to pass instead."""

from collections.abc import Callable
from functools import partial
from math import nan
from types import SimpleNamespace
from typing import Any

import pytest
from tests.recorded_source import RecordedSource

from streamhtml import Delta, Reply, TextRenderer, stream
from streamhtml.asgi import StreamingHTMLResponse
from streamhtml.markdown import MarkdownRenderer, Options, render

SECRET: Any = "what a user has written"
SCOPE = {"method": "GET", "headers": []}


class WithoutElement:
    def __init__(self, root: str) -> None:
        renderer = TextRenderer(root)
        self.feed, self.close, self.render = renderer.feed, renderer.close, renderer.render


ARGUMENTS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"context": [SECRET]}, TypeError, "context is a list, not a mapping; pass"),
    ({"context": SECRET}, TypeError, "context is a str, not a mapping; pass"),
    ({"context": {1: SECRET}}, TypeError, "the context has the name 1, which"),
    ({"into": 3}, TypeError, "into=3 must be the id of an element"),
    ({"compress": "gzip"}, TypeError, "compress='gzip' must be True or False"),
    ({"status": "ok"}, ValueError, "status='ok' must be an HTTP status"),
    ({"status": 99}, ValueError, "status=99 must be an HTTP status"),
    ({"headers": [SECRET]}, TypeError, "headers is a list, not a mapping; pass"),
    ({"headers": {"A": 3}}, TypeError, "the response header 'A' has a value of the type int"),
    ({"headers": {3: SECRET}}, TypeError, "the response header 3 has a value of the type str"),
    ({"renderer": WithoutElement}, TypeError, "WithoutElement, which has no element; a Renderer"),
    ({"renderer": lambda root: None}, TypeError, "renderer= made None, which has no"),
    ({"renderers": "text"}, TypeError, "renderers is a str, not a mapping; pass a value for each"),
    ({"renderers": {"tool": "html"}}, ValueError, r"renderers\['tool'\]='html' is not known; use"),
    ({"renderers": {"tool": "template"}}, ValueError, "use 'markdown', 'text', or a function"),
    ({"parts_templates": "a.html"}, TypeError, "parts_templates is a str, not a mapping; pass"),
    ({"on_end": 3}, TypeError, "on_end=3 cannot be called; pass a function"),
    ({"interval": "fast"}, ValueError, "interval='fast' must be 0 or more seconds"),
    ({"interval": -1}, ValueError, "interval=-1 must be 0 or more seconds"),
    ({"interval": nan}, ValueError, "interval=nan must be 0 or more seconds"),
    ({"interval": True}, ValueError, "interval=True must be 0 or more seconds"),
    ({"interval": None}, ValueError, "interval=None must be 0 or more seconds"),
    ({"ping": "often"}, ValueError, "ping='often' must be more than 0 seconds"),
    ({"ping": 0}, ValueError, "ping=0 must be more than 0 seconds; None"),
    ({"ping": True}, ValueError, "ping=True must be more than 0 seconds; None"),
    ({"status_code": 3}, TypeError, "status_code= is not an argument; use 'status'"),
    (
        {"human_message": SECRET},
        TypeError,
        "human_message= is not an argument; use one of .*; names for the template belong in",
    ),
]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("arguments", "error", "says"), ARGUMENTS, ids=[case[2] for case in ARGUMENTS]
)
async def test_a_response_refuses_an_argument_and_closes_the_source(
    arguments: dict[str, Any], error: type[Exception], says: str
) -> None:
    source = RecordedSource()
    with pytest.raises(error, match=says) as raised:
        StreamingHTMLResponse(SCOPE, source, **arguments)
    assert SECRET not in str(raised.value)
    await source.until_closed()
    assert not source.started


def opened() -> Any:
    reply = Reply()
    reply.open()
    return reply


def raising() -> Any:
    raise TypeError("my own error")
    yield


CALLS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: StreamingHTMLResponse(SimpleNamespace(headers={}), []),  # type: ignore[arg-type]
        TypeError,
        "for a request of another framework, import from the module of that framework",
    ),
    (lambda: Reply(context=[SECRET]), TypeError, "context is a list"),  # type: ignore[arg-type]
    (lambda: Reply(into=3), TypeError, "into=3 must be the id"),  # type: ignore[arg-type]
    (lambda: stream(SECRET, []), TypeError, r"reply is a str, not a Reply; call"),
    (
        lambda: stream(Reply(), []).stop("done"),  # type: ignore[arg-type]
        ValueError,
        "outcome='done' is not known; use one of 'stopped', 'interrupted'",
    ),
    (
        lambda: opened().close("done"),
        ValueError,
        "outcome='done' is not known; use one of 'finished', 'stopped', 'truncated', 'failed'",
    ),
    (lambda: opened().abandon(None), ValueError, "outcome=None is not known; use one of"),
    (lambda: opened().feed(SECRET), TypeError, r"feed\(\) got a str, not Deltas; pass \[Delta"),
    (lambda: opened().feed(SECRET.encode()), TypeError, r"feed\(\) got a bytes, not Deltas"),
    (lambda: opened().feed([SECRET]), TypeError, r"feed\(\) got a str in its list; pass"),
    (lambda: opened().feed([Delta(SECRET.encode())]), TypeError, "the text is a bytes, not a str"),  # type: ignore[arg-type]
    (lambda: opened().feed([Delta("a"), None]), TypeError, r"feed\(\) got None in its"),
    (lambda: opened().feed(Delta(SECRET)), TypeError, r"got a streamhtml._delta.Delta, not Deltas"),
    (lambda: opened().feed(None), TypeError, r"feed\(\) got None, not Deltas"),
    (lambda: opened().feed(raising()), TypeError, "my own error"),
    (lambda: render(SECRET.encode()), TypeError, "the text is a bytes, not a str; decode it"),
    (lambda: render(None), TypeError, "the text is None, not a str; pass"),  # type: ignore[arg-type]
    (lambda: render(3), TypeError, "the text is an int, not a str; pass"),  # type: ignore[arg-type]
    (lambda: render("", {}), TypeError, r"options is a dict, not Options; pass .* Options\("),  # type: ignore[arg-type]
    (
        lambda: render("", root=3),  # type: ignore[arg-type]
        TypeError,
        "root is an int, not a str; pass the id",
    ),
    (
        lambda: partial(MarkdownRenderer, Options())("r"),  # type: ignore[arg-type]
        TypeError,
        r"root is a .*Options, not a str; .* partial\(MarkdownRenderer, options=Options\(\)\)",
    ),
]


@pytest.mark.parametrize(("call", "error", "says"), CALLS, ids=[case[2] for case in CALLS])
def test_a_call_refuses_an_argument(
    call: Callable[[], Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says) as raised:
        call()
    assert SECRET not in str(raised.value)
