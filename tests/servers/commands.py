"""The servers that our users run: what starts each, and what it says of itself."""

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import sites
from tests.servers.process import Server, serving

APP = "tests.servers.app:app"


@dataclass(frozen=True)
class Command:
    """How a server is started on a port of the loopback, and which sites it can serve."""

    arguments: Callable[[int], list[str]]
    sites: tuple[str, ...]
    warnings: str = "error"
    """PYTHONWARNINGS: some servers warn about themselves."""


def _gunicorn(kind: str, *more: str) -> Callable[[int], list[str]]:
    return lambda port: [
        *("gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-class", kind, "--workers", "1"),
        *("--no-control-socket", *more, APP),
    ]


_ASGI, _WSGI = tuple(sites.ASGI), tuple(sites.WSGI)
# gunicorn leaves it to the collector to close the socket that it was handed and its files.
_COLLECTED = "error,ignore::ResourceWarning"

COMMANDS: dict[str, Command] = {
    "uvicorn": Command(
        lambda port: ["uvicorn", "--host", "127.0.0.1", "--port", str(port), APP], _ASGI
    ),
    "hypercorn": Command(lambda port: ["hypercorn", "--bind", f"127.0.0.1:{port}", APP], _ASGI),
    "daphne": Command(
        lambda port: ["daphne", "--bind", "127.0.0.1", "--port", str(port), APP], _ASGI
    ),
    "granian": Command(
        lambda port: [
            *("granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), APP)
        ],
        _ASGI,
    ),
    "gunicorn-asgi": Command(_gunicorn("asgi"), _ASGI, _COLLECTED),
    "gunicorn-gthread": Command(_gunicorn("gthread", "--threads", "16"), _WSGI, _COLLECTED),
    "gunicorn-gevent": Command(_gunicorn("gevent"), _WSGI, _COLLECTED),
    "gunicorn-sync": Command(_gunicorn("sync"), _WSGI, _COLLECTED),
    "waitress": Command(
        lambda port: [
            *("waitress-serve", "--listen", f"127.0.0.1:{port}", "--threads", "16"),
            *("--channel-request-lookahead", "1", APP),
        ],
        _WSGI,
    ),
}


def free_port() -> int:
    """Return a port that was free just now: few servers can be handed a socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running(server: str, site: str, accounts: Path) -> Iterator[Server]:
    """Run a server with a site until the block ends; its accounts are written to the folder."""
    command = COMMANDS[server]
    port = free_port()
    program, *arguments = command.arguments(port)
    environment = {
        "SITE": site,
        "ACCOUNTS": str(accounts),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "PYTHONWARNINGS": command.warnings,
    }
    path = Path(sys.executable).with_name(program)
    with serving(
        [str(path), *arguments], url=f"http://127.0.0.1:{port}", environment=environment
    ) as running:
        yield running
