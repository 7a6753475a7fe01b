"""The adapter for Starlette and FastAPI.

The client file is served by
``Mount("/static", StaticFiles(packages=[("streamhtml", "static")]))``.
"""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import anyio
import jinja2
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.templating import Jinja2Templates
from starlette.types import Receive, Scope, Send

from streamhtml import _sigterm
from streamhtml._notice import Notice
from streamhtml._response import Body, StreamingReply, jinja_notice, jinja_template
from streamhtml._template import Template

__all__ = ["StreamingHTMLResponse"]


class StreamingHTMLResponse(StreamingReply[Request], StreamingResponse):
    """Stream one message; the arguments are those of ``StreamingReply``.

    A template's name is looked up in ``request.app.state.templates``, a ``Jinja2Templates``, whose
    context processors apply; a ``jinja2.Template`` does without. So is ``streamhtml/notice.html``.
    """

    media_type = "text/html"

    def _template(self, request: Request, template: str | jinja2.Template) -> Template:
        if isinstance(template, jinja2.Template):
            return jinja_template(template).render
        templates = getattr(request.app.state, "templates", None)
        if not isinstance(templates, Jinja2Templates):
            raise ValueError(
                f"template={template!r} is a name, but app.state.templates is {templates!r}; set "
                "app.state.templates = Jinja2Templates('templates'), or pass the template itself"
            )
        loaded = jinja_template(templates.get_template(template))
        more: dict[str, Any] = {"request": request}
        for processor in templates.context_processors:
            more |= processor(request)
        return lambda context: loaded.render({**more, **context})

    def _notice(self, request: Request, language: str) -> Notice:
        # A request may come without an app, an app without templates.
        state = getattr(request.scope.get("app"), "state", None)
        templates = getattr(state, "templates", None)
        if not isinstance(templates, Jinja2Templates):
            return Notice(language=language)
        return jinja_notice(templates.env, partial(self._template, request), language)

    def _respond(
        self, request: Request, body: Body, status: int, headers: Mapping[str, str]
    ) -> None:
        StreamingResponse.__init__(self, body, status_code=status, headers=headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Starlette itself does not listen for the disconnect where the server speaks ASGI 2.4, nor
        # close what it iterates.
        failure: Exception | None = None
        left = False
        async with anyio.create_task_group() as tasks:

            async def leave_with_the_reader() -> None:
                nonlocal left
                await self.listen_for_disconnect(receive)
                left = True
                tasks.cancel_scope.cancel()

            tasks.start_soon(leave_with_the_reader)
            try:
                await self.stream_response(send)
            except OSError:
                pass  # So does ASGI 2.4 say that the reader has left.
            except Exception as error:  # Of a middleware: it is to see it as it was.
                failure = error
            except anyio.get_cancelled_exc_class():
                if not left and self._body.begun:
                    await self._send_the_end(send)
                raise
            finally:
                await self._body.aclose()
                tasks.cancel_scope.cancel()
        if failure is not None:
            raise failure
        if self.background is not None:
            await self.background()

    async def _send_the_end(self, send: Send) -> None:
        """The server cancels its streams, for it is to end, and the reader is still there."""
        self._body.interrupt()
        with anyio.move_on_after(_sigterm.GRACE_PERIOD, shield=True) as scope, suppress(Exception):
            while not scope.cancel_called:
                # Again: asyncio's end cancels all tasks, also those that were cancelled already.
                with suppress(anyio.get_cancelled_exc_class()):
                    async for chunk in self._body:
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                    return
