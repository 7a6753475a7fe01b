"""Behind Debian's nginx: fragments pass one by one, and a reader who leaves is noticed."""

import os
import re
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.docs.pages import DOCS, titled
from tests.servers.nginx import nginx
from tests.servers.process import Server
from tests.servers.recorded_sources import END, Account
from tests.servers.server_commands import COMMANDS, running
from tests.servers.stream_client import StreamClient, http_client
from tests.servers.waiting import LIMIT, TIMEOUT, wait_until

PAGE = DOCS / "how-to/deploy.md"
NOTHING_SET = titled(PAGE, "nginx: nothing set")
RECOMMENDED = titled(PAGE, "nginx: recommended")

FAST_RUN = [
    ("uvicorn", "starlette"),
    ("uvicorn", "django-asgi"),
    ("gunicorn-gthread", "flask"),
    ("gunicorn-gevent", "django-wsgi"),
]
ALL = [
    (server, site)
    for server, command in COMMANDS.items()
    for site in ("starlette", "django-asgi", "flask", "django-wsgi")
    if site in command.sites
]

# What the client accepts, and what the query asks for.
COMPRESSED: dict[str, dict[str, Any]] = {
    "plain": {},
    "by nginx": {"gzip": True},
    "by us": {"gzip": True, "compress": 1},
}


@dataclass(frozen=True)
class Behind:
    """A running nginx and the site behind it."""

    front: Server
    site: str
    accounts: Path


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(pair, id="-".join(pair), marks=() if pair in FAST_RUN else pytest.mark.slow)
        for pair in ALL
    ],
)
def behind(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Behind]:
    server, site = request.param
    folder = tmp_path_factory.mktemp("behind")
    # These two warn that Django does not support lifespan.
    no_lifespan = site == "django-asgi" and server in {"hypercorn", "granian"}
    with (
        running(server, site, folder, may_complain=no_lifespan) as upstream,
        nginx(NOTHING_SET, upstream, folder / "nginx") as front,
    ):
        yield Behind(front, site, folder)


@pytest.mark.parametrize("how", COMPRESSED)
def test_each_fragment_passes_before_the_next_token_is_created(behind: Behind, how: str) -> None:
    account = Account(behind.accounts, f"passing-{how}")
    asked = {"source": "asked", "account": f"passing-{how}", "interval": 0}
    with StreamClient(behind.front, **COMPRESSED[how], **asked) as reader:
        for number in range(20):
            account.ask(f"word{number}")
            reader.read_until(f"word{number} ")
        account.ask(END)
        assert "end finished" in reader.read_to_end()
    # Django's responses name an encoding, so neither its middleware nor nginx compresses them.
    zipped = how == "by us" or (how == "by nginx" and "django" not in behind.site)
    assert (reader.response.headers.get("Content-Encoding") == "gzip") == zipped


@pytest.mark.parametrize("how", COMPRESSED)
def test_the_source_is_closed_when_its_reader_leaves(behind: Behind, how: str) -> None:
    account = Account(behind.accounts, f"leaving-{how}")
    with StreamClient(
        behind.front, **COMPRESSED[how], source="asked", account=f"leaving-{how}"
    ) as reader:
        account.ask("word")
        reader.read_until("word")
        left_at = reader.leave()
    assert wait_until(lambda: account.at("closed"))
    took = (account.at("closed") or 0) - left_at
    print(f"{took:.3f} s after the connection to nginx was closed")
    assert took < LIMIT
    assert wait_until(lambda: account.at("ended interrupted"))


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("accounts")


@pytest.fixture(scope="module")
def upstream(accounts: Path) -> Iterator[Server]:
    with running("uvicorn", "starlette", accounts) as server:
        yield server


@pytest.fixture
def victim(accounts: Path) -> Iterator[Server]:
    """A server of its own for a test that kills it."""
    with running("uvicorn", "starlette", accounts) as server:
        yield server


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    return re.sub(r"\W", "-", request.node.name)


@pytest.fixture
def account(accounts: Path, name: str) -> Account:
    return Account(accounts, name)


def with_setting(setting: str) -> str:
    """Return the configuration with nothing set but this."""
    assert "proxy_pass" in NOTHING_SET
    return NOTHING_SET.replace("proxy_pass", f"{setting}; proxy_pass")


def test_with_the_recommended_settings_all_streams_share_a_connection(
    upstream: Server, accounts: Path, tmp_path: Path
) -> None:
    names = [f"shared{number}" for number in range(10)]
    with (
        # Versions after Debian 12's have another way to enable HTTP/2, and warn about this one.
        nginx(RECOMMENDED, upstream, tmp_path / "nginx", may_complain=True) as front,
        http_client(front, http2=True, limits=httpx.Limits(max_connections=1)) as one,
    ):
        readers = [StreamClient(one, source="asked", account=name) for name in names]
        for word in ("first", "second"):
            for name, reader in zip(names, readers, strict=True):
                Account(accounts, name).ask(word)
                reader.read_until(word)
                assert reader.response.http_version == "HTTP/2"
        one.close()
        for name in names:
            assert wait_until(lambda name=name: Account(accounts, name).at("closed"))
    assert re.search(r"account=shared0\S* HTTP/1\.1", upstream.log)
    assert "[error]" not in front.log


@pytest.mark.parametrize("http2", [False, True], ids=["http1", "http2"])
def test_a_server_that_dies_cuts_the_readers_connection(
    victim: Server, account: Account, name: str, tmp_path: Path, http2: bool
) -> None:
    with (
        nginx(RECOMMENDED, victim, tmp_path / "nginx", may_complain=True) as front,
        http_client(front, http2=http2) as one,
        StreamClient(one, gzip=not http2, source="asked", account=name) as reader,
    ):
        account.ask("word")
        reader.read_until("word")
        victim.kill()
        with pytest.raises(httpx.RemoteProtocolError):
            reader.read_to_end()
        front.wait_for("upstream prematurely closed connection", TIMEOUT)


def test_with_nothing_set_a_server_that_dies_seems_to_have_finished(
    victim: Server, account: Account, name: str, tmp_path: Path
) -> None:
    with (
        nginx(NOTHING_SET, victim, tmp_path / "nginx") as front,
        StreamClient(front, gzip=True, source="asked", account=name) as reader,
    ):
        account.ask("word")
        reader.read_until("word")
        victim.kill()
        assert "end finished" not in reader.read_to_end()


def test_a_finished_answer_says_so_itself(
    upstream: Server, account: Account, name: str, tmp_path: Path
) -> None:
    account.ask(END)
    with (
        nginx(NOTHING_SET, upstream, tmp_path / "nginx") as front,
        StreamClient(front, source="asked", account=name) as reader,
    ):
        assert "end finished" in reader.read_to_end()
    request = re.search(rf"account={name}\S* HTTP/(\S+)\"", upstream.log)
    assert request
    assert request[1] == "1.0", "this is what nginx uses by default"


def test_with_gzip_off_nothing_is_compressed(
    upstream: Server, account: Account, name: str, tmp_path: Path
) -> None:
    account.ask(END)
    with (
        nginx(with_setting("gzip off"), upstream, tmp_path / "nginx") as front,
        StreamClient(front, gzip=True, source="asked", account=name) as reader,
    ):
        assert "Content-Encoding" not in reader.response.headers
        assert "end finished" in reader.read_to_end()


@pytest.mark.parametrize("value", ["on", "off"])
def test_fragments_pass_whatever_proxy_buffering_says(
    upstream: Server, account: Account, name: str, tmp_path: Path, value: str
) -> None:
    site = with_setting(f"proxy_buffering {value}")
    with (
        nginx(site, upstream, tmp_path / "nginx") as front,
        StreamClient(front, source="asked", account=name) as reader,
    ):
        account.ask("word")
        reader.read_until("word")


def test_without_our_header_nginx_holds_the_fragments_back(
    upstream: Server, account: Account, name: str, tmp_path: Path
) -> None:
    site = with_setting("proxy_ignore_headers X-Accel-Buffering")
    with (
        nginx(site, upstream, tmp_path / "nginx") as front,
        http_client(front, timeout=1) as impatient,
    ):
        account.ask("word")
        with (
            pytest.raises(httpx.ReadTimeout),
            StreamClient(impatient, source="asked", account=name) as reader,
        ):
            reader.read_until("word")


def test_with_proxy_ignore_client_abort_the_source_runs_to_its_end(
    upstream: Server, account: Account, name: str, tmp_path: Path
) -> None:
    site = with_setting("proxy_ignore_client_abort on")
    with nginx(site, upstream, tmp_path / "nginx") as front:
        with StreamClient(front, source="asked", account=name) as reader:
            account.ask("word")
            reader.read_until("word")
        account.ask(END)
        assert wait_until(lambda: account.at("ended finished"))


PROXY_READ_TIMEOUT = with_setting("proxy_read_timeout 5s")
"""A shorter one would be exceeded by a busy machine itself."""


def test_pings_prevent_proxy_read_timeout(upstream: Server, name: str, tmp_path: Path) -> None:
    with (
        nginx(PROXY_READ_TIMEOUT, upstream, tmp_path / "nginx") as front,
        StreamClient(front, source="asked", account=name, ping=0.3) as reader,
    ):
        reader.read_for(7)


def test_a_silence_longer_than_proxy_read_timeout_is_cut(
    upstream: Server, account: Account, name: str, tmp_path: Path
) -> None:
    with (
        nginx(PROXY_READ_TIMEOUT, upstream, tmp_path / "nginx", may_complain=True) as front,
        StreamClient(front, source="asked", account=name) as reader,
    ):
        with pytest.raises(httpx.RemoteProtocolError):
            reader.read_to_end()
        front.wait_for("upstream timed out", TIMEOUT)
    assert wait_until(lambda: account.at("closed"))


def test_a_stream_goes_on_when_nginx_is_reloaded(
    upstream: Server, account: Account, name: str, tmp_path: Path
) -> None:
    with (
        nginx(NOTHING_SET, upstream, tmp_path / "nginx") as front,
        StreamClient(front, source="asked", account=name) as reader,
    ):
        account.ask("before")
        reader.read_until("before")
        workers = _children(front.pid)
        os.kill(front.pid, signal.SIGHUP)
        assert wait_until(lambda: not workers >= _children(front.pid)), "no worker is new"
        account.ask("after")
        reader.read_until("after")
        account.ask(END)
        assert "end finished" in reader.read_to_end()


def _children(pid: int) -> set[str]:
    return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
