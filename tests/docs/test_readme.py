"""The first example of the README runs as pasted, with its two commands, also in a browser."""

import re
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import sync_playwright
from tests.docs.pages import ROOT, blocks, commands, titled
from tests.docs.shell import served

README = ROOT / "README.md"
INSTALL = 'pip install "streamhtml[starlette]" fastapi uvicorn python-multipart'
RUN = "uvicorn app:app"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("readme")
    (folder / "app.py").write_text(titled(README, "app.py"), "utf-8")
    with served(RUN, folder) as url:
        yield url


def test_the_commands_follow_the_example() -> None:
    python, console, *_ = blocks(README)
    assert python.title == "app.py"
    assert console.text == f"$ {INSTALL}\n$ {RUN}\n"
    assert commands(README)[:2] == [INSTALL, RUN]


def test_the_install_line_names_what_the_example_imports() -> None:
    imported = set(re.findall(r"^from (\w+)", titled(README, "app.py"), re.MULTILINE))
    assert imported - {"typing"} == {"fastapi", "streamhtml"}
    assert any(line.startswith("starlette") for line in requires("streamhtml") or ())
    # FastAPI's Form() needs it, and does not install it.
    assert "python-multipart" in INSTALL


def test_the_page_loads_the_client(url: str) -> None:
    page = httpx.get(url)
    assert page.headers["Content-Type"].startswith("text/html")
    (script,) = re.findall(r'<script src="([^"]+)"', page.text)
    served_script = httpx.get(url + script)
    assert served_script.status_code == 200
    assert "javascript" in served_script.headers["Content-Type"]


def test_the_answer_arrives_in_pieces(url: str) -> None:
    headers = {"Streaming-HTML": "html"}
    with httpx.stream("POST", f"{url}/reply", data={"message": "Hi"}, headers=headers) as response:
        assert response.status_code == 200
        pieces = list(response.iter_text())
    assert len(pieces) > 1
    assert " end finished>" not in pieces[0]
    body = "".join(pieces)
    assert "<strong>Markdown" in body
    assert body.endswith(" end finished>")


def test_another_client_receives_the_finished_message(url: str) -> None:
    whole = httpx.post(f"{url}/reply", data={"message": "Hi"}).text
    assert "<p>You asked: Hi</p>" in whole
    assert "<li>I answer in <strong>Markdown</strong></li>" in whole


@pytest.mark.browser
def test_the_answer_grows_in_a_browser(url: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        page = browser.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(url)
        page.evaluate(
            """() => { window.lengths = new Set(); window.ends = [];
            addEventListener("stream:end", (event) => ends.push(event.detail.reason));
            new MutationObserver(() => lengths.add(messages.textContent.length))
                .observe(messages, {childList: true, subtree: true, characterData: true}); }"""
        )
        page.get_by_label("Message").fill("Hi")
        page.keyboard.press("Enter")
        page.wait_for_function("() => ends.length")
        assert page.evaluate("ends") == ["finished"]
        assert page.locator("#messages strong").text_content() == "Markdown"
        assert page.locator("#messages li").count() == 2
        assert page.evaluate("lengths.size") > 2
        assert page.url.rstrip("/") == url
        assert wrong == []
        browser.close()
