"""The demo on Django, under ASGI: a complete project in one file."""

import secrets
from typing import Any
from urllib.parse import urlencode

import django
from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_POST

from streamhtml.demo._demo import MAX_URL, TURBO, Demo
from streamhtml.django import StreamingHTMLResponse
from streamhtml.formats import negotiate


def create_app(demo: Demo) -> ASGIStaticFilesHandler:
    """Return the ASGI application. Django allows only one per process."""
    settings.configure(
        DEMO=demo,
        SECRET_KEY=secrets.token_urlsafe(),
        # The demo accepts any host name. A real site lists its hosts here.
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        STATIC_URL="static/",
        STATICFILES_DIRS=[("turbo", TURBO)] if demo.client == "turbo" else [],
        INSTALLED_APPS=[
            "django.contrib.staticfiles",
            "streamhtml.django",
            "streamhtml.demo",
            *(["django_htmx"] if "htmx" in demo.client or "sse" in demo.client else []),
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
    nonce = secrets.token_urlsafe()
    context = page_context(nonce)
    html = render_to_string("streamhtml_demo/page.html", context, request)
    return HttpResponse(html, headers=settings.DEMO.headers(nonce))


async def reply(request: HttpRequest) -> HttpResponseBase:
    """Stream the answer to one message."""
    if request.method != "POST":
        return stream(request, str(request.GET.get("message", "")))
    message = str(request.POST.get("message", ""))
    url = f"{reverse('reply')}?{urlencode({'message': message}, errors='replace')}"
    headers: Any = request.headers
    # So a reload does not send the form again.
    if negotiate(headers) == "page" and len(url) <= MAX_URL:
        return HttpResponseRedirect(url, status=303)
    if settings.DEMO.client == "sse2":  # An EventSource can only send GET.
        return HttpResponse(render_to_string("streamhtml_demo/listen.html", {"reply_url": url}))
    return stream(request, message)


def stream(request: HttpRequest, message: str) -> HttpResponseBase:
    """Return the answer to one message."""
    nonce = secrets.token_urlsafe()
    response = StreamingHTMLResponse(
        request,
        settings.DEMO.answer(message),
        "streamhtml_demo/message.html",
        {**settings.DEMO.message(message), **page_context(nonce)},
        renderer=settings.DEMO.renderer,
        into="messages",
        page="streamhtml_demo/page.html",
        nonce=nonce,
        headers=settings.DEMO.headers(nonce),
    )
    return settings.DEMO.stoppable(response, lambda pair: reverse("stop", args=[pair]))


@require_POST
def stop(request: HttpRequest, pair: str) -> HttpResponse:
    """Stop one answer."""
    settings.DEMO.stop(pair)
    return HttpResponse(status=204)


def page_context(nonce: str) -> dict[str, Any]:
    """Return the context of the page."""
    context: dict[str, Any] = settings.DEMO.page(reverse("reply"), static, nonce)
    return context


urlpatterns = [
    path("", page),
    path("reply", reply, name="reply"),
    path("stop/<pair>", stop, name="stop"),
]
