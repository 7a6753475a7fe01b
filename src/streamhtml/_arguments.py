"""Checks arguments, so that a mistake raises an error at once, which says what to pass instead.

An error quotes the value, but only its type where the value can be what somebody has written.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeGuard

from streamhtml._answer import Answer
from streamhtml._delta import Delta
from streamhtml._patch import OUTCOMES, Outcome
from streamhtml._type_name import type_name, with_article


def check_context(context: Any) -> None:
    """Check the names for a template, if there are any."""
    if context is None:
        return
    if not hasattr(context, "keys"):
        raise TypeError(
            f"context is {with_article(context)}, not a mapping; pass the names for the template "
            "and their values, such as {'human_message': text}"
        )
    for name in context.keys():  # noqa: SIM118  (not every object with keys() iterates over them)
        if not isinstance(name, str):
            raise TypeError(
                f"the context has the name {name!r}, which a template cannot use; each name is a "
                "str, such as 'human_message'"
            )


def check_request(request: object, attribute: str) -> None:
    """Check that the first argument of a response is a request of its framework.

    Args:
        request: the argument.
        attribute: what every request of the framework has.
    """
    if not hasattr(request, attribute):
        hint = "pass the request of your view as the first argument"
        if hasattr(request, "headers"):
            hint = "for a request of another framework, import from the module of that framework"
        raise TypeError(f"request is {with_article(request)}, which has no {attribute!r}; {hint}")


def check_into(into: object) -> None:
    """Check the type of the id of the container, if there is one."""
    if not isinstance(into, str | None):
        raise TypeError(f"into={into!r} must be the id of an element, such as 'messages'")


def check_compress(compress: object) -> None:
    """Check whether a response is compressed."""
    if not isinstance(compress, bool):
        raise TypeError(f"compress={compress!r} must be True or False; True sends gzip")


def check_status(status: object) -> None:
    """Check the HTTP status of a response."""
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise ValueError(f"status={status!r} must be an HTTP status from 200 to 599")


def check_headers(headers: Any) -> None:
    """Check the additional headers of a response, if there are any."""
    if headers is None:
        return
    if not hasattr(headers, "items"):
        raise TypeError(
            f"headers is {with_article(headers)}, not a mapping; pass the names and values of the "
            "response's headers, such as {'Content-Language': 'ko'}"
        )
    for name, value in headers.items():
        if not (isinstance(name, str) and isinstance(value, str)):
            raise TypeError(
                f"the response header {name!r} has a value of the type {type_name(value)}; pass "
                "names and values as str"
            )


def check_on_end(on_end: object) -> None:
    """Check what is called at the end of a stream."""
    if on_end is not None and not callable(on_end):
        raise TypeError(
            f"on_end={on_end!r} cannot be called; pass a function that takes the Reply, without "
            "calling it"
        )


def check_answer(answer: object) -> None:
    """Check an answer that is shown again."""
    if not isinstance(answer, Answer):
        hint = "pass Answer.from_dict(…)" if isinstance(answer, Mapping) else "pass reply.answer"
        if hasattr(answer, "headers"):
            hint = "for a request, import render_message from the module of your framework"
        raise TypeError(f"answer is {with_article(answer)}, not an Answer; {hint}")


def by_kind(name: str, values: Any) -> dict[str, Any]:
    """Check an argument that has a value for each kind of part, and return it as a dictionary."""
    if values is not None and not hasattr(values, "keys"):
        raise TypeError(
            f"{name} is {with_article(values)}, not a mapping; pass a value for each kind of part, "
            "such as {'tool': …}"
        )
    return dict(values or {})


def check_interval(interval: object) -> None:
    """Check the time between two fragments."""
    if not _is_number(interval) or not interval >= 0:
        raise ValueError(
            f"interval={interval!r} must be 0 or more seconds; 0 sends every token at once"
        )


def check_ping(ping: object) -> None:
    """Check the time until a ping, if there are pings."""
    if ping is not None and (not _is_number(ping) or not ping > 0):
        raise ValueError(f"ping={ping!r} must be more than 0 seconds; None sends no pings")


def check_seconds(name: str, seconds: object, *, zero: bool = False) -> None:
    """Check a time, which is above 0 unless ``zero`` is allowed too."""
    if not _is_number(seconds) or not (seconds > 0 or (zero and seconds == 0)):
        raise ValueError(f"{name}={seconds!r} must be {'0 or more' if zero else 'above 0'} seconds")


def _is_number(value: object) -> TypeGuard[float]:
    # Python counts a bool as an int, but as a time it is a mistake.
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_count(name: str, count: object) -> None:
    """Check a limit that is a number of something."""
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise ValueError(f"{name}={count!r} must be a whole number of 1 or more")


def check_outcome(outcome: object, known: tuple[Outcome, ...] = OUTCOMES) -> None:
    """Check the outcome of a reply."""
    if outcome not in known:
        raise ValueError(
            f"outcome={outcome!r} is not known; use one of {', '.join(map(repr, known))}"
        )


def check_deltas(deltas: object) -> None:
    """Check what ``feed()`` was given, after it has failed."""
    if not isinstance(deltas, Iterable) or isinstance(deltas, str | bytes):
        raise TypeError(f"feed() got {with_article(deltas)}, not Deltas; pass [Delta(text)]")
    for delta in deltas:
        if not isinstance(delta, Delta):
            raise TypeError(f"feed() got {with_article(delta)} in its list; pass [Delta(text)]")
        check_text(delta.text)


def check_renderer(renderer: object) -> None:
    """Check what the argument ``renderer`` has made."""
    needed = ("element", "feed", "close", "render")
    if missing := [name for name in needed if not hasattr(renderer, name)]:
        raise TypeError(
            f"renderer= made {with_article(renderer)}, which has no {' and no '.join(missing)}; a "
            "Renderer has element, feed(), close() and render()"
        )


def check_text(text: object) -> None:
    """Check a text that is rendered in one piece."""
    if not isinstance(text, str):
        hint = "decode it first" if isinstance(text, bytes | bytearray) else "pass one str"
        raise TypeError(f"the text is {with_article(text)}, not a str; {hint}")


def check_root(root: object) -> None:
    """Check the type of the first argument of a renderer."""
    if not isinstance(root, str):
        raise TypeError(
            f"root is {with_article(root)}, not a str; pass the id of the region's element first, "
            "and the options by name: partial(MarkdownRenderer, options=Options())"
        )


def check_options(options: object, kind: type) -> None:
    """Check the type of the options for Markdown."""
    if not isinstance(options, kind):
        raise TypeError(
            f"options is {with_article(options)}, not Options; pass an object such as "
            "Options(breaks=True)"
        )
