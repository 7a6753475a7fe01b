"""The demo's page, used as a person at the keyboard would use it."""

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

FRAMEWORKS = ["starlette", "django", "flask"]
CLIENTS = ["plain", "htmx2", "htmx4"]

_WATCH = Path(__file__).with_name("record-texts.js")
_TIMEOUT = 30_000  # ms; an answer takes one or two seconds on an idle machine


@dataclass(frozen=True)
class Growth:
    """Each text that one answer has shown, and the milliseconds from Enter to the first one."""

    texts: list[str]
    first_after: float


class Chat:
    """A conversation in a page that was just opened at ``url``."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        page.add_init_script(path=_WATCH)
        page.goto(url)
        self._message = page.get_by_label("Message", exact=True)

    def send(self, text: str) -> None:
        """Type and press Enter."""
        self._message.press_sequentially(text)
        self._message.press("Enter")

    def wait_for_end(self, number: int = 1) -> str:
        """Wait until so many answers have ended; return how the last of them did."""
        self.page.wait_for_function(
            "number => watch.ends.length >= number", arg=number, timeout=_TIMEOUT
        )
        reason: str = self.page.evaluate("number => watch.ends[number - 1]", number)
        return reason

    def ask(self, text: str) -> str:
        """Send a message and wait for the end of its answer; return how it ended."""
        before: int = self.page.evaluate("watch.ends.length")
        self.send(text)
        return self.wait_for_end(before + 1)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The messages and their answers, from top to bottom: their whole text, untrimmed."""
        pairs: list[list[str]] = self.page.locator("#messages > *").evaluate_all(
            """messages => messages.map((message) =>
                [".streamhtml-human, .human", ".streamhtml-ai, .ai"].map(
                    (part) => message.querySelector(part).textContent))"""
        )
        return [(human, ai) for human, ai in pairs]

    @property
    def answers(self) -> list[str]:
        """The HTML of the texts of each answer, and of its notice, as the browser spells it."""
        regions = self.page.locator(".streamhtml-ai > .streamhtml")
        html: list[str] = regions.evaluate_all(
            """regions => regions.map((region) => {
                const copy = region.cloneNode(true);
                for (const added of copy.querySelectorAll(".streamhtml-copy, .streamhtml-actions"))
                    added.remove();
                for (const { parentNode } of copy.querySelectorAll(".streamhtml-retry"))
                    parentNode.textContent = parentNode.firstChild.data.trimEnd();
                return [...copy.children].map((part) =>
                    part.matches(".streamhtml-part")
                        ? part.firstElementChild.innerHTML : part.outerHTML
                ).join("");
            })"""
        )
        return html

    def spelled(self, html: str) -> str:
        """Return HTML as the browser spells what it has parsed in one piece."""
        parsed: str = self.page.evaluate(
            """html => {
                const element = document.createElement("div");
                element.innerHTML = html;
                return element.innerHTML;
            }""",
            html,
        )
        return parsed

    def growth(self, number: int) -> Growth:
        """Return how the answer of that number, from 0, has grown."""
        seen = self.page.evaluate("number => watch.seen[number]", number)
        asked: float = self.page.evaluate("number => watch.asked[number]", number)
        return Growth([each["text"] for each in seen], seen[0]["at"] - asked)
