"""A conversation that scrolls, in a page of any engine, whose answer the test lets grow."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from tests.browser.engines import Engine
from tests.browser.form_page import RECORD, form
from tests.browser.stepped_server import Answer, SteppedServer, streamed

_FUNCTIONS = Path(__file__).with_name("conversation.js")
_STEPS = 80
_LINE = "<p>A line of the answer, which goes on and is long enough to wrap on a phone.</p>"
_BEGINNING = (
    _LINE * 20
    + f"<details><summary>More</summary>{_LINE * 3}</details>"
    + "<pre style='height: 60px; overflow: auto' tabindex='0'>"
    + "code\n" * 30
    + "</pre>"
)
_BOX = """
section { display: grid; grid-template-rows: minmax(0, 1fr) auto; height: 100vh }
main { overflow: auto }
footer { padding-top: 0.4px }
"""
LAYOUTS = {
    "element": _BOX,
    "page": "footer { position: sticky; bottom: 0; background: white }",
    "reversed": _BOX
    + "main { display: flex; flex-direction: column-reverse } main > div { margin-bottom: auto }",
    "anchored": _BOX
    + "main * { overflow-anchor: none }"
    + ".end { overflow-anchor: auto; display: block; height: 1px }",
}
_BODY = """<style>
body {{ margin: 0; font: 16px/1.5 monospace }}
textarea {{ display: block }}
{style}
</style>
<section>
<main {pin} tabindex="0"><div><div id="messages" role="log"></div><i class="end"></i></div></main>
<footer>{form}<button type="button" data-stream-latest hidden>Latest</button></footer>
</section>"""
_PINNED_PAGE = "<script>document.{}.setAttribute('data-stream-pin', '')</script>"
_PAGES = {"page": "documentElement", "body": "body"}
"""The layouts in which the page itself scrolls, and what has the attribute."""
_KEYS = {"End": "\ue010", "Home": "\ue011", "ArrowUp": "\ue013", "PageUp": "\ue00e"}
_KEYS |= {"Enter": "\ue007", "Shift": "\ue008", "Space": " "}


def answer(number: int) -> Answer:
    """Return an answer that is higher than the view at once, and then grows line by line."""
    region = f'<div id="ai_{number}_text" class="streamhtml"></div>'
    lines = ((_LINE, "") for _ in range(_STEPS))
    return streamed(
        (f'<article id="ai_{number}"><b>Question {number}</b>{region}</article>', "open"),
        (_BEGINNING, f"append #ai_{number}_text"),
        *lines,
    )


def page_body(layout: str, client: str) -> str:
    """Return the body of the page."""
    asking = form(client, '<textarea name="message" rows="1"></textarea>')
    if layout in _PAGES:
        pinned = _PINNED_PAGE.format(_PAGES[layout])
        return _BODY.format(style=LAYOUTS["page"], pin="", form=asking) + pinned
    return _BODY.format(style=LAYOUTS[layout], pin="data-stream-pin", form=asking)


class Chromium:
    """The page of a test in Chromium, as one of the engines."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def open(self, url: str) -> None:
        self._page.goto(url)

    def evaluate(self, expression: str) -> Any:
        return self._page.evaluate(expression)

    def resize(self, width: int, height: int) -> None:
        self._page.set_viewport_size({"width": width, "height": height})

    def perform(self, *sources: dict[str, Any]) -> None:
        """Do what these sources describe, with the protocol of Chromium."""
        for source in sources:
            for action in source["actions"]:
                self._act(action)

    def close(self) -> None:
        """The fixture closes the page."""

    def _act(self, action: dict[str, Any]) -> None:
        if action["type"] == "scroll":
            self._page.mouse.move(action["x"], action["y"])
            self._page.mouse.wheel(0, action["deltaY"])
            return
        if action["type"] == "pointerMove":
            self._page.mouse.move(action["x"], action["y"])
            return
        if action["type"].startswith("pointer"):
            mouse = self._page.mouse
            (mouse.down if action["type"] == "pointerDown" else mouse.up)()
            return
        names = {value: name for name, value in _KEYS.items()}
        key = names[action["value"]]
        keyboard = self._page.keyboard
        (keyboard.down if action["type"] == "keyDown" else keyboard.up)(key)


class Conversation:
    """The page, with one answer that has begun and is higher than the view."""

    def __init__(
        self, engine: Engine, server: SteppedServer, layout: str, client: str = "plain"
    ) -> None:
        self._engine = engine
        self._server = server
        self._asked = 0
        self._grown = 0
        server.client, server.body = client, page_body(layout, client)
        server.answers["/reply"] = lambda request: answer(request.number)
        engine.resize(600, 500)
        engine.open(server.url)
        self.run(RECORD.read_text() + _FUNCTIONS.read_text())
        self.ask()

    def run(self, script: str) -> Any:
        """Run a script on the page, and wait for the next frames; return what it returns."""
        self._engine.evaluate(f"(async () => {{ {script}\n await window.frames(2); }})()")

    def ask(self) -> None:
        """Send the form by script, which scrolls nothing, and let the answer fill the page."""
        self._asked += 1
        self.run("document.querySelector('form').requestSubmit()")
        self._request = self._server.wait_for(self._asked)
        self._wait_for_fragment()
        self.grow()

    def grow(self) -> None:
        """Let the answer grow."""
        self._request.write()
        self._wait_for_fragment()

    def end(self) -> None:
        """Let the answer end."""
        self._request.finish()
        self.wait_until(f"count('stream:end') >= {self._asked}")
        self._grown = self._engine.evaluate("count('stream:fragment')")

    def resize(self, width: int, height: int) -> None:
        """Give the page another size."""
        self._engine.resize(width, height)
        self.wait_until(f"innerHeight === {height} && innerWidth === {width}")

    def wheel(self, distance: int) -> None:
        """Turn the wheel over the conversation, and wait until it has come to rest."""
        turn = {"type": "scroll", "x": 200, "y": 50, "deltaX": 0, "deltaY": distance}
        self._engine.perform({"type": "wheel", "id": "wheel", "actions": [turn]})

    def drag(self, selector: str, *path: tuple[int, int]) -> None:
        """Drag an element with the mouse, along positions that begin at its centre."""
        x, y = self._engine.evaluate(f"centre({json.dumps(selector)})")
        moves = [{"type": "pointerMove", "x": x + dx, "y": y + dy} for dx, dy in [(0, 0), *path]]
        down, up = ({"type": name, "button": 0} for name in ("pointerDown", "pointerUp"))
        actions = [moves[0], down, *moves[1:], up]
        self._engine.perform({"type": "pointer", "id": "mouse", "actions": actions})

    def press(self, *keys: str, on: str = "main") -> None:
        """Press keys together, with the focus on this element."""
        self.run(f"document.querySelector({json.dumps(on)}).focus({{ preventScroll: true }})")
        downs = [{"type": "keyDown", "value": _KEYS[key]} for key in keys]
        ups = [{"type": "keyUp", "value": _KEYS[key]} for key in reversed(keys)]
        self._engine.perform({"type": "key", "id": "keyboard", "actions": downs + ups})

    def reach_the_end(self) -> None:
        """Scroll to the end, as a scrollbar does it."""
        self.run("scroller().scrollTop = scroller().scrollHeight")
        self.rest()

    def rest(self) -> None:
        """Wait until nothing scrolls."""
        self._engine.evaluate("rest()")

    def wait_until(self, condition: str) -> None:
        """Wait for a condition, which may be one of ``above`` and ``below``."""
        is_true = self._engine.evaluate(f"until((above, below) => {condition})")
        assert is_true, f"{condition} never became true: {self.place}"

    @property
    def place(self) -> tuple[float, float]:
        """How many pixels are above and below the view, in the frame after the next."""
        above, below = self._engine.evaluate("frames(2).then(where)")
        return above, below

    @property
    def above(self) -> float:
        return self.place[0]

    @property
    def below(self) -> float:
        return self.place[1]

    @contextmanager
    def growing_in_each_frame(self) -> Iterator[None]:
        """Let a script add something in each frame."""
        self.run("grow()")
        try:
            yield
        finally:
            self.run("isGrowing = false")

    def _wait_for_fragment(self) -> None:
        self._grown += 1
        self.wait_until(f"count('stream:fragment') >= {self._grown}")
