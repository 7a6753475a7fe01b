"""Measures what colours cost: time, bytes and corrections, for code that is streamed.

    python benchmarks/highlight.py

"Exponent" is the slope of a line through the logarithms: 1 is linear, 2 is quadratic. "× final" is
the size of all patches divided by that of the final HTML. "Corrected" is how many blocks were sent
once more, because their colours as a whole differ from those that were shown. The code is
``tests/code.md``, and repetitions of one of its blocks, in pieces of four characters. Times are CPU
times of the process, and the shortest of three.
"""

import math
import re
from pathlib import Path
from statistics import linear_regression
from time import process_time

from streamhtml.markdown import MarkdownRenderer, Options, render
from streamhtml.pygments import highlight

CODE = (Path(__file__).parent.parent / "tests" / "code.md").read_text("utf-8")
BLOCKS = {
    found[1]: found[0]
    for found in re.finditer(r"^```(\S+)\n.*?^```\n", CODE, re.MULTILINE | re.DOTALL)
}
LANGUAGES = ("c", "html", "java", "json", "rust", "yaml")
LINES = (500, 1000, 2000, 4000)
ROUNDS = 3


def stream(text: str, options: Options) -> tuple[float, int, int]:
    """Return the seconds, the bytes, and the number of blocks that were sent once more."""
    begun = process_time()
    renderer = MarkdownRenderer("r", options)
    patches = [patch for at in range(0, len(text), 4) for patch in renderer.feed(text[at : at + 4])]
    patches += renderer.close()
    seconds = process_time() - begun
    sent = sum(len(patch.html.encode()) for patch in patches)
    return seconds, sent, sum(patch.action == "replace" for patch in patches)


def repeated(language: str, lines: int) -> str:
    """Return a fence with about this many lines."""
    first, *code, last = BLOCKS[language].splitlines(keepends=True)
    return first + "".join(code) * (lines // len(code)) + last


def growth(values: list[float]) -> float:
    slope, _ = linear_regression([math.log(x) for x in LINES], [math.log(y) for y in values])
    return slope


def row(language: str, options: Options) -> str:
    texts = [repeated(language, lines) for lines in LINES]
    results = [min(stream(text, options) for _ in range(ROUNDS)) for text in texts]
    final = len(render(texts[-1], options).encode())
    seconds, sent, corrected = results[-1]
    return (
        f"{1e6 * seconds / LINES[-1]:14.0f} {growth([one[0] for one in results]):10.2f}"
        f" {growth([one[1] for one in results]):10.2f} {sent / final:10.2f} {corrected:10}"
    )


def main() -> None:
    print(f"{'':18}{'µs per line':>14} {'exp. time':>10} {'exp. bytes':>10}", end="")
    print(f" {'× final':>10} {'corrected':>10}")
    for language in LANGUAGES:
        print(f"{language:8}{'plain':10}{row(language, Options())}")
        print(f"{language:8}{'colours':10}{row(language, Options(highlight=highlight))}")
    _, _, corrected = stream(CODE, Options(highlight=highlight))
    blocks = len(re.findall(r"^(```+)\w.*?^\1$", CODE, re.MULTILINE | re.DOTALL))
    print(f"\ntests/code.md: {corrected} of {blocks} blocks corrected")


if __name__ == "__main__":
    main()
