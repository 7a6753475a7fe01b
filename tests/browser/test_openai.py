"""The demo with a model: the real openai package, and a server that cuts its bytes anywhere."""

import time

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import Chat
from tests.browser.recorded_page import cut_at_random
from tests.openai_server import Cut, OpenAIServer
from tests.scripted_server import PATIENCE
from tests.servers.process import demo

from streamhtml.demo._answers import tokens
from streamhtml.markdown import Options, render

pytestmark = pytest.mark.browser

FRAMEWORKS = ("starlette", "django", "flask")
BOUND = 10.0
"""Seconds from the closing of the tab. Flask's server notices at its next ping, which comes each
second in the demo; the others notice at once. The bound leaves time for a busy machine."""

ANSWER = (*tokens("emoji"), "\n", "", "<b>", " & ", "\"'")
CUTS: dict[str, Cut] = {
    "each byte alone": lambda data: (bytes([byte]) for byte in data),
    "at random": lambda data: cut_at_random(data, 5),
    "whole": lambda data: [data],
}
# make test takes an async and a sync framework; make test-all takes every pair.
ONCE_EACH = {("starlette", "each byte alone"), ("flask", "whole")}
PAIRS = [
    pytest.param(framework, cut, marks=[] if (framework, cut) in ONCE_EACH else pytest.mark.slow)
    for framework in FRAMEWORKS
    for cut in CUTS
]


def environment(model: OpenAIServer) -> dict[str, str]:
    return {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "none"}


@pytest.mark.parametrize(("framework", "cut"), PAIRS)
def test_the_answer_is_exact(framework: str, cut: str, page: Page) -> None:
    with (
        OpenAIServer(*ANSWER, cut=CUTS[cut]) as model,
        demo(framework, model="openai:fake", environment=environment(model)) as server,
    ):
        chat = Chat(page, server.url)
        for prompt in ("안녕?", "Again"):
            assert chat.ask(prompt) == "finished"
        assert [human for human, _ in chat.pairs] == ["안녕?", "Again"]
        assert chat.answers == [chat.spelled(render("".join(ANSWER), Options(dir_auto=True)))] * 2
        assert [request["messages"][-1]["content"] for request in model.requests] == [
            "안녕?",
            "Again",
        ]
        assert {request["model"] for request in model.requests} == {"fake"}


@pytest.mark.parametrize(
    "framework",
    [
        pytest.param(each, marks=[] if each == "starlette" else pytest.mark.slow)
        for each in FRAMEWORKS
    ],
)
def test_closing_the_tab_closes_the_connection_to_the_model(framework: str, page: Page) -> None:
    with (
        OpenAIServer("Wait", " a", " moment", stall=True) as model,
        demo(framework, model="openai:fake", log="none", environment=environment(model)) as server,
    ):
        Chat(page, server.url).send("Hello?")
        expect(page.locator(".streamhtml-ai")).to_have_text("Wait a moment")
        assert model.waiting.wait(PATIENCE)
        assert not model.closed.is_set()
        page.close()
        closed_at = time.monotonic()
        assert model.closed.wait(PATIENCE)
        seconds = model.closed_at - closed_at
        print(f"{framework}: the connection was closed {seconds:.3f} s after the tab")
        assert seconds < BOUND
