"""What a browser says of itself in ``Sec-CH-UA`` (https://wicg.github.io/ua-client-hints/).

The header is a structured field (RFC 9651): a list of strings, each with parameters. Browsers send
it on their own, over HTTPS and to localhost.
"""

import re
from typing import Final

HEADER: Final = "Sec-CH-UA"

_STRING: Final = r'"(?:[ !#-\[\]-~]|\\["\\])*+"'
_VALUE: Final = (
    rf"(?:{_STRING}|[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*+|-?[0-9]+(?:\.[0-9]+)?|\?[01]"
    r"|:[A-Za-z0-9+/=]*+:)"
)
_PARAMETER: Final = rf";[ ]*+([a-z*][a-z0-9_.*-]*+)(?:=({_VALUE}))?+"
_BRAND: Final = re.compile(rf"({_STRING})((?:{_PARAMETER})*+)")
_PARAMETERS: Final = re.compile(_PARAMETER)
_COMMA: Final = re.compile(r"[ \t]*+,[ \t]*+")
_VERSION: Final = re.compile(r'"([0-9]{1,9})(?:\.[0-9.]*+)?"')


def chromium_version(value: str) -> int:
    """Return the major version of the browser's engine, if that is Chromium.

    Other brands are ignored: browsers add made-up ones, in any order.

    Args:
        value: the value of ``Sec-CH-UA``.

    Returns:
        0 for any other browser, and for a value that is not well-formed.
    """
    found, at = 0, 0
    value = value.strip(" ")
    while brand := _BRAND.match(value, at):
        # The last of several parameters with the same name counts.
        parameters = dict(_PARAMETERS.findall(brand[2]))
        version = _VERSION.fullmatch(parameters.get("v", ""))
        if brand[1] == '"Chromium"' and version:
            found = int(version[1])
        if brand.end() == len(value):
            return found
        comma = _COMMA.match(value, brand.end())
        if not comma:
            return 0
        at = comma.end()
    return 0
