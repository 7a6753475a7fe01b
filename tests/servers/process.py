"""A server in a process of its own: waited for by what it says, ended by its own id."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Condition, Thread

import httpx

READY = 60.0
"""Seconds that a server may take to answer on a loaded machine; one second is usual."""

_URL = re.compile(r"http://127\.0\.0\.1:\d+")
_COMPLAINT = re.compile(
    r"Traceback|\b(WARNING|ERROR|CRITICAL)\b|Warning:|\[(warn|error|crit|alert|emerg)\]"
)


class Server:
    """A running server: ``url`` without a slash at its end, and all that it has said so far."""

    def __init__(self, command: list[str], environment: Mapping[str, str], folder: Path) -> None:
        self._lines: list[tuple[float, str]] = []
        self._ended = False
        self._said = Condition()
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONWARNINGS": "error", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
        )
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                with self._said:
                    self._lines.append((time.monotonic(), line))
                    self._said.notify_all()
        with self._said:
            self._ended = True
            self._said.notify_all()

    @property
    def log(self) -> str:
        """What the process has written, both streams, as they came."""
        with self._said:
            return "".join(line for _, line in self._lines)

    @property
    def complaints(self) -> list[str]:
        """The lines that somebody should look at."""
        return complaints_in(self.log)

    def wait_for(self, text: str | re.Pattern[str], seconds: float) -> tuple[float, str]:
        """Wait for a line with ``text``; return when it came (``time.monotonic()``) and the line.

        Fails with the log when the process ends before that, or the time is over.
        """
        pattern = re.compile(re.escape(text)) if isinstance(text, str) else text

        def found() -> tuple[float, str] | None:
            return next((line for line in self._lines if pattern.search(line[1])), None)

        with self._said:
            self._said.wait_for(lambda: found() or self._ended, seconds)
            line = found()
        assert line, (
            f"no {pattern.pattern!r} in {seconds} s from a server that "
            f"{'has ended' if self._ended else 'runs'} and said:\n{self.log}"
        )
        return line

    def wait_until_ready(self, url: str | None) -> None:
        """Wait until the server answers at its URL: the one given, or the one that it tells."""
        if url is None:
            _, line = self.wait_for(_URL, READY)
            found = _URL.search(line)
            assert found
            url = found.group()
        self.url = url
        deadline = time.monotonic() + READY
        while not _answers(url):
            assert not self._ended, self.log
            assert time.monotonic() < deadline, self.log
            time.sleep(0.02)

    @property
    def pid(self) -> int:
        """The id of the process that was started; it may have workers."""
        return self._process.pid

    def terminate(self) -> float:
        """Ask the server to end (SIGTERM); return when (``time.monotonic()``)."""
        self._process.terminate()
        return time.monotonic()

    def kill(self) -> None:
        """End the server without a chance to say anything (SIGKILL)."""
        self._process.kill()

    def kill_all(self) -> None:
        """End it in this way, and its workers with it."""
        for pid in [self.pid, *_descendants(self.pid)]:
            os.kill(pid, signal.SIGKILL)

    def wait(self, seconds: float) -> int:
        """Wait until the process has ended; return its status."""
        return self._process.wait(seconds)

    def stop(self) -> None:
        """End the process, with force where it does not end in ten seconds."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(10)


def _descendants(pid: int) -> list[int]:
    children = [
        int(child)
        for listed in Path(f"/proc/{pid}/task").glob("*/children")
        for child in listed.read_text().split()
    ]
    return [*children, *(later for child in children for later in _descendants(child))]


def complaints_in(log: str) -> list[str]:
    """Return the lines that somebody should look at."""
    return [line for line in log.splitlines() if _COMPLAINT.search(line)]


def _answers(url: str) -> bool:
    try:
        httpx.get(url, timeout=READY)
    except httpx.TransportError:
        return False
    return True


@contextmanager
def serving(
    command: list[str],
    *,
    url: str | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path = Path(),
    may_complain: bool = False,
) -> Iterator[Server]:
    """Run a server at ``url``, or at the one that it prints.

    It must not complain, unless it ``may_complain``.
    """
    server = Server(command, environment or {}, folder)
    try:
        server.wait_until_ready(url)
        yield server
    finally:
        server.stop()
    assert may_complain or not server.complaints, server.log


@contextmanager
def demo(
    framework: str,
    client: str = "plain",
    *,
    rate: float = 50,
    model: str | None = None,
    environment: Mapping[str, str] | None = None,
    may_complain: bool = False,
) -> Iterator[Server]:
    """Run ``streamhtml demo`` on a free port."""
    command = [sys.executable, "-m", "streamhtml", "demo", "--port", "0"]
    command += ["--framework", framework, "--client", client, "--rate", str(rate)]
    command += ["--model", model] if model else []
    given = dict(environment or {})
    if framework == "flask":
        # gunicorn leaves it to the collector to close the socket that it was handed and its files.
        given["PYTHONWARNINGS"] = "error,ignore::ResourceWarning"
    with serving(command, environment=given, may_complain=may_complain) as server:
        yield server
