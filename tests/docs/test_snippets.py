"""The examples that are not Python and belong to no program: a browser accepts each of them."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright
from tests.docs.pages import PAGES, ROOT, blocks

WORDS = (ROOT / "src/streamhtml/_words.py").read_text("utf-8")


def examples(language: str) -> list[object]:
    """Return the blocks in a language, each with the name of its page."""
    return [
        pytest.param(block.text, id=f"{page.stem}-{number}")
        for page in PAGES
        for number, block in enumerate(blocks(page))
        if block.language == language
    ]


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        yield browser.new_page()
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize("script", examples("js"))
def test_a_script_can_be_read(page: Page, script: str) -> None:
    page.evaluate("script => { new Function(script) }", script)


@pytest.mark.browser
@pytest.mark.parametrize("style", examples("css"))
def test_the_browser_knows_each_property(page: Page, style: str) -> None:
    declarations = [
        declaration.removesuffix("!important").split(":", 1)
        for rule in re.findall(r"\{([^{}]*)\}", style)
        for declaration in map(str.strip, rule.split(";"))
        if declaration
    ]
    assert declarations or "@import" in style
    for name, value in declarations:
        known = page.evaluate("([name, value]) => CSS.supports(name, value)", [name, value])
        assert known, f"{name}:{value}"


@pytest.mark.browser
@pytest.mark.parametrize("html", examples("html"))
def test_each_field_has_a_name_for_screen_readers(page: Page, html: str) -> None:
    found = page.evaluate(
        """html => {
          document.body.innerHTML = html;
          const fields = document.querySelectorAll("input:not([type=hidden]), textarea");
          return [...fields].filter((field) => !field.ariaLabel).map((field) => field.outerHTML);
        }""",
        html,
    )
    assert found == []


@pytest.mark.parametrize("catalogue", examples("po"))
def test_a_catalogue_has_messages_of_this_package(catalogue: str) -> None:
    for message in re.findall(r'^msgid "(.+)"$', catalogue, re.MULTILINE):
        assert f'"{message}"' in WORDS, message
