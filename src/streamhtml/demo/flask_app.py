"""The demo on Flask, under any WSGI server that has threads."""

import secrets
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from streamhtml.demo._demo import MAX_URL, TURBO, Demo
from streamhtml.flask import StreamingHTMLResponse, blueprint
from streamhtml.formats import negotiate

htmx = Blueprint(
    "django_htmx", "django_htmx", static_folder="static/django_htmx", static_url_path="/htmx"
)
turbo = Blueprint("turbo", __name__, static_folder=TURBO, static_url_path="/turbo")


def create_app(demo: Demo) -> Flask:
    """Return the WSGI application: a page, a reply, the static files."""
    app = Flask(__name__)  # Flask finds templates/ and static/ in the directory of this file
    app.register_blueprint(blueprint)
    if demo.client in ("htmx2", "htmx4", "sse2", "sse4"):
        app.register_blueprint(htmx)
    if demo.client == "turbo":
        app.register_blueprint(turbo)

    @app.get("/")
    def page() -> Response:
        nonce = secrets.token_urlsafe()
        response = make_response(render_template("streamhtml_demo/page.html", **context(nonce)))
        response.headers.update(demo.headers(nonce))
        return response

    @app.post("/reply")
    def ask() -> AnyResponse:
        message = request.form.get("message", "")
        url = url_for("answer", message=message)
        # So a reload does not send the form again.
        if negotiate(request.headers) == "page" and len(url) <= MAX_URL:
            return redirect(url, 303)
        if demo.client == "sse2":  # An EventSource can only send GET.
            return make_response(render_template("streamhtml_demo/listen.html", reply_url=url))
        return stream(message)

    @app.get("/reply")
    def answer() -> AnyResponse:
        return stream(request.args.get("message", ""))

    def stream(message: str) -> Response:
        nonce = secrets.token_urlsafe()
        response = StreamingHTMLResponse(
            request,
            demo.answer(message),
            "streamhtml_demo/message.html",
            {**demo.message(message), **context(nonce)},
            renderer=demo.renderer,
            into="messages",
            page="streamhtml_demo/page.html",
            nonce=nonce,
            headers=demo.headers(nonce),
        )
        return demo.stoppable(response, lambda pair: url_for("stop", pair=pair))

    @app.post("/stop/<pair>")
    def stop(pair: str) -> AnyResponse:
        demo.stop(pair)
        return make_response("", 204)

    def context(nonce: str) -> dict[str, Any]:
        return demo.page(url_for("ask"), static, nonce)

    return app


def static(path: str) -> str:
    """Return the URL of a static file, which belongs to one of the blueprints."""
    owner, _, name = path.partition("/")
    if owner in {"streamhtml", "django_htmx", "turbo"}:
        return url_for(f"{owner}.static", filename=name)
    return url_for("static", filename=path)
