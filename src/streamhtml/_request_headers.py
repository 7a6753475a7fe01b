"""The headers of a request, from any framework. Names are found in upper and lower case.

Nothing here does I/O or knows a framework.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from streamhtml._type_name import with_article

HeaderSource: TypeAlias = "Mapping[Any, Any] | Iterable[tuple[str | bytes, str | bytes]]"
"""The headers as a framework has them: a mapping or pairs, of ``str`` or of ``bytes``."""

_NOT_ACCEPTED = re.compile(r"q\s*=\s*0(\.0*)?")


class Headers(Mapping[str, str]):
    """The headers of a request. Upper and lower case in names make no difference.

    Each name appears once. The values of a header that was sent more than once are joined with a
    comma (RFC 9110, section 5.3). Bytes are decoded as Latin-1, as HTTP servers do.

    Args:
        source: the headers of any framework: a mapping, an object with ``items()``, or pairs of
            name and value; of ``str`` or of ``bytes``. ASGI's ``scope["headers"]``, for example.

    Raises:
        TypeError: ``source`` is none of these.
    """

    def __init__(self, source: HeaderSource = ()) -> None:
        self._values: dict[str, str] = {}
        for name, value in _pairs(source):
            key, text = _text(name).lower(), _text(value)
            self._values[key] = f"{self._values[key]}, {text}" if key in self._values else text

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Headers({self._values!r})"

    def accepted_media_types(self) -> set[str]:
        """Return the media types in ``Accept``, in lower case and without parameters.

        Types with a weight of 0 are left out: the client refuses them (RFC 9110, section 12.5.1).
        """
        accepted = set()
        for media_range in self.get("Accept", "").lower().split(","):
            media_type, *parameters = (part.strip() for part in media_range.split(";"))
            if not any(_NOT_ACCEPTED.fullmatch(parameter) for parameter in parameters):
                accepted.add(media_type)
        return accepted


def _pairs(source: Any) -> Iterable[tuple[str | bytes, str | bytes]]:
    pairs: Any = source.items() if hasattr(source, "items") else source
    try:
        return [(name, value) for name, value in pairs]
    except (TypeError, ValueError):
        # The values are not quoted in an error: they can be cookies and passwords.
        raise TypeError(
            f"headers is {with_article(source)}, which is neither a mapping nor pairs of name "
            "and value; pass the headers of the request"
        ) from None


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, str):
        return value
    raise TypeError(
        f"the name or the value of a request header is {with_article(value)}; both are str or "
        "bytes. Pass the headers of the request, such as request.headers, not the request itself"
    )
