"""Measures what a streamed answer costs the browser, and checks that the page is right.

    python benchmarks/client.py                             # thirteen minutes
    python benchmarks/client.py --sizes 500 2000            # three minutes
    python benchmarks/client.py plain tutorial --sizes 500  # only these ways
    python benchmarks/client.py --sizes once                # only the last table
    python benchmarks/client.py plain --traces /tmp/t       # keep Chromium's traces

Chromium reads each answer over loopback in real time, at 100 tokens per second, on a visible page
of its own. The ways:

plain, htmx2, htmx4  this library: ``StreamingHTMLResponse`` with its defaults (Markdown, each
                     40 ms), and its client in a page without htmx, with htmx 2, with htmx 4
text                 the same as plain, but with ``renderer="text"``
tutorial             the whole message for each token, swapped out of band by htmx 2
tutorial-markdown    the same, with the Markdown so far rendered on the server for each token

The tutorial's way is built from its description. The server renders the message's template for each
token, with the text so far, escaped, in ``ai_message``. The first message is appended to the
container. Each later one has ``hx-swap-oob="true"`` and the same id. The client
(``_client/whole-message.js``) takes each network read for a fragment, decodes it on its own, and
passes it to htmx's swap. The tutorial itself shows the text as it is, here in one preformatted
block. With Markdown, by comrak, its page is as rich as ours. So ``text`` is compared with the first
one, and the other ways with the second one. No page scrolls while an answer grows.

There is a table for each size, and one, "once", for an answer of 10,000 tokens that arrives as fast
as the server can send it. The columns:

network       the bytes of the body, in HTTP's chunks
main thread   the CPU time of the page's main thread, above that of the idle page. It is
              ``ThreadTime`` of CDP's ``Performance.getMetrics``. ``TaskDuration`` would also count
              the time in which another process has the core, and the server, Chromium's processes
              and Playwright share two cores here.
less          the main-thread time of the tutorial's way with the same content, divided by this
              way's
longest task  of the main thread, by the clock, and by its CPU time: the longest ``RunTask`` of a
              trace. A PerformanceObserver would only report tasks above 50 ms.
long          the number of tasks above 50 ms by the clock
text          "exact" if the text on the page is that of the finished message rendered once;
              otherwise how many characters there are and should be. "hangs" means that the page
              did not show the answer within twice its duration. The page is then left, and the
              other columns show the cost up to that point.

A ``!`` marks what misses its target. A ``?`` marks a task that is long only by the clock: another
process had the core, so run it again on an idle machine. The texts and tokens are those of
``_texts.py``.
"""

import argparse
import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from time import perf_counter

from _measure import RATE, Bench, Measured
from _ways import WAYS, answer, served
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.browser.conftest import ARGUMENTS, NAMES

SIZES = (500, 2000, 8000)
ONCE = 10_000
LONG = 50  # ms; what browsers call a long task
LEAST_LESS = {2000: 5, 8000: 15}
"""The least ratio of the tutorial's main-thread time to ours, by the number of tokens."""
MOST_GROWTH = 20
"""How many times the main-thread time may grow from the smallest to the largest size."""


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
    """Return the cells of one way. Only faults of this library are marked."""
    counts = bool(WAYS[name].compared_with)
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
    """Measure and print the table of one size."""
    found = {name: bench.run(name, size, rate) for name in names}
    rows = []
    for name, each in found.items():
        less = ""
        if (other := WAYS[name].compared_with) in found:
            times = found[other].busy / each.busy
            less = f"{times:.1f} ×" + "!" * (times < LEAST_LESS.get(size, 0))
        rows.append(row_of(name, each, less))
    pace = f"{rate} per second" if rate else "at once"
    show(f"{size:,} tokens, {pace}: {len(''.join(answer(size)).encode()):,} bytes", HEADER, rows)
    return found


def show_growth(found: dict[int, dict[str, Measured]]) -> None:
    """Print how main-thread time grows from the smallest to the largest size."""
    least, most = min(SIZES), max(SIZES)
    if not {least, most} <= found.keys():
        return
    print(f"\nMain thread, {least:,} to {most:,} tokens, {most / least:.0f} × as many:", end="")
    growths = {name: found[most][name].busy / found[least][name].busy for name in found[most]}
    ratios = [
        f" {WAYS[name].name} {times:.1f} ×"
        + "!" * (times > MOST_GROWTH and bool(WAYS[name].compared_with))
        for name, times in growths.items()
    ]
    print(";".join(ratios))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measure what answers cost the browser.")
    parser.add_argument("ways", nargs="*", metavar="WAY", help=", ".join(WAYS))
    sizes = [*map(str, SIZES), "once"]
    parser.add_argument("--sizes", nargs="+", default=sizes, help="in tokens, or once")
    parser.add_argument("--traces", type=Path, help="a folder; its files open in DevTools")
    options = parser.parse_args()
    if unknown := set(options.ways) - set(WAYS):
        parser.error(f"{', '.join(sorted(unknown))}: unknown; the ways are {', '.join(WAYS)}")
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
            table(bench, [name for name in names if WAYS[name].compared_with], ONCE, 0)
        browser.close()
    print(f"\n({perf_counter() - begun:.0f} s)")


if __name__ == "__main__":
    main()
