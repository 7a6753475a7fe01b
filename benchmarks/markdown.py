"""Measures what streamed Markdown costs: time, bytes and calm, compared with other renderers.

    python benchmarks/markdown.py                    # two minutes; more while much is flagged
    python benchmarks/markdown.py --full             # more rounds, and every row: up to ten
    python benchmarks/markdown.py mixed adversarial  # only these tables

The tables, in this order:

mixed        answers of 200 to 20,000 tokens, with one and with four tokens per flush
once         streaming an answer, and one ``render()``, compared with others that render it once
blocks       texts that are one fence, one list, one table …
again        others that render the whole message again at each flush
adversarial  texts that are made to be slow or to grow, in pieces of four characters
flicker      flushes after which the page shows text that is not there in the end

Times are CPU times of the process: the best of several rounds, which alternate between all that is
compared. "× final" is the size of all patches divided by the size of the final HTML, in bytes of
UTF-8. "Exponent" is the slope of a line through the logarithms: 1 is linear, 2 is quadratic.
``_texts.py`` has the texts, and says what a token is. A ``!`` marks a missed target.
"""

import argparse
import gc
import math
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import linear_regression, mean
from time import perf_counter, process_time

import comrak
import mistune
from _adversarial import ADVERSARIAL
from _calm import Seen, watch
from _texts import ANSWERS, BLOCKS, grouped, mixed, one_block, tokens
from markdown_it import MarkdownIt

from streamhtml.markdown import MarkdownRenderer, render

sys.path.insert(0, str(Path(__file__).parent.parent))

SIZES = (200, 1000, 2000, 5000, 20_000)
GROUPS = (1, 4)
"""Tokens per flush."""
MOST_BYTES = {1: 2.0, 4: 1.4}
"""Size of all patches divided by that of the final HTML, by tokens per flush."""
MOST_GROWTH = 1.1
MOST_STREAMED = 1.0
"""Time to stream with four tokens per flush, divided by markdown-it-py rendering once."""
LEAST_FASTER = 3
"""Time of markdown-it-py to render once, divided by ours."""
SIZE = 65536
"""Size of an adversarial text, in characters."""
MOST_SECONDS = 0.5
"""CPU time for an adversarial text."""
MOST_DOUBLING = 2.5
MOST_SWELLING = 20
"""Size of all patches divided by that of the text, for an adversarial text."""
PATIENCE = 6 * MOST_SECONDS
"""Seconds after which an adversarial text is given up."""
SAMPLES = 40

Render = Callable[[str], object]


# Measuring


@dataclass(frozen=True, slots=True)
class Streamed:
    """The cost of feeding some pieces. ``done`` is the share that was fed in the allowed time."""

    seconds: float
    sent: int
    done: float = 1.0


def size_of(html: str) -> int:
    return len(html.encode("utf-8", "surrogatepass"))


def stream(pieces: Sequence[str], patience: float = math.inf) -> Streamed:
    """Feed the pieces and close. The time does not include counting the bytes."""
    seconds = 0.0
    sent = 0
    begun = process_time()
    renderer = MarkdownRenderer("r")
    seconds += process_time() - begun
    for start in range(0, len(pieces), 256):
        batch = pieces[start : start + 256]
        begun = process_time()
        flushes = [renderer.feed(piece) for piece in batch]
        seconds += process_time() - begun
        sent += sum(size_of(patch.html) for patches in flushes for patch in patches)
        if seconds > patience:
            return Streamed(seconds, sent, start / len(pieces))
    begun = process_time()
    last = renderer.close()
    seconds += process_time() - begun
    return Streamed(seconds, sent + sum(size_of(patch.html) for patch in last))


def streaming(answers: Iterable[Sequence[str]]) -> float:
    """Return the seconds it takes to stream answers one after the other."""
    return sum(stream(pieces).seconds for pieces in answers)


def rendering(way: Render, texts: Iterable[str]) -> float:
    """Return the seconds it takes to render texts one after the other."""
    begun = process_time()
    for text in texts:
        way(text)
    return process_time() - begun


def compared(ways: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Return the smallest result of each way. The ways are called in turn."""
    least = dict.fromkeys(ways, math.inf)
    for _ in range(rounds):
        for name, way in ways.items():
            gc.collect()
            least[name] = min(least[name], way())
    return least


def growth(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Return the exponent with which the values grow."""
    slope, _ = linear_regression([math.log(x) for x in sizes], [math.log(y) for y in values])
    return slope


# Showing


def show(title: str, header: str, rows: Iterable[Sequence[str]]) -> None:
    """Print a table; columns are separated by ``|`` in the header, the first is flush left."""
    table = [header.split("|"), *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    print(f"\n{title}\n")
    for row in table:
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  ".join([row[0].ljust(widths[0]), *cells]).rstrip(), flush=True)


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.{1 if seconds < 0.1 else 0}f}"


def judged(value: float, most: float, digits: int = 2) -> str:
    """Return the value, with a ``!`` if it is above ``most``."""
    return f"{value:,.{digits}f}{'!' if value > most else ' '}"


# Others

ANYTHING = comrak.ExtensionOptions()
for _name in ("table", "strikethrough", "tasklist", "autolink", "footnotes", "alerts"):
    setattr(ANYTHING, _name, True)
ANYTHING.math_dollars = True
ESCAPING = comrak.RenderOptions()
ESCAPING.escape = True

OTHERS: dict[str, Render] = {
    "markdown-it-py, gfm-like": MarkdownIt("gfm-like", {"html": False}).render,
    "markdown-it-py, commonmark + tables, strikethrough": MarkdownIt("commonmark", {"html": False})
    .enable(["table", "strikethrough"])
    .render,
    "markdown-it-py, commonmark": MarkdownIt("commonmark", {"html": False}).render,
    "mistune": mistune.create_markdown(
        escape=True, plugins=["table", "strikethrough", "footnotes", "url", "task_lists"]
    ),
    "comrak": lambda text: comrak.render_markdown(
        text, extension_options=ANYTHING, render_options=ESCAPING
    ),
}
"""All of them escape raw HTML. gfm-like lacks footnotes, alerts, task items and formulas."""


# The tables


def table_of_mixed(rounds: int) -> None:
    answers = {size: [tokens(text) for text in mixed(size)] for size in SIZES}
    for group in GROUPS:
        pieces = {size: [grouped(a, group) for a in those] for size, those in answers.items()}
        found = compared(
            {str(size): partial(streaming, those) for size, those in pieces.items()}, rounds
        )
        lengths, seconds, sent, rows = [], [], [], []
        for size, those in answers.items():
            count = len(those)
            total = sum(map(len, those))
            html = sum(stream(answer).sent for answer in pieces[size])
            final = sum(size_of(render("".join(answer))) for answer in those)
            lengths.append(total / count)
            seconds.append(found[str(size)] / count)
            sent.append(html / count)
            rows.append(
                (
                    f"{round(lengths[-1]):,}",
                    f"{count}",
                    ms(seconds[-1]),
                    f"{found[str(size)] / total * 1e6:.1f}",
                    judged(html / final, MOST_BYTES[group]),
                )
            )
        show(f"Mixed answers, {flushed(group)}", "tokens|answers|ms|µs a token|× final", rows)
        print(
            f"exponents: CPU {judged(growth(lengths, seconds), MOST_GROWTH)}"
            f" bytes {judged(growth(lengths, sent), MOST_GROWTH)}"
        )


def flushed(group: int) -> str:
    return "one token a flush" if group == 1 else f"{group} tokens a flush"


def table_of_once(rounds: int) -> None:
    for size in (1000, 20_000):
        texts = mixed(size)
        pieces = [grouped(tokens(text), 4) for text in texts]
        ways = {
            "streamed": partial(streaming, pieces),
            "render": partial(rendering, render, texts),
            **{name: partial(rendering, way, texts) for name, way in OTHERS.items()},
        }
        found = {name: second / len(texts) for name, second in compared(ways, rounds).items()}
        ours, once = found.pop("streamed"), found.pop("render")
        rows = []
        for name, theirs in found.items():
            counts = "gfm-like" in name  # what the targets are about
            rows.append(
                (
                    name,
                    ms(theirs),
                    judged(ours / theirs, MOST_STREAMED if counts else math.inf),
                    f"{theirs / once:.2f}"
                    + ("!" if counts and theirs / once < LEAST_FASTER else " "),
                )
            )
        show(
            f"{size:,} tokens rendered once. Ours: streamed, 4 tokens a flush, {ms(ours)} ms; "
            f"render() {ms(once)} ms",
            "|ms|ours streamed / this|this / our render()",
            rows,
        )


def table_of_blocks(rounds: int) -> None:
    rows = []
    for shape in BLOCKS:
        texts = [one_block(shape, size) for size in SIZES]
        cut = [tokens(text) for text in texts]
        finals = [size_of(render(text)) for text in texts]
        lengths = [len(pieces) for pieces in cut]
        for group in GROUPS:
            pieces = [grouped(answer, group) for answer in cut]
            ways = {str(i): partial(streaming, [answer]) for i, answer in enumerate(pieces)}
            seconds = list(compared(ways, rounds).values())
            sent = [stream(answer).sent for answer in pieces]
            cells = [
                f"{ms(second)}  {html / final:.2f}"
                for second, html, final in zip(seconds, sent, finals, strict=True)
            ]
            exponents = (growth(lengths, seconds), growth(lengths, sent))
            rows.append(
                (f"{shape}, by {group}", *cells, *(judged(e, MOST_GROWTH) for e in exponents))
            )
    show(
        "One block, by tokens a flush: ms, and × final, at so many tokens; exponents",
        "|" + "|".join(f"{size:,}" for size in SIZES) + "|CPU|bytes",
        rows,
    )


def table_of_again(rounds: int) -> None:
    """Render at ``SAMPLES`` lengths, evenly spread over the flushes, and extrapolate."""
    sizes = (1000, 5000, 20_000)
    found: dict[str, list[tuple[float, float]]] = {}
    lengths = []
    for size in sizes:
        pieces = grouped(tokens(mixed(size)[0]), 4)
        lengths.append(len(pieces))
        ends = [round((i + 0.5) * len(pieces) / SAMPLES) for i in range(SAMPLES)]
        prefixes = ["".join(pieces[:end]) for end in ends]
        ways = {"streamhtml": partial(streaming, [pieces])}
        sent = {"streamhtml": float(stream(pieces).sent)}
        for name, way in OTHERS.items():
            if "commonmark" not in name:
                ways[name] = partial(rendering, way, prefixes)
                html = mean(size_of(str(way(prefix))) for prefix in prefixes)
                sent[name] = html * len(pieces)
        for name, seconds in compared(ways, rounds).items():
            times = 1 if name == "streamhtml" else len(pieces) / SAMPLES
            found.setdefault(name, []).append((seconds * times, sent[name]))
    rows = []
    for name, pairs in found.items():
        exponents = [growth(lengths, values) for values in zip(*pairs, strict=True)]
        cells = [f"{ms(seconds)}  {html / 1e3:,.0f}" for seconds, html in pairs]
        rows.append((name, *cells, *(f"{exponent:.2f}" for exponent in exponents)))
    show(
        "The whole message again at each flush of 4 tokens: ms, and kB, at so many tokens",
        "|" + "|".join(f"{size:,}" for size in sizes) + "|CPU|bytes",
        rows,
    )


def table_of_adversarial(*, full: bool) -> None:
    """Measure each shape at 32 and at 64 KB; three times if flagged or ``full``."""
    measured: list[tuple[float, tuple[str, ...]]] = []
    for name, make in ADVERSARIAL.items():
        texts = [make(SIZE // 2), make(SIZE)]
        halves, wholes = ([text[i : i + 4] for i in range(0, len(text), 4)] for text in texts)
        # Some shapes only come to about the size.
        doublings = math.log2(len(texts[1]) / len(texts[0]))
        half = whole = math.inf
        for _ in range(3):
            gc.collect()
            half = min(half, stream(halves, PATIENCE).seconds)
            streamed = stream(wholes, PATIENCE)
            whole = min(whole, streamed.seconds)
            doubling = (whole / half) ** (1 / doublings)
            is_fine = whole <= MOST_SECONDS and doubling <= MOST_DOUBLING
            if streamed.done < 1 or (is_fine and not full):
                break
        swelling = streamed.sent / size_of(texts[1])
        flags = [
            "slow" * (whole > MOST_SECONDS),
            "grows" * (doubling > MOST_DOUBLING),
            "swells" * (swelling > MOST_SWELLING),
            f"stopped at {streamed.done:.0%}" * (streamed.done < 1),
        ]
        label = name if name == name.strip() else name.replace(" ", "␣")
        row = (label, ms(half), ms(whole), f"{doubling:.2f}", f"{swelling:.1f}")
        measured.append((whole, (*row, " ".join(filter(None, flags)))))
    header = "|ms at 32 KB|ms at 64 KB|doubling|× text|flags"
    if full:
        show(f"All {len(measured)} adversarial shapes", header, [row for _, row in measured])
    else:
        slowest = [row for _, row in sorted(measured, reverse=True)[:10]]
        show(f"The slowest of {len(measured)} adversarial shapes", header, slowest)
    flagged = [row for _, row in measured if row[-1]]
    show(
        f"Flagged: {len(flagged)} of {len(measured)}, slower than {MOST_SECONDS} s, doubling above "
        f"{MOST_DOUBLING}, or above {MOST_SWELLING} × the text",
        header,
        flagged,
    )


# Calm


def table_of_flicker(*, full: bool) -> None:
    rows, places = [], []
    for group in GROUPS:
        seen = Seen()
        for path in ANSWERS:
            watch(path.stem, grouped(tokens(path.read_text("utf-8")), group), seen)
        counts = (len(seen.places), seen.wrong, seen.raw)
        rows.append((flushed(group), f"{seen.flushes:,}", *(judged(n, 0, 0) for n in counts)))
        places += [f"{flushed(group)}, {place}" for place in seen.places]
    show(
        f"Flicker over {len(ANSWERS)} answers: places, and flushes, where the page does not begin "
        "the final one",
        "|flushes|places|such flushes|at raw syntax",
        rows,
    )
    if full:
        print("", *places, sep="\n")


def main() -> None:
    """Print the tables."""
    tables: dict[str, Callable[[bool], None]] = {
        "mixed": lambda full: table_of_mixed(5 if full else 2),
        "once": lambda full: table_of_once(7 if full else 3),
        "blocks": lambda full: table_of_blocks(3 if full else 1),
        "again": lambda full: table_of_again(3 if full else 1),
        "adversarial": lambda full: table_of_adversarial(full=full),
        "flicker": lambda full: table_of_flicker(full=full),
    }
    parser = argparse.ArgumentParser(description="Measure the Markdown renderer.")
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=", ".join(tables))
    parser.add_argument("--full", action="store_true", help="more rounds, and every row")
    options = parser.parse_args()
    if unknown := set(options.tables) - set(tables):
        parser.error(f"{', '.join(sorted(unknown))}: no such table; there are {', '.join(tables)}")
    for name, table in tables.items():
        if not options.tables or name in options.tables:
            begun = perf_counter()
            table(options.full)
            print(f"({name}: {perf_counter() - begun:.0f} s)")


if __name__ == "__main__":
    main()
