"""The demo on Starlette; FastAPI is the same but for its decorators."""

from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from streamhtml.demo._demo import HEADERS, Demo
from streamhtml.starlette import StreamingHTMLResponse


def create_app(demo: Demo) -> Starlette:
    """Return the ASGI application: a page, a reply, the static files."""
    templates = Jinja2Templates(Path(__file__).parent / "templates")

    async def page(request: Request) -> Response:
        def static(path: str) -> str:
            return str(app.url_path_for("static", path=path))

        context = demo.page(str(app.url_path_for("reply")), static)
        return templates.TemplateResponse(
            request, "streamhtml_demo/page.html", context, headers=HEADERS
        )

    async def reply(request: Request) -> Response:
        async with request.form() as form:
            message = str(form.get("message", ""))
        return StreamingHTMLResponse(
            request,
            demo.answer(message),
            "streamhtml_demo/message.html",
            {"human_message": message},
            renderer=demo.renderer,
        )

    packages = ["streamhtml", "streamhtml.demo"]
    if demo.client != "plain":
        packages.append("django_htmx")  # htmx itself
    static_files = StaticFiles(packages=[(package, "static") for package in packages])
    app = Starlette(
        routes=[
            Route("/", page),
            Route("/reply", reply, methods=["POST"], name="reply"),
            Mount("/static", static_files, name="static"),
        ]
    )
    app.state.templates = templates
    return app
