"""The demo on Django, under ASGI: a complete project in one file."""

import secrets
from typing import Any, cast

import django
from django.conf import settings
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_POST, require_safe
from markupsafe import Markup

from streamhtml import Answer
from streamhtml.demo._conversations import Message, conversation_id
from streamhtml.demo._demo import COOKIE, Demo
from streamhtml.django import StreamingHTMLResponse
from streamhtml.formats import negotiate

PAGE = "streamhtml_demo/page.html"
MESSAGE = "streamhtml_demo/message.html"
LISTEN = "streamhtml_demo/listen.html"


def create_app(demo: Demo) -> ASGIStaticFilesHandler:
    """Return the ASGI application. Django allows only one per process."""
    settings.configure(
        DEMO=demo,
        SECRET_KEY=secrets.token_urlsafe(),
        # The demo accepts any host name. A real site lists its hosts here.
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        STATIC_URL="static/",
        STATICFILES_DIRS=[(demo.client, demo.npm_files)] if demo.npm_files else [],
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
    """Show the conversation so far."""
    nonce, conversation = secrets.token_urlsafe(), conversation_of(request)
    html = render_to_string(PAGE, page_context(request, nonce, conversation), request)
    return HttpResponse(html, headers=settings.DEMO.headers(nonce, conversation))


@require_POST
async def ask(request: HttpRequest) -> HttpResponseBase:
    """Store a question, and stream its answer."""
    question = request.POST.get("example") or request.POST.get("message", "")
    conversation = conversation_of(request)
    message = settings.DEMO.conversations.add(
        conversation, question, request.POST.get("replaces", "")
    )
    headers: Any = request.headers
    own_headers = settings.DEMO.headers("", conversation)
    # So a reload does not send the form again.
    if negotiate(headers) == "page":
        return HttpResponseRedirect(reply_url(message.pair), status=303, headers=own_headers)
    if settings.DEMO.client == "sse2":  # An EventSource can only send GET.
        html = render_to_string(LISTEN, {"reply_url": reply_url(message.pair)})
        return HttpResponse(html, headers=own_headers)
    return stream(request, conversation, message)


@require_safe
async def reply(request: HttpRequest, pair: str) -> HttpResponseBase:
    """Stream one answer, from its beginning or from where the reader has lost it."""
    conversation = conversation_of(request)
    return stream(request, conversation, find(conversation, pair))


def stream(request: HttpRequest, conversation: str, message: Message) -> HttpResponseBase:
    """Return the answer to one message."""
    demo, nonce = settings.DEMO, secrets.token_urlsafe()
    response = StreamingHTMLResponse(
        request,
        demo.answer(message),
        MESSAGE,
        {**demo.context(message), **page_context(request, nonce, conversation, message.pair)},
        renderer=demo.renderer,
        into="messages",
        page=PAGE,
        nonce=nonce,
        resume_url=reply_url(message.pair) if demo.keeps_answers else None,
        stop_url=reverse("stop", args=[message.pair]),
        headers=demo.headers(nonce, conversation),
    )
    return cast("HttpResponseBase", demo.stoppable(response))


@require_POST
async def stop(request: HttpRequest, pair: str) -> HttpResponse:
    """Stop one answer."""
    await settings.DEMO.stop(find(conversation_of(request), pair))
    return HttpResponse(status=204)


def find(conversation: str, pair: str) -> Message:
    """Return a message of the reader's own conversation."""
    message: Message | None = settings.DEMO.conversations.find(conversation, pair)
    if message is None:
        raise Http404
    return message


def conversation_of(request: HttpRequest) -> str:
    """Return the id of the reader's conversation."""
    return conversation_id(request.COOKIES.get(COOKIE))


def reply_url(pair: str) -> str:
    """Return the URL of one answer."""
    return reverse("reply", args=[pair])


def page_context(
    request: HttpRequest, nonce: str, conversation: str, before: str = ""
) -> dict[str, Any]:
    """Return the context of the page."""

    def render(answer: Answer, context: dict[str, Any]) -> Markup:
        return StreamingHTMLResponse.render_message(
            request, answer, MESSAGE, context, renderer=settings.DEMO.renderer
        )

    earlier = settings.DEMO.earlier(conversation, render, reply_url, before)
    context: dict[str, Any] = settings.DEMO.page(reverse("ask"), static, nonce, earlier)
    return context


urlpatterns = [
    path("", page),
    path("reply", ask, name="ask"),
    path("reply/<pair>", reply, name="reply"),
    path("reply/<pair>/stop", stop, name="stop"),
]
