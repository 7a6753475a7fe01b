"""The adapter for Starlette and FastAPI.

The client is served by ``Mount("/static", StaticFiles(packages=[("streamhtml", "static")]))``.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.templating import Jinja2Templates
from starlette.types import Scope, Send

from streamhtml._body import Body
from streamhtml._jinja import AddNames, JinjaSite
from streamhtml._primed import primed
from streamhtml._site_options import SiteOptions
from streamhtml.asgi import ASGIResponse

__all__ = ["StreamingHTMLResponse", "primed", "render_message"]


class StreamingHTMLResponse(ASGIResponse[Request], StreamingResponse):
    """Stream one message. ``__init__`` describes the arguments, the same in every framework.

    Templates are looked up by name in ``app.state.templates``, a ``Jinja2Templates``.
    ``app.state.streamhtml`` has the options of the site.
    """

    media_type = "text/html"
    _request_attribute = "scope"

    def _scope(self, request: Request) -> Scope:
        return request.scope

    @classmethod
    def _site(cls, request: Request) -> JinjaSite:
        state = getattr(request.scope.get("app"), "state", None)
        options = SiteOptions("app.state.streamhtml", getattr(state, "streamhtml", None))
        templates = getattr(state, "templates", None)
        if not isinstance(templates, Jinja2Templates):
            return JinjaSite(options, hint="set app.state.templates = Jinja2Templates(…)")

        def names() -> AddNames:
            found: dict[str, Any] = {"request": request}
            for processor in templates.context_processors:
                found |= processor(request)
            return lambda context: context.update({**found, **context})

        return JinjaSite(options, templates.env, names)

    def _respond(self, request: Request, body: Body, status: int, headers: dict[str, str]) -> None:
        StreamingResponse.__init__(self, body, status_code=status, headers=headers)

    async def _send(self, send: Send) -> None:
        await self.stream_response(send)


render_message = StreamingHTMLResponse.render_message
