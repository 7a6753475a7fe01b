"""What ``streamhtml.asgi`` and ``streamhtml.wsgi`` need of a raw scope or environ."""

import re
from typing import Any

import anyio
import pytest

from streamhtml import asgi, wsgi

SCOPE = {"method": "GET", "headers": []}
ENVIRON = {"REQUEST_METHOD": "GET"}


class Source:
    """A source that is closed, but never iterated."""

    closed = False

    def __iter__(self) -> Any:
        raise AssertionError("the source was iterated")

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("scope", "missing"),
    [
        ({"type": "lifespan"}, "'method'"),
        ({"type": "websocket", "headers": []}, "'method'"),
        ({"method": "GET"}, "'headers'"),
    ],
)
def test_a_scope_that_is_no_http_request_is_refused(scope: dict[str, Any], missing: str) -> None:
    source = Source()
    says = f"the scope has no {missing}; pass the scope of an HTTP request"
    with pytest.raises(ValueError, match=f"^{says}.* its keys are {re.escape(str(sorted(scope)))}"):
        asgi.StreamingHTMLResponse(scope, source)
    assert source.closed


@pytest.mark.parametrize("response", [asgi.StreamingHTMLResponse, wsgi.StreamingHTMLResponse])
def test_what_is_no_request_is_refused(response: Any) -> None:
    source = Source()
    says = "^request is a .*Source, which has no 'keys'; pass the request of your view as the first"
    with pytest.raises(TypeError, match=says):
        response(source)
    with pytest.raises(TypeError, match=says):
        response(source, SCOPE)
    assert not source.closed  # It is where the request should be, so nobody knows what it is.
    with pytest.raises(TypeError, match=r"^request is None, which has no 'keys'"):
        response(None, tokens=source)
    assert source.closed


def test_an_environ_without_a_method_is_refused() -> None:
    source = Source()
    says = "^the environ has no 'REQUEST_METHOD'; pass the environ of a WSGI request; its keys are "
    with pytest.raises(ValueError, match=says + r"\['HTTP_ACCEPT', 'PATH_INFO'\]"):
        wsgi.StreamingHTMLResponse({"PATH_INFO": "/", "HTTP_ACCEPT": "*/*"}, source)
    assert source.closed


@pytest.mark.parametrize(
    ("response", "request_"),
    [(asgi.StreamingHTMLResponse, SCOPE), (wsgi.StreamingHTMLResponse, ENVIRON)],
)
@pytest.mark.parametrize(
    "arguments",
    [{"template": "chat.html"}, {"page": "page.html"}],
    ids=lambda arguments: next(iter(arguments)),
)
def test_the_name_of_a_template_is_refused(
    response: Any, request_: dict[str, Any], arguments: dict[str, str]
) -> None:
    source = Source()
    says = f"template='{next(iter(arguments.values()))}' is a str; pass the template itself"
    with pytest.raises(TypeError, match=says):
        response(request_, source, **arguments)
    assert source.closed


def test_headers_of_a_scope_may_be_a_dict() -> None:
    scope = {"method": "HEAD", "headers": {"streaming-html": "html"}}
    response = asgi.StreamingHTMLResponse(scope, [])
    assert "fragments=" in response.headers["Content-Type"]


@pytest.mark.parametrize(("status", "phrase"), [(201, "201 Created"), (299, "299 Unknown")])
def test_a_wsgi_status_has_a_phrase(status: int, phrase: str) -> None:
    environ = {**ENVIRON, "REQUEST_METHOD": "HEAD"}
    response = wsgi.StreamingHTMLResponse(environ, [], status=status)
    assert response.status == phrase


def test_a_header_without_a_name_is_no_last_id() -> None:
    scope = {"method": "GET", "headers": [(b"", b"7")]}
    read: list[str] = []
    response = asgi.StreamingHTMLResponse(
        scope, ["a"], renderer="text", on_end=lambda reply: read.append(reply.text)
    )

    async def body() -> bytes:
        return b"".join([chunk async for chunk in response])

    assert b">a</span>" in anyio.run(body)
    assert read == ["a"]
