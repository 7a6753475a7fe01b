"""One matrix: every framework × what must be the same in all of them."""

import asyncio
import gc
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

import jinja2
import pytest
from tests.adapters.calls import Answer, call_asgi, call_wsgi
from tests.adapters.frameworks import ASGI, WSGI, View
from tests.docs.reference_client import Decoder, Page, token_of
from tests.markdown.dom import dom
from tests.recorded_source import RecordedSource

from streamhtml import Reply
from streamhtml.markdown import Options, render

SOON = 30.0  # seconds, on a busy machine
TOKENS = ["Hel", None, "lo ", "", "<b>", " 안녕 ", "👋"]
Source = partial(RecordedSource, *TOKENS)
SHOWN = "Hello &lt;b&gt; 안녕 👋"

SYNC_VIEWS = ["fastapi-sync-view", "django-asgi-sync-view", "django-wsgi", "flask"]

Call = Callable[..., Answer]


@pytest.fixture(autouse=True, scope="module")
def _quick_collections() -> Iterator[None]:
    gc.collect()
    gc.freeze()  # A test collects garbage, and should not look through older objects.
    yield
    gc.unfreeze()


@pytest.fixture(params=[*ASGI, *WSGI])
def call(request: pytest.FixtureRequest) -> Call:
    """Make a request to a view in one of the frameworks."""

    def call_view(view: View, method: str = "POST", **arguments: Any) -> Answer:
        if request.param in ASGI:
            return asyncio.run(serve(ASGI[request.param](view), method, **arguments))
        arguments.pop("spec_version", None)
        return call_wsgi(WSGI[request.param](view), method, **arguments)

    return call_view


async def serve(app: Any, method: str, **arguments: Any) -> Answer:
    """Call the app on a loop that goes on until nothing is left to do, as a server's does."""
    answer = await call_asgi(app, method, **arguments)
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=SOON)
    return answer


def text_of(answer: Answer) -> str:
    """The text of the answer, read from the ``html`` format."""
    token = answer.headers["Content-Type"].rpartition("=")[2]
    pieces = re.split(rf"<!{token}[^>]*>", answer.text)
    return "".join(piece for piece in pieces[1:] if "streamhtml-part" not in piece)


@pytest.mark.parametrize("kind", ["async", "factory", "sync"])
def test_a_streamed_answer(call: Call, kind: str) -> None:
    source = Source()
    ended: list[Reply] = []

    def view(request: Any, response: Any) -> Any:
        tokens = {"async": source, "factory": lambda: source, "sync": source.sync}[kind]()
        return response(
            request,
            tokens,
            context={"human_message": "<hi>"},
            renderer="text",
            interval=0,
            on_end=ended.append,
        )

    answer = call(view, headers={"Streaming-HTML": "html"})
    assert answer.status == 200
    assert text_of(answer) == SHOWN
    assert "&lt;hi&gt;" in answer.text
    assert answer.text.endswith(" end finished>")
    assert len(answer.chunks) >= 3
    assert source.closed.wait(SOON)
    assert [(reply.state, reply.text) for reply in ended] == [("finished", "Hello <b> 안녕 👋")]


def test_a_client_that_does_not_stream_gets_the_finished_message(call: Call) -> None:
    source = Source()
    for headers in {}, {"HX-Request": "true"}:
        answer = call(
            lambda request, response: response(request, source(), renderer="text"), headers=headers
        )
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert f">{SHOWN}</span>" in answer.text
        assert "<!" not in answer.text
        assert "hx-swap-oob" not in answer.text


def test_the_answer_is_markdown_by_default(call: Call) -> None:
    tokens = ["## He", "llo\n\n- **a", "** <b>", "\n- [x]", "\n\n[x]: /u"]
    text = "".join(tokens)
    assert "<h2>Hello</h2>" in render(text)

    def view(request: Any, response: Any) -> Any:
        return response(request, tokens, context={"message_pair_id": "ai_1"}, interval=0)

    whole = call(view).text
    region = 'id="ai_1-p0-text" class="streamhtml streamhtml-markdown"'
    assert re.search(
        f"<div {region}[^>]*>{re.escape(render(text, Options(dir_auto=True)))}</div>", whole
    )

    answer = call(view, headers={"Streaming-HTML": "html"})
    page, decoder = Page(), Decoder(token_of(answer.headers["Content-Type"]))
    for fragment in decoder.feed(b"".join(answer.chunks)):
        page.apply(fragment)
    assert dom(page.inner()) == dom(whole)


def test_a_view_can_name_the_format(call: Call) -> None:
    answer = call(lambda request, response: response(request, TOKENS, format="htmx", interval=0))
    assert "<q hx-swap-oob=beforeend:#ai_" in answer.text
    assert "Streaming-HTML" not in answer.headers.get("Vary", "")


def test_the_headers_of_the_response(call: Call) -> None:
    def view(request: Any, response: Any) -> Any:
        return response(
            request,
            [],
            status=201,
            headers={"x-own": "1", "vary": "Cookie", "cache-control": "no-cache"},
        )

    answer = call(view, headers={"Streaming-HTML": "html", "Accept-Encoding": "gzip"})
    assert answer.status == 201
    assert re.fullmatch(
        r"text/html; charset=utf-8; fragments=\w{2}", answer.headers["Content-Type"]
    )
    assert answer.headers["X-Own"] == "1"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert {"Cookie", "Streaming-HTML"} <= set(re.split(", *", answer.headers["Vary"]))
    assert "Content-Length" not in answer.headers

    default = call(lambda request, response: response(request, []))
    assert default.headers["Cache-Control"] == "no-store, no-transform"


def test_a_template_is_found_by_its_name_and_has_the_context_processors(call: Call) -> None:
    def view(request: Any, response: Any) -> Any:
        context = {"human_message": "<hi>", "message_pair_id": "ai_own"}
        return response(request, TOKENS, "chat/_message.html", context, renderer="text", interval=0)

    answer = call(view, headers={"Streaming-HTML": "html"})
    shell = answer.chunks[0].decode()
    assert shell.startswith('<section id="ai_own"><h2>&lt;hi&gt;</h2><i>our &lt;site&gt;</i><span')
    assert text_of(answer) == SHOWN


def test_a_template_can_be_rendered_for_each_fragment(call: Call) -> None:
    source = Source()

    def view(request: Any, response: Any) -> Any:
        return response(request, source(), "chat/_each_time.html", renderer="template", interval=0)

    answer = call(view, headers={"Streaming-HTML": "html"})
    assert answer.text.count("our &lt;site&gt;") >= 3
    assert 'hx-swap-oob="true">our &lt;site&gt; ' + SHOWN + "</section>" in answer.text
    assert "end finished" in answer.text


class Database:
    """Refuses to be asked on an event loop, as Django's does."""

    def __str__(self) -> str:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return "asked"
        raise AssertionError("asked on an event loop")


@pytest.mark.parametrize("call", SYNC_VIEWS, indirect=True)
@pytest.mark.parametrize("renderer", ["markdown", "text", "template"])
@pytest.mark.parametrize("accepted", ["html", "whole"])
def test_the_template_of_a_sync_view_can_query_a_database(
    call: Call, renderer: str, accepted: str
) -> None:
    def view(request: Any, response: Any) -> Any:
        return response(
            request,
            TOKENS,
            "chat/_message.html",
            {"human_message": Database()},
            renderer=renderer,
        )

    answer = call(view, headers={"Streaming-HTML": accepted})
    assert "asked" in answer.text
    assert "&lt;b&gt; 안녕 👋" in answer.text
    assert "Something went wrong" not in answer.text


def test_an_error_of_the_source_is_shown_and_logged(
    call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    for source in Source(then="fail")(), Source(then="fail").sync():
        answer = call(
            lambda request, response, source=source: response(request, source, renderer="text"),
            headers={"Streaming-HTML": "html"},
        )
        assert answer.status == 200
        assert SHOWN.replace(" ", "") in text_of(answer).replace(" ", "")
        assert 'role="alert"' in answer.text
        assert answer.text.endswith(" end failed>")
        assert "secret" not in answer.text
        assert "ValueError: the secret" in caplog.text


# Where send() raises, Django 5.2 leaves the file that holds the request's body to the collector.
@pytest.mark.filterwarnings("ignore:Unclosed file <tempfile.SpooledTemporaryFile:ResourceWarning")
@pytest.mark.parametrize("spec_version", ["2.3", "2.4"])
@pytest.mark.parametrize("leave_after", [1, 2])
def test_the_source_is_closed_when_the_client_leaves(
    call: Call, leave_after: int, spec_version: str
) -> None:
    source = Source(then="wait")
    ended: list[tuple[str, str]] = []
    on_end_called = threading.Event()

    def on_end(reply: Reply) -> None:
        ended.append((reply.state, reply.text[:3]))
        on_end_called.set()

    answer = call(
        lambda request, response: response(request, source(), on_end=on_end),
        headers={"Streaming-HTML": "html"},
        leave_after=leave_after,
        spec_version=spec_version,
    )
    assert len(answer.chunks) >= leave_after
    assert on_end_called.wait(SOON)
    assert not source.started or source.closed.wait(SOON)
    assert [state for state, _ in ended] == ["interrupted"]
    gc.collect()


def test_a_user_can_stop_the_answer(call: Call) -> None:
    source = Source(then="wait")
    responses: list[Any] = []

    def view(request: Any, response: Any) -> Any:
        async def tokens() -> AsyncIterator[Any]:
            async for token in source():
                yield token
                if token == TOKENS[-1]:  # It has been taken.
                    threading.Thread(target=responses[0].stop).start()

        responses.append(response(request, tokens(), renderer="text", interval=0))
        return responses[0]

    answer = call(view, headers={"Streaming-HTML": "html"})
    assert text_of(answer).startswith(SHOWN)
    assert "You stopped this answer." in answer.text
    assert answer.text.endswith(" end stopped>")
    assert source.closed.wait(SOON)
    assert responses[0].reply.state == "stopped"


def test_a_head_request_takes_no_token(call: Call) -> None:
    source = Source()
    answer = call(
        lambda request, response: response(request, source()),
        "HEAD",
        headers={"Streaming-HTML": "html"},
    )
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert b"".join(answer.chunks) == b""
    assert not source.started


@pytest.mark.parametrize("call", WSGI, indirect=True)
def test_a_response_that_is_not_iterated_closes_its_source(call: Call) -> None:
    sources: list[Any] = []

    def view(request: Any, response: Any) -> Any:
        class Stream:
            closed = threading.Event()

            def __aiter__(self) -> AsyncIterator[str]:
                raise AssertionError("not to be iterated")

            async def aclose(self) -> None:
                self.closed.set()

        sources.append(Stream())
        return response(request, sources[-1])

    call(view, leave_after=0)
    call(view, "HEAD")
    for source in sources:
        assert source.closed.wait(SOON)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"tokens": "text"}, TypeError, "tokens is one str"),
        ({"tokens": [], "format": "sso"}, ValueError, "format='sso' is not known"),
        ({"tokens": [], "renderer": "x"}, ValueError, "renderer='x' is not known"),
        ({"tokens": [], "headers": {"content-type": "x"}}, ValueError, "the format decides it"),
        (
            {"tokens": [], "status_code": 1},
            TypeError,
            "status_code= is not an argument; use 'status'",
        ),
        ({"tokens": [], "ping": -1}, ValueError, "ping=-1 must be more than 0 seconds"),
        (
            {"tokens": [], "template": jinja2.Template("{{ ai_message }}")},
            ValueError,
            "does not escape",
        ),
    ],
)
def test_wrong_arguments_are_refused_in_the_view(
    call: Call,
    arguments: dict[str, Any],
    error: Any,
    says: str,
    request: pytest.FixtureRequest,
) -> None:
    if "template" in arguments and "django" in request.node.name:
        pytest.skip("Django's engines escape")
    refused: list[str] = []

    def view(request: Any, response: Any) -> Any:
        try:
            response(request, **arguments)
        except error as caught:
            refused.append(str(caught))
        return response(request, [])

    assert call(view).status == 200
    assert re.search(says, refused[0])


def test_a_view_that_forgets_the_request_is_told_so(call: Call) -> None:
    refused: list[str] = []

    def view(request: Any, response: Any) -> Any:
        for arguments in ([iter("a"), request], [None, iter("a")]):
            with pytest.raises(TypeError) as caught:
                response(*arguments)
            refused.append(str(caught.value))
        return response(request, [])

    assert call(view).status == 200
    kinds = ["a str_ascii_iterator", "None"]
    assert [re.sub("'.*'", "…", says) for says in refused] == [
        f"request is {kind}, which has no …; pass the request of your view as the first argument"
        for kind in kinds
    ]
