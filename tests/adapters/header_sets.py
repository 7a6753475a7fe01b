"""Sets of request headers that no browser sends: known names, with values that are wrong.

They come from a grammar, because random bytes would hardly ever get past the first comparison.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.adapters.format_requests import OUTCOMES

from streamhtml.formats import FORMATS

METHODS = [
    *["GET"] * 8,
    *["POST"] * 4,
    *["HEAD"] * 2,
    "OPTIONS",
    "PUT",
    "TRACE",
    "get",
    "Head",
    "X",
]
MEDIA_TYPES = [
    *("text/html", "text/event-stream", "text/vnd.turbo-stream.html", "*/*", "text/*", "text/"),
    *("multipart/mixed", "TEXT/HTML", "application/xhtml+xml", "text/html-x", "/", ""),
]
CODINGS = ["gzip", "x-gzip", "GZIP", "br", "*", "identity", "gzip gzip", ""]
LANGUAGES = ["en", "ko", "ko-KR", "zh-Hant-TW", "xx-invalid-language-tag", "*", "-", "en_US.UTF-8"]
WEIGHTS = [
    *("0", "0.000", "1", "0.5", "1.0000", "-1", "2", "1e9", "nan", "inf", ".", "", "0x1", "²", "١"),
    *("9" * 400, "0." + "0" * 400, " 0 ", '"0"', "0;q=1"),
]
FRAMES = [
    "frame_1",
    "f.1:2",
    "_top",
    "a b",
    "1",
    "#f",
    '"',
    "<b>",
    "a,body",
    "é",
    "안녕",
    "\x00",
    "--",
]
IDS = [
    *("0", "17", "-1", "+1", " 1", "1.5", "1e3", "²", "١", "0x10", "9" * 5000, "-" + "9" * 5000),
    *("finished ", "Finished", "None", "\x00", *OUTCOMES),
]
DESTINATIONS = ["document", "iframe", "frame", "object", "empty", "Document", "image", "x"]
BRANDS = [
    *['"Not;A\\\\Brand";v="99", "Chromium";v="150", "Brave";v="150"'] * 4,
    *('"Chromium";v="149"', '"Chromium";v="156.0.1"', "Chromium;v=150", '"Opera";v="150"'),
    *('"Chromium";v="150",', '"Chromium";v="', '"Chromium";v="' + "9" * 400),
]
ODD = [
    *(
        "",
        " ",
        "\t",
        ",",
        ";",
        "=",
        ";q",
        ";q=",
        ",,;;,,",
        "\x00",
        "\x07",
        "\x1b[31m",
        "\x7f",
        "\x80",
    ),
    *("\x9b", "\xa0", "\xff", "é", "안녕 👋", "\u202e", "\r", "\n", "\r\nX: 1", "<b>", "</script>"),
    *('"', "'", "\\", "%", "%s%n", "%00", "${x}", "{{ x }}", "../..", "x" * 10_000, "é" * 5_000),
    *("a," * 3_000, ";" * 3_000, " " * 5_000, "true", "false", "null", "-0", "NaN"),
]

Random = random.Random


def _weighted(words: list[str]) -> Callable[[Random], str]:
    """Return a function that makes a list with weights, as in ``Accept``."""

    def make(made: Random) -> str:
        parts = []
        for _ in range(made.choice([1, 1, 1, 2, 3, 30])):
            part = made.choice(words)
            if made.random() < 0.4:
                part += made.choice([";q=", "; q=", ";Q=", ";q = "]) + made.choice(WEIGHTS)
            if made.random() < 0.1:
                part += made.choice([";level=1", ';a="b,c"', ";", ";=", " ;x"])
            parts.append(part)
        return made.choice([",", ", ", " ,"]).join(parts)

    return make


def _one_of(words: list[str]) -> Callable[[Random], str]:
    return lambda made: made.choice(words)


VALUES: dict[str, Callable[[Random], str]] = {
    "Accept": _weighted(MEDIA_TYPES),
    "Accept-Encoding": _weighted(CODINGS),
    "Accept-Language": _weighted(LANGUAGES),
    "Streaming-HTML": _one_of([*FORMATS, "auto", "HTML", " sse ", "html-2", "turbo, html", "None"]),
    "Turbo-Frame": _one_of(FRAMES),
    "X-Turbo-Request-Id": _one_of(["1", "", "x"]),
    "Datastar-Request": _one_of(["true", "false", "", "1"]),
    "HX-Request": _one_of(["true", "false", "", "1"]),
    "HX-Boosted": _one_of(["true", "false", ""]),
    "HX-History-Restore-Request": _one_of(["true", ""]),
    "HX-Target": _one_of(["form#f", "f", "#", "a b"]),
    "HX-Request-Type": _one_of(["partial", "full", ""]),
    "Last-Event-ID": _one_of(IDS),
    "Sec-Fetch-Dest": _one_of(DESTINATIONS),
    "Sec-CH-UA": _one_of(BRANDS),
    "HX-Last-Part-ID": _one_of(IDS),
    "X-Other": _one_of(["1"]),
    "": _one_of(["1"]),
}
# These decide the format, and what it needs of the request.
_DECIDE = [
    *("Accept", "Streaming-HTML", "Turbo-Frame", "Datastar-Request", "Last-Event-ID"),
    *("Sec-CH-UA", "Sec-Fetch-Dest"),
]


@dataclass(frozen=True)
class HeaderSet:
    """A method and headers, as an HTTP server passes them on."""

    seed: str
    method: str
    headers: list[tuple[bytes, bytes]]


def header_sets(seed: int, count: int) -> Iterator[HeaderSet]:
    """Yield sets of headers; the same seed gives the same."""
    for number in range(count):
        made = random.Random(f"{seed}/{number}")
        names = made.choices(_DECIDE, k=made.randrange(4)) + made.choices(
            list(VALUES), k=made.randrange(4)
        )
        headers = [(_name(made, name), _value(made, name)) for name in names]
        yield HeaderSet(f"{seed}/{number}", made.choice(METHODS), headers)


def _name(made: Random, name: str) -> bytes:
    return made.choice([str.lower, str.lower, str.upper, str.title])(name).encode()


def _value(made: Random, name: str) -> bytes:
    value = VALUES[name](made)
    kind = made.random()
    if kind < 0.15:
        value = made.choice(ODD)
    elif kind < 0.3:
        at = made.randrange(len(value) + 1)
        value = value[:at] + made.choice(ODD) + value[at:]
    elif kind < 0.33:
        return made.randbytes(made.randrange(50))
    return value.encode()
