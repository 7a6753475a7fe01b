"""An answer of 200 tokens that fails at token 100."""

import pytest
from markupsafe import Markup
from playwright.sync_api import Page, expect
from tests.browser.chat_page import CLIENTS, FRAMEWORKS, Chat
from tests.servers.process import demo

from streamhtml._words import NOTICES
from streamhtml.demo._answers import FAIL, FAIL_AFTER, FAIL_LENGTH, tokens
from streamhtml.markdown import Options, render

pytestmark = pytest.mark.browser

# make test takes one pair: test_server_endings.py shows how an answer fails in each framework.
PAIRS = [
    pytest.param(*pair, marks=[] if pair == ("django", "plain") else pytest.mark.slow)
    for pair in ((framework, client) for framework in FRAMEWORKS for client in CLIENTS)
]
NOTICE = Markup(
    '<span class="streamhtml-notice streamhtml-notice-failed" role="alert">'
    f"{NOTICES['failed']}</span>"
)
SECRET = f"fails after {FAIL_AFTER} tokens"


@pytest.mark.parametrize(("framework", "client"), PAIRS)
def test_what_arrived_is_shown_with_a_notice(framework: str, client: str, page: Page) -> None:
    assert len(tokens(FAIL)) == FAIL_LENGTH == 2 * FAIL_AFTER
    with demo(framework, client, rate=300, may_complain=True) as server:
        chat = Chat(page, server.url)
        assert chat.ask(FAIL) == "failed"
        notice = page.get_by_role("alert")
        expect(notice).to_be_visible()
        expect(notice).to_have_text(f"{NOTICES['failed']} Try again")
        assert [human for human, _ in chat.pairs] == [FAIL]
        shown = render("".join(tokens(FAIL)[:FAIL_AFTER]), Options(dir_auto=True)) + NOTICE
        assert chat.answers == [chat.spelled(shown)]

        assert "Traceback (most recent call last)" in server.log
        assert server.log.count(SECRET) == 1
        for seen in (page.content(), body(page)):
            assert NOTICES["failed"] in seen
            for hidden in (SECRET, "RuntimeError", "Traceback"):
                assert hidden not in seen

        assert chat.ask("hello") == "finished"
        assert chat.answers[1] == chat.spelled(
            render("".join(tokens("hello")), Options(dir_auto=True))
        )


def body(page: Page) -> str:
    """Return the body that the page's client reads, by sending the same request again."""
    form = page.locator("form").evaluate("form => Object.fromEntries(new FormData(form))")
    response = page.request.post(
        f"{page.url}reply", form=form | {"message": FAIL}, headers={"Streaming-HTML": "html"}
    )
    assert "fragments=" in response.headers["content-type"]
    return response.text()
