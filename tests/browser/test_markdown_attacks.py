"""Text that tries to break out of its answer changes nothing, runs nothing and loads nothing.

This is tested twice. An independent parser finds only allowed HTML in each patch. And Chromium,
with htmx on the page, runs nothing, requests nothing, and changes nothing outside the answers.
"""

import random
import re
from collections.abc import Iterable, Sequence
from functools import cache, partial
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Dialog, Page, Route
from tests.browser.attack_policy import ALLOWED, IMG, offences
from tests.browser.attacks import FAMILIES, FOREIGN, HTML, IMAGES, OUTSIDE
from tests.browser.recorded_page import RecordedPage, body, encode
from tests.browser.recorded_server import Answer, RecordedServer
from tests.browser.regions import Document, compare, replied
from tests.browser.test_htmx import READ_AND_SWAP
from tests.markdown.cuts import at_random, by_character
from tests.markdown.page import Page as StrictPage

from streamhtml import Delta, Patch, Reply
from streamhtml.formats.htmx import HTMXFormat
from streamhtml.markdown import MarkdownRenderer, Options, render
from streamhtml.math_core import mathml
from streamhtml.pygments import highlight

# Without a browser --------------------------------------------------------------------------------


def judged(text: str, pieces: Iterable[str], options: Options) -> list[str]:
    """Return what is wrong with the patches or the page of a stream, or with the text at once."""
    judge = partial(offences, images=bool(options.image_hosts), ids=options.ids)
    renderer = MarkdownRenderer("r", options)
    page = StrictPage("r")
    wrong: list[str] = []

    def take(patches: list[Patch]) -> None:
        page.apply(patches)
        for patch in patches:
            wrong.extend(judge(str(patch.html)))

    try:
        for piece in pieces:
            take(renderer.feed(piece))
        take(renderer.close())
        wrong += judge(page.html)
        wrong += judge(str(render(text, options, root="r")))
        ids = re.findall(r' id="([^"]*)"', page.html)
        wrong += [f"the id {each} twice" for each in {*ids} if ids.count(each) > 1]
    except Exception as error:
        wrong.append(f"{type(error).__name__}: {error}")
    return wrong


def report(found: dict[str, list[str]], count: int) -> None:
    """Fail if anything was found, and show the shortest payload of each kind."""
    shortest: dict[str, str] = {}
    for text, wrong in sorted(found.items(), key=lambda each: len(each[0])):
        for each in wrong:
            shortest.setdefault(each[:30], f"{text!r}: {each}")
    if found:
        shown = "\n".join(list(shortest.values())[:20])
        pytest.fail(f"{len(found)} of {count} payloads:\n{shown}", pytrace=False)


OPTIONS: Final = {
    "usual": Options(),
    "images": Options(image_hosts=(IMAGES,), math=mathml, highlight=highlight),
    "ids": Options(ids=True),
}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "share", [64, pytest.param(1, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]
)
def test_every_patch_is_harmless(family: str, options: str, share: int) -> None:
    texts = list(dict.fromkeys(FAMILIES[family]()))
    if share > 1:
        texts = random.Random(family + options).sample(texts, len(texts) // share)
    found = {}
    for number, text in enumerate(texts):
        pieces = at_random(text, number) if number % 4 else by_character(text)
        if wrong := judged(text, pieces, OPTIONS[options]):
            found[text] = wrong
    report(found, len(texts))


def test_the_judge_sees_what_is_raw() -> None:
    assert [payload for payload in HTML if not offences(payload, images=True, ids=True)] == []
    usual = 'rel="noopener noreferrer nofollow ugc"'
    for html in (
        *(
            f'<a href="{url}" {usual}>x</a>'
            for url in ("javascript:x", "java&#9;script:x", "\x01x:y")
        ),
        f'<a href="/" target="_top" {usual}>x</a>',
        *("<p>\u202e</p>", '<p title="x">y</p>', '<tr><td id="x">y</td></tr>', '<a href="/">x</a>'),
        *(
            f'<img src="{url}" alt="">'
            for url in (f"https://{IMAGES}.{FOREIGN}/", "/i", "//img.example/")
        ),
        *('<code class="language-a b">x</code>', "<p><em>x</p>", "<p>x</p></div>", "<!-- x -->"),
    ):
        assert offences(html, images=True, ids=True), html
    assert not offences(f'<p>\x7f<a href="a/b:c" {usual}>x</a></p>', images=False)
    assert offences(f'<img src="https://{IMAGES}/i" alt="">', images=False)


# In Chromium --------------------------------------------------------------------------------------

# The requests of the test's own page: the page, its scripts, and the replies.
_EXPECTED: Final = {"/", "/client.js", "/plain.js", "/htmx2.js", "/htmx4.js", "/reply", "/taken"}
_WAIT: Final = 300  # ms, after which inserted content has loaded or run

_SWAPPED: Final = """async (html) => {
    const swap = { target: "#messages", swap: "beforeend", sourceElement: document.body };
    if (htmx.version.startsWith("4")) await htmx.swap({ ...swap, text: html });
    else await new Promise((done) => htmx.swap("#messages", html,
        { swapStyle: "beforeend", swapDelay: 0, settleDelay: 0 }, { afterSettleCallback: done }));
}"""
_FOUND: Final = """() => {
    htmx.process(document.body);
    const found = new Set();
    for (const element of document.querySelectorAll("#messages .streamhtml-markdown *")) {
        const name = element.localName;
        found.add(name);
        for (const attribute of element.attributes) found.add(name + " " + attribute.name);
        if (name === "a") found.add("link to " + element.protocol);
        if (name === "img") found.add("image from " + element.src.split("/")[2]);
    }
    return [...found];
}"""
_OUTSIDE: Final = """() => {
    const page = document.documentElement.cloneNode(true);
    page.querySelector("#messages").replaceChildren();
    // htmx has classes of its own.
    for (const each of page.querySelectorAll("[class]")) each.removeAttribute("class");
    return page.outerHTML;
}"""


class Watched:
    """A page with htmx and something to attack. It records what happens to it."""

    def __init__(
        self, page: Page, replay: RecordedServer, client: str, form: str | None = None
    ) -> None:
        self.page = page
        self.dialogs: list[str] = []
        self.asked: list[str] = []
        self._own = replay.url
        page.on("dialog", self._dismiss)
        page.on("request", lambda request: self.asked.append(request.url))
        page.route(lambda url: not url.startswith(replay.url), self._refuse)
        page.add_init_script("window.hits = 0; window.hit = () => { hits++; };")
        replay.show(client, form)
        replay.page += f'<p id="{OUTSIDE}" title="a">Nothing <b>changes</b> me.</p>'
        shown = replay.page
        replay.show = lambda *_: setattr(replay, "page", shown)  # type: ignore[method-assign]
        self.recorded = RecordedPage(page, replay, client, form)
        self.before = self.outside

    def swap(self, html: str) -> None:
        """Let htmx put the HTML into the page, as it does with any answer."""
        self.page.evaluate(_SWAPPED, html)

    @property
    def outside(self) -> str:
        """The page without the answers."""
        html: str = self.page.evaluate(_OUTSIDE)
        return html

    @property
    def hits(self) -> int:
        """How often a payload ran."""
        count: int = self.page.evaluate("hits")
        return count

    @property
    def foreign(self) -> list[str]:
        """The requests that are neither the test's own nor for an allowed image."""
        return [
            url
            for url in self.asked
            if urlsplit(url).hostname != IMAGES
            and not (url.startswith(self._own) and urlsplit(url).path in _EXPECTED)
        ]

    def check(self, *, images: bool) -> set[str]:
        """Assert that nothing has happened; return the elements and attributes that are there."""
        there = set(self.page.evaluate(_FOUND))
        self.page.wait_for_timeout(_WAIT)
        assert (self.dialogs, self.hits, self.foreign) == ([], 0, [])
        assert self.outside == self.before
        allowed = set(ALLOWED)
        allowed |= {f"{name} {key}" for name, keys in ALLOWED.items() for key in keys}
        # A URL that the browser cannot parse has no scheme, and leads nowhere.
        allowed |= {f"link to {scheme}:" for scheme in ("http", "https", "mailto", "")}
        if images:
            allowed |= {"img", f"image from {IMAGES}", *(f"img {key}" for key in IMG)}
        assert there <= allowed
        return there

    def _dismiss(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _refuse(self, route: Route) -> None:
        if urlsplit(route.request.url).hostname == IMAGES:
            route.fulfill(
                body="<svg xmlns='http://www.w3.org/2000/svg'/>", content_type="image/svg+xml"
            )
        else:
            route.abort()


@cache
def payloads() -> list[str]:
    """Return all payloads, shuffled."""
    texts = list(dict.fromkeys(text for family in FAMILIES.values() for text in family()))
    random.Random(0).shuffle(texts)
    return texts


def message(texts: Sequence[str], options: Options) -> str:
    """Return the finished messages of these texts, as a page without our client receives them."""
    html = []
    for text in texts:
        reply = Reply(renderer=lambda root: MarkdownRenderer(root, options), at_once=True)
        reply.open()
        reply.feed([Delta(text)])
        html += [str(patch.html) for patch in reply.close("finished").patches]
    return "".join(html)


@pytest.mark.browser
@pytest.mark.parametrize("client", ["htmx2", "htmx4"])
@pytest.mark.parametrize(
    "share", [64, pytest.param(1, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]
)
def test_the_finished_messages_do_nothing(client: str, share: int, page: Page) -> None:
    texts = payloads()[::share]
    with RecordedServer() as replay:
        watched = Watched(page, replay, client)
        found: set[str] = set()
        for options in (OPTIONS["usual"], OPTIONS["images"]):
            for start in range(0, len(texts), 1000):
                watched.swap(message(texts[start : start + 1000], options))
                found |= watched.check(images=bool(options.image_hosts))
                page.evaluate("document.getElementById('messages').replaceChildren()")
        # Otherwise the payloads were ineffective.
        assert {"a title", "img title", "code class", "th align", "sup", "div class"} <= found
        assert {
            "math",
            "math display",
            "mtext",
            "span tabindex",
            "pre tabindex",
            "span class",
        } <= found
        assert {"link to http:", "link to https:", "link to mailto:", "input", "ol start"} <= found
        print(f"{len(texts)} payloads, {len(watched.asked)} requests")


@pytest.mark.browser
@pytest.mark.parametrize("client", ["plain", "htmx2", "htmx4"])
@pytest.mark.parametrize("share", [80, pytest.param(5, marks=pytest.mark.slow)])
def test_streams_through_our_client_do_nothing(client: str, share: int, page: Page) -> None:
    streamed = cut(payloads()[1::share])
    with RecordedServer() as replay:
        watched = Watched(page, replay, client)
        if client == "plain":
            page.evaluate("window.htmx = { process() {} }")
        for start in range(0, len(streamed), 1000):
            those = streamed[start : start + 1000]
            media_type, data = body(replied(those, OPTIONS["images"]))
            page.evaluate("document.getElementById('messages').replaceChildren(); events = []")
            assert watched.recorded.play(Answer(media_type, (data,))) == "finished"
            watched.check(images=True)
            results = compare(page, those, OPTIONS["images"])
            differ = [each.text for each, r in zip(those, results, strict=True) if not r["same"]]
            assert differ == []
        print(f"{len(streamed)} payloads")


@pytest.mark.browser
@pytest.mark.parametrize("client", ["htmx2", "htmx4"])
@pytest.mark.parametrize("share", [400, pytest.param(50, marks=pytest.mark.slow)])
def test_streams_that_htmx_swaps_do_nothing(client: str, share: int, page: Page) -> None:
    streamed = cut(payloads()[2::share])
    with RecordedServer() as replay:
        page.route("**/client.js", lambda route: route.fulfill(path=READ_AND_SWAP))
        watched = Watched(page, replay, client, form="")
        for start in range(0, len(streamed), 30):
            those = streamed[start : start + 30]
            writes = tuple(encode(replied(those, OPTIONS["images"]), HTMXFormat()))
            page.evaluate("document.getElementById('messages').replaceChildren(); events = []")
            watched.recorded.ask(Answer(HTMXFormat.media_type, writes, pace="taken"))
            watched.recorded.wait_for("stream:end", "read")
            assert replay.taken.acquire(blocking=False)  # the last write
            watched.check(images=True)
            results = compare(page, those, OPTIONS["images"])
            differ = [each.text for each, r in zip(those, results, strict=True) if not r["same"]]
            assert differ == []
        print(f"{len(streamed)} payloads")


def cut(texts: Sequence[str]) -> list[Document]:
    return [Document(text, at_random(text, number)) for number, text in enumerate(texts)]


@pytest.mark.browser
@pytest.mark.parametrize("client", ["htmx2", "htmx4"])
def test_the_same_tags_would_do_it_raw(client: str, page: Page, problems: list[str]) -> None:
    """The control: unescaped, the same payloads do everything that the other tests exclude."""
    with RecordedServer() as replay:
        watched = Watched(page, replay, client)
        region = Reply(renderer=MarkdownRenderer, context={"message_pair_id": "ai_1"}).open()
        shell = str(region.patches[0].html)
        for payload in HTML:
            # These payloads would end the test's page.
            if not re.match(r"<(?:meta|base|plaintext|body|frameset)", payload):
                watched.swap(shell.replace("></div>", f">{payload}</div>"))
                # Without the attributes that make a region inert for htmx.
                watched.swap(f"<div>{payload}</div>")
        page.evaluate("htmx.process(document.body)")
        page.wait_for_timeout(_WAIT)
        print(watched.hits, watched.dialogs, watched.foreign)
        assert watched.hits > 5
        assert watched.dialogs
        assert any(urlsplit(url).hostname == FOREIGN for url in watched.foreign)
        assert any(urlsplit(url).path == "/secret" for url in watched.foreign)
        assert watched.outside != watched.before
        with pytest.raises(AssertionError):
            watched.check(images=True)
        problems.clear()
