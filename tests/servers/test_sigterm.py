"""SIGTERM in mid-stream, under every server: each open stream gets its last fragment."""

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
from tests.servers.process import Server, complaints_in
from tests.servers.recorded_sources import END, Account
from tests.servers.server_commands import COMMANDS, VARIANTS, running
from tests.servers.stream_client import StreamClient
from tests.servers.waiting import TIMEOUT, wait_until

from streamhtml._words import NOTICES

SITES = ("starlette", "fastapi", "django-asgi", "django-wsgi", "flask")
SOURCES = ("waiting", "steady", "slow-finally", "sync")

LIMIT = 10.0
"""Time in seconds from the signal to the last fragment, on a busy machine. The tests print it. A
server that waited for the end of the streams would take 30 seconds."""
GRACEFUL_LIMIT = LIMIT + 3.0
"""The same for a server that first waits for its own graceful timeout."""

STATUS = {"uvicorn": -15}
"""Exit statuses after SIGTERM that are not 0, with or without streams."""

LEFT_BEHIND = {"daphne", "granian", "hypercorn"}
"""Servers that exit when the responses are complete, even if sources are still cleaning up."""

UNFINISHED = {("daphne", "slow-finally")}
"""Responses that end with the last fragment, but may lack the last, empty chunk of HTTP. Django
holds it back until the source is cleaned up."""

ALONE = {"gunicorn-sync", "hypercorn"}
"""Servers that are tried with a single stream.

gunicorn-sync can only serve one at a time. hypercorn cancels the others once more when the first
has ended, so their last fragments may be lost.
"""

CUT = [
    ("hypercorn", "django-asgi"),
    ("waitress", "django-wsgi"),
    ("waitress", "flask"),
    ("gunicorn-gthread-preload", "django-wsgi"),
    ("gunicorn-gthread-preload", "flask"),
]
"""Where streams are cut, without a last fragment."""

FAST_RUN = {
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
NOTIFIED = [
    pytest.param(
        server,
        site,
        sources,
        id="-".join([server, site, *(sources if len(sources) == 1 else ())]),
        marks=() if (server, site) in FAST_RUN and sources[0] == "waiting" else pytest.mark.slow,
    )
    for server, command in (COMMANDS | VARIANTS).items()
    for site in SITES
    for sources in ([(each,) for each in SOURCES] if server in ALONE else [SOURCES])
    if site in command.sites and (server, site) not in CUT and server != "uvicorn-2"
]

EXPECTED_LOG = re.compile(
    # hypercorn logs this for each connection that it has cancelled itself.
    r"Exception in callback StreamReaderProtocol(?:.*\n)+?.*CancelledError\n"
    r"|.*[Ll]ifespan.*\n"  # Servers log this because Django does not support lifespan.
)


@dataclass(frozen=True)
class Ending:
    """What one reader received, and the seconds from the signal to its last fragment."""

    text: str
    seconds: float
    cut: bool


def open_streams(stack: ExitStack, server: Server, sources: tuple[str, ...]) -> list[StreamClient]:
    """Open a stream of each source, and read the first token of each."""
    readers = []
    for source in sources:
        readers.append(stack.enter_context(StreamClient(server, source=source, account=source)))
        readers[-1].read_until(" append #")
    return readers


def read_to_the_end(reader: StreamClient, since: float) -> Ending:
    try:
        reader.read_until(" end ")
        seconds = time.monotonic() - since
        return Ending(reader.read_to_end(), seconds, cut=False)
    except httpx.TransportError:
        return Ending(reader.text, time.monotonic() - since, cut=True)


def terminate(server: Server, readers: list[StreamClient]) -> tuple[list[Ending], int]:
    """Send SIGTERM. Return how the streams ended, and the exit status of the server."""
    at = server.terminate()
    with ThreadPoolExecutor(len(readers)) as pool:
        endings = pool.map(lambda reader: read_to_the_end(reader, at), readers)
        try:
            status = server.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            server.kill_all()  # This ends the readers.
            raise
    print(f"the server exited {time.monotonic() - at:.3f} s after the signal: {status}")
    return list(endings), status


def events(folder: Path, name: str) -> Counter[str]:
    return Counter(event["event"] for event in Account(folder, name).read())


def complaints(server: Server) -> list[str]:
    return complaints_in(EXPECTED_LOG.sub("", server.log))


def report(title: str, server: Server, endings: list[Ending], sources: tuple[str, ...]) -> None:
    times = "  ".join(
        f"{source} {ending.seconds:.3f}{' cut' if ending.cut else ''}"
        for source, ending in zip(sources, endings, strict=True)
    )
    print(f"{title:<36}{times}; {len(complaints(server))} complaints")


@pytest.mark.parametrize(("server", "site", "sources"), NOTIFIED)
def test_each_open_stream_gets_its_last_fragment(
    server: str, site: str, sources: tuple[str, ...], tmp_path: Path
) -> None:
    with running(server, site, tmp_path, may_complain=True) as process, ExitStack() as stack:
        Account(tmp_path, "finished").ask(END)
        with StreamClient(process, source="asked", account="finished") as finished:
            assert "end finished" in finished.read_to_end()
        readers = open_streams(stack, process, sources)
        endings, status = terminate(process, readers)
    report(f"{server} x {site}", process, endings, sources)
    for source, ending in zip(sources, endings, strict=True):
        assert ending.text.count(NOTICES["interrupted"]) == 1
        assert re.search(r" end interrupted>$", ending.text), ending.text
        assert ending.seconds < (GRACEFUL_LIMIT if server == "hypercorn" else LIMIT)
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
def test_where_streams_are_cut(server: str, site: str, tmp_path: Path) -> None:
    with running(server, site, tmp_path, may_complain=True) as process, ExitStack() as stack:
        readers = open_streams(stack, process, SOURCES)
        endings, status = terminate(process, readers)
    report(f"{server} x {site}: {status}", process, endings, SOURCES)
    for source, ending in zip(SOURCES, endings, strict=True):
        assert ending.cut, source
        assert " append #" in ending.text
        assert " end " not in ending.text
        if server != "hypercorn":  # It closes the sources all the same, and may let them finish.
            assert events(tmp_path, source) == {"opened": 1}


@pytest.mark.slow
def test_the_streams_of_each_worker_get_their_last_fragments(tmp_path: Path) -> None:
    with (
        running("uvicorn-2", "starlette", tmp_path, may_complain=True) as process,
        ExitStack() as stack,
    ):
        readers: list[StreamClient] = []

        def both_workers_stream() -> bool:
            name = str(len(readers))
            reader = stack.enter_context(StreamClient(process, source="steady", account=name))
            reader.read_until(" append #")
            readers.append(reader)
            return len(workers(tmp_path, len(readers))) == 2

        assert wait_until(both_workers_stream, every=0.05)
        endings, status = terminate(process, readers)
    print(f"{len(endings)} streams: {max(ending.seconds for ending in endings):.3f} s at the most")
    for number, ending in enumerate(endings):
        assert not ending.cut
        assert re.search(r" end interrupted>$", ending.text), ending.text
        assert ending.seconds < LIMIT
        right = {"opened": 1, "closing": 1, "closed": 1, "ended interrupted": 1}
        assert events(tmp_path, str(number)) == right
    assert status == 0


def workers(folder: Path, streams: int) -> set[int]:
    """Return the process ids of the sources of so many streams."""
    accounts = [Account(folder, str(number)).read() for number in range(streams)]
    return {account[0]["pid"] for account in accounts}
