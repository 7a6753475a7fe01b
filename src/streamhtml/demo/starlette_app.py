"""The demo on Starlette. With FastAPI only the decorators differ."""

import secrets
from pathlib import Path
from urllib.parse import urlencode

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from streamhtml.demo._demo import MAX_URL, TURBO, Demo
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

    def page_context(nonce: str) -> dict[str, object]:
        return demo.page(str(app.url_path_for("reply")), static, nonce)

    async def page(request: Request) -> Response:
        nonce = secrets.token_urlsafe()
        context, headers = page_context(nonce), demo.headers(nonce)
        return templates.TemplateResponse(request, PAGE, context, headers=headers)

    async def ask(request: Request) -> Response:
        async with request.form() as form:
            message = str(form.get("message", ""))
        url = f"{app.url_path_for('reply')}?{urlencode({'message': message}, errors='replace')}"
        # So a reload does not send the form again.
        if negotiate(request.headers) == "page" and len(url) <= MAX_URL:
            return RedirectResponse(url, 303)
        if demo.client == "sse2":  # An EventSource can only send GET.
            return templates.TemplateResponse(request, LISTEN, {"reply_url": url})
        return stream(request, message)

    async def answer(request: Request) -> Response:
        return stream(request, request.query_params.get("message", ""))

    def stream(request: Request, message: str) -> Response:
        nonce = secrets.token_urlsafe()
        response = StreamingHTMLResponse(
            request,
            demo.answer(message),
            MESSAGE,
            {**demo.message(message), **page_context(nonce)},
            renderer=demo.renderer,
            into="messages",
            page=PAGE,
            nonce=nonce,
            headers=demo.headers(nonce),
        )
        return demo.stoppable(response, lambda pair: str(app.url_path_for("stop", pair=pair)))

    async def stop(request: Request) -> Response:
        demo.stop(request.path_params["pair"])
        return Response(status_code=204)

    app = Starlette(
        routes=[
            Route("/", page),
            Route("/reply", ask, methods=["POST"], name="reply"),
            Route("/reply", answer),
            Route("/stop/{pair}", stop, methods=["POST"], name="stop"),
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
