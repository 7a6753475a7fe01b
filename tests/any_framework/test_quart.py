"""The example of the page on Quart, under the servers that Quart users run."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.docs.pages import DOCS, ROOT, titled
from tests.servers.process import Server, serving
from tests.servers.raw_client import RawClient, Way
from tests.servers.recorded_sources import END, Account
from tests.servers.server_commands import free_port
from tests.servers.stream_client import StreamClient, http_client
from tests.servers.waiting import LIMIT, wait_until

EXAMPLE = titled(DOCS / "how-to/any-framework.md", "quart_chat.py")
MODEL = """
import os
from pathlib import Path

from tests.servers.recorded_sources import SOURCES, Account


def source(name, account):
    return SOURCES[name](Account(Path(os.environ["ACCOUNTS"]), account))


def answer(message):
    return source(message, message)
"""
MORE_VIEWS = """
import asyncio

from model import source

app.config["RESPONSE_TIMEOUT"] = 1


@app.get("/stream")
async def get_stream():
    html = StreamingHTMLResponse(
        request.scope, source(request.args["source"], request.args["account"])
    )
    response = Response(html, html.status, html.headers)
    response.timeout = None
    await asyncio.sleep(float(request.args.get("delay", 0)))
    return response
"""
COMMANDS: dict[str, Callable[[int], list[str]]] = {
    "hypercorn": lambda port: ["--bind", f"127.0.0.1:{port}"],
    "uvicorn": lambda port: ["--host", "127.0.0.1", "--port", str(port)],
}
SOURCES = ["waiting", "steady", "slow-finally", "opened", "fast", "sync"]
WAYS: tuple[Way, ...] = ("middle", "reset", "half-close")
HEADERS = {"Streaming-HTML": "html"}

NAMES = ["hypercorn", pytest.param("uvicorn", marks=pytest.mark.slow)]


@dataclass(frozen=True)
class Chat:
    """The example on a server, and the folder of its accounts."""

    name: str
    server: Server
    folder: Path


@contextmanager
def serving_chat(name: str, folder: Path, *, may_complain: bool = False) -> Iterator[Chat]:
    """Serve the example, with sources that write their accounts to the folder."""
    (folder / "chat.py").write_text(EXAMPLE + MORE_VIEWS, "utf-8")
    (folder / "model.py").write_text(MODEL, "utf-8")
    port = free_port()
    with serving(
        [str(Path(sys.executable).with_name(name)), *COMMANDS[name](port), "chat:app"],
        url=f"http://127.0.0.1:{port}",
        environment={"ACCOUNTS": str(folder), "PYTHONPATH": f"{ROOT}:{folder}"},
        folder=folder,
        may_complain=may_complain,
    ) as server:
        yield Chat(name, server, folder)


@pytest.fixture(scope="module", params=NAMES)
def chat(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chat]:
    """One server for the tests after which it must not have complained."""
    with serving_chat(request.param, tmp_path_factory.mktemp("chat")) as served:
        yield served


def events(account: Account) -> Counter[str]:
    return Counter(event["event"] for event in account.read())


def took(account: Account, left_at: float) -> float:
    """Wait until the source is closed, and return how long after ``left_at`` that began."""
    assert wait_until(lambda: account.at("closed")), account.read()
    return (account.at("closing") or 0) - left_at


def test_fragments_arrive_one_by_one(chat: Chat) -> None:
    account = Account(chat.folder, "one-by-one")
    with StreamClient(chat.server, source="asked", account="one-by-one") as reader:
        for number in range(5):
            account.ask(f"word{number}")
            reader.read_until(f"word{number}")
        account.ask(END)
        assert reader.read_to_end().endswith(" end finished>")
    assert events(account) == {"opened": 1, "closing": 1, "closed": 1}


def test_the_view_of_the_page_streams(chat: Chat) -> None:
    account = Account(chat.folder, "asked")
    with (
        http_client(chat.server) as one,
        one.stream("POST", "/reply", data={"message": "asked"}, headers=HEADERS) as response,
    ):
        parts = response.iter_text()
        assert ">asked</p>" in next(parts)
        account.ask(END)
        assert "".join(parts).endswith(" end finished>")


def test_the_source_is_closed_when_its_reader_leaves(chat: Chat) -> None:
    for source in SOURCES:
        for way in WAYS:
            account = Account(chat.folder, f"{source}-{way}")
            query = f"source={source}&account={source}-{way}"
            with closing(RawClient(chat.server.url, "GET", query, HEADERS)) as reader:
                reader.read_head()
                reader.read_until(b" append #")
                left_at = reader.leave(way)
                seconds = took(account, left_at)
            print(f"{chat.name}, {source}, {way}: {seconds:.3f} s")
            assert seconds < LIMIT, (source, way)
            assert events(account) == {"opened": 1, "closing": 1, "closed": 1}


def test_a_reader_leaves_before_the_response_has_begun(chat: Chat) -> None:
    account = Account(chat.folder, "before")
    query = "source=opened&account=before&delay=30"
    with closing(RawClient(chat.server.url, "GET", query, HEADERS)) as reader:
        assert wait_until(lambda: account.at("opened"))
        seconds = took(account, reader.leave("middle"))
    print(f"{chat.name}: {seconds:.3f} s")
    assert seconds < LIMIT
    assert events(account) == {"opened": 1, "closing": 1, "closed": 1}


def test_head_pulls_no_token(chat: Chat) -> None:
    for source in ("opened", "fast", "sync"):
        query = {"source": source, "account": f"head-{source}"}
        response = httpx.head(f"{chat.server.url}/stream", params=query, headers=HEADERS)
        assert response.status_code == 200
        assert "; fragments=" in response.headers["Content-Type"]
    closing, closed = Account(chat.folder, "head-opened").read()[1:]
    assert (closing["event"], closing["pulls"], closed["event"]) == ("closing", [], "closed")
    for source in ("fast", "sync"):
        assert events(Account(chat.folder, f"head-{source}")) == {}


def test_a_stream_outlives_the_time_limit(chat: Chat) -> None:
    with StreamClient(chat.server, source="steady", account="outlives") as reader:
        reader.read_for(2)


@pytest.mark.parametrize("name", NAMES)
def test_a_source_that_fails(name: str, tmp_path: Path) -> None:
    with serving_chat(name, tmp_path, may_complain=True) as chat:
        with StreamClient(chat.server, source="failing", account="a") as reader:
            assert reader.read_to_end().endswith(" end failed>")
        assert "secret" not in reader.text
    assert events(Account(tmp_path, "a")) == {"opened": 1, "closing": 1, "closed": 1}
