"""The options for Markdown that a caller may set. It contains data, and checks it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from inspect import iscoroutinefunction
from typing import Final, Protocol, TypeAlias

from markupsafe import Markup

OnFence: TypeAlias = Callable[[str, str, str], Markup | None]
"""See ``Options``."""


class CodeHighlighter(Protocol):
    """Colours one code block while it arrives. The HTML that it returns is escaped and trusted."""

    def line(self, text: str) -> Markup:
        """Return the HTML of the next line, well-formed by itself.

        Args:
            text: the line with its line break, not escaped. A line of more than 1,000 characters
                is left out, and has no colours.
        """
        ...

    def block(self, text: str) -> Markup | None:
        """Return the HTML of the complete block; None to keep what ``line()`` has returned.

        It replaces the lines on the page only if it differs from them. ``line()`` was not called if
        the block was not shown before it was complete.

        Args:
            text: all lines, not escaped.
        """
        ...


Highlight: TypeAlias = Callable[[str], CodeHighlighter | None]
"""See ``Options``."""
DrawFormula: TypeAlias = Callable[[str, bool], Markup | None]
"""See ``Options``."""

OnCitation: TypeAlias = Callable[[str], Markup | None]
"""See ``Options``."""


_FLAGS: Final = ("ids", "dir_auto", "new_tab", "breaks", "single_tilde")
_FUNCTIONS: Final = ("on_fence", "highlight", "on_citation")


@dataclass(frozen=True, slots=True)
class Options:
    """How Markdown is rendered. The same options make the same HTML, streamed or at once.

    Args:
        image_hosts: the hosts that images may be loaded from, in lower case. A host does not
            include its subdomains ("img.example.com"). An image from another host becomes a link
            with its alternative text, so that an answer loads nothing by itself.
        on_fence: called once for each complete fenced code block, with its language, its text and
            its info string, which is the text after the opening fence. The language is the first
            word of it, up to a "{", or "". Also called for each formula that has its own lines,
            with the language "math" and the info string "". Returns HTML, already escaped and
            trusted, that replaces the block; or None to keep the block. If it raises, the error is
            logged and the block is kept.
        highlight: called with the language of each fenced code block when it begins. Returns an
            object that colours the block, or None for no colours. If it raises, the error is
            logged and the block has no colours.
        ids: whether headings get ids, and footnotes are linked with their references. All ids
            begin with the id of the region that shows the text.
        dir_auto: whether lists, quotes and tables have ``dir="auto"``, so that those in Arabic or
            Hebrew stand on the right. It is set for the built-in message.
        math: whether ``$…$``, ``$$…$$``, ``\\(…\\)`` and ``\\[…\\]`` are formulas. A function draws
            them too, such as ``streamhtml.math_core.mathml``. It is called with the TeX source of
            each formula that is complete, and with whether it is on a line of its own. It returns
            HTML, already escaped and trusted, that replaces the source; or None to keep the source.
            It must return the same for the same source. If it raises, the error is logged and the
            source is kept.
        new_tab: whether a link to another site opens in a new tab, so that the page with the answer
            stays open.
        breaks: whether every line break in the text is shown as a line break (``<br>``). If not, a
            line break inside a paragraph is a space, as in CommonMark.
        single_tilde: whether ``~a~`` is struck through, as on GitHub. If not, only ``~~a~~`` is.
        on_citation: called once for each label of citations such as ``[1]``, ``[^1^]`` and
            ``【1†source】``, with the label ("1"). Links, footnotes, code and formulas are not
            citations. Returns inline HTML, already escaped and trusted, that replaces the
            citation; or None to keep its text. For a label with None, it is called once more when
            the text is complete. If it raises, the error is logged without its message, and the
            text is kept.

    Raises:
        TypeError: ``image_hosts`` is a single string; or another value is not of the type that it
            is declared with. A function must not be a coroutine function.
        ValueError: ``image_hosts`` contains something that is not a host name in lower case.
    """

    image_hosts: Collection[str] = ()
    on_fence: OnFence | None = None
    highlight: Highlight | None = None
    ids: bool = False
    dir_auto: bool = False
    math: bool | DrawFormula = True
    new_tab: bool = True
    breaks: bool = False
    single_tilde: bool = False
    on_citation: OnCitation | None = None

    def __post_init__(self) -> None:
        for name in _FLAGS:
            if not isinstance(value := getattr(self, name), bool):
                raise TypeError(f"{name}={value!r} is not a bool; pass {name}=True or {name}=False")
        for name in _FUNCTIONS:
            value = getattr(self, name)
            if value is not None and not _is_function(value):
                raise TypeError(
                    f"{name}={value!r} must be a function that is not asynchronous, or None"
                )
        if not (isinstance(self.math, bool) or _is_function(self.math)):
            raise TypeError(
                f"math={self.math!r} must be True, False or a function that draws formulas and is "
                "not asynchronous, such as streamhtml.math_core.mathml"
            )
        if isinstance(self.image_hosts, str):
            raise TypeError(
                f"image_hosts={self.image_hosts!r} is one string; pass a collection of hosts, "
                f"as in [{self.image_hosts!r}]"
            )
        for host in self.image_hosts:
            if host != host.lower() or "/" in host or not host:
                raise ValueError(
                    f"image_hosts has {host!r}, which is not the name of a host in lower case; "
                    "write it like 'img.example.com'"
                )


def _is_function(value: object) -> bool:
    return callable(value) and not iscoroutinefunction(value)
