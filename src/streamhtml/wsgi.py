"""The response for any WSGI framework, from the raw ``environ`` (PEP 3333).

The response is a WSGI application. It is also the iterable that a WSGI application returns.
"""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import Any, TypeAlias, TypeVar

from streamhtml import _sigterm
from streamhtml._body import Body
from streamhtml._primed import primed
from streamhtml._request_headers import HeaderSource
from streamhtml._response import BaseStreamingResponse
from streamhtml._wsgi_iterator import SyncIterator

__all__ = ["StreamingHTMLResponse", "install_sigterm_handler", "primed"]

Environ: TypeAlias = Mapping[str, Any]

RequestT = TypeVar("RequestT")


class WSGIResponse(BaseStreamingResponse[RequestT]):
    """The base class of the adapters on top of WSGI. It reads the request from the environ."""

    @abstractmethod
    def _environ(self, request: RequestT) -> Environ:
        """Return the WSGI environ of the request."""

    def _read_request(self, request: RequestT) -> tuple[str, HeaderSource]:
        environ = self._environ(request)
        if "REQUEST_METHOD" not in environ:
            raise ValueError(
                "the environ has no 'REQUEST_METHOD'; pass the environ of a WSGI request; its keys "
                f"are {sorted(environ)}"
            )
        headers = {
            name.removeprefix("HTTP_").replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        return environ["REQUEST_METHOD"], headers

    def _iterator(self, request: RequestT, body: Body) -> SyncIterator:
        return SyncIterator(body, self._environ(request))


class StreamingHTMLResponse(WSGIResponse[Environ]):
    """Stream one message. ``__init__`` describes the arguments, the same in every framework.

    ``request`` is the environ. ``template`` and ``page`` are a ``jinja2.Template``, or a function
    that takes the context and returns HTML. The function must escape the values of the context.
    ``streamhtml/notice.html`` and translations come from the environment of a Jinja template.

    Return ``response(environ, start_response)`` from a WSGI application. Or pass ``status`` and
    ``headers`` to the framework, and pass the response itself as the body. The server calls
    ``close()``.

    Attributes:
        status: the HTTP status with its phrase, such as "200 OK".
        headers: the headers of the response, as pairs.
    """

    status: str
    headers: list[tuple[str, str]]

    _request_attribute = "keys"

    def __call__(
        self, environ: Environ, start_response: Callable[..., Any]
    ) -> "StreamingHTMLResponse":
        start_response(self.status, self.headers)
        return self

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        """Close the source, end the stream, and wait a few seconds at most for both."""
        self._chunks.close()

    def _environ(self, request: Environ) -> Environ:
        return request

    def _respond(self, request: Environ, body: Body, status: int, headers: dict[str, str]) -> None:
        self.status = f"{status} {_phrase(status)}"
        self.headers = list(headers.items())
        self._chunks = self._iterator(request, body)
        if request["REQUEST_METHOD"] == "HEAD":
            # Not every framework closes a body that it does not send. Falcon does not.
            self._chunks.close()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:  # WSGI requires a phrase for every status.
        return "Unknown"


def install_sigterm_handler() -> None:
    """On SIGTERM, send every open stream its last fragment before the server stops.

    Call it when the application is created. Most WSGI servers handle requests in threads, where
    a response cannot install the handler itself. See ``docs/how-to/any-framework.md``.
    """
    _sigterm.install_handler()
