"""Decides which of a model's URLs go into the page, and writes links and images.

The law: a link leads to http, https, mailto, tel or the page's own site, and an image comes from a
host that the caller has named. Whatever is not allowed is shown as text.
"""

import re
from collections.abc import Collection
from typing import Final, Protocol
from urllib.parse import quote, urlsplit

from streamhtml.markdown._escaping import escape_attribute
from streamhtml.markdown._inline.link_syntax import Target

SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
"""The schemes that a link may have."""

_SAFE: Final = "!#$%&'()*+,-./:;=?@_~"
_IS_SAFE: Final = re.compile(r"[A-Za-z0-9!#$%&'()*+,\-./:;=?@_~]*\Z")
_SCHEME: Final = re.compile(r"([^:/?#]*+):")
_OTHER_SITE: Final = ("http:", "https:", "//")
_IMAGE: Final = re.compile(r'<img [^>]*?alt="([^"]*)"[^>]*>')
_BREAK: Final = re.compile(r"<br>(?!\n)")
_TAG: Final = re.compile(r"<[^>]*>")


class URLPolicy(Protocol):
    """Decides which links and images are allowed, and writes their HTML.

    Attributes:
        loads_images: whether there is an image that is allowed.
    """

    loads_images: bool

    def link(self, target: Target) -> tuple[str, str]:
        """Return the start tag and the end tag of a link; both are ``""`` if it is refused."""
        ...

    def image(self, target: Target, content: str) -> str:
        """Return an image's HTML.

        Args:
            target: its URL and title.
            content: its description, as HTML.
        """
        ...


class SafeURLs:
    """The policy that this module describes.

    Args:
        image_hosts: the hosts that images may come from, in lower case, with a port if any.
        new_tab: whether a link to another site opens in a new tab.
    """

    def __init__(self, image_hosts: Collection[str], *, new_tab: bool) -> None:
        self.loads_images = bool(image_hosts)
        self._image_hosts = frozenset(image_hosts)
        self._new_tab = new_tab

    def link(self, target: Target) -> tuple[str, str]:
        if not is_allowed(target.url):
            return "", ""
        is_other_site = target.url[:6].lower().startswith(_OTHER_SITE)
        tab = ' target="_blank"' if is_other_site and self._new_tab else ""
        attributes = url_attributes("href", target)
        return f'<a{attributes}{tab} rel="noopener noreferrer nofollow ugc">', "</a>"

    def image(self, target: Target, content: str) -> str:
        alternative = text_of(content)
        if self._may_load(target.url):
            return f'<img{url_attributes("src", target)} alt="{escape_quotes(alternative)}">'
        start, end = self.link(target)
        return start + (alternative or escape_attribute(target.url)) + end

    def _may_load(self, url: str) -> bool:
        # Refuse every URL that a browser could parse differently from urlsplit().
        if not _IS_SAFE.match(url) or not url.lower().startswith(("http://", "https://")):
            return False
        return urlsplit(url).netloc.lower() in self._image_hosts


def is_allowed(url: str) -> bool:
    """Return whether a link may lead to a URL, which has an allowed scheme or none."""
    found = _SCHEME.match(url)
    return not found or found[1].lower() in SCHEMES


def normalize_url(url: str) -> str:
    """Return the URL, percent-encoded. Characters that are already encoded do not change."""
    return url if _IS_SAFE.match(url) else quote(url, safe=_SAFE, errors="replace")


def text_of(html: str) -> str:
    """Return the text of HTML that this library wrote, still escaped.

    The text of an image is its description, and that of a line break is white space.
    """
    return _TAG.sub("", _IMAGE.sub(r"\1", _BREAK.sub(" ", html)))


def url_attributes(name: str, target: Target) -> str:
    """Return the attribute ``name`` with the target's URL, and the title if there is one."""
    url = escape_attribute(normalize_url(target.url))
    title = "" if not target.title else f' title="{escape_attribute(target.title)}"'
    return f' {name}="{url}"{title}'


def escape_quotes(escaped: str) -> str:
    """Return text that is escaped already for use in a double-quoted attribute."""
    return escaped.replace('"', "&quot;")
