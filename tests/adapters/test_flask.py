"""What only Flask has."""

from collections.abc import AsyncIterator

import flask
import pytest

from streamhtml.flask import StreamingHTMLResponse, blueprint


@pytest.fixture
def app() -> flask.Flask:
    app = flask.Flask(__name__)
    app.secret_key = "for tests"
    app.register_blueprint(blueprint)
    return app


def test_the_source_and_the_template_can_use_request_session_and_g(app: flask.Flask) -> None:
    @app.post("/<name>")
    def reply(name: str) -> StreamingHTMLResponse:
        flask.g.user = "gina"
        flask.session["seen"] = 7

        async def source() -> AsyncIterator[str]:
            yield f"{flask.request.view_args['name']} "  # type: ignore[index]
            yield f"{flask.g.user} {flask.session['seen']}"

        template = app.jinja_env.from_string(
            "<p>{{ request.path }} {{ g.user }} {{ url_for('reply', name='n') }} "
            "{{ ai_message }}</p>"
        )
        return StreamingHTMLResponse(
            flask.request, source(), template, renderer="template", interval=0
        )

    answer = app.test_client().post("/x", headers={"Streaming-HTML": "html"}).text
    assert "<p>/x gina /n x gina 7</p>" in answer


def test_the_client_file_is_served_by_the_blueprint(app: flask.Flask) -> None:
    with app.test_request_context():
        url = flask.url_for("streamhtml.static", filename="streaming-html.js")
    assert url == "/streamhtml/streaming-html.js"
    response = app.test_client().get(url)
    assert response.status_code == 200
    assert b"streaming-html" in response.data
    response.close()
