"""Helpers for the tests of htmx's own features: they record the events that htmx dispatches."""

from playwright.sync_api import Page
from tests.browser.form_page import TIMEOUT

HTMX = ["htmx2", "htmx4"]
OLD = '<div id="messages"><b>old</b></div>'
"""A container that is not empty."""

_EVENT_NAMES = {
    # htmx 2 dispatches each event with two spellings. Attributes like hx-on::after-swap use the
    # second one.
    "htmx2": [
        "confirm configRequest beforeRequest beforeSend",
        "beforeOnLoad beforeSwap afterSwap afterSettle afterRequest afterOnLoad",
        "config-request before-request before-send",
        "before-on-load before-swap after-swap after-settle after-request after-on-load",
    ],
    "htmx4": [
        "config:request before:request before:response after:request",
        "before:swap before:settle after:settle after:swap finally:swap finally:request",
    ],
}
EVENTS = {client: " ".join(names).split() for client, names in _EVENT_NAMES.items()}
"""The names of each client's events, without "htmx:"."""

_RECORD = """
window.htmxEvents = [];
for (const name of %s) {
    document.addEventListener(`htmx:${name}`, () => {
        const whole = document.getElementById("ai_1_text")?.textContent === "Hello";
        htmxEvents.push([name, whole]);
    });
}
"""


def record_htmx_events(page: Page) -> None:
    """Record each event of htmx, and whether the whole answer was on the page by then."""
    page.add_init_script(script=_RECORD % [name for names in EVENTS.values() for name in names])


def htmx_events(page: Page) -> list[tuple[str, bool]]:
    """Return the recorded events."""
    events: list[list[object]] = page.evaluate("htmxEvents")
    return [(str(name), bool(whole)) for name, whole in events]


def wait_for_htmx(page: Page) -> None:
    """Wait until htmx has done all that it does after a request, and time to do it twice."""
    page.wait_for_function(
        "htmxEvents.some(([name]) => /afterRequest|finally:request/.test(name))", timeout=TIMEOUT
    )
    # Timers fire in their order, so this one fires after those of htmx, which settles after 20 ms.
    page.evaluate("new Promise((done) => setTimeout(done, 50))")
