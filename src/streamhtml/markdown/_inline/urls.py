"""Which URLs of a model's go into the page, and how they are written there.

The policy: a link leads to http, https, mailto, or a place on the page's own site; an image comes
from a host that the caller has named. Whatever is not allowed is shown as text.
"""

import re
from collections.abc import Collection
from typing import Final, Protocol
from urllib.parse import quote, urlsplit

from streamhtml.markdown._characters import escape_attribute
from streamhtml.markdown._inline.links import Target

SCHEMES: Final = frozenset({"http", "https", "mailto"})

_SAFE: Final = "!#$%&'()*+,-./:;=?@_~"
_IS_SAFE: Final = re.compile(r"[A-Za-z0-9!#$%&'()*+,\-./:;=?@_~]*\Z")
_IMAGE: Final = re.compile(r'<img [^>]*?alt="([^"]*)"[^>]*>')
_TAG: Final = re.compile(r"<[^>]*>")


class LinkPolicy(Protocol):
    """Writes links and images."""

    def link(self, target: Target) -> tuple[str, str]:
        """Return the start tag and the end tag; ``""`` twice where the link is refused."""
        ...

    def image(self, target: Target, content: str) -> str:
        """Return the image's HTML; ``content`` is its description as HTML."""
        ...


class SafeLinkPolicy:
    """The policy above.

    Args:
        image_hosts: hosts that images may come from, in lower case.
    """

    def __init__(self, image_hosts: Collection[str]) -> None:
        self._image_hosts = frozenset(image_hosts)

    def link(self, target: Target) -> tuple[str, str]:
        if not is_allowed(target.url):
            return "", ""
        return f'<a{_attributes("href", target)} rel="noopener noreferrer nofollow ugc">', "</a>"

    def image(self, target: Target, content: str) -> str:
        alternative = text_of(content)
        if self._may_load(target.url):
            return f'<img{_attributes("src", target)} alt="{_quote(alternative)}">'
        start, end = self.link(target)
        return start + (alternative or escape_attribute(target.url)) + end

    def _may_load(self, url: str) -> bool:
        # What a browser reads otherwise than urlsplit() does is refused.
        if not _IS_SAFE.match(url) or not url.lower().startswith(("http://", "https://")):
            return False
        return urlsplit(url).netloc.lower() in self._image_hosts


def is_allowed(url: str) -> bool:
    """Return whether a link may lead there: by its scheme, or to the page's own site."""
    beginning = re.split(r"[/?#]", url, maxsplit=1)[0]
    scheme, colon, _ = beginning.partition(":")
    return not colon or scheme.lower() in SCHEMES


def normalize_url(url: str) -> str:
    """Return the URL with all but ASCII's URL characters percent-encoded; what is, stays."""
    return url if _IS_SAFE.match(url) else quote(url, safe=_SAFE, errors="replace")


def text_of(html: str) -> str:
    """Return the text of HTML that we wrote, still escaped; an image's is its description."""
    return _TAG.sub("", _IMAGE.sub(r"\1", html))


def _attributes(name: str, target: Target) -> str:
    url = escape_attribute(normalize_url(target.url))
    title = "" if not target.title else f' title="{escape_attribute(target.title)}"'
    return f' {name}="{url}"{title}'


def _quote(escaped: str) -> str:
    return escaped.replace('"', "&quot;")
