"""SIGTERM under real servers: to a process that only follows, and to that of the writer."""

import asyncio
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from tests.redis.reader import Reader
from tests.servers.process import Server, serving
from tests.servers.redis_server import RedisServer
from tests.servers.server_commands import free_port
from tests.servers.waiting import TIMEOUT

from streamhtml.log import AnswerStatus
from streamhtml.redis import RedisLog

ROOT = Path(__file__).parents[2]
COMMANDS = {
    "uvicorn": ["--lifespan", "off", "--host", "127.0.0.1", "--port"],
    "gunicorn": ["--no-control-socket", "--worker-class", "gthread", "--threads", "8", "--bind"],
}


@contextmanager
def site(server: str, redis: RedisServer) -> Iterator[Server]:
    """Run tests/redis/site.py."""
    port, app = free_port(), {"uvicorn": "asgi", "gunicorn": "wsgi"}[server]
    address = str(port) if server == "uvicorn" else f"127.0.0.1:{port}"
    command = [str(Path(sys.executable).with_name(server)), *COMMANDS[server], address]
    environment = {
        "REDIS_URL": redis.url,
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error,ignore::ResourceWarning",  # of gunicorn
    }
    with serving(
        [*command, f"tests.redis.site:{app}"],
        url=f"http://127.0.0.1:{port}",
        environment=environment,
        may_complain=True,
    ) as running:
        yield running


class Browser:
    """Reads a response until its end."""

    def __init__(self, stack: ExitStack, url: str) -> None:
        client = stack.enter_context(httpx.Client(timeout=TIMEOUT))
        response = stack.enter_context(client.stream("GET", url))
        self._chunks = response.iter_text()
        self.text = ""
        while " append #" not in self.text:
            self.text += next(self._chunks)

    def read(self) -> str:
        self.text += "".join(self._chunks)
        return self.text


def status(redis: RedisServer) -> AnswerStatus:
    found = asyncio.run(RedisLog(redis.url).status("ended"))
    assert found is not None
    return found


@pytest.mark.parametrize(
    "server_name", ["uvicorn", pytest.param("gunicorn", marks=pytest.mark.slow)]
)
def test_each_reader_is_told(server: RedisServer, server_name: str) -> None:
    with server.client() as client:
        client.flushall()
    reader = Reader()
    with (
        site(server_name, server) as writer,
        site(server_name, server) as follower,
        ExitStack() as stack,
        ThreadPoolExecutor() as pool,
    ):
        own = [Browser(stack, f"{writer.url}/{verb}/ended") for verb in ("record", "follow")]
        resuming = Browser(stack, f"{follower.url}/follow/ended?resumes")
        other = Browser(stack, f"{follower.url}/follow/ended")
        here = pool.submit(asyncio.run, reader.follow(RedisLog(server.url), "ended"))

        follower.terminate()
        assert " end " not in resuming.read()  # So the client resumes, elsewhere.
        assert other.read().count(" end interrupted>") == 1
        follower.wait(TIMEOUT)
        assert status(server).is_streaming

        writer.terminate()
        for each in own:
            assert each.read().count(" end interrupted>") == 1
        writer.wait(TIMEOUT)
        here.result(TIMEOUT)
    assert reader.ends == ["interrupted"]
    assert status(server).outcome == "interrupted"
