"""SIGTERM in mid-stream, under every server: each open stream gets its last fragment first."""

import re
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.servers.server_commands import COMMANDS, VARIANTS, running
from tests.servers.raw_client import wait_until
from tests.servers.process import Server, complaints_in
from tests.servers.stream_client import Reader
from tests.servers.recorded_sources import END, Account

from streamhtml._notice import NOTICES

SITES = ("starlette", "fastapi", "django-asgi", "django-wsgi", "flask")
SOURCES = ("waiting", "steady", "slow-finally", "sync")

EXIT = 10.0
"""Seconds from the signal to the end of the process."""
SOON = 2.0
"""Seconds from the signal to the last fragment: it does not wait for the end of the process."""
GRACEFUL = 5.0
"""The same, where it comes when the server's own patience, three seconds, is over."""

STATUS = {"uvicorn": -15}
"""What a server returns after SIGTERM, where it is not 0, streams or not."""

LEFT_BEHIND = {"daphne", "granian", "hypercorn"}
"""Servers that end when the responses have, whether or not the sources' cleanups are over."""

UNFINISHED = {("daphne", "slow-finally")}
"""Bodies that end with the last fragment, but may do so without HTTP's own last, empty chunk:
Django holds that back for the cleanup."""

ALONE = {"gunicorn-sync", "hypercorn"}
"""Servers that are tried with one stream. gunicorn-sync has no more at a time; hypercorn cancels
the others once more when the first has ended, so that their last fragments may be lost."""

CUT = [
    ("hypercorn", "django-asgi"),
    ("waitress", "django-wsgi"),
    ("waitress", "flask"),
    ("gunicorn-gthread-preload", "django-wsgi"),
    ("gunicorn-gthread-preload", "flask"),
]
"""Where no reader is told."""

HEART = {
    ("uvicorn", "starlette"),
    ("uvicorn", "django-asgi"),
    ("hypercorn-0", "fastapi"),
    ("daphne", "django-asgi"),
    ("granian", "starlette"),
    ("gunicorn-asgi", "starlette"),
    ("gunicorn-gthread", "flask"),
    ("gunicorn-gevent", "flask"),
    ("gunicorn-sync", "django-wsgi"),
}
TOLD = [
    pytest.param(
        server,
        site,
        sources,
        id="-".join([server, site, *(sources if len(sources) == 1 else ())]),
        marks=() if (server, site) in HEART and sources[0] == "waiting" else pytest.mark.slow,
    )
    for server, command in (COMMANDS | VARIANTS).items()
    for site in SITES
    for sources in ([(each,) for each in SOURCES] if server in ALONE else [SOURCES])
    if site in command.sites and (server, site) not in CUT and server != "uvicorn-2"
]

DUE = re.compile(
    # hypercorn's, of each connection that it has cancelled itself.
    r"Exception in callback StreamReaderProtocol(?:.*\n)+?.*CancelledError\n"
    r"|.*[Ll]ifespan.*\n"  # A server's, for Django has none.
)


@dataclass(frozen=True)
class Ending:
    """What came to one reader after the signal, and when its last fragment came."""

    text: str
    seconds: float
    cut: bool


def open_streams(stack: ExitStack, server: Server, sources: tuple[str, ...]) -> list[Reader]:
    """Open a stream of each source, and return when each has shown something."""
    readers = []
    for source in sources:
        readers.append(stack.enter_context(Reader(server, source=source, account=source)))
        readers[-1].read_until(" append #")
    return readers


def read_to_the_end(reader: Reader, since: float) -> Ending:
    try:
        reader.read_until(" end ")
        seconds = time.monotonic() - since
        return Ending(reader.read_on(), seconds, cut=False)
    except httpx.TransportError:
        return Ending(reader.text, time.monotonic() - since, cut=True)


def terminate(server: Server, readers: list[Reader]) -> tuple[list[Ending], int]:
    """Send the signal; return how the streams have ended, and what the server returned."""
    at = server.terminate()
    with ThreadPoolExecutor(len(readers)) as pool:
        endings = pool.map(lambda reader: read_to_the_end(reader, at), readers)
        try:
            status = server.wait(EXIT)
        except subprocess.TimeoutExpired:
            server.kill_all()  # So that the readers come to an end.
            raise
    print(f"it has ended {time.monotonic() - at:.3f} s after the signal: {status}")
    return list(endings), status


def events(folder: Path, name: str) -> Counter[str]:
    return Counter(event["event"] for event in Account(folder, name).read())


def complaints(server: Server) -> list[str]:
    return complaints_in(DUE.sub("", server.log))


def report(title: str, server: Server, endings: list[Ending], sources: tuple[str, ...]) -> None:
    times = "  ".join(
        f"{source} {ending.seconds:.3f}{' cut' if ending.cut else ''}"
        for source, ending in zip(sources, endings, strict=True)
    )
    print(f"{title:<36}{times}; {len(complaints(server))} complaints")


@pytest.mark.parametrize(("server", "site", "sources"), TOLD)
def test_each_open_stream_is_told(
    server: str, site: str, sources: tuple[str, ...], tmp_path: Path
) -> None:
    with running(server, site, tmp_path, may_complain=True) as process, ExitStack() as stack:
        Account(tmp_path, "finished").ask(END)
        with Reader(process, source="asked", account="finished") as finished:
            assert "end finished" in finished.read_on()
        readers = open_streams(stack, process, sources)
        endings, status = terminate(process, readers)
    report(f"{server} x {site}", process, endings, sources)
    for source, ending in zip(sources, endings, strict=True):
        assert ending.text.count(NOTICES["interrupted"]) == 1
        assert re.search(r" end interrupted>$", ending.text), ending.text
        assert ending.seconds < (GRACEFUL if server == "hypercorn" else SOON)
        happened = events(tmp_path, source)
        if server in LEFT_BEHIND:
            happened["closed"] = 1
        assert happened == {"opened": 1, "closing": 1, "closed": 1, "ended interrupted": 1}, source
        assert not ending.cut or (server, source) in UNFINISHED
    right = {"opened": 1, "closing": 1, "closed": 1, "ended finished": 1}
    assert events(tmp_path, "finished") == right
    assert status == STATUS.get(server, 0)
    assert not complaints(process), process.log


@pytest.mark.slow
@pytest.mark.parametrize(("server", "site"), CUT)
def test_where_nobody_is_told_the_streams_are_cut(server: str, site: str, tmp_path: Path) -> None:
    with running(server, site, tmp_path, may_complain=True) as process, ExitStack() as stack:
        readers = open_streams(stack, process, SOURCES)
        endings, status = terminate(process, readers)
    report(f"{server} x {site}: {status}", process, endings, SOURCES)
    for source, ending in zip(SOURCES, endings, strict=True):
        assert ending.cut, source
        assert " append #" in ending.text
        assert " end " not in ending.text
        if server != "hypercorn":  # Which closes them all the same, and may let them finish.
            assert events(tmp_path, source) == {"opened": 1}


@pytest.mark.slow
def test_each_worker_is_told(tmp_path: Path) -> None:
    with (
        running("uvicorn-2", "starlette", tmp_path, may_complain=True) as process,
        ExitStack() as stack,
    ):
        readers: list[Reader] = []

        def both_workers_stream() -> bool:
            name = str(len(readers))
            reader = stack.enter_context(Reader(process, source="steady", account=name))
            reader.read_until(" append #")
            readers.append(reader)
            return len(workers(tmp_path, len(readers))) == 2

        assert wait_until(both_workers_stream, every=0.05)
        endings, status = terminate(process, readers)
    print(f"{len(endings)} streams: {max(ending.seconds for ending in endings):.3f} s at the most")
    for number, ending in enumerate(endings):
        assert not ending.cut
        assert re.search(r" end interrupted>$", ending.text), ending.text
        assert ending.seconds < SOON
        right = {"opened": 1, "closing": 1, "closed": 1, "ended interrupted": 1}
        assert events(tmp_path, str(number)) == right
    assert status == 0


def workers(folder: Path, streams: int) -> set[int]:
    """Return the processes of so many sources."""
    accounts = [Account(folder, str(number)).read() for number in range(streams)]
    return {account[0]["pid"] for account in accounts}
