"""The example of docs/how-to/background-workers.md, with a real worker of Celery."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.docs.pages import DOCS, files
from tests.servers.process import Server, serving
from tests.servers.redis_server import redis_server
from tests.servers.server_commands import free_port
from tests.servers.waiting import TIMEOUT

LLM = """
import time

def llm(question):
    for number in range(int(question)):
        yield f"w{number} "
        time.sleep(0.01)
"""
AS_ROOT = {"PYTHONWARNINGS": "default"}  # Celery warns if it runs as root.


@contextmanager
def worker(folder: Path, url: str) -> Iterator[Server]:
    """Run a worker with one process that runs tasks."""
    command = [sys.executable, "-m", "celery", "--app", "tasks", "worker", "--concurrency", "1"]
    quick_start = ["--without-mingle", "--without-gossip", "--without-heartbeat"]
    running = Server([*command, *quick_start], {"REDIS_URL": url, **AS_ROOT}, folder)
    try:
        running.wait_for("[queues]", TIMEOUT)
        yield running
    finally:
        running.kill_all()
        running.wait(TIMEOUT)


def read_until(chunks: Iterator[str], expected: str) -> None:
    """Read a response until it contains a text."""
    text = ""
    for chunk in chunks:
        text += chunk
        if expected in text:
            return
    raise AssertionError(text)


@pytest.mark.slow
def test_celery(tmp_path: Path) -> None:
    for name, text in files(DOCS / "how-to" / "background-workers.md").items():
        (tmp_path / name).write_text(text, "utf-8")
    (tmp_path / "llm.py").write_text(LLM)
    port = free_port()
    site = [sys.executable, "-m", "uvicorn", "chat:app", "--port", str(port)]
    with (
        redis_server(port=free_port()) as redis,
        worker(tmp_path, redis.url) as celery,
        serving(
            site,
            url=f"http://127.0.0.1:{port}",
            environment={"REDIS_URL": redis.url},
            folder=tmp_path,
            may_complain=True,
        ) as server,
        httpx.Client(
            base_url=server.url, headers={"Streaming-HTML": "html"}, timeout=TIMEOUT
        ) as client,
    ):
        shown = client.post("/reply?message=20").text
        assert "w19" in shown
        assert " end finished>" in shown
        celery.wait_for("is finished: w0 w1 w2", TIMEOUT)

        with client.stream("POST", "/reply?message=100000") as response:
            chunks = response.iter_text()
            read_until(chunks, "w5 ")
            # The one worker is busy, so nobody has begun this one.
            with client.stream("POST", "/reply?message=7") as waiting:
                stop_url = waiting.headers["Streaming-HTML-Stop"]
                assert client.post(stop_url).status_code == 204
                read_until(waiting.iter_text(), " end stopped>")
            assert client.post(response.headers["Streaming-HTML-Stop"]).status_code == 204
            read_until(chunks, " end stopped>")
        celery.wait_for("is stopped: w0 w1 w2", TIMEOUT)
        _, pair, _ = stop_url.removeprefix("/").split("/")
        celery.wait_for(f"{pair} is stopped:", TIMEOUT)
        assert "w6" not in client.get(f"/reply/{pair}").text

        with client.stream("POST", "/reply?message=100000") as response:
            chunks = response.iter_text()
            read_until(chunks, "w5 ")
            celery.kill_all()
            read_until(chunks, " end interrupted>")
        again = client.get(response.headers["Streaming-HTML-Resume"]).text
        assert "w5 " in again
        assert " end interrupted>" in again
