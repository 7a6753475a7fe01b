"""The example of the page on Quart, under the servers that Quart users run."""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
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

pytestmark = pytest.mark.parametrize(
    "name", ["hypercorn", pytest.param("uvicorn", marks=pytest.mark.slow)]
)


@contextmanager
def chat(name: str, folder: Path, *, may_complain: bool = False) -> Iterator[Server]:
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
        yield server


def events(account: Account) -> Counter[str]:
    return Counter(event["event"] for event in account.read())


def took(account: Account, left_at: float) -> float:
    """Wait until the source is closed, and return how long after ``left_at`` that began."""
    assert wait_until(lambda: account.at("closed")), account.read()
    return (account.at("closing") or 0) - left_at


def test_fragments_arrive_one_by_one(name: str, tmp_path: Path) -> None:
    account = Account(tmp_path, "a")
    with (
        chat(name, tmp_path) as server,
        StreamClient(server, source="asked", account="a") as reader,
    ):
        for number in range(5):
            account.ask(f"word{number}")
            reader.read_until(f"word{number}")
        account.ask(END)
        assert reader.read_to_end().endswith(" end finished>")
    assert events(account) == {"opened": 1, "closing": 1, "closed": 1}


def test_the_view_of_the_page_streams(name: str, tmp_path: Path) -> None:
    account = Account(tmp_path, "asked")
    with (
        chat(name, tmp_path) as server,
        http_client(server) as one,
        one.stream("POST", "/reply", data={"message": "asked"}, headers=HEADERS) as response,
    ):
        parts = response.iter_text()
        assert ">asked</p>" in next(parts)
        account.ask(END)
        assert "".join(parts).endswith(" end finished>")


def test_the_source_is_closed_when_its_reader_leaves(name: str, tmp_path: Path) -> None:
    with chat(name, tmp_path) as server:
        for source in SOURCES:
            for way in WAYS:
                account = Account(tmp_path, f"{source}-{way}")
                query = f"source={source}&account={source}-{way}"
                with closing(RawClient(server.url, "GET", query, HEADERS)) as reader:
                    reader.read_head()
                    reader.read_until(b" append #")
                    left_at = reader.leave(way)
                    seconds = took(account, left_at)
                print(f"{name}, {source}, {way}: {seconds:.3f} s")
                assert seconds < LIMIT, (source, way)
                assert events(account) == {"opened": 1, "closing": 1, "closed": 1}


def test_a_reader_leaves_before_the_response_has_begun(name: str, tmp_path: Path) -> None:
    account = Account(tmp_path, "a")
    with chat(name, tmp_path) as server:
        query = "source=opened&account=a&delay=30"
        with closing(RawClient(server.url, "GET", query, HEADERS)) as reader:
            assert wait_until(lambda: account.at("opened"))
            seconds = took(account, reader.leave("middle"))
    print(f"{name}: {seconds:.3f} s")
    assert seconds < LIMIT
    assert events(account) == {"opened": 1, "closing": 1, "closed": 1}


def test_head_pulls_no_token(name: str, tmp_path: Path) -> None:
    with chat(name, tmp_path) as server:
        for source in ("opened", "fast", "sync"):
            query = {"source": source, "account": source}
            response = httpx.head(f"{server.url}/stream", params=query, headers=HEADERS)
            assert response.status_code == 200
            assert "; fragments=" in response.headers["Content-Type"]
    closing, closed = Account(tmp_path, "opened").read()[1:]
    assert (closing["event"], closing["pulls"], closed["event"]) == ("closing", [], "closed")
    assert events(Account(tmp_path, "fast")) == events(Account(tmp_path, "sync")) == {}


def test_a_stream_outlives_the_time_limit(name: str, tmp_path: Path) -> None:
    with (
        chat(name, tmp_path) as server,
        StreamClient(server, source="steady", account="a") as reader,
    ):
        reader.read_for(2)


def test_a_source_that_fails(name: str, tmp_path: Path) -> None:
    with chat(name, tmp_path, may_complain=True) as server:
        with StreamClient(server, source="failing", account="a") as reader:
            assert reader.read_to_end().endswith(" end failed>")
        assert "secret" not in reader.text
    assert events(Account(tmp_path, "a")) == {"opened": 1, "closing": 1, "closed": 1}
