"""A Django site whose streams use the database in every place where they can.

``/stream?response=ours&source=async`` streams the words of a table: with our response, or with
Django's ``own``. ``source=sync`` does the same in a sync generator. With ``endless`` it goes on
until it is closed, with ``failing`` it fails. ``on_end`` is ``sync`` or ``async`` and stores a row.
``renderer=template`` renders a template with a query. DATABASE is the JSON of Django's setting.
"""

import asyncio
import gc
import json
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

WORDS = ["alpha ", "beta ", "gamma "]
END = "omega"

TEMPLATE = (
    '<article id="{{ message_pair_id }}">{% if chunk_index %}{{ words.count }} words: {% endif %}'
    "{{ ai_message }}</article>"
)

urlpatterns: list[Any] = []


def sync_middleware(get_response: Any) -> Any:
    """Let Django run the async view below a sync function, even under ASGI."""
    return lambda request: get_response(request)


def _configure(middleware: tuple[str, ...] = ()) -> None:
    import django
    from django.conf import settings

    # No test may pass because the garbage collector closed a connection.
    gc.disable()
    settings.configure(
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": json.loads(os.environ["DATABASE"])},
        INSTALLED_APPS=["streamhtml.django"],
        LOGGING_CONFIG=None,
        MIDDLEWARE=middleware,
        ROOT_URLCONF=__name__,
        SECRET_KEY="for tests",
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [("django.template.loaders.locmem.Loader", {"queries": TEMPLATE})]
                },
            }
        ],
    )
    django.setup()


def _models() -> tuple[Any, Any]:
    from django.db import connection, models

    class Word(models.Model):
        text = models.CharField(max_length=10)

        class Meta:
            app_label = "database_site"

    class Answer(models.Model):
        state = models.CharField(max_length=20)

        class Meta:
            app_label = "database_site"

    # The first process of a test makes the tables; later ones find them.
    if not connection.introspection.table_names():
        with connection.schema_editor() as editor:
            editor.create_model(Word)
            editor.create_model(Answer)
        Word.objects.bulk_create(Word(text=text) for text in WORDS)
    connection.close()
    return Word, Answer


def _sources(word: Any, query: dict[str, str]) -> dict[str, Callable[[], Any]]:
    async def asynchronous() -> AsyncIterator[str]:
        try:
            async for each in word.objects.order_by("pk"):
                yield each.text
            if "failing" in query:
                await word.objects.aget(text="missing")
            while "endless" in query:
                yield (await word.objects.aget(text=WORDS[0])).text
                await asyncio.sleep(0.005)
            yield END
        finally:
            await word.objects.acount()

    def synchronous() -> Iterator[str]:
        try:
            for each in word.objects.order_by("pk"):
                yield each.text
            if "failing" in query:
                word.objects.get(text="missing")
            while "endless" in query:
                yield word.objects.get(text=WORDS[0]).text
                time.sleep(0.005)
            yield END
        finally:
            word.objects.count()

    return {"async": asynchronous, "sync": synchronous}


def _streamed(request: Any, word: Any, answer: Any) -> Any:
    from django.http import StreamingHttpResponse

    from streamhtml import Reply
    from streamhtml.django import StreamingHTMLResponse

    query = request.GET.dict()
    tokens = _sources(word, query)[query["source"]]()
    if query["response"] == "own":
        return StreamingHttpResponse(tokens)

    async def save(reply: Reply) -> None:
        await answer.objects.acreate(state=reply.state)

    def sync_save(reply: Reply) -> None:
        answer.objects.create(state=reply.state)

    renderer: Any = query.get("renderer", "text")
    return StreamingHTMLResponse(
        request,
        tokens,
        "queries" if renderer == "template" else None,
        {"words": word.objects.all()},
        renderer=renderer,
        interval=0.01,
        ping=0.1,
        on_end={"async": save, "sync": sync_save}[query.get("on_end", "sync")],
    )


def _django(*, asynchronous: bool, middleware: tuple[str, ...] = ()) -> None:
    _configure(middleware)

    from django.http import HttpResponse
    from django.urls import path

    word, answer = _models()

    async def stream(request: Any) -> Any:
        await word.objects.acount()
        return _streamed(request, word, answer)

    def sync_stream(request: Any) -> Any:
        word.objects.count()
        return _streamed(request, word, answer)

    def page(request: Any) -> Any:
        return HttpResponse("ready")

    urlpatterns[:] = [path("", page), path("stream", stream if asynchronous else sync_stream)]


def _asgi(**options: Any) -> Any:
    from django.core.asgi import get_asgi_application

    _django(**options)
    return get_asgi_application()


def _wsgi(**options: Any) -> Any:
    from django.core.wsgi import get_wsgi_application

    _django(**options)
    return get_wsgi_application()


_MIDDLEWARE = (f"{__name__}.sync_middleware",)

ASGI: dict[str, Callable[[], Any]] = {
    "database-asgi": lambda: _asgi(asynchronous=True),
    "database-asgi-sync-view": lambda: _asgi(asynchronous=False),
    "database-asgi-middleware": lambda: _asgi(asynchronous=True, middleware=_MIDDLEWARE),
}
WSGI: dict[str, Callable[[], Any]] = {
    "database-wsgi": lambda: _wsgi(asynchronous=False),
    "database-wsgi-async-view": lambda: _wsgi(asynchronous=True),
}
