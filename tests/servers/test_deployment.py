"""The page on deployment: its commands are run, and the limits that it names are tried."""

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
from tests.servers.process import Server, serving
from tests.servers.recorded_sources import END, Account
from tests.servers.server_commands import APP, COMMANDS, free_port
from tests.servers.stream_client import StreamClient, http_client
from tests.servers.waiting import LIMIT, TIMEOUT, wait_until

PAGE = DOCS / "how-to/deploy.md"
FAST_RUN = {"uvicorn", "gunicorn-gthread"}
NOTICED = {"at once", "in half a second"}
"""What the table says about noticing a reader who left. How long it took is printed."""

LIMIT_SECONDS = 5
"""Value of the limits below. With less, a busy machine would exceed it by itself."""

# The first limits do not cut a stream, the others do so in spite of the pings.
HARMLESS = [
    ("uvicorn", "--timeout-keep-alive 5"),
    ("hypercorn", "--keep-alive 5 --graceful-timeout 5"),
    ("daphne", "--application-close-timeout 5"),
    ("granian", "--http1-header-read-timeout 5000"),
    ("gunicorn-asgi", "--timeout 5 --keep-alive 5 --graceful-timeout 5"),
    ("gunicorn-gthread", "--timeout 5 --keep-alive 5 --graceful-timeout 5"),
    ("gunicorn-gevent", "--timeout 5 --keep-alive 5 --graceful-timeout 5"),
    ("waitress", "--channel-timeout 5 --cleanup-interval 1"),
]
CUTTING = [
    ("hypercorn", "--read-timeout 5"),
    ("daphne", "--http-timeout 5"),
    ("gunicorn-sync", "--timeout 5"),
]
# Servers with so many slots for streams. Without an option, the page's command sets the number.
SLOTS = [
    ("granian", "--backpressure 2", 2),
    ("gunicorn-gthread", "", 40),
    ("gunicorn-gevent", "--worker-connections 2", 2),
    ("gunicorn-sync", "", 1),
    ("waitress", "", 40),
]


def case(fast: set[str], *values: object, name: str) -> object:
    """Return a case for ``parametrize``, slow unless it is one of the fast ones."""
    return pytest.param(*values, id=name, marks=() if name in fast else pytest.mark.slow)


def all_servers(fast: set[str]) -> list[object]:
    return [case(fast, server, name=server) for server in COMMANDS]


def sections() -> dict[str, str]:
    """Return the text of each server's section, by the title of its command."""
    parts = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    found = {re.search(r'^```sh title="([^"]+)"', part, re.MULTILINE): part for part in parts}
    return {title[1]: part for title, part in found.items() if title}


def table() -> dict[str, list[str]]:
    """Return the first table: the other cells of each row, by the server."""
    rows = re.findall(
        r"^\| \[([^\]]+)\]\(#\S+\) \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE
    )
    return {server.replace(", ", "-"): cells.split(" | ") for server, cells in rows}


@contextmanager
def deployed(
    server: str, accounts: Path, more: str = "", *, may_complain: bool = False
) -> Iterator[Server]:
    """Run the page's command, with ``more`` options before the application."""
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
            # Otherwise gunicorn creates a socket in the home directory.
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
def test_every_option_that_a_section_names_is_tried(server: str) -> None:
    command = titled(PAGE, server)
    tried = "".join(more for name, more, *_ in [*HARMLESS, *CUTTING, *SLOTS] if name == server)
    named = set(re.findall(r"`(--[\w-]+)`", sections()[server]))
    named -= set(re.findall(r"--[\w-]+", command))
    assert named <= set(re.findall(r"--[\w-]+", tried))
    where = sections()[server] + " ".join(table()[server])
    missing = set(re.findall(r"--[\w-]+", tried)) - set(re.findall(r"--[\w-]+", where))
    assert missing <= {"--cleanup-interval"}  # Otherwise Waitress checks every 30 s.


@pytest.mark.parametrize("server", all_servers(FAST_RUN | {"waitress", "gunicorn-gevent"}))
def test_the_command_streams_and_notices_a_reader_who_leaves(server: str, tmp_path: Path) -> None:
    account = Account(tmp_path, "a")
    with deployed(server, tmp_path) as running:
        with StreamClient(running, source="asked", account="a") as reader:
            for number in range(5):
                account.ask(f"word{number}")
                reader.read_until(f"word{number} ")
            left_at = reader.leave()
        assert wait_until(lambda: account.at("closed"))
        took = (account.at("closed") or 0) - left_at
        print(f"{server}: closed {took:.3f} s after the reader had left")
        assert took < LIMIT
    assert table()[server][1] in NOTICED


@pytest.mark.parametrize("server", all_servers(FAST_RUN))
def test_the_connection_is_kept_or_closed_as_the_page_says(server: str, tmp_path: Path) -> None:
    ports = []
    with deployed(server, tmp_path) as running, http_client(running) as one:
        for name in ("a", "b"):
            Account(tmp_path, name).ask(END)
            with StreamClient(one, source="asked", account=name) as reader:
                connection = reader.response.extensions["network_stream"]
                ports.append(connection.get_extra_info("client_addr"))
                assert "end finished" in reader.read_to_end()
    assert ("kept" if ports[0] == ports[1] else "closed") == table()[server][2]


@pytest.mark.parametrize(
    ("server", "more", "slots"),
    [case({"gunicorn-gthread", "gunicorn-sync"}, *values, name=values[0]) for values in SLOTS],
)
def test_one_client_more_than_there_are_slots_waits(
    server: str, more: str, slots: int, tmp_path: Path
) -> None:
    if "--threads" in table()[server][0]:
        assert f"--threads {slots}" in titled(PAGE, server)
    first, last = Account(tmp_path, "0"), Account(tmp_path, "last")
    answered = threading.Event()

    def ask_last(running: Server) -> None:
        with StreamClient(running, source="asked", account="last"):
            answered.set()

    # Waitress warns about the client that waits.
    with deployed(server, tmp_path, more, may_complain=True) as running, ExitStack() as stack:
        readers = [
            stack.enter_context(StreamClient(running, source="asked", account=str(number)))
            for number in range(slots)
        ]
        waiting = threading.Thread(target=ask_last, args=[running])
        waiting.start()
        first.ask("word")
        readers[0].read_until("word")
        # If there were a free slot, it would usually be answered within this time.
        assert not answered.wait(0.3)
        assert last.at("opened") is None
        readers[0].leave()
        assert answered.wait(TIMEOUT)
        waiting.join(TIMEOUT)


@pytest.mark.slow
@pytest.mark.parametrize(
    "server", [server for server, (slots, *_) in table().items() if "as many" in slots]
)
def test_as_many_streams_as_you_like(server: str, tmp_path: Path) -> None:
    with deployed(server, tmp_path) as running, ExitStack() as stack:
        for number in range(200):
            stack.enter_context(StreamClient(running, source="asked", account=str(number)))
        for number in range(200):
            assert wait_until(lambda name=str(number): Account(tmp_path, name).at("opened"))
            assert Account(tmp_path, str(number)).at("closed") is None


@pytest.mark.parametrize(
    ("server", "more"), [case(FAST_RUN, *values, name=values[0]) for values in HARMLESS]
)
def test_harmless_limits_cut_no_stream_even_in_silence(
    server: str, more: str, tmp_path: Path
) -> None:
    with (
        deployed(server, tmp_path, more) as running,
        StreamClient(running, source="asked", account="a", ping=0.3) as pinged,
        StreamClient(running, source="asked", account="b") as silent,
    ):
        pinged.read_for(LIMIT_SECONDS + 2)
        Account(tmp_path, "b").ask("word")
        silent.read_until("word")


@pytest.mark.parametrize(
    ("server", "more"), [case({"gunicorn-sync"}, *values, name=values[0]) for values in CUTTING]
)
def test_a_limit_cuts_a_stream_in_spite_of_its_pings(
    server: str, more: str, tmp_path: Path
) -> None:
    account = Account(tmp_path, "a")
    with (
        deployed(server, tmp_path, more, may_complain=True) as running,
        StreamClient(running, source="asked", account="a", ping=0.3) as reader,
    ):
        with pytest.raises((AssertionError, httpx.RemoteProtocolError)):
            reader.read_for(TIMEOUT)
        assert wait_until(lambda: account.at("closed"))
        with StreamClient(running, source="asked", account="b"):
            pass


@pytest.mark.slow
def test_waitress_without_lookahead_notices_by_a_ping(tmp_path: Path) -> None:
    account = Account(tmp_path, "a")
    with deployed(
        "waitress", tmp_path, "--channel-request-lookahead 0", may_complain=True
    ) as running:
        with StreamClient(running, source="asked", account="a", ping=1):
            pass
        assert wait_until(lambda: account.at("closed"))
        with StreamClient(running, source="asked", account="b", ping=100):
            pass
        assert not wait_until(lambda: Account(tmp_path, "b").at("closed"), 3)
        Account(tmp_path, "b").ask(END)
        assert wait_until(lambda: Account(tmp_path, "b").at("closed"))
