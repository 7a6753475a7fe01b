"""No error and no line of the log has text of the answer, of the page, of a user or of a header.

Each case makes one kind of failure, in which ``PRIVATE`` is such a text.
"""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest
from markupsafe import Markup
from pygments.lexer import Lexer
from tests.adapters.format_requests import template
from tests.adapters.test_adapters import Call, call

from streamhtml import Delta, Fragment, Headers, Notice, Patch, Reply, Truncated, stream
from streamhtml import asgi as raw_asgi
from streamhtml import wsgi as raw_wsgi
from streamhtml.formats import FORMATS, FormatRequest, create_format
from streamhtml.formats._negotiate import _warn_once
from streamhtml.markdown import Options, render
from streamhtml.pygments import _highlight

__all__ = ["call"]  # The fixture.

PRIVATE = "zqx" + "private"
CONTEXT = {
    "human_message": PRIVATE,
    "safe": Markup("<i title='{}'>{}</i>").format(PRIVATE, PRIVATE),
}
CODE = f"```{PRIVATE}\n{PRIVATE}\n```\n"
TURBO = {"Accept": "text/vnd.turbo-stream.html"}
ENVIRONMENT = jinja2.Environment(autoescape=True)


@dataclass
class Event:
    """A token of a type that is not known."""

    text: str


class BrokenLexer(Lexer):
    def get_tokens(self, text: str, unfiltered: bool = False) -> Any:
        raise LookupError(text)


def fails_without_text(*_: object) -> Any:
    raise LookupError("for a reason of its own")


def answer(source: Any, **arguments: Any) -> None:
    """Stream a whole answer."""

    async def read() -> None:
        async for _ in stream(Reply(context=CONTEXT, **arguments), source, interval=0):
            pass

    asyncio.run(read())


def shown(source: str, **arguments: Any) -> None:
    """Open a message with the template of this source."""
    Reply(ENVIRONMENT.from_string(source).render, CONTEXT, **arguments).open()


def notice(source: str) -> None:
    Notice(ENVIRONMENT.from_string(source).render).render("failed", "ai_1", CONTEXT)


def page(source: str) -> None:
    render_page = ENVIRONMENT.from_string(source).render
    raw_response({}, format="page", page=partial(render_page, private=PRIVATE))


def raw_response(headers: Any, **arguments: Any) -> None:
    given = {"context": CONTEXT, **arguments}
    for response, request in (
        (raw_asgi.StreamingHTMLResponse, {"method": "GET", "headers": headers}),
        (raw_wsgi.StreamingHTMLResponse, {"REQUEST_METHOD": "GET", "HTTP_X": PRIVATE}),
    ):
        response(request, [], **given)  # type: ignore[operator]


async def cut_short() -> AsyncIterator[Any]:
    yield PRIVATE
    raise Truncated(PRIVATE)


async def fails_after_text() -> AsyncIterator[Any]:
    yield PRIVATE
    fails_without_text()


def no_source() -> str:
    return PRIVATE


def highlight_with_a_broken_lexer() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_highlight, "find_lexer_class", lambda name: BrokenLexer)
        render(f"```python\n{PRIVATE}\n```\n", Options(highlight=_highlight.highlight))


def reads_headers(headers: Any) -> None:
    create_format("auto", FormatRequest(Headers(headers)))


def encodes(name: str, patch: Patch) -> None:
    message = Patch("append", Markup("<p id=m></p>"), "messages")
    one_format = FORMATS[name]()
    one_format.encode(Fragment(0, (message,)))
    one_format.encode(Fragment(1, (patch,)))


WHOLE_ANSWER = SimpleNamespace(choices=[SimpleNamespace(message=SimpleNamespace(content=PRIVATE))])
BAD_ID = f"{PRIVATE} {PRIVATE}"

FAILURES: dict[str, Callable[[], Any]] = {
    # The answer.
    "an unknown token": lambda: answer([Event(PRIVATE)]),
    "a dict": lambda: answer([{"text": PRIVATE}]),
    "bytes": lambda: answer([PRIVATE.encode()]),
    "a list": lambda: answer([[PRIVATE]]),
    "a whole answer": lambda: answer([WHOLE_ANSWER]),
    "a delta of bytes": lambda: answer([Delta(PRIVATE.encode())]),  # type: ignore[arg-type]
    "a delta of a number": lambda: answer([PRIVATE, Delta(7)]),  # type: ignore[arg-type]
    "a strange part": lambda: answer([Delta(PRIVATE, [PRIVATE])]),  # type: ignore[arg-type]
    "a cut answer": lambda: answer(cut_short()),
    "a source that fails": lambda: answer(fails_after_text()),
    "a text as the source": lambda: answer(PRIVATE),
    "a function that returns a text": lambda: answer(no_source),
    "a renderer without a method": lambda: answer([PRIVATE], renderer=lambda root: Event(PRIVATE)),
    "on_fence": lambda: render(CODE, Options(on_fence=fails_without_text)),
    "on_fence for a formula": lambda: render(
        f"$$\n{PRIVATE}\n$$", Options(on_fence=fails_without_text)
    ),
    "a lexer": highlight_with_a_broken_lexer,
    "a patch without a root": lambda: Patch("tail", Markup(PRIVATE)),
    "arguments in a wrong order": lambda: Patch(Markup(PRIVATE), "append", depth=1),  # type: ignore[arg-type]
    "a depth that is not there": lambda: encodes(
        "page", Patch("append", Markup(PRIVATE), depth=3, root="m")
    ),
    "no place for Turbo": lambda: encodes("turbo", Patch("append", Markup(PRIVATE))),
    "no place for Datastar": lambda: encodes("datastar", Patch("append", Markup(PRIVATE))),
    "a wrong state": lambda: Reply(context=CONTEXT).feed([Delta(PRIVATE)]),
    # The page and its context.
    "no part": lambda: shown("<p>{{ human_message }}{{ safe }}"),
    "a part in an attribute": lambda: shown("<p title='{{ human_message }}{{ ai_message }}'>"),
    "a part after markup": lambda: shown(
        "{{ safe }}<p title='{{ human_message }}{{ parts.tool }}'>"
    ),
    "a part in a comment": lambda: shown("<!-- {{ human_message }}{{ safe }}{{ ai_message }} -->"),
    "a part in a script": lambda: shown("<script>{{ human_message }}{{ ai_message }}</script>"),
    "a part in a title": lambda: shown("<title>{{ human_message }}{{ ai_message }}</title>"),
    "a part twice": lambda: shown("{{ human_message }}{{ ai_message }}{{ ai_message }}"),
    "a changed part": lambda: shown("{{ human_message }}{{ ai_message|upper }}"),
    "a name that is missing": lambda: shown("{{ human_message.a.b }}{{ ai_message }}"),
    "a template rendered each time": lambda: answer(
        [PRIVATE], renderer="template", template=fails_without_text
    ),
    "a reserved name": lambda: Reply(context={"ai_message": PRIVATE}),
    "a notice": lambda: notice("{{ human_message.a.b }}"),
    "a page without the message": lambda: page("{{ human_message }}"),
    "a page with the message twice": lambda: page("{{ streamed_message }}{{ streamed_message }}"),
    "a reserved name of the page": lambda: raw_response(
        {}, format="page", context={"streamed_message": PRIVATE}
    ),
    "the context as the template": lambda: raw_response({}, template=CONTEXT),
    "the context as the page": lambda: raw_response({}, format="page", page=CONTEXT),
    # What a view may take from a request.
    "a format that is none": lambda: raw_response({}, format=partial(Event, PRIVATE)),
    "a header of the response": lambda: raw_response({}, headers={"Content-Type": PRIVATE}),
    # The headers of the request.
    "headers as a text": lambda: Headers(PRIVATE),  # type: ignore[arg-type]
    "headers as lists": lambda: Headers([(PRIVATE, PRIVATE, PRIVATE)]),  # type: ignore[list-item]
    "a list of values": lambda: Headers({"Cookie": [PRIVATE]}),
    "a request as headers": lambda: Headers(Event(PRIVATE)),  # type: ignore[arg-type]
    "headers of a scope": lambda: raw_response([(b"cookie", [PRIVATE])]),
    "Turbo's frame": lambda: reads_headers({**TURBO, "Turbo-Frame": BAD_ID}),
    "Datastar": lambda: reads_headers({"Datastar-Request": PRIVATE}),
}


@pytest.mark.parametrize("kind", FAILURES)
def test_a_failure_does_not_say_what_is_private(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    _warn_once.cache_clear()
    said = ""
    try:
        FAILURES[kind]()
    except Exception as error:
        said = "".join(traceback.format_exception(error))
    said += logged(caplog)
    assert PRIVATE not in said
    assert bool(said) == (kind != "a cut answer")  # That one is no failure.


def logged(caplog: pytest.LogCaptureFixture) -> str:
    formatter = logging.Formatter("%(name)s %(levelname)s %(message)s")
    return "\n".join(formatter.format(record) + repr(record.args) for record in caplog.records)


HEADERS = [
    {**TURBO, "Turbo-Frame": BAD_ID},
    {"Datastar-Request": PRIVATE},
    {"Streaming-HTML": PRIVATE},
    {"Accept": f"text/event-stream;{PRIVATE}", "Last-Event-ID": PRIVATE},
    {"Accept": PRIVATE, "Accept-Encoding": PRIVATE, "Cookie": PRIVATE, "X-Other": PRIVATE},
]


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("headers", HEADERS, ids=range(len(HEADERS)))
def test_no_framework_logs_what_is_private(
    call: Call, headers: dict[str, str], fails: bool, caplog: pytest.LogCaptureFixture
) -> None:
    _warn_once.cache_clear()
    caplog.set_level(logging.INFO)

    def view(request: Any, response: Any) -> Any:
        tokens = [PRIVATE, Event(PRIVATE)] if fails else [PRIVATE]
        return response(request, tokens, context=CONTEXT)

    assert call(view, "GET", headers=headers).status == 200
    assert PRIVATE not in logged(caplog)


def test_no_framework_logs_a_page_without_a_place(
    call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    errors: list[str] = []

    def view(request: Any, response: Any) -> Any:
        try:
            response(request, [PRIVATE], template(request, "{{ human_message }}"), CONTEXT)
        except ValueError as error:
            errors.append("".join(traceback.format_exception(error)))
        return response(request, [PRIVATE], context=CONTEXT)

    assert call(view, headers={"Cookie": PRIVATE}).status == 200
    assert len(errors) == 1
    assert PRIVATE not in errors[0] + logged(caplog)
