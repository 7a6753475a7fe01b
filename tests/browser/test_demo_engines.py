"""The demo's page changes with the first question, in Chromium, Firefox and WebKit."""

from collections.abc import Iterator

import pytest
from tests.browser.conversation import Chromium
from tests.browser.engines import Engine, Firefox, WebKit
from tests.servers.process import demo

pytestmark = pytest.mark.browser

# What is below the form, and whether the conversation scrolls by itself.
SHOWN = """[
    ...[...document.querySelectorAll("footer > :is(p, ul)")]
        .filter((each) => each.checkVisibility()).map((each) => each.id || each.className),
    getComputedStyle(document.querySelector("main")).overflowY,
]"""
ASK = """new Promise((done) => {
    document.addEventListener("stream:end", () => setTimeout(done));
    document.getElementById("message").value = "Hello";
    document.getElementById("composer").requestSubmit();
})"""


@pytest.fixture(
    params=["chromium", *(pytest.param(e, marks=pytest.mark.slow) for e in (Firefox, WebKit))]
)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each engine, with one page."""
    if request.param == "chromium":
        yield Chromium(request.getfixturevalue("page"))
        return
    engine: Engine = request.param()
    yield engine
    engine.close()


def test_what_is_shown_around_the_form(engine: Engine) -> None:
    with demo("starlette", rate=0) as server:
        engine.open(server.url)
        assert engine.evaluate(SHOWN) == ["keys", "examples", "visible"]
        engine.evaluate(ASK)
        assert engine.evaluate(SHOWN) == ["status", "auto"]
        engine.evaluate("document.querySelector('.edit').click()")
        assert engine.evaluate(SHOWN) == ["editing", "auto"]
