"""A Django project with a database, in a process of its own. Its arguments are a case and a folder.

It prints the answer, and how many connections are open in the end.
"""

import asyncio
import gc
import json
import logging
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import django
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.db import connection, models, transaction
from django.http import HttpResponse
from django.test import AsyncClient
from django.urls import path
from tests.adapters.calls import call_asgi, call_wsgi
from tests.servers.waiting import wait_until

from streamhtml import Answer, _ending
from streamhtml.log import MemoryLog, wait

CASE, FOLDER = sys.argv[1:]
FILE = Path(FOLDER).resolve() / "database.sqlite3"
HEADERS = {"Streaming-HTML": "html"}

settings.configure(
    ALLOWED_HOSTS=["*"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(FILE),
            "CONN_MAX_AGE": None if CASE == "persistent" else 0,
        }
    },
    INSTALLED_APPS=["streamhtml.django"],
    LOGGING_CONFIG=None,
    ROOT_URLCONF=__name__,
    SECRET_KEY="for tests",
)
django.setup()

from streamhtml.django import StreamingHTMLResponse  # noqa: E402


class Word(models.Model):
    text = models.CharField(max_length=10)

    class Meta:
        app_label = "connections_site"


def open_connections() -> int:
    """Return how often this process has opened the database."""
    number = 0
    for file in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # It was closed meanwhile.
            number += file.readlink() == FILE
    return number


async def words() -> AsyncIterator[str]:
    async for word in Word.objects.all():
        yield word.text
    yield f" {await Word.objects.acount()}"


def serve(view: Callable[[Any], Any]) -> None:
    urlpatterns[:] = [path("", view)]


urlpatterns: list[Any] = []


def persistent() -> str:
    """The threads of a stream end, so they keep no persistent connection."""

    def source() -> Iterator[str]:
        yield f"{Word.objects.get().text} {Word.objects.count()}"

    def on_end(reply: Any) -> None:
        Word.objects.count()

    def view(request: Any) -> Any:
        return StreamingHTMLResponse(request, source(), renderer="text", on_end=on_end)

    serve(view)
    return call_wsgi(get_wsgi_application(), "GET", HEADERS).text


def background() -> str:
    """An answer that a task or a management command generates, without a response."""
    log, ended = MemoryLog(), list[str]()

    def source() -> Iterator[str]:
        yield f"{Word.objects.get().text} {Word.objects.count()}"

    def on_end(answer: Answer) -> None:
        ended.append(f"{answer.text} {Word.objects.count()}")

    async def on_end_async(answer: Answer) -> None:
        ended.append(f"{answer.text} {await Word.objects.acount()} end {answer.outcome}")

    wait(log.record("ai_1", source(), on_end=on_end).run())
    wait(log.record("ai_2", words(), on_end=on_end_async).run())
    return f"{' '.join(ended)}>"


def late_on_end() -> str:
    """An ``on_end`` goes on after the request has ended."""
    _ending.CLOSE_TIMEOUT = 0.01  # type: ignore[misc]

    async def main() -> str:
        request_ended = asyncio.Event()

        async def on_end(reply: Any) -> None:
            await request_ended.wait()
            await Word.objects.acount()

        async def view(request: Any) -> Any:
            return StreamingHTMLResponse(request, words(), renderer="text", on_end=on_end)

        serve(view)
        answer = await call_asgi(get_asgi_application(), "GET", HEADERS)
        request_ended.set()
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})
        return answer.text

    return asyncio.run(main())


def waiting_caller() -> str:
    """A sync caller, such as a test, waits. The source uses its connection and its transaction."""

    async def view(request: Any) -> Any:
        return StreamingHTMLResponse(request, words(), renderer="text")

    async def read() -> bytes:
        response = await AsyncClient().get("/", headers=HEADERS)
        return b"".join([part async for part in response.streaming_content])

    serve(view)
    with transaction.atomic():
        Word.objects.create(text="uncommitted")
        text = async_to_sync(read)().decode()
        assert Word.objects.count() == 2, "the transaction was ended"
        transaction.set_rollback(True)
    connection.close()
    return text


def open_transaction() -> str:
    """The view reads the stream itself, in a transaction. It is not ended with the source."""

    async def main() -> str:
        async def view(request: Any) -> Any:
            atomic = transaction.atomic()
            await sync_to_async(atomic.__enter__)()
            await Word.objects.acreate(text="uncommitted")
            response = StreamingHTMLResponse(request, words(), renderer="text")
            text = b"".join([part async for part in response])
            assert await Word.objects.acount() == 2, "the transaction was ended"
            await sync_to_async(atomic.__exit__)(None, None, None)
            return HttpResponse(text)

        serve(view)
        return (await call_asgi(get_asgi_application(), "GET", HEADERS)).text

    return asyncio.run(main())


def failing_close() -> str:
    """A connection that cannot be closed: the stream ends nevertheless."""

    def source() -> Iterator[str]:
        connection.ensure_connection()
        real, connection.close = connection.close, fail
        yield "text"
        closes.append(real)

    def fail() -> None:
        closes.pop()()
        raise OSError("cannot close")

    closes: list[Any] = []
    serve(lambda request: StreamingHTMLResponse(request, source(), renderer="text"))
    return call_wsgi(get_wsgi_application(), "GET", HEADERS).text


def main() -> None:
    gc.disable()  # It would close what was left open.
    logging.basicConfig(format="%(levelname)s %(message)s")
    with connection.schema_editor() as editor:
        editor.create_model(Word)
    Word.objects.create(text="stored")
    connection.close()
    text = globals()[CASE]()
    wait_until(lambda: not open_connections(), 10)
    print(json.dumps({"text": text, "open": open_connections()}))


if __name__ == "__main__":
    main()
