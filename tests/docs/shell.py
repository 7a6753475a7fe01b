"""Runs the commands that our pages show, in a folder with the files that they show."""

import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

BIN = Path(sys.executable).parent


def run(command: str, folder: Path) -> None:
    """Run a command in a folder, to its end."""
    program, *arguments = shlex.split(command)
    subprocess.run([BIN / program, *arguments], cwd=folder, check=True, env=environment())


def environment(programs: Path = BIN) -> dict[str, str]:
    """Return the environment of a command: warnings are errors, and our programs come first."""
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith("COV_")},
        "PYTHONWARNINGS": "error",
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextmanager
def served(command: str, folder: Path) -> Iterator[str]:
    """Run the command of a server on a free port, and yield its URL. Its log has no traceback."""
    port = free_port()
    if "runserver" in command:
        command += f" {port} --noreload"
    elif "gunicorn" in command:
        command += f" --bind 127.0.0.1:{port}"
    else:
        command += f" --port {port}"
    with running(command, folder, port) as url:
        yield url


@contextmanager
def running(command: str, folder: Path, port: int, programs: Path = BIN) -> Iterator[str]:
    """Run the command of a server, which uses this port, and yield its URL."""
    program, *arguments = shlex.split(command)
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [programs / program, *arguments],
            cwd=folder,
            env=environment(programs),
            stdout=log,
            stderr=log,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            deadline = time.monotonic() + 60
            while not answers(url):
                log_so_far = (folder / "server.log").read_text()
                assert server.poll() is None, log_so_far
                assert time.monotonic() < deadline, f"{command} does not answer: {log_so_far}"
                time.sleep(0.05)
            yield url
        finally:
            server.terminate()
            server.wait(10)
    logged = (folder / "server.log").read_text()
    assert "Traceback" not in logged, logged


def answers(url: str) -> bool:
    try:
        httpx.get(url)
    except httpx.TransportError:
        return False
    return True
