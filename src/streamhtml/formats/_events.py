"""Server-sent events, for every format that is made of them
(https://html.spec.whatwg.org/multipage/server-sent-events.html).
"""

import re
from typing import Final

MEDIA_TYPE: Final = "text/event-stream"

PING: Final = ":\n"
"""A comment. With an empty line after it, some parsers would see an event in it."""

# A client that does not close what has ended would ask for it again, after some seconds.
_NOT_SOON: Final = 24 * 3600 * 1000  # milliseconds

# These three alone end a line; str.splitlines() knows others, and would change the text.
_LINES: Final = re.compile("\r\n|\r|\n")

_NAME: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}\Z")


def event(data: str, *, id: str, event: str = "") -> str:
    """Return one event. It ends its lines with LF alone: clients read a CRLF cut in two wrongly.

    Args:
        data: any text. What arrives is the same but for its line ends, which are LF then; to an
            HTML parser there is no difference.
        id: comes back as ``Last-Event-ID`` when the client connects again.
        event: the event's name; ``""`` for a message.

    Raises:
        ValueError: an id or a name that could end its line or mean something else to a client.
    """
    lines = [f"id: {_checked(id, 'id')}\n"]
    if event:
        lines.append(f"event: {_checked(event, 'event')}\n")
    lines += [f"data: {line}\n" for line in _LINES.split(data)]
    return "".join(lines) + "\n"


def end(outcome: str) -> str:
    """Return the last event, "end": its data and its id are the outcome."""
    return f"retry: {_NOT_SOON}\n" + event(outcome, id=outcome, event="end")


def prefixed(prefix: str, text: str) -> str:
    """Return the text with the prefix before each of its lines."""
    return "\n".join(prefix + line for line in _LINES.split(text))


def _checked(value: str, name: str) -> str:
    if not _NAME.match(value):
        raise ValueError(
            f"{name}={value!r} cannot be used in an event stream: take 1 to 128 ASCII letters, "
            "digits, '_', '.', ':' and '-'"
        )
    return value
