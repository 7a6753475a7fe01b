"""The demo on Starlette. With FastAPI only the decorators differ."""

import secrets
from pathlib import Path
from typing import Any

from markupsafe import Markup
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from streamhtml import Answer
from streamhtml.demo._conversations import Message, conversation_id
from streamhtml.demo._demo import COOKIE, Demo
from streamhtml.formats import negotiate
from streamhtml.starlette import StreamingHTMLResponse

PAGE = "streamhtml_demo/page.html"
MESSAGE = "streamhtml_demo/message.html"
LISTEN = "streamhtml_demo/listen.html"


def create_app(demo: Demo) -> Starlette:
    """Return the ASGI application: a page, a reply, the static files."""
    app = Starlette(
        routes=[
            Route("/", page),
            Route("/reply", ask, methods=["POST"]),
            Route("/reply/{pair}", reply),
            Route("/reply/{pair}/stop", stop, methods=["POST"]),
            Mount("/static", _static_files(demo), name="static"),
        ]
    )
    app.state.demo = demo
    app.state.templates = Jinja2Templates(Path(__file__).parent / "templates")
    return app


async def page(request: Request) -> Response:
    """Show the conversation so far."""
    nonce, conversation = secrets.token_urlsafe(), conversation_of(request)
    context = page_context(request, nonce, conversation)
    return render(request, PAGE, context, demo_of(request).headers(nonce, conversation))


async def ask(request: Request) -> Response:
    """Store a question, and stream its answer."""
    async with request.form() as form:
        question = str(form.get("example") or form.get("message", ""))
        replaces = str(form.get("replaces", ""))
    demo, conversation = demo_of(request), conversation_of(request)
    message = demo.conversations.add(conversation, question, replaces)
    headers = demo.headers("", conversation)
    # So a reload does not send the form again.
    if negotiate(request.headers) == "page":
        return RedirectResponse(path_of(request, "reply", pair=message.pair), 303, headers)
    if demo.client == "sse2":  # An EventSource can only send GET.
        context = {"reply_url": path_of(request, "reply", pair=message.pair)}
        return render(request, LISTEN, context, headers)
    return stream(request, message)


async def reply(request: Request) -> Response:
    """Stream one answer, from its beginning or from where the reader has lost it."""
    return stream(request, find(request))


def stream(request: Request, message: Message) -> Response:
    """Return the answer to one message."""
    nonce, demo, conversation = secrets.token_urlsafe(), demo_of(request), conversation_of(request)
    resume_url = path_of(request, "reply", pair=message.pair)
    response = StreamingHTMLResponse(
        request,
        demo.answer(message),
        MESSAGE,
        {**demo.context(message), **page_context(request, nonce, conversation, message.pair)},
        renderer=demo.renderer,
        into="messages",
        page=PAGE,
        nonce=nonce,
        resume_url=resume_url if demo.keeps_answers else None,
        stop_url=path_of(request, "stop", pair=message.pair),
        headers=demo.headers(nonce, conversation),
    )
    return demo.stoppable(response)


async def stop(request: Request) -> Response:
    """Stop one answer."""
    await demo_of(request).stop(find(request))
    return Response(status_code=204)


def find(request: Request) -> Message:
    """Return the message that the URL names, if it is one of the reader's own conversation."""
    pair = request.path_params["pair"]
    message = demo_of(request).conversations.find(conversation_of(request), pair)
    if message is None:
        raise HTTPException(404)
    return message


def conversation_of(request: Request) -> str:
    """Return the id of the reader's conversation."""
    return conversation_id(request.cookies.get(COOKIE))


def page_context(
    request: Request, nonce: str, conversation: str, before: str = ""
) -> dict[str, Any]:
    """Return the context of the page."""
    demo = demo_of(request)

    def render_stored(answer: Answer, context: dict[str, Any]) -> Markup:
        return StreamingHTMLResponse.render_message(
            request, answer, MESSAGE, context, renderer=demo.renderer
        )

    def reply_url(pair: str) -> str:
        return path_of(request, "reply", pair=pair)

    def static(path: str) -> str:
        return path_of(request, "static", path=path.removeprefix(f"{demo.client}/"))

    earlier = demo.earlier(conversation, render_stored, reply_url, before)
    return demo.page(path_of(request, "ask"), static, nonce, earlier)


def demo_of(request: Request) -> Demo:
    """Return the options of the demo."""
    demo: Demo = request.app.state.demo
    return demo


def path_of(request: Request, name: str, **parameters: str) -> str:
    """Return the path of a route."""
    return str(request.app.url_path_for(name, **parameters))


def render(
    request: Request, template: str, context: dict[str, Any], headers: dict[str, str]
) -> Response:
    """Return a response with a template."""
    templates: Jinja2Templates = request.app.state.templates
    return templates.TemplateResponse(request, template, context, headers=headers)


def _static_files(demo: Demo) -> StaticFiles:
    packages = ["streamhtml", "streamhtml.demo"]
    if demo.client in ("htmx2", "htmx4", "sse2", "sse4"):
        packages.append("django_htmx")  # htmx itself
    return StaticFiles(
        directory=demo.npm_files,
        packages=[(package, "static") for package in packages],
    )
