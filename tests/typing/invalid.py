"""What a type checker must report: exactly the lines that end with "# error"."""

from typing import Any

from starlette.requests import Request

from streamhtml import Delta, Format, Fragment, Headers, Patch, Renderer, Reply, stream
from streamhtml.asgi import StreamingHTMLResponse as ASGIResponse
from streamhtml.django import StreamingHTMLResponse as DjangoResponse
from streamhtml.flask import StreamingHTMLResponse as FlaskResponse
from streamhtml.formats import negotiate
from streamhtml.starlette import StreamingHTMLResponse as StarletteResponse
from streamhtml.wsgi import StreamingHTMLResponse as WSGIResponse


class Silent(Format):
    media_type = "text/plain"


class Bytes(Format):
    media_type = "text/plain"

    def encode(self, fragment: Fragment) -> bytes:  # error
        return b""


class Forgetful:
    element = "p"
    css_class = ""

    def feed(self, text: str) -> list[Patch]:
        return []


def responses(request: Request, environ: dict[str, Any], any_request: Any) -> None:
    StarletteResponse(request, ["a"], format="htmll")  # error
    StarletteResponse(request, ["a"], renderer="markdwon")  # error
    StarletteResponse(request, ["a"], format=Forgetful)  # error
    StarletteResponse(request, ["a"], renderer=lambda root: Forgetful())  # error
    StarletteResponse(request, 7)  # error
    StarletteResponse(request, ["a"], status="200")  # error
    StarletteResponse(request, ["a"], intervall=1)  # error
    StarletteResponse(environ, ["a"])  # error
    ASGIResponse(environ, ["a"], format="htmll")  # error
    WSGIResponse(environ, ["a"], renderer="markdwon")  # error
    FlaskResponse(request, ["a"])  # error
    FlaskResponse(any_request, ["a"], format="htmll")  # error
    DjangoResponse(any_request, ["a"], renderer="markdwon")  # error


def the_core() -> None:
    Silent()  # error
    renderer: Renderer = Forgetful()  # error
    reply = Reply(renderer="markdwon")  # error
    reply.feed("a")  # error
    reply.close("done")  # error
    stream(reply, ["a"], ping="15")  # error
    Delta(7)  # error
    Patch("prepend", "a", "m")  # error
    Headers(7)  # error
    negotiate(7)  # error
    print(renderer)
