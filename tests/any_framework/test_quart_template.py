"""The page's way to render the message with a template of Quart."""

import asyncio

import quart
from jinja2 import DictLoader
from tests.any_framework.test_any_framework import PAGE
from tests.docs.pages import titled

from streamhtml.asgi import StreamingHTMLResponse

TEMPLATE = "<p id={{ message_pair_id }}>{{ human_message }}: {{ ai_message }}</p>"


def test_a_template_of_quart_shows_the_message() -> None:
    app = quart.Quart(__name__)
    app.jinja_env.loader = DictLoader({"message.html": TEMPLATE})
    names = {"app": app}
    exec(titled(PAGE, "quart_template.py"), names)
    template = names["template"]("message.html")

    async def read() -> str:
        scope = {"method": "POST", "headers": {}}
        response = StreamingHTMLResponse(
            scope, ["Hi"], template, {"human_message": "<b>"}, renderer="text"
        )
        return b"".join([chunk async for chunk in response]).decode()

    html = asyncio.run(read())
    assert ">&lt;b&gt;: <span" in html
    assert ">Hi</span></p>" in html
