"""The adapter for Flask. ``app.register_blueprint(blueprint)`` serves the client.

Its URL is ``url_for("streamhtml.static", filename="streaming-html.min.js")``.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import flask
import jinja2
from flask.sansio.app import App
from flask.sansio.blueprints import BlueprintSetupState

from streamhtml import _sigterm
from streamhtml._body import Body
from streamhtml._jinja import escaping, site_notice, site_templates
from streamhtml._notice import Notice
from streamhtml._options import SiteOptions
from streamhtml._primed import primed
from streamhtml._response import checked_options
from streamhtml._template import FindTemplate, Template
from streamhtml.wsgi import WSGIResponse

__all__ = ["StreamingHTMLResponse", "blueprint", "primed", "render_message"]

blueprint = flask.Blueprint(
    "streamhtml", __name__, static_folder="static/streamhtml", static_url_path="/streamhtml"
)


@blueprint.record
def _set_up(state: BlueprintSetupState) -> None:
    _sigterm.install_handler()  # Views run in threads, which cannot install signal handlers.
    checked_options(_site_options(state.app))


class StreamingHTMLResponse(WSGIResponse[flask.Request], flask.Response):
    """Stream one message; the arguments are those of ``BaseStreamingResponse``.

    The name of a template, and ``streamhtml/notice.html``, are looked up in the app's
    ``jinja_env``. Context processors are applied. Notices are in the language of Flask-Babel, if
    the app uses it. The source and the template can use ``request``, ``session`` and ``g``.
    ``app.config["STREAMHTML"]`` has the options of the site.
    """

    @classmethod
    def _site_options(cls, request: flask.Request) -> SiteOptions:
        return _site_options(flask.current_app)

    def _environ(self, request: flask.Request) -> Mapping[str, Any]:
        return request.environ

    @classmethod
    def _template(cls, request: flask.Request, template: str | jinja2.Template) -> Template:
        app = flask.current_app
        loaded = escaping(app.jinja_env.get_or_select_template(template))

        def render(context: Mapping[str, Any]) -> str:
            app.update_template_context(names := dict(context))
            return loaded.render(names)

        return render

    @classmethod
    def _notice(cls, request: flask.Request, template: Any, language: str) -> Notice:
        app = flask.current_app
        if not language and "babel" in app.extensions:
            from flask_babel import get_locale  # type: ignore[import-untyped]

            language = str(get_locale() or "")
        return site_notice(app.jinja_env, lambda name: cls._template(request, name), language)

    @classmethod
    def _site_templates(cls, request: flask.Request, template: Any) -> FindTemplate:
        return site_templates(flask.current_app.jinja_env, partial(cls._template, request))

    def _respond(
        self, request: flask.Request, body: Body, status: int, headers: dict[str, str]
    ) -> None:
        flask.Response.__init__(self, self._iterator(request, body), status, headers)


def _site_options(app: App) -> SiteOptions:
    return SiteOptions('app.config["STREAMHTML"]', app.config.get("STREAMHTML"))


render_message = StreamingHTMLResponse.render_message
