"""Run a server in a process of its own. Wait for its output, and end it by its process id."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Condition, Thread

import httpx

READY = 60.0
"""Time in seconds that a server may take to start on a busy machine. It usually takes one."""

_URL = re.compile(r"http://127\.0\.0\.1:\d+")
_COMPLAINT = re.compile(
    r"Traceback|\b(WARNING|ERROR|CRITICAL)\b|Warning:|\[(warn|error|crit|alert|emerg)\]"
)


class Server:
    """A running server. Its ``url`` has no slash at the end."""

    def __init__(self, command: list[str], environment: Mapping[str, str], folder: Path) -> None:
        self._lines: list[tuple[float, str]] = []
        self._ended = False
        self._output_changed = Condition()
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
                with self._output_changed:
                    self._lines.append((time.monotonic(), line))
                    self._output_changed.notify_all()
        with self._output_changed:
            self._ended = True
            self._output_changed.notify_all()

    @property
    def log(self) -> str:
        """The output so far, stdout and stderr together."""
        with self._output_changed:
            return "".join(line for _, line in self._lines)

    @property
    def complaints(self) -> list[str]:
        """The lines of the output that report a problem."""
        return complaints_in(self.log)

    def wait_for(self, text: str | re.Pattern[str], seconds: float) -> tuple[float, str]:
        """Wait for a line with ``text``. Return its time (``time.monotonic()``) and the line.

        Fails with the whole output if the process ends first, or if the time is over.
        """
        pattern = re.compile(re.escape(text)) if isinstance(text, str) else text

        def found() -> tuple[float, str] | None:
            return next((line for line in self._lines if pattern.search(line[1])), None)

        with self._output_changed:
            self._output_changed.wait_for(lambda: found() or self._ended, seconds)
            line = found()
        assert line, (
            f"no {pattern.pattern!r} within {seconds} s from a server that "
            f"{'has ended' if self._ended else 'is running'}. Its output:\n{self.log}"
        )
        return line

    def wait_until_ready(self, url: str | None) -> None:
        """Wait until the server answers at ``url``, or at the first URL that it prints."""
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
        """Send SIGTERM, and return the time (``time.monotonic()``)."""
        self._process.terminate()
        return time.monotonic()

    def kill(self) -> None:
        """Send SIGKILL."""
        self._process.kill()

    def kill_all(self) -> None:
        """Send SIGKILL to the process and to its workers."""
        for pid in [self.pid, *_descendants(self.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def wait(self, seconds: float) -> int:
        """Wait until the process has ended, and return its exit status."""
        return self._process.wait(seconds)

    def stop(self) -> None:
        """End the process, by SIGKILL if it is still there ten seconds after SIGTERM.

        Then its workers are killed too: without it, they would stay for ever.
        """
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill_all()
            self._process.wait()
        self._reader.join(10)


def _descendants(pid: int) -> list[int]:
    children: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # The thread or the process has ended meanwhile.
            children += map(int, listed.read_text().split())
    return [*children, *(later for child in children for later in _descendants(child))]


def complaints_in(log: str) -> list[str]:
    """Return the lines that report a problem."""
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
    """Run a server at ``url``, or at the first URL that it prints.

    Fails if its output reports a problem, unless it ``may_complain``.
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
    log: str = "memory",
    environment: Mapping[str, str] | None = None,
    may_complain: bool = False,
) -> Iterator[Server]:
    """Run ``streamhtml demo`` on a free port."""
    command = [sys.executable, "-m", "streamhtml", "demo", "--port", "0"]
    command += ["--framework", framework, "--client", client, "--rate", str(rate)]
    command += ["--model", model] if model else []
    command += ["--log", log]
    given = dict(environment or {})
    if framework == "flask":
        # gunicorn leaves the socket that it was given, and its files, to the garbage collector.
        given["PYTHONWARNINGS"] = "error,ignore::ResourceWarning"
    with serving(command, environment=given, may_complain=may_complain) as server:
        yield server
