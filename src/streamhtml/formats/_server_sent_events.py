"""Server-sent events, for every format that consists of them
(https://html.spec.whatwg.org/multipage/server-sent-events.html).
"""

import re
from collections.abc import Iterable
from typing import Final

from streamhtml._patch import Fragment
from streamhtml.formats._message_ids import message_ids

MEDIA_TYPE: Final = "text/event-stream"

LAST_ID_HEADER: Final = "Last-Event-ID"
"""The request header in which a client that reconnects repeats the last id that it received."""

PING: Final = ":\n"
"""A comment. It has no empty line after it, because some parsers would see an event there."""

# A client that does not close a finished stream connects again after this time.
_RETRY_AFTER_END: Final = 24 * 3600 * 1000  # milliseconds

# Only these three end a line. str.splitlines() also splits at others, and would change the text.
_LINE_END: Final = re.compile("\r\n|\r|\n")

_FIELD_VALUE: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}\Z")


def encode(messages: Iterable[str], fragment: Fragment, *, name: str = "") -> str:
    """Return the events of one fragment, and the event "end" after the last one.

    A fragment without messages and without an outcome is a ping, a comment.

    Args:
        messages: the data of the events.
        fragment: the fragment.
        name: the name of the events; ``""`` for messages.
    """
    all_data = list(messages)
    ids = message_ids(fragment, len(all_data))
    numbered = zip(all_data, ids, strict=True)
    text = "".join(event(data, id=each, event=name) for data, each in numbered)
    if fragment.outcome:
        text += end(fragment.outcome)
    return text or PING


def end(outcome: str) -> str:
    """Return the last event, "end", whose data and id are the outcome."""
    return event(outcome, id=outcome, event="end", retry=_RETRY_AFTER_END)


def event(data: str, *, id: str, event: str = "", retry: int | None = None) -> str:
    """Return one event.

    Its lines end with LF only: some clients misread a CRLF that the network has split.

    Args:
        data: any text. The client receives it with every line end changed to LF, which makes no
            difference to an HTML parser.
        id: the client sends it as ``Last-Event-ID`` when it reconnects.
        event: the event's name; ``""`` for a message.
        retry: the time in milliseconds after which the client connects again, from now on; None
            to leave it as it is.

    Raises:
        ValueError: the id or the name has characters that could end its line, or that a client
            could understand differently.
    """
    lines = [f"event: {_checked(event, 'event')}\n"] if event else []
    lines += [f"data: {line}\n" for line in _LINE_END.split(data)]
    # Datastar obeys these as soon as it has read their lines, even if the event is cut off there.
    # So they come last.
    lines.append(f"id: {_checked(id, 'id')}\n")
    if retry is not None:
        lines.append(f"retry: {retry}\n")
    return "".join(lines) + "\n"


def prefix_lines(prefix: str, text: str) -> str:
    """Return the text with the prefix before each of its lines."""
    return "\n".join(prefix + line for line in _LINE_END.split(text))


def _checked(value: str, name: str) -> str:
    if not _FIELD_VALUE.match(value):
        raise ValueError(
            f"{name}={value!r} cannot be used in an event stream; use 1 to 128 ASCII letters, "
            "digits, '_', '.', ':' and '-'"
        )
    return value
