"""Measures what one answer costs a page of Chromium: main-thread time, tasks, bytes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from _ways import WAYS, Server, finished
from playwright.sync_api import Browser, CDPSession, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

RATE = 100  # tokens per second
PATIENCE = 2  # times the duration of an answer, within which a page has to show it
IDLE = 2  # seconds for which a page is watched before the answer
FRAMES = 30  # per second, at least; otherwise the page is not drawn as it would be for a reader


@dataclass(frozen=True, slots=True)
class Task:
    """A task of the main thread, in milliseconds."""

    clock: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Measured:
    """The cost of one answer. Times are in milliseconds, unless said otherwise.

    Args:
        seconds: from the click to the end of the answer, in seconds.
        network: bytes.
        busy: CPU time of the main thread, above that of the idle page.
        tasks: those of the main thread.
        problem: what is wrong with the page; ``""`` if nothing is.
    """

    seconds: float
    network: int
    busy: float
    tasks: Sequence[Task]
    problem: str

    @property
    def clock(self) -> float:
        """Return the duration of the longest task."""
        return max(task.clock for task in self.tasks)

    @property
    def cpu(self) -> float:
        """Return the most CPU time that one task has used."""
        return max(task.cpu for task in self.tasks)


_FRAMES = """async () => {
    const end = performance.now() + 500;
    let frames = 0;
    for (; performance.now() < end; frames++) await new Promise(requestAnimationFrame);
    return document.visibilityState === "visible" ? 2 * frames : 0;
}"""
# The last swaps may settle after the end. Until then, nothing is evaluated in the page.
_ASK = """() => {
    document.addEventListener("stream:end", ({ detail }) =>
        setTimeout(() => console.info("ended: " + detail.reason), 200));
    document.querySelector("button").click();
}"""
_ENDED = "ended: "
_TEXTS = """(html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    return [document.querySelector("#messages").textContent, template.content.textContent];
}"""
# Without "-*", Chromium also records all default categories, which slows the page down.
_TASKS = ["-*", "disabled-by-default-devtools.timeline"]
_MORE = ["devtools.timeline", "v8", "blink.user_timing", "disabled-by-default-v8.cpu_profiler"]


def thread_time(cdp: CDPSession) -> float:
    """Return the CPU time that the page's main thread has used, in milliseconds."""
    metrics = cdp.send("Performance.getMetrics")["metrics"]
    seconds: float = next(each["value"] for each in metrics if each["name"] == "ThreadTime")
    return seconds * 1e3


def tasks_of(trace: bytes, url: str) -> list[Task]:
    """Return the tasks of the main thread of the page at ``url``."""
    events: list[dict[str, Any]] = json.loads(trace)["traceEvents"]
    begun = next(each for each in events if each["name"] == "TracingStartedInBrowser")
    frames = begun["args"]["data"]["frames"]
    process = next(frame["processId"] for frame in frames if frame["url"] == url)
    thread = next(
        each["tid"]
        for each in events
        if each["pid"] == process and each["args"].get("name") == "CrRendererMain"
    )
    return [
        Task(each["dur"] / 1e3, each.get("tdur", 0) / 1e3)
        for each in events
        if (each["name"], each["pid"], each["tid"]) == ("RunTask", process, thread)
        and "dur" in each  # The task has ended.
    ]


@dataclass(frozen=True, slots=True)
class Bench:
    """A browser and a server.

    Args:
        traces: a folder for the traces, if they are to be kept.
    """

    browser: Browser
    server: Server
    traces: Path | None

    def run(self, name: str, size: int, rate: int) -> Measured:
        """Measure one way in a page of its own, without a cookie or a cache."""
        context = self.browser.new_context(viewport={"width": 900, "height": 700})
        page = context.new_page()
        page.goto(f"{self.server.url}/page/{name}/{size}/{rate}")
        if not any(page.evaluate(_FRAMES) >= FRAMES for _ in range(10)):  # The machine may be busy.
            raise RuntimeError(f"fewer than {FRAMES} frames per second: the page is not drawn")
        cdp = context.new_cdp_session(page)
        cdp.send("Performance.enable")

        before = thread_time(cdp)
        page.wait_for_timeout(IDLE * 1e3)
        idle = (thread_time(cdp) - before) / IDLE

        self.browser.start_tracing(page=page, categories=_TASKS + _MORE * bool(self.traces))
        sent, before, begun = self.server.sent, thread_time(cdp), perf_counter()
        reason = self.ask(page, size)
        seconds = perf_counter() - begun
        if reason:
            busy = thread_time(cdp) - before - idle * seconds
        trace = self.browser.stop_tracing()
        if self.traces:
            (self.traces / f"{name}-{size}-{rate}.json").write_bytes(trace)
        tasks = tasks_of(trace, page.url)

        if not reason:  # The page does not respond any more, but its tasks were recorded.
            busy = sum(task.cpu for task in tasks)
            problem = "hangs"
        elif reason != "finished":
            problem = reason
        else:
            there, expected = page.evaluate(_TEXTS, finished(WAYS[name], size))
            problem = "" if there == expected else f"{len(there):,} of {len(expected):,}"
        context.close()
        return Measured(seconds, self.server.sent - sent, busy, tasks, problem)

    def ask(self, page: Page, size: int) -> str:
        """Return how the answer ended; ``""`` if the page did not show it in time."""
        try:
            with page.expect_console_message(
                lambda message: message.text.startswith(_ENDED),
                timeout=PATIENCE * (30 + size / RATE) * 1e3,
            ) as message:
                page.evaluate(_ASK)
        except PlaywrightTimeout:
            return ""
        return message.value.text.removeprefix(_ENDED)
