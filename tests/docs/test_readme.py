"""The first example of the README runs as pasted, with its two commands, in a fresh environment."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, sync_playwright
from tests.clean_environment import build_wheel, make_environment
from tests.docs.growing import RECORD
from tests.docs.pages import ROOT, blocks, commands, titled
from tests.docs.shell import free_port, running

README = ROOT / "README.md"
INSTALL = 'pip install "streamhtml[fastapi]"'
RUN = "python app.py"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("readme")
    python = make_environment(folder / "venv", build_wheel(folder), "fastapi")
    write_app(folder / "app.py", port := free_port())
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONPATH", raising=False)  # Only the wheel is there.
        with running(RUN, folder, port, programs=python.parent) as url:
            yield url


def write_app(file: Path, port: int) -> None:
    """Write the example as it is, but for its port."""
    text = titled(README, "app.py")
    assert text.count("uvicorn.run(app)") == 1
    file.write_text(text.replace("uvicorn.run(app)", f"uvicorn.run(app, port={port})"), "utf-8")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        yield browser
        browser.close()


def test_the_commands_follow_the_example() -> None:
    python, console, *_ = blocks(README)
    assert python.title == "app.py"
    assert console.text == f"$ {INSTALL}\n$ {RUN}\n"
    assert commands(README)[:2] == [INSTALL, RUN]


def test_the_source_of_the_example_has_three_lines() -> None:
    source = re.search(r"\nasync def llm\(.*\n((?:    .*\n)+)", titled(README, "app.py"))
    assert source
    assert len(source[1].splitlines()) == 3


def test_the_page_loads_the_client_and_the_style_sheet(url: str) -> None:
    page = httpx.get(url)
    assert page.headers["Content-Type"].startswith("text/html")
    files = dict(re.findall(r'(src|href)="([^"]+)"', page.text))
    for name, media_type in ("src", "text/javascript"), ("href", "text/css"):
        file = httpx.get(url + files[name])
        assert file.status_code == 200
        assert file.headers["Content-Type"].startswith(media_type)


def test_another_client_receives_the_finished_message(url: str) -> None:
    whole = httpx.post(f"{url}/reply", data={"message": "Hi"}).text
    assert "<p>You asked: Hi</p>" in whole
    assert "<li>I use <strong>Markdown</strong></li>" in whole


@pytest.mark.browser
def test_the_answer_grows_in_a_browser(url: str, browser: Browser) -> None:
    page = browser.new_page()
    wrong: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if not message.location["url"].endswith("/favicon.ico"):  # The example has none.
            wrong.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(url)
    page.evaluate(RECORD)
    page.get_by_label("Message", exact=True).fill("Hi")
    page.keyboard.press("Enter")
    page.wait_for_function("() => ends.length")
    assert page.evaluate("ends") == ["finished"]
    assert page.locator("#messages strong").text_content() == "Markdown"
    assert page.locator("#messages li").count() == 2
    assert page.evaluate("lengths.size") > 2
    assert page.url.rstrip("/") == url
    # The style sheet is used: the question is not a paragraph like any other.
    plain = page.evaluate("getComputedStyle(document.body).backgroundColor")
    question = page.locator(".streamhtml-human")
    assert question.evaluate("element => getComputedStyle(element).backgroundColor") != plain
    assert wrong == []
    page.close()


@pytest.mark.browser
def test_the_answer_grows_without_javascript(url: str, browser: Browser) -> None:
    form, headers = {"message": "Hi"}, {"Accept": "text/html"}
    with httpx.stream("POST", f"{url}/reply", data=form, headers=headers) as response:
        pieces = list(response.iter_text())
    assert len(pieces) > 2
    assert "at a time" not in pieces[0]

    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url)
    page.get_by_label("Message", exact=True).fill("Hi")
    page.get_by_role("button", name="Send").click(no_wait_after=True)
    page.locator("main li", has_text="one word at a time").wait_for()
    assert page.locator("main strong:visible").text_content() == "Markdown"
    assert page.url == f"{url}/reply"
    context.close()
