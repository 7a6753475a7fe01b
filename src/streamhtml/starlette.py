"""The adapter for Starlette and FastAPI.

The client is served by ``Mount("/static", StaticFiles(packages=[("streamhtml", "static")]))``.
"""

from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.templating import Jinja2Templates
from starlette.types import Scope, Send

from streamhtml._body import Body
from streamhtml._jinja import (
    escaping,
    site_notice,
    site_templates,
    template_itself,
    templates_beside,
)
from streamhtml._notice import Notice
from streamhtml._options import SiteOptions
from streamhtml._primed import primed
from streamhtml._template import FindTemplate, Template
from streamhtml.asgi import ASGIResponse

__all__ = ["StreamingHTMLResponse", "primed", "render_message"]


class StreamingHTMLResponse(ASGIResponse[Request], StreamingResponse):
    """Stream one message; the arguments are those of ``BaseStreamingResponse``.

    Templates are looked up by name in ``app.state.templates``, a ``Jinja2Templates``.
    ``app.state.streamhtml`` has the options of the site."""

    media_type = "text/html"

    def _scope(self, request: Request) -> Scope:
        return request.scope

    @classmethod
    def _site_options(cls, request: Request) -> SiteOptions:
        return SiteOptions("app.state.streamhtml", _state(request, "streamhtml"))

    @classmethod
    def _template(cls, request: Request, template: Any) -> Template:
        if not isinstance(template, str):
            return template_itself(template)
        if (templates := _templates(request)) is None:
            raise ValueError(
                f"template={template!r} is a name; set app.state.templates = Jinja2Templates(…), "
                "or pass the template itself"
            )
        loaded = escaping(templates.get_template(template))
        names: dict[str, Any] = {"request": request}
        for processor in templates.context_processors:
            names |= processor(request)
        return lambda context: loaded.render({**names, **context})

    @classmethod
    def _notice(cls, request: Request, template: Any, language: str) -> Notice:
        if (templates := _templates(request)) is None:
            return Notice(language=language)
        return site_notice(templates.env, lambda name: cls._template(request, name), language)

    @classmethod
    def _site_templates(cls, request: Request, template: Any) -> FindTemplate | None:
        if (templates := _templates(request)) is None:
            return templates_beside(template)
        return site_templates(templates.env, partial(cls._template, request))

    def _respond(self, request: Request, body: Body, status: int, headers: dict[str, str]) -> None:
        StreamingResponse.__init__(self, body, status_code=status, headers=headers)

    async def _send(self, send: Send) -> None:
        await self.stream_response(send)


def _templates(request: Request) -> Jinja2Templates | None:
    templates = _state(request, "templates")
    return templates if isinstance(templates, Jinja2Templates) else None


def _state(request: Request, name: str) -> Any:
    return getattr(getattr(request.scope.get("app"), "state", None), name, None)


render_message = StreamingHTMLResponse.render_message
