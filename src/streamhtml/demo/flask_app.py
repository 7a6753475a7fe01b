"""The demo on Flask, under any WSGI server that has threads."""

from flask import Blueprint, Flask, Response, make_response, render_template, request, url_for

from streamhtml.demo._demo import HEADERS, Demo
from streamhtml.flask import StreamingHTMLResponse, blueprint

htmx = Blueprint(
    "django_htmx", "django_htmx", static_folder="static/django_htmx", static_url_path="/htmx"
)


def create_app(demo: Demo) -> Flask:
    """Return the WSGI application: a page, a reply, the static files."""
    app = Flask(__name__)  # finds templates/ and static/ beside this file
    app.register_blueprint(blueprint)
    if demo.client != "plain":
        app.register_blueprint(htmx)

    @app.get("/")
    def page() -> Response:
        context = demo.page(url_for("reply"), static)
        response = make_response(render_template("streamhtml_demo/page.html", **context))
        response.headers.update(HEADERS)
        return response

    @app.post("/reply")
    def reply() -> Response:
        message = request.form.get("message", "")
        return StreamingHTMLResponse(
            request,
            demo.answer(message),
            "streamhtml_demo/message.html",
            {"human_message": message},
            renderer=demo.renderer,
        )

    return app


def static(path: str) -> str:
    """Return the URL of a file: each of the blueprints keeps its own."""
    owner, _, name = path.partition("/")
    if owner in {"streamhtml", "django_htmx"}:
        return url_for(f"{owner}.static", filename=name)
    return url_for("static", filename=path)
