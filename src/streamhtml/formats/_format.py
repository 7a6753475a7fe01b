"""What a format is: the protocol, and what it may read of the request.

Everything that a format of ours can do, a format of the user's own can do through this protocol.
"""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol

from markupsafe import Markup

from streamhtml._patch import Fragment
from streamhtml._request_headers import Headers


def _no_page(message: Markup) -> str:
    return message


@dataclass(frozen=True, slots=True)
class FormatRequest:
    """What a format may read of the request, and of the arguments of the view.

    Args:
        headers: the headers of the request.
        into: the id, without "#", of the element that the view names for the message; ``""`` where
            it names none.
        nonce: the nonce of the page's Content-Security-Policy; ``""`` where there is none.
        render_page: renders the template of the whole page, with the given HTML (already escaped)
            in the place of the message. Raises ``ValueError`` where the template does not show
            the message exactly once.
    """

    headers: Headers = field(default_factory=Headers)
    into: str = ""
    nonce: str = ""
    render_page: Callable[[Markup], str] = _no_page


class Format(Protocol):
    """Encodes the fragments of one response as text, in order.

    Each response gets a new object. A class that inherits from this one gets the defaults, and
    needs a ``media_type`` and ``encode()``.
    """

    media_type: str
    """The value of ``Content-Type``, with its parameters. It is read after ``prepare()``."""

    at_once: bool = False
    """Whether the client can only take the finished message, in one fragment at the end."""

    needs_into: bool = False
    """Whether the client does not know where the message goes, so that the server has to say it."""

    into: str = ""
    """The id, without "#", of the element that the message is appended to; ``""`` where the client
    knows it. It is read after ``prepare()``."""

    last_id_header: str = ""
    """The request header by which a client that reconnects says what it received last; ``""`` where
    clients do not reconnect by themselves. Only GET requests can reconnect: any other method may
    ask a new question. It is read after ``prepare()``."""

    can_resume: bool = False
    """Whether a client can apply the fragments of an answer in a log from a number on, after those
    that another response has sent. ``encode()`` then has to send ``fragment.id``."""

    vary: tuple[str, ...] = ()
    """The request headers that decide what is sent, for ``Vary``; without those by which
    ``negotiate()`` has chosen the format. It is read after ``prepare()``."""

    headers: Mapping[str, str] = MappingProxyType({})
    """More headers of the response, which replace those of the view. They are read after
    ``prepare()``."""

    def prepare(self, request: FormatRequest) -> None:
        """Read what the format needs of the request. It is called once, before ``encode()``.

        A client can send anything in a header, so no header may make this raise. An ``into`` from
        a header need not be checked: a client that names no valid id gets the format "whole".

        Raises:
            ValueError: an argument of the view does not fit the format.
        """
        self.into = request.into

    @abstractmethod
    def encode(self, fragment: Fragment) -> str:
        """Return one fragment as text.

        A fragment without patches and without an outcome is a ping: it becomes text that changes
        nothing on the page.
        """
        ...

    def skip(self, fragment: Fragment) -> None:
        """Note what an earlier response has sent. It is called at most twice, for a client that
        resumes.

        By default, the fragment is encoded, and the text dropped.
        """
        self.encode(fragment)
