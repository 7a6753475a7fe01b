"""The same test site in each framework. ``SITE=flask gunicorn tests.servers.app`` serves one.

``/stream?source=waiting&account=NAME`` streams one of the sources. Without an account its events
are only counted. With ``delay`` the view takes so many seconds first. ``/state`` returns what the
process holds at the moment. ``/`` is a page with a form that shows a stream; with
``?client=htmx2`` or ``htmx4`` it uses htmx.
"""

import asyncio
import ctypes
import gc
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
from tests.browser.npm_files import HTMX
from tests.servers.recorded_sources import SOURCES, Account, Sum

import streamhtml
from streamhtml import Limits, Reply, _shared_loop

ACCOUNTS = Path(os.environ.get("ACCOUNTS", "."))

POOLS = ("AnyIO worker", "asyncio_", "ThreadPoolExecutor", "Trio thread", "waitress-", "Dummy")
"""Names of threads that a pool keeps, or that Python did not start."""

_free_unused_memory: Callable[[int], object] = getattr(
    ctypes.CDLL(None), "malloc_trim", lambda pad: None
)
"""Gives back to the system what the C library keeps for later. Only glibc has this function."""

CLIENT = Path(streamhtml.__file__).with_name("static") / "streamhtml/streaming-html.js"
FORMS = {
    "plain": "<form data-stream='#messages' action='/stream'>",
    "htmx2": "<form hx-ext=streaming-html hx-get=/stream hx-target='#messages' hx-swap=beforeend>",
    "htmx4": "<form hx-get=/stream hx-target='#messages' hx-swap=beforeend>",
}
FIELDS = "".join(f"<label>{name} <input name={name}></label>" for name in ("source", "account"))


def page(query: Mapping[str, str]) -> str:
    """Return the page with the form."""
    client = query.get("client", "plain")
    scripts = [CLIENT] if client == "plain" else [HTMX[client], CLIENT]
    written = "".join(f"<script>{script.read_text('utf-8')}</script>" for script in scripts)
    return (
        f"<!doctype html><meta charset=utf-8><title>{client}</title><link rel=icon href='data:,'>"
        f"{FORMS[client]}{FIELDS}<button>Send</button></form><div id=messages></div>{written}"
    )


def streamed(request: Any, response: Callable[..., Any], query: Mapping[str, str]) -> Any:
    """Return the response to ``/stream``."""
    account = Account(ACCOUNTS, query["account"]) if "account" in query else Sum(query["source"])

    def on_end(reply: Reply) -> None:
        if reply.limit:
            account.write(f"limit {reply.limit}")
        account.write(f"ended {reply.state}")

    return response(
        request,
        SOURCES[query["source"]](account),
        renderer="text",
        interval=float(query.get("interval", 0.04)),
        ping=float(query.get("ping", 15)),
        on_end=on_end,
        # Some sources yield as much as a connection can hold.
        limits=Limits(characters=None, unread=float(query.get("unread", 60))),
        compress="compress" in query,
    )


def state() -> dict[str, Any]:
    """Count what can leak, after a garbage collection."""
    gc.collect()
    _free_unused_memory(0)
    files = []
    for file in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # Another thread closed it meanwhile.
            files.append(file.readlink())
    loops = {_shared_loop._loop}
    with suppress(RuntimeError):
        loops.add(asyncio.get_running_loop())
    return {
        "pid": os.getpid(),
        "tasks": sum(len(asyncio.all_tasks(loop)) for loop in loops if loop is not None),
        "threads": threading.active_count(),
        "pooled": sum(thread.name.startswith(POOLS) for thread in threading.enumerate()),
        "files": len(files),
        "sockets": sum(str(file).startswith("socket:") for file in files),
        "resident": int(Path("/proc/self/statm").read_text().split()[1])
        * os.sysconf("SC_PAGESIZE"),
        "blocks": sys.getallocatedblocks(),
        "events": Sum.events,
    }


def _starlette(*middleware: Any) -> Any:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, JSONResponse, Response
    from starlette.routing import Route

    from streamhtml.starlette import StreamingHTMLResponse

    async def stream(request: Request) -> Response:
        await anyio.sleep(float(request.query_params.get("delay", 0)))
        return streamed(request, StreamingHTMLResponse, request.query_params)

    async def get_state(request: Request) -> Response:
        return JSONResponse(state())

    async def get_page(request: Request) -> Response:
        return HTMLResponse(page(request.query_params))

    return Starlette(
        routes=[Route("/", get_page), Route("/stream", stream), Route("/state", get_state)],
        middleware=list(middleware),
    )


def _fastapi(*middleware: Any) -> Any:
    from fastapi import FastAPI, Request
    from fastapi.responses import HTMLResponse, Response

    from streamhtml.starlette import StreamingHTMLResponse

    app = FastAPI(middleware=list(middleware))

    @app.api_route("/stream", methods=["GET", "HEAD"], response_model=None)
    async def stream(request: Request, delay: float = 0) -> Response:
        await anyio.sleep(delay)
        return streamed(request, StreamingHTMLResponse, request.query_params)

    @app.get("/state")
    async def get_state() -> dict[str, Any]:
        return state()

    @app.get("/", response_class=HTMLResponse)
    async def get_page(request: Request) -> str:
        return page(request.query_params)

    return app


def _fastapi_with_middleware() -> Any:
    from starlette.middleware import Middleware
    from starlette.middleware.base import BaseHTTPMiddleware
    from starlette.middleware.gzip import GZipMiddleware

    async def forward(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    return _fastapi(Middleware(BaseHTTPMiddleware, dispatch=forward), Middleware(GZipMiddleware))


def _django(*, asynchronous: bool, middleware: tuple[str, ...] = ()) -> None:
    import django
    from django.conf import settings
    from django.http import HttpResponse, JsonResponse
    from django.urls import path

    settings.configure(
        ALLOWED_HOSTS=["*"],
        INSTALLED_APPS=["streamhtml.django"],
        LOGGING_CONFIG=None,
        MIDDLEWARE=middleware,
        ROOT_URLCONF=__name__,
        SECRET_KEY="for tests",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    )
    django.setup()

    from streamhtml.django import StreamingHTMLResponse

    async def stream(request: Any) -> Any:
        await anyio.sleep(float(request.GET.get("delay", 0)))
        return streamed(request, StreamingHTMLResponse, request.GET.dict())

    def sync_stream(request: Any) -> Any:
        time.sleep(float(request.GET.get("delay", 0)))
        return streamed(request, StreamingHTMLResponse, request.GET.dict())

    async def get_state(request: Any) -> Any:
        return JsonResponse(state())

    def sync_get_state(request: Any) -> Any:
        return JsonResponse(state())

    def get_page(request: Any) -> Any:
        return HttpResponse(page(request.GET.dict()))

    urlpatterns[:] = [
        path("", get_page),
        path("stream", stream if asynchronous else sync_stream),
        path("state", get_state if asynchronous else sync_get_state),
    ]


urlpatterns: list[Any] = []

GZIP = ("django.middleware.gzip.GZipMiddleware",)


def _django_asgi(middleware: tuple[str, ...] = ()) -> Any:
    from django.core.asgi import get_asgi_application

    _django(asynchronous=True, middleware=middleware)
    return get_asgi_application()


def _django_wsgi(middleware: tuple[str, ...] = ()) -> Any:
    from django.core.wsgi import get_wsgi_application

    _django(asynchronous=False, middleware=middleware)
    return get_wsgi_application()


def _flask() -> Any:
    from flask import Flask, request

    from streamhtml.flask import StreamingHTMLResponse, blueprint

    app = Flask(__name__)
    app.register_blueprint(blueprint)

    @app.get("/stream")
    def stream() -> Any:
        time.sleep(float(request.args.get("delay", 0)))
        return streamed(request, StreamingHTMLResponse, request.args)

    @app.get("/state")
    def get_state() -> Any:
        return state()

    @app.get("/")
    def get_page() -> str:
        return page(request.args)

    return app


ASGI: dict[str, Callable[[], Any]] = {
    "starlette": _starlette,
    "fastapi": _fastapi,
    "fastapi-middleware": _fastapi_with_middleware,
    "django-asgi": _django_asgi,
    "django-asgi-gzip": lambda: _django_asgi(GZIP),
}
WSGI: dict[str, Callable[[], Any]] = {
    "django-wsgi": _django_wsgi,
    "django-wsgi-gzip": lambda: _django_wsgi(GZIP),
    "flask": _flask,
}
