"""The ported tutorial: a template that replaces itself, on Django and htmx 2."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import Chat
from tests.servers.process import Server, serving

pytestmark = pytest.mark.browser

FOLDER = Path(__file__).parents[2] / "examples" / "tutorial_django"
MESSAGES = ["안녕 <b>you</b> & \"you\" and 'you'", "And again 👩‍💻"]


def answer(message: str) -> str:
    spec = spec_from_file_location("tutorial_ai", FOLDER / "chat" / "ai.py")
    assert spec
    assert spec.loader
    ai = module_from_spec(spec)
    spec.loader.exec_module(ai)
    text: str = ai.answer(message)
    return text


@contextmanager
def uvicorn() -> Iterator[Server]:
    command = [sys.executable, "-m", "uvicorn", "tutorial.asgi:application", "--port", "0"]
    with serving(command, folder=FOLDER) as server:
        yield server


@contextmanager
def runserver() -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "manage.py", "runserver", "--noreload", str(port)]
    hide = {"DJANGO_RUNSERVER_HIDE_WARNING": "true"}
    with serving(command, folder=FOLDER, environment=hide) as server:
        yield server


@pytest.mark.parametrize("run", [uvicorn, pytest.param(runserver, marks=pytest.mark.slow)])
def test_two_messages_replace_themselves(run: object, page: Page) -> None:
    assert callable(run)
    with run() as server:
        chat = Chat(page, server.url)
        message = page.get_by_label("Message", exact=True)
        send = page.get_by_role("button", name="Send")
        page.evaluate("""() => {
            window.chunks = [];
            document.addEventListener("chunk", (event) => chunks.push(event.detail.count));
        }""")
        for number, text in enumerate(MESSAGES):
            chat.send(text)
            expect(page.locator(".ai").nth(number)).to_contain_text("You wrote")
            # The answer is still streaming, and the page's handler of chunk 0 has run.
            assert page.evaluate("watch.ends.length") == number
            expect(message).to_have_value("")
            expect(message).to_be_focused()
            expect(send).to_be_disabled()
            assert chat.wait_for_end(number + 1) == "finished"
            expect(send).to_be_enabled()

            growth = chat.growth(number)
            assert len(growth.texts) > 5
            for before, after in zip(growth.texts, growth.texts[1:], strict=False):
                assert after.startswith(before)
            chunks = page.evaluate("chunks.splice(0)")
            assert chunks == list(range(len(chunks)))
        assert chat.pairs == [(text, answer(text)) for text in MESSAGES]
        ids = page.locator("#messages > *").evaluate_all("all => all.map(({ id }) => id)")
        assert len(set(ids)) == len(ids) == 2
        assert all(id_.startswith("ai_") for id_ in ids)
