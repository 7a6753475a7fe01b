"""The Django example of docs/how-to/reload-and-resume.md, with its CSRF protection, as a site.

``uvicorn tests.browser.django_log_site:application`` serves it. DATABASE is the file of its
database. ``/CLIENT/`` signs a user in, and shows their unfinished answers and a form. With htmx,
the CSRF token is only in ``hx-headers``.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import django
from django.conf import settings
from django.contrib.auth import get_user_model, login
from django.core.asgi import get_asgi_application
from django.core.management import call_command
from django.db import connection, models
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path
from tests.browser.followed_site import SCRIPTS
from tests.docs.pages import DOCS, titled

APPS = ("contenttypes", "auth", "sessions")
settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=[*(f"django.contrib.{name}" for name in APPS), "streamhtml.django"],
    LOGGING_CONFIG=None,
    MIGRATION_MODULES=dict.fromkeys(APPS),  # Creating the tables alone is faster.
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="for tests",
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    USE_TZ=True,
)
django.setup()
User = get_user_model()


class Message(models.Model):
    user = models.ForeignKey(User, models.CASCADE)
    pair = models.CharField(max_length=40)
    question = models.TextField()
    answer = models.JSONField(null=True)

    class Meta:
        app_label = "chat"


async def endless() -> AsyncIterator[str]:
    while True:
        yield "more "
        await asyncio.sleep(0.05)


def _views() -> dict[str, Any]:
    """Return the names of the example, whose model says something without an end."""
    sys.modules["chat"] = ModuleType("chat")
    sys.modules["chat.models"] = ModuleType("chat.models")
    sys.modules["chat.models"].Message = Message  # type: ignore[attr-defined]
    example = titled(DOCS / "how-to" / "reload-and-resume.md", "django-reload")
    tokens = '["It is ", "<b>42</b>."]'
    assert tokens in example
    names = {"__name__": "chat.views", "endless": endless}
    exec(example.replace(tokens, "endless()"), names)
    return names


FORMS = {
    "plain": '<form {form} method="post" action="/reply" data-stream="#messages">{% csrf_token %}',
    "htmx2": "<div hx-headers='{token}'><form {form} hx-ext=streaming-html {htmx}>",
    "htmx4": "<div hx-headers:inherited='{token}'><form {form} {htmx}>",
}
NAMES = {
    "{form}": 'id="ask" data-stream-reset',
    "{htmx}": 'hx-post="/reply" hx-target="#messages" hx-swap="beforeend"',
    "{token}": '{"X-CSRFToken": "{{ csrf_token }}"}',
}
FOLLOWERS = {
    "plain": '<div data-stream-src="/reply/{{ pair }}"></div>',
    "htmx": '<div data-stream-src="/reply/{{ pair }}" data-stream-form="#ask"></div>',
    "htmx2-get": '<div hx-ext="streaming-html" hx-get="/reply/{{ pair }}" hx-trigger="load" '
    'hx-swap="outerHTML" data-stream-form="#ask"></div>',
    "htmx4-get": '<div hx-get="/reply/{{ pair }}" hx-trigger="load" hx-swap="outerHTML" '
    'data-stream-form="#ask"></div>',
}
PAGE = """<!doctype html>
<title>A page</title>
<link rel="icon" href="data:,">
{opened}
  <input name="message" value="Why?"><button id="send">Send</button>
  <button type="button" id="stop" data-stream-stop hidden>Stop</button>
</form>
<div id="messages">{% for pair in pairs %}{follower}{% endfor %}</div>
{scripts}
"""


def page(request: HttpRequest, client: str) -> HttpResponse:
    user, _ = User.objects.get_or_create(username=client)
    if not request.user.is_authenticated:
        login(request, user)
    library = client.partition("-")[0]
    opened = FORMS[library]
    for name, text in NAMES.items():
        opened = opened.replace(name, text)
    follower = FOLLOWERS.get(client) or FOLLOWERS["htmx"]
    scripts = "".join(
        f"<script src='/scripts/{name}'></script>" for name in (library, "ours") if name in SCRIPTS
    )
    text = PAGE.replace("{opened}", opened).replace("{follower}", follower)
    template = engines["django"].from_string(text.replace("{scripts}", scripts))
    unfinished = Message.objects.filter(user=user, answer__isnull=True)
    pairs = list(unfinished.values_list("pair", flat=True))
    return HttpResponse(template.render({"pairs": pairs}, request))


def outcome(request: HttpRequest, client: str) -> HttpResponse:
    answer = Message.objects.get(user__username=client).answer
    return HttpResponse(answer["outcome"] if answer else "")


def script(request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse(SCRIPTS[name].read_bytes(), content_type="text/javascript")


views = _views()
urlpatterns = [
    path("reply", views["reply"]),
    path("reply/<pair>", views["again"]),
    path("reply/<pair>/stop", views["stop"]),
    path("scripts/<name>", script),
    path("<client>/", page),
    path("<client>/outcome", outcome),
]

call_command("migrate", run_syncdb=True, verbosity=0)
with connection.schema_editor() as editor:
    editor.create_model(Message)
application = get_asgi_application()
