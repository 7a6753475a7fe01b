"""Serving the demo: a socket, the framework's usual server, one line when it listens, a quiet end.

An application knows nothing of this; a site would use its server's own command line.
"""

import logging
import os
import socket
from collections.abc import Callable
from typing import Any

from streamhtml.demo._demo import Demo

Announce = Callable[[], None]


def listen(host: str, port: int) -> socket.socket:
    """Return a listening TCP socket; port 0 takes a free one.

    Raises:
        OSError: the address cannot be had.
    """
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((host, port), family=family, backlog=128)


def url(listener: socket.socket) -> str:
    """Return the URL of what the socket serves."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(demo: Demo, listener: socket.socket, announce: Announce) -> None:
    """Serve until Ctrl-C; ``announce`` is called once requests are answered."""
    if demo.framework == "flask":
        _serve_flask(demo, listener, announce)
    else:
        _serve_asgi(demo, listener, announce)


def _serve_asgi(demo: Demo, listener: socket.socket, announce: Announce) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            announce()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            # It calls an error what is meant here: answers still streaming are cancelled.
            logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)
            await super().shutdown(sockets)

    config = uvicorn.Config(
        _asgi_app(demo),
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=0,
    )
    Server(config).run(sockets=[listener])


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
                "workers": 1,
                "threads": 32,  # a streaming answer keeps one
                "loglevel": "warning",
                "graceful_timeout": 5,  # a loaded machine takes more than one to close what is idle
                "control_socket_disable": True,
                "when_ready": lambda server: announce(),
                # On Ctrl-C: a worker waits for its threads, and they for the ends of the answers.
                "worker_int": lambda worker: os._exit(0),
            }
            for name, value in options.items():
                if name in self.cfg.settings:  # gunicorn 23 has no control socket
                    self.cfg.set(name, value)

        def load(self) -> Any:
            # In the worker, after the fork.
            from streamhtml.demo import flask_app

            return flask_app.create_app(demo)

    Server().run()
