"""The demo on Starlette. With FastAPI only the decorators differ."""

import secrets
from pathlib import Path
from typing import Any

from markupsafe import Markup
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from streamhtml import Answer
from streamhtml.demo._conversations import Message, conversation_id
from streamhtml.demo._demo import COOKIE, TURBO, Demo
from streamhtml.formats import negotiate
from streamhtml.starlette import StreamingHTMLResponse

PAGE = "streamhtml_demo/page.html"
MESSAGE = "streamhtml_demo/message.html"
LISTEN = "streamhtml_demo/listen.html"


def create_app(demo: Demo) -> Starlette:
    """Return the ASGI application: a page, a reply, the static files."""
    templates = Jinja2Templates(Path(__file__).parent / "templates")

    def static(path: str) -> str:
        return str(app.url_path_for("static", path=path.removeprefix("turbo/")))

    def conversation_of(request: Request) -> str:
        return conversation_id(request.cookies.get(COOKIE))

    def page_context(
        request: Request, nonce: str, conversation: str, before: str = ""
    ) -> dict[str, object]:
        def render(answer: Answer, context: dict[str, Any]) -> Markup:
            return StreamingHTMLResponse.render_message(
                request, answer, MESSAGE, context, renderer=demo.renderer
            )

        earlier = demo.earlier(conversation, render, reply_url, before)
        return demo.page(str(app.url_path_for("ask")), static, nonce, earlier)

    def reply_url(pair: str) -> str:
        return str(app.url_path_for("reply", pair=pair))

    async def page(request: Request) -> Response:
        nonce, conversation = secrets.token_urlsafe(), conversation_of(request)
        context = page_context(request, nonce, conversation)
        headers = demo.headers(nonce, conversation)
        return templates.TemplateResponse(request, PAGE, context, headers=headers)

    async def ask(request: Request) -> Response:
        async with request.form() as form:
            question = str(form.get("example") or form.get("message", ""))
            replaces = str(form.get("replaces", ""))
        conversation = conversation_of(request)
        message = demo.conversations.add(conversation, question, replaces)
        # So a reload does not send the form again.
        if negotiate(request.headers) == "page":
            headers = demo.headers("", conversation)
            return RedirectResponse(reply_url(message.pair), 303, headers)
        if demo.client == "sse2":  # An EventSource can only send GET.
            context = {"reply_url": reply_url(message.pair)}
            headers = demo.headers("", conversation)
            return templates.TemplateResponse(request, LISTEN, context, headers=headers)
        return stream(request, conversation, message)

    async def reply(request: Request) -> Response:
        conversation = conversation_of(request)
        message = demo.conversations.find(conversation, request.path_params["pair"])
        if message is None:
            return Response(status_code=404)
        return stream(request, conversation, message)

    def stream(request: Request, conversation: str, message: Message) -> Response:
        nonce = secrets.token_urlsafe()
        response = StreamingHTMLResponse(
            request,
            demo.answer(message),
            MESSAGE,
            {
                **demo.context(message),
                **page_context(request, nonce, conversation, message.pair),
            },
            renderer=demo.renderer,
            into="messages",
            page=PAGE,
            nonce=nonce,
            resume_url=reply_url(message.pair) if demo.keeps_answers else None,
            stop_url=str(app.url_path_for("stop", pair=message.pair)),
            headers=demo.headers(nonce, conversation),
        )
        return demo.stoppable(response)

    async def stop(request: Request) -> Response:
        pair = request.path_params["pair"]
        message = demo.conversations.find(conversation_of(request), pair)
        if message is None:
            return Response(status_code=404)
        await demo.stop(message)
        return Response(status_code=204)

    app = Starlette(
        routes=[
            Route("/", page),
            Route("/reply", ask, methods=["POST"]),
            Route("/reply/{pair}", reply),
            Route("/reply/{pair}/stop", stop, methods=["POST"]),
            Mount("/static", _static_files(demo), name="static"),
        ]
    )
    app.state.templates = templates
    return app


def _static_files(demo: Demo) -> StaticFiles:
    packages = ["streamhtml", "streamhtml.demo"]
    if demo.client in ("htmx2", "htmx4", "sse2", "sse4"):
        packages.append("django_htmx")  # htmx itself
    return StaticFiles(
        directory=TURBO if demo.client == "turbo" else None,
        packages=[(package, "static") for package in packages],
    )
