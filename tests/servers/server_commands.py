"""The servers that our users run: what starts each, and what it says of itself."""

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
    # It keeps what it knows of a connection so long, also when that is closed.
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
        # That it cannot speak of lifespan to Django.
        "error,ignore:The 'warn' method is deprecated:DeprecationWarning",
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

VARIANTS: dict[str, Command] = {
    "uvicorn-2": Command(
        lambda port: [
            *("uvicorn", "--host", "127.0.0.1", "--port", str(port), "--workers", "2", APP)
        ],
        _ASGI,
    ),
    # Without a process for its worker, which would hear of no signal.
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
        _COLLECTED,
    ),
    "waitress-script": Command(
        lambda port: ["python", "-m", "tests.servers.waitress_script", str(port)],
        _WSGI,
        # It closes its socket as it serves it: not.
        _COLLECTED,
    ),
}
"""The same servers, started in another way."""


def free_port() -> int:
    """Return a port that was free just now: few servers can be handed a socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def running(
    server: str, site: str, accounts: Path, *, may_complain: bool = False
) -> Iterator[Server]:
    """Run a server with a site until the block ends; its accounts are written to the folder."""
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
