"""What only Starlette has."""

import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from streamhtml.starlette import StreamingHTMLResponse


def client(endpoint: object) -> TestClient:
    static = Mount("/static", StaticFiles(packages=[("streamhtml", "static")]))
    return TestClient(Starlette(routes=[Route("/", endpoint), static]))  # type: ignore[arg-type]


def test_the_client_file_is_served_from_the_package() -> None:
    response = client(None).get("/static/streamhtml/streaming-html.js")
    assert response.status_code == 200
    assert "javascript" in response.headers["Content-Type"]


def test_the_name_of_a_template_is_refused_if_the_app_has_no_templates() -> None:
    async def endpoint(request: Request) -> StreamingHTMLResponse:
        return StreamingHTMLResponse(request, [], "chat/_message.html")

    with pytest.raises(ValueError, match=r"set app\.state\.templates = Jinja2Templates"):
        client(endpoint).get("/")


def test_a_background_task_runs_after_the_answer() -> None:
    order = []

    async def endpoint(request: Request) -> StreamingHTMLResponse:
        response = StreamingHTMLResponse(request, ["a"], on_end=lambda reply: order.append("end"))
        response.background = BackgroundTask(order.append, "background")
        return response

    assert client(endpoint).get("/").status_code == 200
    assert order == ["end", "background"]
