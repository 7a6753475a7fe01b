"""Readers who leave the demo in mid-stream: the source is closed, and other streams go on."""

import re
import socket
import struct
import time

import httpx
import pytest
from tests.servers.process import Server, demo
from tests.servers.waiting import LIMIT, TIMEOUT

from streamhtml.demo._answers import SLEEP, SLEEP_TOKENS

FRAMEWORKS = ["starlette", "django", "flask"]


class DemoClient:
    """A connection on which the demo is asked one question."""

    def __init__(self, server: Server, prompt: str) -> None:
        page = httpx.get(server.url)
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page.text)
        form = {"message": prompt} | ({"csrfmiddlewaretoken": token[1]} if token else {})
        request = httpx.Request(
            "POST",
            f"{server.url}/reply",
            data=form,
            headers={"Streaming-HTML": "html"},
            cookies=page.cookies,
        )
        url = httpx.URL(server.url)
        self._socket = socket.create_connection((url.host, url.port or 80), timeout=TIMEOUT)
        headers = [f"{name}: {value}" for name, value in request.headers.items()]
        head = "\r\n".join(["POST /reply HTTP/1.1", *headers, "", ""])
        self._socket.sendall(head.encode() + request.content)
        self._read = b""

    def read_until(self, text: str) -> None:
        while text.encode() not in self._read:
            data = self._socket.recv(65536)
            assert data, f"the answer ended without {text!r}: {self._read.decode()}"
            self._read += data

    def leave(self, *, reset: bool) -> float:
        """Close or reset the connection, and return the time (``time.monotonic()``)."""
        if reset:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        left_at = time.monotonic()
        self._socket.close()
        return left_at


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_source_is_closed_when_its_reader_leaves(framework: str, reset: bool) -> None:
    with demo(framework, log="none", rate=0) as server:
        reader = DemoClient(server, SLEEP)
        reader.read_until(SLEEP_TOKENS[-1])
        server.wait_for("the source waits", TIMEOUT)
        left_at = reader.leave(reset=reset)
        ran_at, _ = server.wait_for("the source was closed", TIMEOUT)
        print(f"{framework}: {ran_at - left_at:.3f} s after the connection was closed")
        assert ran_at - left_at < LIMIT

        other = DemoClient(server, "hello")
        other.read_until("end finished")
        other.leave(reset=False)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_reader_who_leaves_takes_nothing_from_another(framework: str) -> None:
    with demo(framework, log="none", rate=100) as server:
        staying, leaving = DemoClient(server, "hello"), DemoClient(server, SLEEP)
        leaving.read_until(SLEEP_TOKENS[-1])
        leaving.leave(reset=False)
        staying.read_until("end finished")
        staying.leave(reset=False)
        server.wait_for("the source was closed", TIMEOUT)
