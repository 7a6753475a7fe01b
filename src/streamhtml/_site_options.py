"""The options of a site: arguments of ``StreamingHTMLResponse`` that it sets in one place for all.

The place belongs to the framework: its settings, its config or the state of the app. Here they are
checked, so that a mistake is found before the first answer, and its error names the place.
"""

from collections.abc import Callable, Collection, Iterable
from difflib import get_close_matches
from functools import partial
from typing import Any, Final, NamedTuple, get_args

from streamhtml._arguments import (
    by_kind,
    check_compress,
    check_headers,
    check_interval,
    check_into,
    check_on_end,
    check_ping,
    check_status,
)
from streamhtml._limits import check_limits
from streamhtml._renderer import MAKES_A_RENDERER, RendererName
from streamhtml._type_name import with_article
from streamhtml.formats import FormatName


class SiteOptions(NamedTuple):
    """What a site has set, not checked yet.

    Attributes:
        place: where it is set, for error messages: "settings.STREAMHTML".
        values: the options by their names; None if the site sets none.
    """

    place: str
    values: Any = None


NO_SITE_OPTIONS: Final = SiteOptions("")

OF_ONE_RESPONSE: Final = ("request", "tokens", "context", "nonce", "resume_url", "stop_url")
"""Arguments that belong to one response. A nonce protects only if it is new each time."""


def check_site_options(site: SiteOptions, known: Collection[str]) -> dict[str, Any]:
    """Return the options that a site has set, after checking them.

    Args:
        site: the options, and where they are set.
        known: the names of all options.

    Raises:
        TypeError: they are not a mapping, or one of them has another type.
        ValueError: an option is not known, or its value is not valid.
    """
    if site.values is None:
        return {}
    if not hasattr(site.values, "keys"):
        raise TypeError(
            f"{site.place} is {with_article(site.values)}, not a mapping; set the options of "
            "StreamingHTMLResponse by their names, such as {'renderer': 'text'}"
        )
    options = dict(site.values)
    for name, value in options.items():
        where = f"{site.place}[{name!r}]"
        if name in OF_ONE_RESPONSE:
            raise ValueError(
                f"{where} belongs to one response; pass it to each StreamingHTMLResponse instead"
            )
        if name not in known:
            raise ValueError(f"{where} is not an option; {_hint(name, known)}")
        try:
            if name in _CHECKS:
                _CHECKS[name](value)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{where} is not valid: {error}") from None
    return options


def check_names(named: Iterable[str], known: Collection[str]) -> None:
    """Check the names of the arguments that a view passes by name."""
    for name in named:
        if name not in known:
            hint = _hint(name, known, "; names for the template belong in context=")
            raise TypeError(f"{name}= is not an argument; {hint}")


def _hint(name: object, known: Collection[str], otherwise: str = "") -> str:
    close = get_close_matches(str(name), known, 1)
    if close:
        return f"use {close[0]!r}"
    return f"use one of {', '.join(map(repr, sorted(known)))}{otherwise}"


def _check_choice(name: str, choices: tuple[str, ...], function: str, value: object) -> None:
    if not callable(value) and value not in choices:
        known = ", ".join(map(repr, choices))
        raise ValueError(f"{name}={value!r} is not known; use {known}, or {function}")


def _check_renderers(renderers: object) -> None:
    choices = tuple(name for name in get_args(RendererName) if name != "template")
    for kind, each in by_kind("renderers", renderers).items():
        _check_choice(f"renderers[{kind!r}]", choices, MAKES_A_RENDERER, each)


_CHECKS: Final[dict[str, Callable[[Any], object]]] = {
    "renderer": partial(_check_choice, "renderer", get_args(RendererName), MAKES_A_RENDERER),
    "renderers": _check_renderers,
    "parts_templates": partial(by_kind, "parts_templates"),
    "format": partial(_check_choice, "format", get_args(FormatName), "a class that is a Format"),
    "into": check_into,
    "interval": check_interval,
    "ping": check_ping,
    "on_end": check_on_end,
    "limits": check_limits,
    "compress": check_compress,
    "status": check_status,
    "headers": check_headers,
}
"""The checks of the options. Only the framework can check the others, such as a template."""
