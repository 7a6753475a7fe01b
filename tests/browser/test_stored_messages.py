"""A stored message beside the streamed one: the same DOM, and the same pixels."""

import json

import pytest
from markupsafe import Markup
from playwright.sync_api import Page
from tests.browser.form_page import form, send, show, wait_for
from tests.browser.stepped_server import Answer as Response
from tests.browser.stepped_server import SteppedServer

from streamhtml import Answer, Delta, Reply, ToolDelta, render_message
from streamhtml._patch import Outcome
from streamhtml.formats.html import HTMLFormat

pytestmark = pytest.mark.browser

DELTAS = [
    Delta("The user wants ", "reasoning"),
    Delta("*both*.", "reasoning"),
    Delta("Let me look:\n\n- at the **wea"),
    Delta("ther**"),
    ToolDelta('{"city": ', id="a", name="weather"),
    ToolDelta("{}", id="b", name="search"),
    Delta("halfway", "status"),
    ToolDelta('"Seoul"}', id="a"),
    ToolDelta("sunny", id="a", field="result"),
    ToolDelta("no such thing", id="b", field="error"),
    Delta("| a | b |\n|---|---|\n| 1 | `2` |\n\n```python\nprint(1"),
    Delta.replace("there", "status"),
    Delta(Markup("<mark>mine</mark>")),
    Delta(")\n```\n\n안녕 [it][1]\n\n[1]: https://example.org\n"),
]
CONTEXT = {"human_message": "Look at <both>"}


@pytest.mark.parametrize(("outcome", "renderer"), [("finished", "markdown"), ("stopped", "text")])
def test_a_stored_message_looks_like_the_streamed_one(
    outcome: Outcome, renderer: str, page: Page, server: SteppedServer
) -> None:
    html_format, reply = HTMLFormat(), Reply(context=CONTEXT, renderer=renderer)  # type: ignore[arg-type]
    fragments = [reply.open()]
    fragments += [reply.feed([delta], at=number * 0.7) for number, delta in enumerate(DELTAS)]
    fragments.append(reply.close(outcome, at=10))
    writes = tuple(html_format.encode(each) for each in fragments if each.patches or each.outcome)
    server.answers["/reply"] = lambda _: Response(writes, html_format.media_type)
    show(page, server, "plain", form("plain"))
    send(page)
    server.wait_for().finish()
    wait_for(page, "stream:end", outcome)
    messages = page.locator("#messages")
    streamed, picture = messages.inner_html(), messages.screenshot()

    answer = Answer.from_dict(json.loads(json.dumps(reply.answer.to_dict())))
    again = render_message(answer, context=CONTEXT, renderer=renderer)  # type: ignore[arg-type]
    show(page, server, "plain", form("plain"), f'<div id="messages">{again}</div>')
    assert page.locator("#messages").inner_html() == streamed
    assert page.locator("#messages").screenshot() == picture
