"""A site whose answers are in Redis: ``asgi`` for uvicorn, and ``wsgi`` for gunicorn.

``/record/ID`` generates an answer that does not end by itself, and ``/follow/ID`` follows it. With
``?resumes``, the response has a ``resume_url``.
"""

import os
from collections.abc import Callable
from typing import Any

from tests.redis.process import words

from streamhtml import asgi as asgi_adapter
from streamhtml import wsgi as wsgi_adapter
from streamhtml.redis import RedisLog

LOG = RedisLog(os.environ["REDIS_URL"])

wsgi_adapter.install_sigterm_handler()


def respond(response: Callable[..., Any], request: Any, path: str, query: str) -> Any:
    """Return the response to a request."""
    _, verb, answer_id = path.split("/")
    source = LOG.record(answer_id, lambda: words(1_000_000)) if verb == "record" else None
    return response(
        request,
        source or LOG.follow(answer_id, wait=30),
        renderer="text",
        format="html",
        resume_url=f"/follow/{answer_id}" if query == "resumes" else None,
    )


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    query = scope["query_string"].decode()
    if scope["path"] == "/":
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})
        return
    response = respond(asgi_adapter.StreamingHTMLResponse, scope, scope["path"], query)
    await response(scope, receive, send)


def wsgi(environ: Any, start_response: Any) -> Any:
    if environ["PATH_INFO"] == "/":
        start_response("204 No Content", [])
        return []
    path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
    return respond(wsgi_adapter.StreamingHTMLResponse, environ, path, query)(
        environ, start_response
    )
