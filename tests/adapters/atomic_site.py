"""A Django project with ATOMIC_REQUESTS, in a process of its own: its checks, its answers."""

import asyncio
import json
import logging
from typing import Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.checks import run_checks
from django.db import transaction
from django.urls import include, path
from django.views import View
from tests.adapters.calls import call_asgi

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": ":memory:",
            "ATOMIC_REQUESTS": True,
        }
    },
    INSTALLED_APPS=["streamhtml.django"],
    LOGGING_CONFIG=None,
    ROOT_URLCONF=__name__,
    SECRET_KEY="for tests",
)


def stream(request: Any) -> Any:
    from streamhtml.django import StreamingHTMLResponse

    return StreamingHTMLResponse(request, ["a"])


async def atomic(request: Any) -> Any:
    return stream(request)


@transaction.non_atomic_requests
async def without_transaction(request: Any) -> Any:
    return stream(request)


class Atomic(View):
    async def get(self, request: Any) -> Any:
        return stream(request)


urlpatterns = [
    path("", atomic),
    path("nested/", include([path("class", Atomic.as_view())])),
    path("right", without_transaction),
    path("sync", stream),
]


def main() -> None:
    """Print the messages of the checks, and the status and end of each view's answer."""
    django.setup()
    logging.disable()
    answers = {}
    for url in "/", "/nested/class", "/right", "/sync":
        answer = asyncio.run(
            call_asgi(get_asgi_application(), "GET", {"Streaming-HTML": "html"}, path=url)
        )
        answers[url] = [answer.status, answer.text[-14:]]
    messages = [str(message) for message in run_checks() if message.id == "streamhtml.E001"]
    print(json.dumps({"messages": messages, "answers": answers}))


if __name__ == "__main__":
    main()
