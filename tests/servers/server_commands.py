"""The servers that users run, and the command that starts each."""

import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers import framework_sites as sites
from tests.servers.process import Server, serving

APP = "tests.servers.app:app"


@dataclass(frozen=True)
class Command:
    """How to start a server on a port of the loopback, and which sites it can serve."""

    arguments: Callable[[int], list[str]]
    sites: tuple[str, ...]
    warnings: str = "error"
    """Value of PYTHONWARNINGS. Some servers cause warnings themselves."""


def _gunicorn(kind: str, *more: str) -> Callable[[int], list[str]]:
    return lambda port: [
        *("gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-class", kind, "--workers", "1"),
        *("--no-control-socket", *more, APP),
    ]


_ASGI, _WSGI = tuple(sites.ASGI), tuple(sites.WSGI)
# gunicorn leaves the socket that it was given, and its files, to the garbage collector.
_UNCLOSED_FILES = "error,ignore::ResourceWarning"

COMMANDS: dict[str, Command] = {
    # Sanic installs httptools, which Uvicorn prefers. It sends chunks even to an HTTP/1.0 client,
    # as nginx is by default. Most sites of Uvicorn have h11 alone.
    "uvicorn": Command(
        lambda port: [
            *("uvicorn", "--http", "h11", "--host", "127.0.0.1", "--port", str(port), APP)
        ],
        _ASGI,
    ),
    # It keeps the state of a closed connection for this time.
    "hypercorn": Command(
        lambda port: ["hypercorn", "--bind", f"127.0.0.1:{port}", "--keep-alive", "1", APP], _ASGI
    ),
    "daphne": Command(
        lambda port: ["daphne", "--bind", "127.0.0.1", "--port", str(port), APP], _ASGI
    ),
    "granian": Command(
        lambda port: [
            *("granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), APP)
        ],
        _ASGI,
        # It warns that Django does not support lifespan.
        "error,ignore:The 'warn' method is deprecated:DeprecationWarning",
    ),
    "gunicorn-asgi": Command(_gunicorn("asgi"), _ASGI, _UNCLOSED_FILES),
    "gunicorn-gthread": Command(_gunicorn("gthread", "--threads", "16"), _WSGI, _UNCLOSED_FILES),
    "gunicorn-gevent": Command(_gunicorn("gevent"), _WSGI, _UNCLOSED_FILES),
    "gunicorn-sync": Command(_gunicorn("sync"), _WSGI, _UNCLOSED_FILES),
    "waitress": Command(
        lambda port: [
            *("waitress-serve", "--listen", f"127.0.0.1:{port}", "--threads", "16"),
            *("--channel-request-lookahead", "1", APP),
        ],
        _WSGI,
    ),
}

VARIANTS: dict[str, Command] = {
    "uvicorn-2": Command(
        lambda port: [
            *("uvicorn", "--http", "h11", "--host", "127.0.0.1", "--port", str(port)),
            *("--workers", "2", APP),
        ],
        _ASGI,
    ),
    # Without a worker process, which would not get the signal.
    "hypercorn-0": Command(
        lambda port: [
            *("hypercorn", "--bind", f"127.0.0.1:{port}", "--keep-alive", "1", "--workers", "0"),
            APP,
        ],
        _ASGI,
    ),
    "gunicorn-gthread-preload": Command(
        _gunicorn("gthread", "--threads", "16", "--preload", "--graceful-timeout", "2"),
        _WSGI,
        _UNCLOSED_FILES,
    ),
    "waitress-script": Command(
        lambda port: ["python", "-m", "tests.servers.waitress_script", str(port)],
        _WSGI,
        # It does not close its socket.
        _UNCLOSED_FILES,
    ),
}
"""The same servers, started in other ways."""


def free_port() -> int:
    """Return a port that is free now. Few servers can be given a socket instead."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running(
    server: str, site: str, accounts: Path, *, may_complain: bool = False
) -> Iterator[Server]:
    """Run a server with a site until the block ends. Accounts are written to the folder."""
    command = (COMMANDS | VARIANTS)[server]
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
        [str(path), *arguments],
        url=f"http://127.0.0.1:{port}",
        environment=environment,
        may_complain=may_complain,
    ) as running:
        yield running
