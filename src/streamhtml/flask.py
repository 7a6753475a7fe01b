"""The adapter for Flask; ``blueprint`` serves the client file.

``app.register_blueprint(blueprint)`` puts it at ``/streamhtml/streaming-html.js``, in a template
``url_for("streamhtml.static", filename="streaming-html.js")``.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import flask
import jinja2

from streamhtml import _sigterm
from streamhtml._bridge import SyncIterator
from streamhtml._notice import Notice
from streamhtml._response import Body, StreamingReply, jinja_notice, jinja_template
from streamhtml._template import Template

__all__ = ["StreamingHTMLResponse", "blueprint"]

blueprint = flask.Blueprint(
    "streamhtml", __name__, static_folder="static/streamhtml", static_url_path="/streamhtml"
)
# Responses are made in threads, which may not handle signals; an application is not.
blueprint.record_once(lambda state: _sigterm.install_handler())


class StreamingHTMLResponse(StreamingReply[flask.Request], flask.Response):
    """Stream one message; the arguments are those of ``StreamingReply``.

    A template's name is looked up in the app's ``jinja_env``, and its context processors apply.
    So is ``streamhtml/notice.html``; notices speak the language of Flask-Babel, if it is there.
    ``request``, ``session`` and ``g`` can be used in the source and in the template while it
    streams.
    """

    def _template(self, request: flask.Request, template: str | jinja2.Template) -> Template:
        app = flask.current_app
        loaded = jinja_template(app.jinja_env.get_or_select_template(template))

        def render(context: Mapping[str, Any]) -> str:
            names = dict(context)
            app.update_template_context(names)
            return loaded.render(names)

        return render

    def _notice(self, request: flask.Request, language: str) -> Notice:
        app = flask.current_app
        if not language and "babel" in app.extensions:
            from flask_babel import get_locale  # type: ignore[import-untyped]

            language = str(get_locale() or "")
        return jinja_notice(app.jinja_env, partial(self._template, request), language)

    def _respond(
        self, request: flask.Request, body: Body, status: int, headers: Mapping[str, str]
    ) -> None:
        content = SyncIterator(body, request.environ)
        flask.Response.__init__(self, content, status=status, headers=dict(headers))
