"""The demo: three frameworks, three clients, one page, two messages."""

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import CLIENTS, FRAMEWORKS, Chat
from tests.servers.process import demo

from streamhtml.demo._answers import tokens
from streamhtml.demo._demo import Demo

pytestmark = pytest.mark.browser

PROMPTS = ["Can you write <b>HTML</b> & \"quotes\" or 'quotes'?", "스트리밍이 뭐예요? 🇰🇷"]
ONCE_EACH = {("starlette", "plain"), ("django", "htmx2"), ("flask", "htmx4")}
PAIRS = [
    pytest.param(*pair, marks=[] if pair in ONCE_EACH else pytest.mark.slow)
    for pair in ((framework, client) for framework in FRAMEWORKS for client in CLIENTS)
]
LITERALLY = ["<b>", "&amp;", " & ", '"', "'", "</script>", "안녕하세요", "👩🏽‍💻"]


@pytest.mark.parametrize(("framework", "client"), PAIRS)
def test_two_answers_grow(framework: str, client: str, page: Page) -> None:
    answers = ["".join(tokens(prompt)) for prompt in PROMPTS]
    assert all(sign in "".join(answers) for sign in LITERALLY)
    with demo(framework, client, rate=300) as server:
        chat = Chat(page, server.url)
        message = page.get_by_label("Message", exact=True)
        for number, prompt in enumerate(PROMPTS):
            assert chat.ask(prompt) == "finished"
            expect(message).to_have_value("")
            expect(message).to_be_focused()

            growth = chat.growth(number)
            print(f"{growth.first_after:.0f} ms to the first text, {len(growth.texts)} texts")
            assert growth.first_after < 10_000  # ms
            assert len(growth.texts) > 5
            for before, after in zip(growth.texts, growth.texts[1:], strict=False):
                assert after.startswith(before)  # What was shown stays.
        assert [human for human, _ in chat.pairs] == PROMPTS
        assert chat.answers == [
            chat.spelled(Demo().renderer("").render(answer)) for answer in answers
        ]
