"""What the page on deployment says: its command lines are run, its limits tried."""

import re
import shlex
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from tests.docs.pages import DOCS, titled
from tests.servers.server_commands import APP, COMMANDS, free_port
from tests.servers.raw_client import wait_until
from tests.servers.process import Server, serving
from tests.servers.stream_client import Reader, client
from tests.servers.recorded_sources import END, Account

PAGE = DOCS / "how-to/deploy.md"
HEART = {"uvicorn", "gunicorn-gthread"}
BOUNDS = {"at once": 0.5, "in half a second": 1.5}

# What is set to a second here. Where it cuts, it does so in spite of the pings.
LIVES = [
    ("uvicorn", "--timeout-keep-alive 1"),
    ("hypercorn", "--keep-alive 1 --graceful-timeout 1"),
    ("daphne", "--application-close-timeout 1"),
    ("granian", "--http1-header-read-timeout 1000"),
    ("gunicorn-asgi", "--timeout 1 --keep-alive 1 --graceful-timeout 1"),
    ("gunicorn-gthread", "--timeout 1 --keep-alive 1 --graceful-timeout 1"),
    ("gunicorn-gevent", "--timeout 1 --keep-alive 1 --graceful-timeout 1"),
    ("waitress", "--channel-timeout 1 --cleanup-interval 1"),
]
CUTS = [
    ("hypercorn", "--read-timeout 1"),
    ("daphne", "--http-timeout 1"),
    ("gunicorn-sync", "--timeout 1"),
]
# Where nothing is set, the page's own command says how many.
PLACES = [
    ("granian", "--backpressure 2", 2),
    ("gunicorn-gthread", "", 40),
    ("gunicorn-gevent", "--worker-connections 2", 2),
    ("gunicorn-sync", "", 1),
    ("waitress", "", 40),
]


def slow_but(heart: set[str], *values: object, name: str) -> object:
    return pytest.param(*values, id=name, marks=() if name in heart else pytest.mark.slow)


def each(heart: set[str]) -> list[object]:
    return [slow_but(heart, server, name=server) for server in COMMANDS]


def sections() -> dict[str, str]:
    """Return the text of each server's section, by the title of its command."""
    parts = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    found = {re.search(r'^```sh title="([^"]+)"', part, re.MULTILINE): part for part in parts}
    return {title[1]: part for title, part in found.items() if title}


def table() -> dict[str, list[str]]:
    """Return the other cells of the first table, by the server."""
    rows = re.findall(
        r"^\| \[([^\]]+)\]\(#\S+\) \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    return {server.replace(", ", "-"): cells.split(" | ") for server, cells in rows}


@contextmanager
def deployed(
    server: str, accounts: Path, more: str = "", *, may_complain: bool = False
) -> Iterator[Server]:
    """Run the page's command, with more options before the application."""
    port = free_port()
    line = titled(PAGE, server).replace("8000", str(port)).replace("chat:app", APP)
    program, *arguments, app = shlex.split(line)
    assert app == APP
    with serving(
        [str(Path(sys.executable).with_name(program)), *arguments, *more.split(), app],
        url=f"http://127.0.0.1:{port}",
        environment={
            "SITE": "starlette" if "starlette" in COMMANDS[server].sites else "flask",
            "ACCOUNTS": str(accounts),
            # Its socket would be in the home of whoever runs the tests.
            "GUNICORN_CMD_ARGS": "--no-control-socket",
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "PYTHONWARNINGS": COMMANDS[server].warnings,
        },
        may_complain=may_complain,
    ) as running:
        yield running


def test_the_page_has_all_servers() -> None:
    assert list(sections()) == list(table()) == list(COMMANDS)


@pytest.mark.parametrize("server", COMMANDS)
def test_what_a_section_names_is_tried(server: str) -> None:
    command = titled(PAGE, server)
    tried = "".join(more for name, more, *_ in [*LIVES, *CUTS, *PLACES] if name == server)
    named = set(re.findall(r"`(--[\w-]+)`", sections()[server]))
    named -= set(re.findall(r"--[\w-]+", command))
    assert named <= set(re.findall(r"--[\w-]+", tried))
    where = sections()[server] + " ".join(table()[server])
    missing = set(re.findall(r"--[\w-]+", tried)) - set(re.findall(r"--[\w-]+", where))
    assert missing <= {"--cleanup-interval"}  # So that Waitress looks sooner than after 30 s.


@pytest.mark.parametrize("server", each(HEART | {"waitress", "gunicorn-gevent"}))
def test_the_command_streams_and_notices_who_leaves(server: str, tmp_path: Path) -> None:
    account = Account(tmp_path, "a")
    with deployed(server, tmp_path) as running:
        with Reader(running, source="asked", account="a") as reader:
            for number in range(5):
                account.ask(f"word{number}")
                reader.read_until(f"word{number} ")
            left_at = reader.leave()
        assert wait_until(lambda: account.at("closed"))
        took = (account.at("closed") or 0) - left_at
        print(f"{server}: closed {took:.3f} s after the reader had left")
        assert took < BOUNDS[table()[server][1]]


@pytest.mark.parametrize("server", each(HEART))
def test_the_connection_is_kept_or_closed_as_the_page_says(server: str, tmp_path: Path) -> None:
    ports = []
    with deployed(server, tmp_path) as running, client(running) as one:
        for name in ("a", "b"):
            Account(tmp_path, name).ask(END)
            with Reader(one, source="asked", account=name) as reader:
                connection = reader.response.extensions["network_stream"]
                ports.append(connection.get_extra_info("client_addr"))
                assert "end finished" in reader.read_on()
    assert ("kept" if ports[0] == ports[1] else "closed") == table()[server][2]


@pytest.mark.parametrize(
    ("server", "more", "places"),
    [slow_but({"gunicorn-gthread", "gunicorn-sync"}, *case, name=case[0]) for case in PLACES],
)
def test_one_more_than_the_places_waits(
    server: str, more: str, places: int, tmp_path: Path
) -> None:
    if "--threads" in table()[server][0]:
        assert f"--threads {places}" in titled(PAGE, server)
    first, last = Account(tmp_path, "0"), Account(tmp_path, "last")
    came = threading.Event()

    def come_last(running: Server) -> None:
        with Reader(running, source="asked", account="last"):
            came.set()

    # Waitress warns that somebody waits.
    with deployed(server, tmp_path, more, may_complain=True) as running, ExitStack() as stack:
        readers = [
            stack.enter_context(Reader(running, source="asked", account=str(number)))
            for number in range(places)
        ]
        waiting = threading.Thread(target=come_last, args=[running])
        waiting.start()
        first.ask("word")
        readers[0].read_until("word")
        assert not came.wait(0.3)
        assert last.at("opened") is None
        readers[0].leave()
        assert came.wait(10)
        waiting.join(10)


@pytest.mark.slow
@pytest.mark.parametrize(
    "server", [server for server, (places, *_) in table().items() if "as many" in places]
)
def test_as_many_as_you_like(server: str, tmp_path: Path) -> None:
    with deployed(server, tmp_path) as running, ExitStack() as stack:
        for number in range(200):
            stack.enter_context(Reader(running, source="asked", account=str(number)))
        for number in range(200):
            assert wait_until(lambda name=str(number): Account(tmp_path, name).at("opened"))
            assert Account(tmp_path, str(number)).at("closed") is None


@pytest.mark.parametrize(
    ("server", "more"), [slow_but(HEART, *case, name=case[0]) for case in LIVES]
)
def test_a_stream_outlives_a_limit_even_in_silence(server: str, more: str, tmp_path: Path) -> None:
    with (
        deployed(server, tmp_path, more) as running,
        Reader(running, source="asked", account="a", ping=0.3) as pinged,
        Reader(running, source="asked", account="b") as silent,
    ):
        pinged.read_for(3)
        Account(tmp_path, "b").ask("word")
        silent.read_until("word")


@pytest.mark.parametrize(
    ("server", "more"), [slow_but({"gunicorn-sync"}, *case, name=case[0]) for case in CUTS]
)
def test_a_limit_cuts_a_stream_in_spite_of_its_pings(
    server: str, more: str, tmp_path: Path
) -> None:
    account = Account(tmp_path, "a")
    with (
        deployed(server, tmp_path, more, may_complain=True) as running,
        Reader(running, source="asked", account="a", ping=0.3) as reader,
    ):
        with pytest.raises((AssertionError, httpx.RemoteProtocolError)):
            reader.read_for(8)
        assert wait_until(lambda: account.at("closed"))
        with Reader(running, source="asked", account="b"):
            pass


@pytest.mark.slow
def test_waitress_without_its_look_learns_it_by_a_ping(tmp_path: Path) -> None:
    account = Account(tmp_path, "a")
    with deployed(
        "waitress", tmp_path, "--channel-request-lookahead 0", may_complain=True
    ) as running:
        with Reader(running, source="asked", account="a", ping=1):
            pass
        assert wait_until(lambda: account.at("closed"))
        with Reader(running, source="asked", account="b", ping=100):
            pass
        assert not wait_until(lambda: Account(tmp_path, "b").at("closed"), 3)
        Account(tmp_path, "b").ask(END)
        assert wait_until(lambda: Account(tmp_path, "b").at("closed"))
