"""The frameworks, behind one function each: a view in, an ASGI or WSGI app out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
import flask
import jinja2
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.urls import path
from fastapi import FastAPI
from fastapi import Request as FastAPIRequest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

TEMPLATES = Path(__file__).parent / "templates"
METHODS = ["GET", "HEAD", "POST"]

View = Callable[..., Any]
"""Takes the framework's request and its StreamingHTMLResponse, and returns a response."""


def site(request: Any = None) -> dict[str, str]:
    """A context processor, for all three."""
    return {"site": "our <site>"}


def _starlette(view: View, middleware: list[Middleware]) -> Any:
    from streamhtml.starlette import StreamingHTMLResponse

    async def endpoint(request: Request) -> Any:
        return view(request, StreamingHTMLResponse)

    app = Starlette(
        routes=[
            Route("/", endpoint, methods=METHODS),
            Mount("/static", StaticFiles(packages=[("streamhtml", "static")])),
        ],
        middleware=middleware,
    )
    app.state.templates = Jinja2Templates(TEMPLATES, context_processors=[site])
    return app


def starlette(view: View) -> Any:
    return _starlette(view, [])


class _Passes(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: Any) -> Any:
        return await call_next(request)


def starlette_with_middleware(view: View) -> Any:
    return _starlette(view, [Middleware(_Passes), Middleware(GZipMiddleware)])


def fastapi(view: View) -> Any:
    from streamhtml.starlette import StreamingHTMLResponse

    app = FastAPI()
    app.state.templates = Jinja2Templates(TEMPLATES, context_processors=[site])

    @app.api_route("/", methods=METHODS)
    async def endpoint(request: FastAPIRequest) -> Any:
        return view(request, StreamingHTMLResponse)

    return app


def fastapi_sync_view(view: View) -> Any:
    from streamhtml.starlette import StreamingHTMLResponse

    app = fastapi(view)
    app.router.routes.clear()

    @app.api_route("/", methods=METHODS)
    def endpoint(request: FastAPIRequest) -> Any:
        return view(request, StreamingHTMLResponse)

    return app


def _configure_django() -> None:
    if settings.configured:
        return
    settings.configure(
        ALLOWED_HOSTS=["*"],
        INSTALLED_APPS=["django.contrib.staticfiles", "streamhtml.django"],
        MIDDLEWARE=["django.middleware.gzip.GZipMiddleware"],
        ROOT_URLCONF=__name__,
        SECRET_KEY="for tests",
        STATIC_URL="/static/",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "DIRS": [TEMPLATES],
                "OPTIONS": {"context_processors": [f"{__name__}.site"]},
            }
        ],
    )
    django.setup()


urlpatterns: list[Any] = []


def _route_django(endpoint: Any) -> None:
    from django.urls import clear_url_caches

    urlpatterns[:] = [path("", endpoint)]
    clear_url_caches()


def django_asgi(view: View) -> Any:
    _configure_django()
    from streamhtml.django import StreamingHTMLResponse

    async def endpoint(request: Any) -> Any:
        return view(request, StreamingHTMLResponse)

    _route_django(endpoint)
    return get_asgi_application()


def django_asgi_sync_view(view: View) -> Any:
    _configure_django()
    from streamhtml.django import StreamingHTMLResponse

    _route_django(lambda request: view(request, StreamingHTMLResponse))
    return get_asgi_application()


def django_wsgi(view: View) -> Any:
    _configure_django()
    from streamhtml.django import StreamingHTMLResponse

    _route_django(lambda request: view(request, StreamingHTMLResponse))
    return get_wsgi_application()


def django_wsgi_async_view(view: View) -> Any:
    django_asgi(view)
    return get_wsgi_application()


def _flask(endpoint: Any) -> Any:
    from streamhtml.flask import blueprint

    app = flask.Flask(__name__, template_folder=str(TEMPLATES))
    app.register_blueprint(blueprint)
    app.context_processor(site)
    app.add_url_rule("/", view_func=endpoint, methods=METHODS)
    return app


def flask_sync(view: View) -> Any:
    from streamhtml.flask import StreamingHTMLResponse

    def endpoint() -> Any:
        flask.g.user = "g works"
        return view(flask.request, StreamingHTMLResponse)

    return _flask(endpoint)


def flask_async(view: View) -> Any:
    from streamhtml.flask import StreamingHTMLResponse

    async def endpoint() -> Any:
        return view(flask.request, StreamingHTMLResponse)

    return _flask(endpoint)


_environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, auto_reload=False
)
_environment.globals |= site()


def _with_named_templates(response: Any) -> Any:
    """Let the views of these tests name a template, as every framework does."""

    def respond(request: Any, tokens: Any, template: Any = None, *args: Any, **more: Any) -> Any:
        if isinstance(template, str):
            template = _environment.get_template(template)
        return response(request, tokens, template, *args, **more)

    return respond


def asgi(view: View) -> Any:
    from streamhtml.asgi import StreamingHTMLResponse

    async def app(scope: Any, receive: Any, send: Any) -> None:
        response = view(scope, _with_named_templates(StreamingHTMLResponse))
        await response(scope, receive, send)

    return app


def wsgi(view: View) -> Any:
    from streamhtml.wsgi import StreamingHTMLResponse

    def app(environ: Any, start_response: Any) -> Any:
        response = view(environ, _with_named_templates(StreamingHTMLResponse))
        return response(environ, start_response)

    return app


ASGI = {
    "asgi": asgi,
    "starlette": starlette,
    "starlette-middleware": starlette_with_middleware,
    "fastapi": fastapi,
    "fastapi-sync-view": fastapi_sync_view,
    "django-asgi": django_asgi,
    "django-asgi-sync-view": django_asgi_sync_view,
}
WSGI = {
    "wsgi": wsgi,
    "django-wsgi": django_wsgi,
    "django-wsgi-async-view": django_wsgi_async_view,
    "flask": flask_sync,
    "flask-async-view": flask_async,
}
