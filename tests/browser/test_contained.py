"""In Chromium, no HTML of a patch leaves the place that the format gives it."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup
from playwright.sync_api import Browser, Page
from tests.browser.attacks import FOREIGN, OUTSIDE
from tests.browser.format_site import ID, Site
from tests.browser.test_formats import STREAMS, reading
from tests.browser.test_formats_attacks import play, recorded, watch
from tests.formats.hostile import AROUND, PIECES, WELL_FORMED, end_tags
from tests.formats.test_events import read
from tests.formats.visible_page import page_format

from streamhtml import Fragment, Patch
from streamhtml._closed_html import closed
from streamhtml.formats import html as html_module
from streamhtml.formats.datastar import DatastarFormat
from streamhtml.formats.htmx import HTMXFormat
from streamhtml.formats.turbo import TurboFormat

pytestmark = pytest.mark.browser

READ = Path(__file__).with_name("read-formats.js").read_text("utf-8")
TOKENS = [digit + other for digit in "0123456789" for other in html_module._ALPHABET]
IMAGE = f'<img src="https://{FOREIGN}/i.png" alt="">'


def case(html: str, action: Any, in_shell: bool, around: str) -> dict[str, Any]:
    """Encode the HTML in every format that writes something around it."""
    patches = [
        Patch("append", Markup("before"), "first"),
        Patch(action, Markup(html), "r"),
        Patch("append", Markup("x"), "last"),
    ]
    fragment = Fragment(0, tuple(patches))
    shown = bool(patches[1].html) or action == "replace"
    changes = [event.data for event in read([DatastarFormat().encode(fragment).encode()])]
    return {
        "html": html,
        "count": 3 if shown else 2,
        "swaps": 6 if action == "replace" else 3 if shown else 2,
        "turbo": TurboFormat().elements(fragment),
        "htmx": HTMXFormat().encode(fragment),
        "partials": [*HTMXFormat(partials=True).swaps(fragment)],
        "elements": [
            "\n".join(
                line.removeprefix("elements ")
                for line in change.split("\n")
                if line.startswith("elements ")
            )
            for change in changes
        ],
        "page": page(html, action, in_shell, around),
        "wasOpen": not in_shell,
    }


def page(html: str, action: Any, in_shell: bool, around: str) -> str:
    one_format = page_format(
        f'<!doctype html><body><main id="main"><{around}>',
        f'{end_tags(around)}</main><footer id="footer">END</footer></body>',
    )
    shell = f'<p>{html if in_shell else ""}</p><div id="r" class="streamhtml"></div>'
    last = Patch("append", Markup("<i id=last>x</i>"), "r")
    fragments = [
        Fragment(0, (Patch("append", Markup(shell)),)),
        Fragment(1, (Patch("tail" if action == "tail" else "append", Markup(html), "r"),)),
        Fragment(2, (last,), "finished"),
    ]
    return "".join(map(one_format.encode, fragments))


def cases(count: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(13)
    for _ in range(count):
        html = "".join(chance.choices(PIECES, k=chance.randint(1, 6))).replace("\ud800", "?")
        action = chance.choice(["append", "replace", "tail"])
        yield case(html, action, chance.random() < 0.5, chance.choice(AROUND))


def found(page: Page, those: list[dict[str, Any]]) -> list[list[str]]:
    wrong: list[list[str]] = []
    for start in range(0, len(those), 500):
        wrong += page.evaluate(READ, those[start : start + 500])
    return wrong


@pytest.mark.parametrize(
    "count", [300, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]
)
def test_a_patch_stays_in_its_place(count: int, page: Page) -> None:
    assert found(page, [*cases(count)]) == []


def test_without_the_guards_patches_leave_their_places(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("streamhtml.formats._html_tree.stays", lambda name, reach: True)
        wrong = Counter(name for name, _ in found(page, [*cases(500)]))
        assert set(wrong) == {"page"}
        assert wrong["page"] > 10
    # The page format can only read what is closed.
    monkeypatch.setattr(f"{__name__}.page", lambda *_: "")
    monkeypatch.setattr("streamhtml._patch.closed", str)
    wrong = Counter(name for name, _ in found(page, [*cases(500)]))
    assert len(wrong) == 6
    assert min(wrong.values()) > 10, wrong


def test_well_formed_html_is_the_same_on_the_page(page: Page) -> None:
    chance = random.Random(13)
    texts = [*WELL_FORMED, *("".join(chance.choices(WELL_FORMED, k=4)) for _ in range(300))]
    same = """pairs => pairs.filter(([given, contained]) => {
        const [a, b] = [given, contained].map((html) =>
            Object.assign(document.createElement("template"), { innerHTML: html }).innerHTML);
        return a !== b;
    })"""
    assert page.evaluate(same, [[text, closed(text)] for text in texts]) == []


# It is legal in an attribute, and it is a patch for each token.
MARKS = "".join(f"<!{token} replace #{OUTSIDE}><p>{IMAGE}</p><!{token}>" for token in TOKENS)
ATTRIBUTE = Markup(f"<b title='{MARKS}'>in it</b>")
# It ends what is around it, and swallows what follows.
ENDS = Markup(
    "</div></span></p></template></turbo-stream></hx-partial></main><i id=stray>in it</i><b title='"
)
CASES = [(name, html) for name in STREAMS for html in (ATTRIBUTE, ENDS)]


@pytest.mark.parametrize(("name", "html"), CASES, ids=lambda value: str(value)[:8])
def test_hostile_html_changes_nothing_outside(
    name: str, html: Markup, browser: Browser, site: Site, problems: list[str]
) -> None:
    with reading(browser, name, site, problems) as reader:
        elsewhere = watch(reader, site)
        play(reader, site, name, recorded([html, "The end."]))
        region = reader.page.locator(f"#{ID}_text")
        reader.wait_for(lambda: "The end." in region.inner_text(), "the answer")
        assert "in it" in region.inner_text()
        assert reader.page.locator("#stray").count() == region.locator("#stray").count()
        assert elsewhere == []
        if not name.startswith("page"):  # The answer is a page of its own.
            assert reader.page.locator(f"#{OUTSIDE}").inner_text() == "untouched"


@pytest.mark.parametrize("name", ["html", "html-htmx2", "html-htmx4"])
def test_a_mark_would_be_noticed(
    name: str, browser: Browser, site: Site, problems: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(html_module, "change_token", lambda token, html: (token, ""))
    with reading(browser, name, site, problems) as reader:
        elsewhere = watch(reader, site)
        play(reader, site, name, recorded([ATTRIBUTE, "The end."]))
        reader.wait_for(lambda: bool(elsewhere or problems), "the escape")
        problems.clear()
