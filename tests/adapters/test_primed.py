"""An error before the first token keeps its status, in every framework and every kind of view."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import flask
import pytest
from asgiref.sync import sync_to_async
from django.http import HttpResponse
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from tests.adapters.calls import Answer, call_asgi, call_wsgi
from tests.adapters.frameworks import _configure_django, _route_django
from tests.adapters.test_adapters import text_of
from tests.recorded_source import RecordedSource

import streamhtml.asgi
import streamhtml.flask
import streamhtml.starlette
import streamhtml.wsgi
from streamhtml import http_status, merge

Source = Callable[[], Any]


class ProviderError(Exception):
    def __init__(self, status_code: int | None) -> None:
        self.status_code = status_code


def starlette_async(source: Source) -> Any:
    async def view(request: Request) -> Any:
        try:
            ready = await streamhtml.starlette.primed(source())
        except ProviderError as error:
            return PlainTextResponse("sorry", http_status(error))
        return streamhtml.starlette.StreamingHTMLResponse(request, ready, renderer="text")

    return Starlette(routes=[Route("/", view, methods=["POST"])])


def fastapi_sync(source: Source) -> Any:
    app = FastAPI()

    @app.post("/")
    def view(request: Request) -> Any:
        try:
            ready = streamhtml.starlette.primed(source())
        except ProviderError as error:
            return PlainTextResponse("sorry", http_status(error))
        return streamhtml.starlette.StreamingHTMLResponse(request, ready, renderer="text")

    return app


def _django(source: Source, *, is_async: bool) -> None:
    _configure_django()
    from streamhtml.django import StreamingHTMLResponse, primed

    async def async_view(request: Any) -> Any:
        try:
            return StreamingHTMLResponse(request, await primed(source()), renderer="text")
        except ProviderError as error:
            return HttpResponse("sorry", status=http_status(error))

    def sync_view(request: Any) -> Any:
        try:
            return StreamingHTMLResponse(request, primed(source()), renderer="text")
        except ProviderError as error:
            return HttpResponse("sorry", status=http_status(error))

    _route_django(async_view if is_async else sync_view)


def django_asgi(source: Source) -> Any:
    from django.core.asgi import get_asgi_application

    _django(source, is_async=True)
    return get_asgi_application()


def django_asgi_sync(source: Source) -> Any:
    from django.core.asgi import get_asgi_application

    _django(source, is_async=False)
    return get_asgi_application()


def django_wsgi(source: Source) -> Any:
    from django.core.wsgi import get_wsgi_application

    _django(source, is_async=False)
    return get_wsgi_application()


def django_wsgi_async(source: Source) -> Any:
    from django.core.wsgi import get_wsgi_application

    _django(source, is_async=True)
    return get_wsgi_application()


def flask_sync(source: Source) -> Any:
    app = flask.Flask(__name__)

    @app.post("/")
    def view() -> Any:
        try:
            ready = streamhtml.flask.primed(source())
        except ProviderError as error:
            return "sorry", http_status(error)
        return streamhtml.flask.StreamingHTMLResponse(flask.request, ready, renderer="text")

    return app


def flask_async(source: Source) -> Any:
    app = flask.Flask(__name__)

    @app.post("/")
    async def view() -> Any:
        try:
            ready = await streamhtml.flask.primed(source())
        except ProviderError as error:
            return "sorry", http_status(error)
        return streamhtml.flask.StreamingHTMLResponse(flask.request, ready, renderer="text")

    return app


ON_ASGI = [starlette_async, fastapi_sync, django_asgi, django_asgi_sync]
ON_WSGI = [django_wsgi, django_wsgi_async, flask_sync, flask_async]

Ask = Callable[[Source], Answer]


@pytest.fixture(params=[*ON_ASGI, *ON_WSGI], ids=lambda make: make.__name__)
def ask(request: pytest.FixtureRequest) -> Ask:
    """Ask one kind of view, which primes a source."""

    def ask_view(source: Source, **arguments: Any) -> Answer:
        app = request.param(source)
        if request.param in ON_ASGI:
            return asyncio.run(call_asgi(app, **arguments))
        return call_wsgi(app, **arguments)

    return ask_view


async def works() -> AsyncIterator[str]:
    # As Django's async ORM does, in the thread that asgiref chooses.
    yield await sync_to_async(lambda: "a")()
    await asyncio.sleep(0)
    yield await sync_to_async(lambda: "b")()


@pytest.mark.parametrize("kind", ["async", "function", "sync"])
def test_a_source_that_works_streams_whole(ask: Ask, kind: str) -> None:
    sources: dict[str, Source] = {
        "async": works,
        "function": lambda: works,
        "sync": lambda: iter(["a", "b"]),
    }
    answer = ask(sources[kind], headers={"Streaming-HTML": "html"})
    assert answer.status == 200
    assert answer.text.endswith(" end finished>")
    assert text_of(answer).endswith("ab")


def test_several_sources_stream_whole(ask: Ask) -> None:
    source = lambda: merge({"text": works(), "side": iter(["x"]), "more": works})  # noqa: E731
    answer = ask(source)
    assert answer.status == 200
    assert ">ab<" in answer.text
    assert "streamhtml-notice" not in answer.text


@pytest.mark.parametrize(("code", "status"), [(401, 502), (429, 429), (None, 502)])
def test_an_error_before_the_first_token_has_its_status(
    ask: Ask, code: int | None, status: int
) -> None:
    async def fails() -> AsyncIterator[str]:
        raise ProviderError(code)
        yield

    def fails_sync() -> Any:
        raise ProviderError(code)
        yield

    for source in fails, fails_sync:
        answer = ask(source)
        assert (answer.status, answer.text) == (status, "sorry")


def test_a_source_is_closed_when_the_reader_leaves(ask: Ask) -> None:
    source = RecordedSource("a", then="wait")
    ask(source, headers={"Streaming-HTML": "html"}, leave_after=1)
    assert source.closed.wait(30)
