"""Streams of Django leave as many database connections open as Django's own response does.

The site uses its database in the view, in the source and its cleanup, in the template and in
``on_end``. The readers of two streams in five leave in the middle, and one stream in five fails.
"""

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import cycle, islice, product
from json import dumps
from pathlib import Path
from typing import Any

import pytest
from tests.servers.database_site import END, WORDS
from tests.servers.postgresql import connect, postgresql
from tests.servers.process import Server, complaints_in
from tests.servers.server_commands import running
from tests.servers.stream_client import StreamClient
from tests.servers.waiting import wait_until

AT_ONCE = 8

SITES = {
    "database-asgi": "uvicorn",
    "database-asgi-sync-view": "uvicorn",
    "database-asgi-middleware": "uvicorn",
    "database-wsgi": "gunicorn-gthread",
    "database-wsgi-async-view": "gunicorn-gthread",
}

Query = dict[str, str]

WAYS: list[Query] = [{}, {"endless": "1"}, {}, {"endless": "1"}, {"failing": "1"}]

OURS: list[Query] = [
    {"response": "ours", "source": source, "renderer": renderer, "on_end": on_end, **way}
    for renderer, on_end, source, way in product(
        ("text", "template"), ("sync", "async"), ("async", "sync"), WAYS
    )
]
STATES = Counter({"finished": 16, "interrupted": 16, "failed": 8})
"""The states that ``on_end`` stores when each of OURS is requested once."""

FAILED = r"the stream of \S+ failed\nTraceback[\s\S]*?\n\S+\.DoesNotExist: .*\n"


def own(site: str) -> list[Query]:
    """Return the requests for Django's own response, with the kind of source that it streams."""
    source = "async" if "asgi" in site else "sync"
    return [{"response": "own", "source": source, **way} for way in WAYS[:2]]


@dataclass
class Database:
    """A database, and how to look at it from outside."""

    settings: dict[str, Any]
    count_connections: Callable[[], int]
    query: Callable[[str], list[Any]]

    def states(self) -> Counter[str]:
        """Return how many answers of each state are stored."""
        return Counter(
            dict(self.query("SELECT state, count(*) FROM database_site_answer GROUP BY state"))
        )


def read(server: Server, query: Query) -> None:
    """Read one stream to its end, or leave it in the middle if it has none."""
    with StreamClient(server, **query) as client:
        if "endless" in query:
            client.read_until(WORDS[0].strip())
            return
        text = client.read_to_end()
        assert all(word.strip() in text for word in WORDS), text
        assert (END in text) == ("failing" not in query), text


@contextmanager
def after_requests(
    site: str, folder: Path, queries: list[Query], requests: int
) -> Iterator[Server]:
    """Yield the server of a site after so many requests. It must not complain."""
    with running(SITES[site], site, folder, may_complain=True) as server:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for _ in threads.map(lambda each: read(server, each), islice(cycle(queries), requests)):
                pass
        yield server
    if queries is OURS:
        log = re.sub(FAILED, "", server.log)
        assert not complaints_in(log), log


def check(
    database: Database, site: str, folder: Path, monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    """Compare the connections that are open after Django's own responses and after ours."""
    monkeypatch.setenv("DATABASE", dumps(database.settings))
    count = database.count_connections
    requests = rounds * len(OURS)
    with after_requests(site, folder, own(site), requests):
        wait_until(lambda: count() == 0)
        expected = count()
    with after_requests(site, folder, OURS, requests):
        all_states = Counter({state: rounds * number for state, number in STATES.items()})
        assert wait_until(lambda: database.states() == all_states), database.states()
        assert wait_until(lambda: count() == expected), f"{count()}, and not {expected}"


@pytest.fixture
def sqlite(tmp_path: Path) -> Database:
    path = tmp_path / "database.sqlite3"

    def count_connections() -> int:
        """Return how often any process has opened the file."""
        number = 0
        for file in Path("/proc").glob("[0-9]*/fd/*"):
            with suppress(OSError):  # It was closed meanwhile, or belongs to another user.
                number += file.readlink() == path
        return number

    def query(statement: str) -> list[Any]:
        with closing(sqlite3.connect(path, timeout=60)) as connection:
            return connection.execute(statement).fetchall()

    options = {"timeout": 60, "init_command": "PRAGMA synchronous=OFF"}
    settings = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": options}
    return Database(settings, count_connections, query)


@pytest.fixture(scope="module")
def socket_folder() -> Iterator[str]:
    with postgresql() as folder:
        yield folder


@pytest.fixture
def postgres(socket_folder: str) -> Iterator[Database]:
    with connect(socket_folder) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")

        def query(statement: str) -> list[Any]:
            return connection.execute(statement.encode()).fetchall()

        def count_connections() -> int:
            others = "backend_type = 'client backend' AND pid <> pg_backend_pid()"
            return int(query(f"SELECT count(*) FROM pg_stat_activity WHERE {others}")[0][0])

        engine = {"ENGINE": "django.db.backends.postgresql", "HOST": socket_folder}
        login = {"NAME": "postgres", "USER": "postgres"}
        yield Database({**engine, **login}, count_connections, query)


@pytest.mark.parametrize("site", SITES)
def test_sqlite(
    sqlite: Database, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(sqlite, site, tmp_path, monkeypatch, rounds=1)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("site", SITES)
def test_postgresql(
    postgres: Database, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(postgres, site, tmp_path, monkeypatch, rounds=13)
