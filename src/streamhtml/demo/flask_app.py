"""The demo on Flask, under any WSGI server that has threads."""

import secrets
from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from streamhtml import Answer
from streamhtml.demo._conversations import Message, conversation_id
from streamhtml.demo._demo import COOKIE, FROM_NPM, Demo
from streamhtml.flask import StreamingHTMLResponse, blueprint
from streamhtml.formats import negotiate
from streamhtml.log import wait

PAGE = "streamhtml_demo/page.html"
MESSAGE = "streamhtml_demo/message.html"
LISTEN = "streamhtml_demo/listen.html"

chat = Blueprint("chat", __name__)
htmx = Blueprint(
    "django_htmx", "django_htmx", static_folder="static/django_htmx", static_url_path="/htmx"
)


def create_app(demo: Demo) -> Flask:
    """Return the WSGI application: a page, a reply, the static files."""
    app = Flask(__name__)  # Flask finds templates/ and static/ in the directory of this file
    app.config["DEMO"] = demo
    app.register_blueprint(blueprint)
    app.register_blueprint(chat)
    if demo.client in ("htmx2", "htmx4", "sse2", "sse4"):
        app.register_blueprint(htmx)
    if files := demo.npm_files:
        name = demo.client
        npm = Blueprint(name, __name__, static_folder=files, static_url_path=f"/{name}")
        app.register_blueprint(npm)
    return app


@chat.get("/")
def page() -> Response:
    """Show the conversation so far."""
    nonce, conversation = secrets.token_urlsafe(), conversation_of_reader()
    html = render_template(PAGE, **page_context(nonce, conversation))
    return make_response(html, demo_of_app().headers(nonce, conversation))


@chat.post("/reply")
def ask() -> AnyResponse:
    """Store a question, and stream its answer."""
    question = request.form.get("example") or request.form.get("message", "")
    replaces = request.form.get("replaces", "")
    demo, conversation = demo_of_app(), conversation_of_reader()
    message = demo.conversations.add(conversation, question, replaces)
    headers = demo.headers("", conversation)
    # So a reload does not send the form again.
    if negotiate(request.headers) == "page":
        response = redirect(reply_url(message.pair), 303)
        response.headers.update(headers)
        return response
    if demo.client == "sse2":  # An EventSource can only send GET.
        html = render_template(LISTEN, reply_url=reply_url(message.pair))
        return make_response(html, headers)
    return stream(message)


@chat.get("/reply/<pair>")
def reply(pair: str) -> AnyResponse:
    """Stream one answer, from its beginning or from where the reader has lost it."""
    return stream(find(pair))


def stream(message: Message) -> Response:
    """Return the answer to one message."""
    nonce, demo, conversation = secrets.token_urlsafe(), demo_of_app(), conversation_of_reader()
    response = StreamingHTMLResponse(
        request,
        demo.answer(message),
        MESSAGE,
        {**demo.context(message), **page_context(nonce, conversation, message.pair)},
        renderer=demo.renderer,
        into="messages",
        page=PAGE,
        nonce=nonce,
        resume_url=reply_url(message.pair) if demo.keeps_answers else None,
        stop_url=url_for("chat.stop", pair=message.pair),
        headers=demo.headers(nonce, conversation),
    )
    return demo.stoppable(response)


@chat.post("/reply/<pair>/stop")
def stop(pair: str) -> AnyResponse:
    """Stop one answer."""
    wait(demo_of_app().stop(find(pair)))
    return make_response("", 204)


def find(pair: str) -> Message:
    """Return a message of the reader's own conversation."""
    return demo_of_app().conversations.find(conversation_of_reader(), pair) or abort(404)


def page_context(nonce: str, conversation: str, before: str = "") -> dict[str, Any]:
    """Return the context of the page."""
    demo = demo_of_app()

    def render(answer: Answer, context: dict[str, Any]) -> Markup:
        return StreamingHTMLResponse.render_message(
            request, answer, MESSAGE, context, renderer=demo.renderer
        )

    earlier = demo.earlier(conversation, render, reply_url, before)
    return demo.page(url_for("chat.ask"), static, nonce, earlier)


def demo_of_app() -> Demo:
    """Return the options of the demo."""
    demo: Demo = current_app.config["DEMO"]
    return demo


def conversation_of_reader() -> str:
    """Return the id of the reader's conversation."""
    return conversation_id(request.cookies.get(COOKIE))


def reply_url(pair: str) -> str:
    """Return the URL of one answer."""
    return url_for("chat.reply", pair=pair)


def static(path: str) -> str:
    """Return the URL of a static file, which belongs to one of the blueprints."""
    owner, _, name = path.partition("/")
    if owner in {"streamhtml", "django_htmx", *FROM_NPM}:
        return url_for(f"{owner}.static", filename=name)
    return url_for("static", filename=path)
