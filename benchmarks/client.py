"""What a streamed answer costs the browser: bytes, main-thread time, long tasks; and is it right?

    python benchmarks/client.py                             # thirteen minutes
    python benchmarks/client.py --sizes 500 2000            # three
    python benchmarks/client.py plain tutorial --sizes 500  # these ways alone
    python benchmarks/client.py --sizes once                # the last table alone
    python benchmarks/client.py plain --traces /tmp/t       # keep what Chromium recorded

A real Chromium, on a visible page, reads each answer over loopback in real time, at 100 tokens per
second, every time in a page of its own. The ways:

plain, htmx2, htmx4  this library: ``StreamingHTMLResponse`` as it comes, so Markdown each 40 ms,
                     and its client in a page without htmx, with htmx 2, with htmx 4
text                 the same as plain, but with ``renderer="text"``
tutorial             the whole message for each token, swapped out of band by htmx 2
tutorial-markdown    the same, with the Markdown so far rendered on the server for each token

The tutorial's way is built anew, from its description. The server renders the message's template
for each token, with ``chunk_index`` counting and the text so far, escaped, in ``ai_message``: the
first goes to the end of the container, each later one has ``hx-swap-oob="true"`` and the same id.
The client (``_client/whole-message.js``) takes each network read for a fragment, decodes it by
itself and gives it to htmx's swap. The tutorial as it is shows the text as it came, here as one
preformatted block; with Markdown, by comrak, its page is as rich as ours. So ``text`` is compared
with the one, and the others with the other. No page scrolls while an answer grows.

There is a table for each size, and one, "once", for an answer of 10,000 tokens that comes as fast
as the server can send it. The columns:

network       the bytes of the body, in HTTP's chunks
main thread   CPU time of the page's main thread above that of the page when idle. It is
              ``ThreadTime`` of CDP's ``Performance.getMetrics``, and not ``TaskDuration``: that
              one runs on while another process has the core, and two cores are shared here by the
              server, Chromium's processes and Playwright's.
less          main-thread time of the tutorial's way with the same content, by this one's
longest task  of the main thread, by the clock, and by its CPU time: the longest ``RunTask`` of a
              trace, for a PerformanceObserver tells only of those above 50 ms
long          tasks of more than 50 ms by the clock
text          the characters on the page are those of the finished message rendered once; or how
              many there are and should be. A page "hangs" that has not shown the answer in more
              than twice the time; it is left then, and what it took till then is told

A ``!`` marks what misses its target. A ``?`` marks a task that is long by the clock alone: another
process had the core, so run it again on a machine that does nothing else. Texts and tokens are
those of ``_texts.py``.
"""

import argparse
import asyncio
import json
import shutil
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import Any

import comrak
import uvicorn
from _texts import mixed, tokens
from jinja2 import Environment
from markupsafe import Markup
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from playwright.sync_api import TimeoutError as Late
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from streamhtml import pair_id
from streamhtml.markdown import render
from streamhtml.starlette import StreamingHTMLResponse

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.browser.conftest import ARGUMENTS, NAMES

RATE = 100  # tokens per second
SIZES = (500, 2000, 8000)
ONCE = 10_000
LONG = 50  # ms; what the browsers call a long task
LEAST_LESS = {2000: 5, 8000: 15}
"""The tutorial's main-thread time by ours, of the same content, by the number of tokens."""
MOST_GROWTH = 20
"""Main-thread time at the largest of ``SIZES`` by that at the smallest: 16 is linear."""
PATIENCE = 2  # times what an answer may take, in which a page has to show it
IDLE = 2  # seconds in which a page is watched before it asks
FRAMES = 30  # per second, at least, or the page is not drawn as it would be for a reader


# The ways


@dataclass(frozen=True, slots=True)
class Way:
    """One way to stream.

    Args:
        name: for the tables.
        scripts: the page loads, of ``SCRIPTS``.
        form: attributes of the page's form; ``{}`` is where the answer comes from.
        renderer: of the answer, one of ``RENDERED``.
        other: the tutorial's way that shows the same; empty for these themselves.
    """

    name: str
    scripts: tuple[str, ...]
    form: str
    renderer: str = "markdown"
    other: str = "tutorial-markdown"


_PLAIN = 'method="post" action="{}" data-stream="#messages"'
_HTMX = 'hx-post="{}" hx-target="#messages" hx-swap="beforeend" hx-ext='
_WHOLE = ("htmx2", "whole")
WAYS = {
    "plain": Way("streamhtml, no htmx", ("client",), _PLAIN),
    "htmx2": Way("streamhtml, htmx 2", ("htmx2", "client"), _HTMX + '"streaming-html"'),
    "htmx4": Way("streamhtml, htmx 4", ("htmx4", "client"), _HTMX + '"streaming-html"'),
    "text": Way("streamhtml, text", ("client",), _PLAIN, "text", "tutorial"),
    "tutorial": Way("tutorial, text", _WHOLE, _HTMX + '"whole-message"', "whole-text", ""),
    "tutorial-markdown": Way(
        "tutorial, Markdown", _WHOLE, _HTMX + '"whole-message"', "whole-markdown", ""
    ),
}

_HTMX_FILES = files("django_htmx").joinpath("static/django_htmx")
SCRIPTS = {
    "client": files("streamhtml").joinpath("static/streamhtml/streaming-html.js"),
    "htmx2": _HTMX_FILES.joinpath("htmx-2.min.js"),
    "htmx4": _HTMX_FILES.joinpath("htmx-4.min.js"),
    "whole": Path(__file__).with_name("_client") / "whole-message.js",
}

PAGE = """<!doctype html>
<html lang="en">
<title>An answer</title>
<link rel="icon" href="data:,">
<style>
  body {{ max-width: 44rem; margin: 1rem auto; font: 16px/1.5 sans-serif }}
  .whole-text {{ white-space: pre-wrap }}
</style>
{scripts}
<form {form}><button>Send</button></form>
<div id="messages"></div>
"""
CONTEXT = {"human_message": "Tell me everything."}
MESSAGE = Environment(autoescape=True).from_string(
    '<div id="{{ message_pair_id }}"{% if chunk_index %} hx-swap-oob="true"{% endif %}>'
    '<p>{{ human_message }}</p><div class="{{ kind }}">{{ ai_message }}</div></div>'
)


ANYTHING = comrak.ExtensionOptions()
for _name in ("table", "strikethrough", "tasklist", "autolink", "footnotes", "alerts"):
    setattr(ANYTHING, _name, True)
ANYTHING.math_dollars = True
ESCAPING = comrak.RenderOptions()
ESCAPING.escape = True


def commonmark(text: str) -> Markup:
    """Render Markdown as fast as can be, that the server has time for it at each token."""
    return Markup(comrak.render_markdown(text, extension_options=ANYTHING, render_options=ESCAPING))


RENDERED: dict[str, Callable[[str], str]] = {
    "markdown": lambda text: Markup(render(text)),
    "text": str,
    "whole-markdown": commonmark,
    "whole-text": str,
}
"""What the finished answer is, by renderer."""


@cache
def answer(size: int) -> tuple[str, ...]:
    """Return the tokens of an answer; a shorter one is the beginning of a longer one."""
    return tuple(tokens(mixed(20_000)[0])[:size])


def finished(way: Way, size: int) -> str:
    """Return the finished message, rendered once."""
    html = RENDERED[way.renderer]("".join(answer(size)))
    return MESSAGE.render(ai_message=html, message_pair_id=pair_id(), **CONTEXT)


# The server


async def paced(size: int, rate: int) -> AsyncIterator[str]:
    """Yield an answer's tokens, each when its time has come; with a rate of 0, at once."""
    begun = perf_counter()
    for number, token in enumerate(answer(size), 1):
        await asyncio.sleep(begun + number / rate - perf_counter() if rate else 0)
        yield token


def ours(request: Request, source: AsyncIterator[str], renderer: Any, rate: int) -> Response:
    """Answer as an application does; what comes at once is sent as soon as it is there."""
    respond = StreamingHTMLResponse if rate else partial(StreamingHTMLResponse, interval=0)
    return respond(request, source, MESSAGE, CONTEXT, renderer=renderer)


def whole(source: AsyncIterator[str], renderer: str) -> Response:
    """Answer with the whole message for each token."""
    message_pair_id = pair_id()

    async def body() -> AsyncIterator[str]:
        so_far = ""
        chunk_index = 0
        async for token in source:
            so_far += token
            yield MESSAGE.render(
                message_pair_id=message_pair_id,
                chunk_index=chunk_index,
                ai_message=RENDERED[renderer](so_far),
                kind=renderer,
                **CONTEXT,
            )
            chunk_index += 1

    return StreamingResponse(body(), media_type="text/html; charset=utf-8")


def page_of(way: Way, size: int, rate: int) -> str:
    scripts = "\n".join(f'<script src="/{name}.js" defer></script>' for name in way.scripts)
    form = way.form.format(f"/reply/{way.renderer}/{size}/{rate}")
    return PAGE.format(scripts=scripts, form=form)


async def show_page(request: Request) -> Response:
    path = request.path_params
    return HTMLResponse(page_of(WAYS[path["way"]], path["size"], path["rate"]))


async def script(request: Request) -> Response:
    return Response(SCRIPTS[request.path_params["name"]].read_text(), media_type="text/javascript")


async def reply(request: Request) -> Response:
    path = request.path_params
    source = paced(path["size"], path["rate"])
    if path["renderer"].startswith("whole"):
        return whole(source, path["renderer"])
    return ours(request, source, path["renderer"], path["rate"])


class Server:
    """The application, and how many bytes it has answered with.

    Args:
        url: of the running server.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.sent = 0
        self._application = Starlette(
            routes=[
                Route("/{name}.js", script),
                Route("/page/{way}/{size:int}/{rate:int}", show_page),
                Route("/reply/{renderer}/{size:int}/{rate:int}", reply, methods=["POST"]),
            ]
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counting(message: Message) -> None:
            if body := message.get("body"):
                self.sent += len(f"{len(body):x}\r\n\r\n") + len(body)  # a chunk of HTTP
            await send(message)

        await self._application(scope, receive, counting)


@contextmanager
def served() -> Iterator[Server]:
    """Run the server under uvicorn, in a thread."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(f"http://127.0.0.1:{listener.getsockname()[1]}")
        uvicorn_ = uvicorn.Server(uvicorn.Config(server, log_level="warning", lifespan="off"))
        thread = Thread(target=uvicorn_.run, args=([listener],))
        thread.start()
        try:
            yield server
        finally:
            uvicorn_.should_exit = True
            thread.join()


# Measuring


@dataclass(frozen=True, slots=True)
class Task:
    """A task of the main thread, in milliseconds."""

    clock: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What one answer took; times are in milliseconds.

    Args:
        seconds: from the click to the end of the answer.
        network: bytes.
        busy: CPU time of the main thread, above idle.
        tasks: of the main thread.
        problem: what is wrong with the page, or nothing.
    """

    seconds: float
    network: int
    busy: float
    tasks: Sequence[Task]
    problem: str

    @property
    def clock(self) -> float:
        """Return what the longest task took by the clock."""
        return max(task.clock for task in self.tasks)

    @property
    def cpu(self) -> float:
        """Return the CPU time of the task that had the most."""
        return max(task.cpu for task in self.tasks)


_FRAMES = """async () => {
    const end = performance.now() + 500;
    let frames = 0;
    for (; performance.now() < end; frames++) await new Promise(requestAnimationFrame);
    return document.visibilityState === "visible" ? 2 * frames : 0;
}"""
# The last swaps may settle after the end. Nothing asks the page anything before that.
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
# Without "-*" Chromium records all that is not disabled by default, and the page pays for it.
_TASKS = ["-*", "disabled-by-default-devtools.timeline"]
_MORE = ["devtools.timeline", "v8", "blink.user_timing", "disabled-by-default-v8.cpu_profiler"]


def thread_time(cdp: CDPSession) -> float:
    """Return the CPU time that the page's main thread has had, in milliseconds."""
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
        and "dur" in each  # it has ended
    ]


@dataclass(frozen=True, slots=True)
class Bench:
    """A browser and a server; ``traces`` is a folder for what Chromium records, if any."""

    browser: Browser
    server: Server
    traces: Path | None

    def run(self, name: str, size: int, rate: int) -> Measured:
        """Measure one way in a page of its own, without a cookie or a cache."""
        context = self.browser.new_context(viewport={"width": 900, "height": 700})
        page = context.new_page()
        page.goto(f"{self.server.url}/page/{name}/{size}/{rate}")
        if not any(page.evaluate(_FRAMES) >= FRAMES for _ in range(10)):  # a machine may be busy
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

        if not reason:  # It answers nothing, but what was recorded is there.
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
        """Return how the answer has ended, or nothing if the page has not shown it in time."""
        try:
            with page.expect_console_message(
                lambda message: message.text.startswith(_ENDED),
                timeout=PATIENCE * (30 + size / RATE) * 1e3,
            ) as message:
                page.evaluate(_ASK)
        except Late:
            return ""
        return message.value.text.removeprefix(_ENDED)


# Showing


def show(title: str, header: str, rows: Iterable[Sequence[str]]) -> None:
    """Print a table in Markdown; columns are separated by ``|`` in the header."""
    table = [header.split("|"), *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    print(f"\n{title}\n")
    for row in [table[0], rule, *table[1:]]:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("|", " | ".join([row[0].ljust(widths[0]), *cells]), "|", flush=True)


def row_of(name: str, found: Measured, less: str) -> tuple[str, ...]:
    """Return the cells of one way; its faults are marked if it is ours."""
    counts = bool(WAYS[name].other)
    mark = "!" if found.cpu > LONG else "?" if found.clock > LONG else ""
    return (
        WAYS[name].name,
        f"{found.seconds:.1f}",
        f"{found.network / 1e3:,.1f}",
        f"{found.busy:,.0f}",
        less,
        f"{found.clock:.0f}{mark * counts}",
        f"{found.cpu:.0f}",
        f"{sum(task.clock > LONG for task in found.tasks)}",
        found.problem + "!" * counts if found.problem else "exact",
    )


HEADER = "|s|network, kB|main thread, ms|less|longest task, ms|most CPU, ms|long|text"


def table(bench: Bench, names: Sequence[str], size: int, rate: int) -> dict[str, Measured]:
    """Measure and print what one size takes."""
    found = {name: bench.run(name, size, rate) for name in names}
    rows = []
    for name, each in found.items():
        less = ""
        if (other := WAYS[name].other) in found:
            times = found[other].busy / each.busy
            less = f"{times:.1f} ×" + "!" * (times < LEAST_LESS.get(size, 0))
        rows.append(row_of(name, each, less))
    pace = f"{rate} per second" if rate else "at once"
    show(f"{size:,} tokens, {pace}: {len(''.join(answer(size)).encode()):,} bytes", HEADER, rows)
    return found


def show_growth(found: dict[int, dict[str, Measured]]) -> None:
    """Print how main-thread time grows from the least size to the most, if both were measured."""
    least, most = min(SIZES), max(SIZES)
    if not {least, most} <= found.keys():
        return
    print(f"\nMain thread, {least:,} to {most:,} tokens, {most / least:.0f} × as many:", end="")
    growths = {name: found[most][name].busy / found[least][name].busy for name in found[most]}
    told = [
        f" {WAYS[name].name} {times:.1f} ×" + "!" * (times > MOST_GROWTH and bool(WAYS[name].other))
        for name, times in growths.items()
    ]
    print(";".join(told))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measure what answers cost the browser.")
    parser.add_argument("ways", nargs="*", metavar="WAY", help=", ".join(WAYS))
    sizes = [*map(str, SIZES), "once"]
    parser.add_argument("--sizes", nargs="+", default=sizes, help="in tokens, or once")
    parser.add_argument("--traces", type=Path, help="a folder; its files open in DevTools")
    options = parser.parse_args()
    if unknown := set(options.ways) - set(WAYS):
        parser.error(f"{', '.join(sorted(unknown))}: no such way; there are {', '.join(WAYS)}")
    if options.traces:
        options.traces.mkdir(parents=True, exist_ok=True)
    names = [name for name in WAYS if name in (options.ways or WAYS)]
    begun = perf_counter()
    chromium = next(filter(None, map(shutil.which, NAMES)))
    with sync_playwright() as playwright, served() as server:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        bench = Bench(browser, server, options.traces)
        print(f"Chromium {browser.version}")
        found = {
            int(size): table(bench, names, int(size), RATE)
            for size in options.sizes
            if size != "once"
        }
        show_growth(found)
        if "once" in options.sizes:
            table(bench, [name for name in names if WAYS[name].other], ONCE, 0)
        browser.close()
    print(f"\n({perf_counter() - begun:.0f} s)")


if __name__ == "__main__":
    main()
