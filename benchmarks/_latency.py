"""Measures how long a server takes to answer trivial requests, while it is busy with others."""

import socket
import time
from collections.abc import Callable

PAUSE = 0.005  # seconds between two requests


class Latency:
    """Sends trivial requests, one after the other, on one connection that stays open."""

    def __init__(self, port: int) -> None:
        self._connection = socket.create_connection(("127.0.0.1", port))
        self._times: list[float] = []

    def measure(self, until: Callable[[], bool]) -> "Latency":
        """Send requests until the function returns True."""
        while not until():
            begun = time.perf_counter()
            self._connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            while not self._connection.recv(1 << 16).endswith(b"ok"):
                pass
            self._times.append(time.perf_counter() - begun)
            time.sleep(PAUSE)
        return self

    def percentile(self, percent: int) -> float:
        """Return the time within which so many of the requests were answered, in milliseconds."""
        return sorted(self._times)[len(self._times) * percent // 100] * 1e3
