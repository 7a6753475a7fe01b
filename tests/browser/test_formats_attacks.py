"""Model output cannot affect anything outside its answer, with any client."""

import random
from functools import cache

import pytest
from markupsafe import Markup
from playwright.sync_api import Browser, Route
from tests.browser.attacks import FAMILIES, FOREIGN, OUTSIDE
from tests.browser.format_site import ID, MESSAGE, Site
from tests.browser.sample_replies import SampleReply
from tests.browser.test_formats import STREAMS, Reader, reading
from tests.markdown.cuts import in_groups, like_tokens

from streamhtml import Delta, Reply

pytestmark = pytest.mark.browser

ANSWERS = 6
EACH = 40  # payloads in an answer; one that opens a fence hides the ones after it
BYPASS = Markup(
    f'<p>x</p><img src="https://{FOREIGN}/i.png" alt=""><p hx-get="/secret" hx-trigger="load">x</p>'
)


@cache
def answers() -> tuple[str, ...]:
    """Return documents with payloads of all families, the same ones each time."""
    chance = random.Random(6)
    payloads = [
        payload for family in FAMILIES.values() for payload in chance.sample([*family()], 60)
    ]
    chance.shuffle(payloads)
    return tuple(
        "\n\n".join(payloads[start : start + EACH]) for start in range(0, ANSWERS * EACH, EACH)
    )


def recorded(tokens: list[str]) -> SampleReply:
    """Return the reply to the tokens."""
    reply = Reply(MESSAGE.render, {"message_pair_id": ID})
    fragments = [reply.open()]
    fragments += [reply.feed([Delta(token)]) for token in tokens]
    fragments.append(reply.close("finished"))
    return SampleReply(tuple(each for each in fragments if each.patches or each.outcome), html="")


def watch(reader: Reader, site: Site) -> list[str]:
    """Return a list of the page's requests to other places, which are all refused."""
    elsewhere: list[str] = []

    def see(route: Route) -> None:
        url = route.request.url
        if url.startswith(site.url) and "/secret" not in url:
            route.fallback()
        else:
            elsewhere.append(url)
            route.abort()

    reader.page.route("**/*", see)
    reader.page.evaluate(
        """id => {
            window.hits = 0;
            window.hit = () => hits++;
            document.body.insertAdjacentHTML("beforeend", `<p id="${id}">untouched</p>`);
        }""",
        OUTSIDE,
    )
    return elsewhere


def play(reader: Reader, site: Site, name: str, recording: SampleReply) -> None:
    site.sample = recording
    if name.startswith("page"):
        reader.page.goto(f"{site.url}/page/{name}")
    reader.page.evaluate("document.querySelector('#messages')?.replaceChildren()")
    reader.ask()


@pytest.mark.parametrize("name", STREAMS)
def test_model_output_does_nothing_outside_its_answer(
    name: str, browser: Browser, site: Site, problems: list[str]
) -> None:
    with reading(browser, name, site, problems) as reader:
        elsewhere = watch(reader, site)
        for answer in answers():
            play(reader, site, name, recorded(in_groups(like_tokens(answer, 6), 20)))
            reader.wait_for_answer(answer)
        assert elsewhere == []
        if not name.startswith("page"):  # It runs no scripts, and each answer is its own page.
            assert reader.page.evaluate("hits") == 0
            assert reader.page.locator(f"#{OUTSIDE}").inner_text() == "untouched"
            reader.wait_for(lambda: reader.page.locator(".htmx-request").count() == 0, "the end")


@pytest.mark.parametrize("name", STREAMS)
def test_an_escape_would_be_noticed(
    name: str, browser: Browser, site: Site, problems: list[str]
) -> None:
    with reading(browser, name, site, problems) as reader:
        elsewhere = watch(reader, site)
        play(reader, site, name, recorded([BYPASS]))
        reader.wait_for(lambda: bool(elsewhere or problems), "the escape")
        problems.clear()
