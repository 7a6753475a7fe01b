"""The adapter for Flask. ``app.register_blueprint(blueprint)`` serves the client.

Its URL is ``url_for("streamhtml.static", filename="streaming-html.min.js")``.
"""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Request, Response, current_app
from flask.sansio.app import App

from streamhtml._body import Body
from streamhtml._jinja import JinjaSite
from streamhtml._primed import primed
from streamhtml._response import set_up
from streamhtml._site_options import SiteOptions
from streamhtml.wsgi import WSGIResponse

__all__ = ["StreamingHTMLResponse", "blueprint", "primed", "render_message"]


class StreamingHTMLResponse(WSGIResponse[Request], Response):
    """Stream one message. ``__init__`` describes the arguments, the same in every framework.

    Templates are looked up by name in the app's ``jinja_env``. Context processors are applied.
    Notices are in the language of Flask-Babel, if the app uses it. The source and the template can
    use ``request``, ``session`` and ``g``. ``app.config["STREAMHTML"]`` has the site's options.
    """

    _request_attribute = "environ"

    def _environ(self, request: Request) -> Mapping[str, Any]:
        return request.environ

    @classmethod
    def _site(cls, request: Request) -> JinjaSite:
        options, environment = _options(current_app), current_app.jinja_env
        names = current_app.update_template_context
        return JinjaSite(options, environment, lambda: names, language=_language)

    def _respond(self, request: Request, body: Body, status: int, headers: dict[str, str]) -> None:
        Response.__init__(self, self._iterator(request, body), status, headers)


def _options(app: App) -> SiteOptions:
    return SiteOptions('app.config["STREAMHTML"]', app.config.get("STREAMHTML"))


def _language() -> str:
    if "babel" not in current_app.extensions:
        return ""
    from flask_babel import get_locale  # type: ignore[import-untyped]

    return str(get_locale() or "")


blueprint = Blueprint(
    "streamhtml", __name__, static_folder="static/streamhtml", static_url_path="/streamhtml"
)
blueprint.record(lambda state: set_up(_options(state.app)))
render_message = StreamingHTMLResponse.render_message
