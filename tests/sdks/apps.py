"""One view in four frameworks, which answers with a source, whatever it is."""

from collections.abc import Callable
from typing import Any, Final

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.urls import clear_url_caches, path
from flask import Flask, request
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from streamhtml.django import StreamingHTMLResponse as DjangoResponse
from streamhtml.flask import StreamingHTMLResponse as FlaskResponse
from streamhtml.starlette import StreamingHTMLResponse

Source = Callable[[], Any]
"""Returns the source of the next answer."""


def starlette_app(source: Source) -> Any:
    async def view(request: Request) -> StreamingHTMLResponse:
        return StreamingHTMLResponse(request, source())

    return Starlette(routes=[Route("/", view, methods=["POST"])])


def flask_app(source: Source) -> Any:
    app = Flask(__name__)

    @app.post("/")
    def view() -> FlaskResponse:
        return FlaskResponse(request, source())

    return app


def django_asgi_app(source: Source) -> Any:
    async def view(request: Any) -> Any:
        return DjangoResponse(request, source())

    _route(view)
    return ASGIHandler()


def django_wsgi_app(source: Source) -> Any:
    _route(lambda request: DjangoResponse(request, source()))
    return WSGIHandler()


urlpatterns: list[Any] = []


def _route(view: Any) -> None:
    if not settings.configured:
        settings.configure(
            ALLOWED_HOSTS=["*"],
            INSTALLED_APPS=["streamhtml.django"],
            LOGGING_CONFIG=None,
            ROOT_URLCONF=__name__,
            SECRET_KEY="for tests",
            TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        )
        django.setup()
    urlpatterns[:] = [path("", view)]
    clear_url_caches()


ASGI: Final = {"starlette": starlette_app, "django-asgi": django_asgi_app}
WSGI: Final = {"flask": flask_app, "django-wsgi": django_wsgi_app}
APPS: Final = {**ASGI, **WSGI}
