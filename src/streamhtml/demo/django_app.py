"""The demo on Django, under ASGI: a whole project in one file."""

import secrets
from typing import Any

import django
from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_POST

from streamhtml.demo._demo import HEADERS, Demo
from streamhtml.django import StreamingHTMLResponse


def create_app(demo: Demo) -> ASGIStaticFilesHandler:
    """Return the ASGI application; Django allows one in a process."""
    settings.configure(
        DEMO=demo,
        SECRET_KEY=secrets.token_urlsafe(),
        # The demo answers wherever it was told to listen. A site names its hosts.
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        STATIC_URL="static/",
        INSTALLED_APPS=[
            "django.contrib.staticfiles",
            "streamhtml.django",
            "streamhtml.demo",
            *(["django_htmx"] if demo.client != "plain" else []),
        ],
        MIDDLEWARE=["django.middleware.csrf.CsrfViewMiddleware"],
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
        ],
        LOGGING_CONFIG=None,
    )
    django.setup()
    return ASGIStaticFilesHandler(get_asgi_application())


@require_GET
async def page(request: HttpRequest) -> HttpResponseBase:
    """Show the empty conversation."""
    context: dict[str, Any] = settings.DEMO.page(reverse("reply"), static)
    html = render_to_string("streamhtml_demo/page.html", context, request)
    return HttpResponse(html, headers=HEADERS)


@require_POST
async def reply(request: HttpRequest) -> HttpResponseBase:
    """Stream the answer to one message."""
    message = request.POST.get("message", "")
    return StreamingHTMLResponse(
        request,
        settings.DEMO.answer(message),
        "streamhtml_demo/message.html",
        {"human_message": message},
        renderer=settings.DEMO.renderer,
    )


urlpatterns = [path("", page), path("reply", reply, name="reply")]
