"""Run Debian's Redis on a Unix socket in a folder of its own."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from tests.servers.waiting import TIMEOUT, wait_until

# scripts/bootstrap has unpacked it, unless the PATH has a version that is new enough.
_UNPACKED = Path(__file__).parents[2] / ".venv/redis"


class RedisServer:
    """A Redis that can be killed and started again.

    Attributes:
        url: what ``redis.from_url()`` takes.
    """

    def __init__(self, folder: str, port: int, options: dict[str, str]) -> None:
        self.url = f"redis://127.0.0.1:{port}" if port else f"unix://{folder}/socket"
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start Redis with what it has stored, if anything, and wait until it answers."""
        program, environment = _find()
        options = [each for name, value in self._options.items() for each in (f"--{name}", value)]
        log = Path(self._folder, "log")
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [program, "--unixsocket", "socket", *options],
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        assert wait_until(self._answers, every=0.01), log.read_text()

    def kill(self) -> None:
        """Send SIGKILL, and wait until the process has ended."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(TIMEOUT)

    def pause(self) -> None:
        """Make Redis hang until ``resume()``, with its connections open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """End the ``pause()``."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def client(self) -> redis.Redis:
        """Return a client with connections of its own. The caller closes it."""
        return redis.from_url(self.url, decode_responses=True)

    def _answers(self) -> bool:
        with self.client() as client:
            try:
                return bool(client.ping())
            except redis.ConnectionError:  # Also while it loads what it has stored.
                return False


@contextmanager
def redis_server(
    *, port: int = 0, append_only: bool = False, max_memory: str = "0"
) -> Iterator[RedisServer]:
    """Run Redis until the block ends.

    Args:
        port: the port on which to listen, for a client that cannot use the socket; 0 for none.
        append_only: whether Redis stores each write at once, so that a restart loses nothing.
            Otherwise, a restart loses everything.
        max_memory: memory after which Redis refuses to write, such as "5mb"; "0" for no limit.
    """
    options = {
        "bind": "127.0.0.1",
        "port": str(port),
        "save": "",
        "appendonly": "yes" if append_only else "no",
        "appendfsync": "always",
        "maxmemory": max_memory,
        "maxmemory-policy": "noeviction",
    }
    # Not pytest's folder: its path is too long for a socket.
    folder = tempfile.mkdtemp(prefix="redis-")
    server = RedisServer(folder, port, options)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)


def _find() -> tuple[str, dict[str, str]]:
    """Return the program, and the environment that it needs."""
    if (_UNPACKED / "usr/bin/redis-server").exists():
        libraries = ":".join(map(str, _UNPACKED.glob("usr/lib/*-linux-gnu*")))
        return str(_UNPACKED / "usr/bin/redis-server"), {**os.environ, "LD_LIBRARY_PATH": libraries}
    program = shutil.which("redis-server")
    assert program, "Redis is not installed: run scripts/bootstrap browser"
    return program, dict(os.environ)
