"""The response for any ASGI framework, from the raw ``scope``.

The response is an ASGI application. It also has ``status`` and ``headers``, and is an async
iterable of ``bytes``, for a framework that sends the body itself.
"""

from abc import abstractmethod
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
    MutableMapping,
)
from contextlib import suppress
from contextvars import copy_context
from typing import Any, TypeAlias, TypeVar

import anyio

from streamhtml import _sigterm
from streamhtml._body import Body
from streamhtml._eventloop import current_event_loop
from streamhtml._primed import primed
from streamhtml._request_headers import HeaderSource
from streamhtml._response import BaseStreamingResponse
from streamhtml._sigterm import interrupt_streams

__all__ = ["StreamingHTMLResponse", "interrupt_streams", "primed"]

Scope: TypeAlias = Mapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

RequestT = TypeVar("RequestT")


class ASGIResponse(BaseStreamingResponse[RequestT]):
    """An ASGI application that sends one message: the base class of the adapters on top of ASGI.

    It listens for the disconnect of the reader, because few frameworks do. It closes the source in
    every case.
    """

    background: Any = None
    """An async function without arguments that is called after the response, as in Starlette."""

    @abstractmethod
    def _scope(self, request: RequestT) -> Scope:
        """Return the ASGI scope of the request."""

    @abstractmethod
    async def _send(self, send: Send) -> None:
        """Send the whole response."""

    def _read_request(self, request: RequestT) -> tuple[str, HeaderSource]:
        scope = self._scope(request)
        try:
            return scope["method"], scope["headers"]
        except KeyError as error:
            raise ValueError(
                f"the scope has no {error}; pass the scope of an HTTP request, or a dict with its "
                f"'method' and 'headers'; its keys are {sorted(scope)}"
            ) from None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        failure: Exception | None = None
        left = False
        async with anyio.create_task_group() as tasks:

            def leave() -> None:
                nonlocal left
                left = True
                tasks.cancel_scope.cancel()

            async def leave_on_disconnect() -> None:
                await _wait_for_disconnect(receive)
                leave()

            self._body.on_stalled(leave)
            tasks.start_soon(leave_on_disconnect)
            try:
                await self._send(send)
            except OSError:
                pass  # ASGI 2.4: send() raises it when the reader has left.
            except Exception as error:
                # A middleware raised it, and must get it back unchanged, not in an ExceptionGroup.
                failure = error
            except anyio.get_cancelled_exc_class():
                if not left and self._body.begun:
                    await self._send_end(send)
                raise
            finally:
                await self._body.aclose()
                tasks.cancel_scope.cancel()
        if failure is not None:
            raise failure
        if self.background is not None:
            await self.background()

    async def _send_end(self, send: Send) -> None:
        """Send the last fragment, because the server shuts down and cancels its responses."""
        self._body.interrupt()
        with anyio.move_on_after(_sigterm.GRACE_PERIOD, shield=True) as scope, suppress(Exception):
            while not scope.cancel_called:
                # An asyncio loop that ends cancels every task, even one that was cancelled before.
                # So this task may be cancelled once more.
                with suppress(anyio.get_cancelled_exc_class()):
                    await self._send_body(send)
                    return

    async def _send_body(self, send: Send) -> None:
        async for chunk in self._body:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class StreamingHTMLResponse(ASGIResponse[Scope]):
    """Stream one message. ``__init__`` describes the arguments, the same in every framework.

    ``request`` is the scope. A dict with ``method`` and ``headers`` is enough; the headers can be a
    mapping or pairs, of ``str`` or ``bytes``. ``template`` and ``page`` are a ``jinja2.Template``,
    or a function that takes the context and returns HTML. The function must escape the values of
    the context. ``streamhtml/notice.html`` and translations come from the environment of a Jinja
    template.

    Await it as an ASGI application: ``await response(scope, receive, send)``. Or send the body
    yourself, and close the response in every case::

        async with aclosing(response):
            async for chunk in response:
                ...

    Attributes:
        status: the HTTP status.
        headers: the headers of the response.
    """

    status: int
    headers: dict[str, str]

    _request_attribute = "keys"

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._body

    async def until_disconnect(self, receive: Receive) -> AsyncGenerator[bytes]:
        """Iterate the body until the reader leaves, and close the source in every case.

        For a framework that sends the body itself, but does not notice that the reader has left.

        Args:
            receive: the ``receive`` of ASGI, after the body of the request has been read.
        """

        async def close_on_disconnect() -> None:
            await _wait_for_disconnect(receive)
            self._body.close()

        stop_listening = current_event_loop().spawn(close_on_disconnect, copy_context())
        try:
            async for chunk in self._body:
                yield chunk
        finally:
            stop_listening()
            await self._body.aclose()

    async def aclose(self) -> None:
        """Close the source, end the stream, and wait a few seconds at most for both."""
        await self._body.aclose()

    def _scope(self, request: Scope) -> Scope:
        return request

    def _respond(self, request: Scope, body: Body, status: int, headers: dict[str, str]) -> None:
        self.status = status
        self.headers = headers

    async def _send(self, send: Send) -> None:
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in self.headers.items()
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await self._send_body(send)


async def _wait_for_disconnect(receive: Receive) -> None:
    """Receive the messages of ASGI until one says that the reader has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
