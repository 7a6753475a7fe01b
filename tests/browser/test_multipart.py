"""hx-multipart of htmx 4 alone: its parser, its events, and an answer that goes on after a cut."""

import json
import random
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup
from playwright.sync_api import Page, expect
from tests.browser.cutting_proxy import CuttingProxy
from tests.browser.format_clients import SCRIPTS
from tests.browser.test_following_a_log import expect_exact, remove_cuts, serving_in_memory, show
from tests.formats.multipart_body import by_htmx

from streamhtml import Fragment, Patch
from streamhtml.formats.multipart import MultipartFormat

pytestmark = pytest.mark.browser

READ = Path(__file__).with_name("read-parts.js").read_text("utf-8")
PIECES = ["", " ", "\t", "\r", "\n", "\r\n", "\r\n\r\n", "-", "--", "{}", "--{}", "--{}--", "\0"]
PIECES += ["<b>a</b>", "한국어", "👩‍💻", "&#13;", "\u2028", "\ufeff", "a", "HX-Retarget:#x\r\n"]


def bodies(count: int) -> Iterator[dict[str, Any]]:
    """Yield bodies with what could be mistaken for a boundary or a header, from one seed."""
    chance = random.Random(18)
    for _ in range(count):
        one_format = MultipartFormat()
        boundary = one_format.media_type.partition("boundary=")[2]
        fragments = [
            Fragment(at, (Patch("append", Markup(html.replace("{}", boundary)), f"r{at}"),))
            for at in range(chance.randint(1, 5))
            for html in ["".join(chance.choices(PIECES, k=chance.randint(1, 6)))]
        ]
        fragments.append(Fragment(len(fragments), (), "finished"))
        body = "".join(map(one_format.encode, fragments)).encode()
        yield {"type": one_format.media_type, "body": body, "size": chance.choice([1, 2, 7, 9999])}


def test_htmx_finds_exactly_the_parts_that_were_sent(page: Page) -> None:
    page.add_script_tag(path=SCRIPTS["htmx4"])
    page.add_script_tag(path=SCRIPTS["multipart"])
    those = list(bodies(200))
    # As one text, because Playwright takes long for many values.
    sent = json.dumps([{**each, "body": b64encode(each["body"]).decode()} for each in those])
    found = json.loads(page.evaluate(READ, sent))
    for each, parts in zip(those, found, strict=True):
        expected = by_htmx(each["type"], each["body"])
        # htmx decodes each part as UTF-8, and the standard's decoder drops a byte order mark.
        assert parts == [[part.headers, part.html.removeprefix("\ufeff")] for part in expected], (
            each
        )


def test_an_answer_goes_on_after_the_last_part_that_was_read(
    page: Page, problems: list[str]
) -> None:
    with serving_in_memory() as url, CuttingProxy(int(url.rpartition(":")[2])) as proxy:
        sizes = [2000, 1500]  # The first part is complete.
        proxy.cut_streams(*sizes)
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.headers.get("hx-last-part-id", "")))
        pair = show(page, proxy.url, "multipart")
        page.evaluate(
            """() => {
                window.ends = [];
                for (const name of ["stream:finished", "stream:end", "htmx:multipart:close"]) {
                    addEventListener(name, () => ends.push(name));
                }
            }"""
        )
        sent.clear()
        page.locator("#follow").click()
        page.wait_for_function("ends.length === 3")
        assert proxy.cuts == len(sizes)
        assert page.evaluate("ends") == ["stream:finished", "htmx:multipart:close", "stream:end"]
        expect(page.locator("#messages article")).to_have_count(1)
        expect_exact(page, pair)
        numbers = [int(each.partition(".")[0]) for each in sent if each]
        assert len(numbers) == len(sizes)
        assert numbers == sorted(numbers)
    remove_cuts(problems)
