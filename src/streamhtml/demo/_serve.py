"""Serves the demo with the usual server of its framework, and ends quietly on Ctrl-C.

The applications do not depend on this module. A site would use the command line of its server.
"""

import json
import logging
import os
import socket
from collections.abc import Callable
from typing import Any, Final

from streamhtml.demo._demo import Demo

Announce = Callable[[], None]

_OPTIONS: Final = "STREAMHTML_DEMO"
"""The environment variable with the options of the demo, for the processes of uvicorn."""

_UVICORN: Final[dict[str, Any]] = {
    "log_config": None,
    "access_log": False,
    "lifespan": "off",
    "timeout_graceful_shutdown": 0,
}


def listen(host: str, port: int) -> socket.socket:
    """Return a listening TCP socket; port 0 chooses a free port.

    Raises:
        OSError: the address cannot be used.
    """
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((host, port), family=family, backlog=128)


def url(listener: socket.socket) -> str:
    """Return the URL at which the socket listens."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(demo: Demo, listener: socket.socket, announce: Announce) -> None:
    """Serve until Ctrl-C. ``announce`` is called when the server is ready for requests."""
    if demo.framework == "flask":
        _serve_flask(demo, listener, announce)
    elif demo.workers > 1:
        _serve_asgi_workers(demo, listener, announce)
    else:
        _serve_asgi(demo, listener, announce)


def _serve_asgi(demo: Demo, listener: socket.socket, announce: Announce) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            announce()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            # Uvicorn logs an error when it cancels open streams. Here, that is what we want.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)
            await super().shutdown(sockets)

    config = uvicorn.Config(_asgi_app(demo), **_UVICORN)
    Server(config).run(sockets=[listener])


def _serve_asgi_workers(demo: Demo, listener: socket.socket, announce: Announce) -> None:
    import uvicorn

    os.environ[_OPTIONS] = json.dumps(demo.options)
    announce()  # The listener takes connections already.
    uvicorn.run(
        f"{__name__}:app_of_worker",
        factory=True,
        fd=listener.fileno(),
        workers=demo.workers,
        **_UVICORN,
    )


def app_of_worker() -> Any:
    """Return the application for one of several processes."""
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)  # See ``_serve_asgi()``.
    return _asgi_app(Demo(**json.loads(os.environ[_OPTIONS])))


def _asgi_app(demo: Demo) -> Any:
    if demo.framework == "django":
        from streamhtml.demo import django_app

        return django_app.create_app(demo)
    from streamhtml.demo import starlette_app

    return starlette_app.create_app(demo)


def _serve_flask(demo: Demo, listener: socket.socket, announce: Announce) -> None:
    from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

    class Server(BaseApplication):
        def load_config(self) -> None:
            options = {
                "bind": f"fd://{listener.detach()}",
                "worker_class": "gthread",
                "workers": demo.workers,
                "threads": 32,  # each answer that streams occupies one
                "loglevel": "warning",
                "graceful_timeout": 5,  # seconds: a busy machine closes idle connections slowly
                "control_socket_disable": True,
                "when_ready": lambda server: announce(),
                # On Ctrl-C the worker would wait for its threads, which wait for their answers.
                "worker_int": lambda worker: os._exit(0),
            }
            for name, value in options.items():
                if name in self.cfg.settings:  # gunicorn 23 has no control socket
                    self.cfg.set(name, value)

        def load(self) -> Any:
            # This runs in the worker, after the fork.
            from streamhtml.demo import flask_app

            return flask_app.create_app(demo)

    Server().run()
