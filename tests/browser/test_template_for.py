"""The page for Chromium 150, parsed by a real Chromium: many answers, each in a frame."""

import random
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page
from tests.formats.hostile import PIECES
from tests.formats.test_in_place import TEMPLATES, in_turns
from tests.formats.test_in_place_attacks import ATTACKS
from tests.markdown.grammar import document, soup

pytestmark = pytest.mark.browser

# Compares the pages with the finished messages, without processing instructions, and with the text
# around them joined. Returns what differs, and the templates and other leftovers.
COMPARE = """async (cases) => {
    const cleaned = (root) => {
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_PROCESSING_INSTRUCTION);
        const places = [];
        while (walker.nextNode()) places.push(walker.currentNode);
        for (const place of places) place.remove();
        root.normalize();
        return root;
    };
    const loaded = async (html) => {
        const frame = document.createElement("iframe");
        frame.sandbox = "allow-same-origin";
        frame.srcdoc = html;
        const load = new Promise((resolve) => frame.addEventListener("load", resolve));
        document.body.append(frame);
        await load;
        return frame;
    };
    const wrong = [];
    for (const [number, [html, expected]] of cases.entries()) {
        const frames = [await loaded(html), await loaded(expected)];
        const [there, whole] = frames.map((frame) => cleaned(frame.contentDocument.body));
        if (!there.isEqualNode(whole)) wrong.push([number, there.innerHTML, whole.innerHTML]);
        for (const frame of frames) frame.remove();
    }
    return wrong;
}"""


def answers(count: int) -> Iterator[tuple[str, str]]:
    """Yield pages, and the same pages with the finished message."""
    for seed in range(count):
        chance = random.Random(seed)
        hostile = "".join(chance.choices([*ATTACKS, *PIECES], k=8))
        texts = {"text": chance.choice([document, soup])(chance)[:300], "reasoning": hostile}
        yield in_turns(texts, seed, TEMPLATES[seed % len(TEMPLATES)], hostile)


@pytest.mark.parametrize("count", [24, pytest.param(100, marks=pytest.mark.slow)])
def test_the_browser_makes_the_finished_message_of_it(page: Page, count: int) -> None:
    assert page.evaluate(COMPARE, [*answers(count)]) == []
