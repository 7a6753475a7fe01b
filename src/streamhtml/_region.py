"""Live regions: the elements that the renderers fill."""

from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

from markupsafe import Markup, escape

from streamhtml._arguments import check_renderer
from streamhtml._closed_html import closed
from streamhtml._renderer import Renderer
from streamhtml._text import TextRenderer
from streamhtml.markdown import MarkdownRenderer, Options

MakeRenderer: TypeAlias = Callable[[str], Renderer]
"""Makes a renderer from the id of its region."""

RENDERERS: Final[dict[str, MakeRenderer]] = {"markdown": MarkdownRenderer, "text": TextRenderer}
"""The renderers that have a name."""

BUILT_IN_MARKDOWN: Final = partial(MarkdownRenderer, options=Options(dir_auto=True))
"""``renderer="markdown"`` of the built-in message."""

OWN_RENDERERS: Final = (*RENDERERS.values(), BUILT_IN_MARKDOWN)
"""What makes the renderers of this package. They need no check."""

# These attributes stop htmx 2 and 4, Turbo, Datastar (two of its versions) and Alpine from acting
# on anything that a model writes into the region.
_INERT: Final = 'hx-ignore hx-disable data-turbo="false" data-ignore data-star-ignore x-ignore'


def make_checked(make_renderer: MakeRenderer, root: str) -> Renderer:
    """Return a renderer, after checking what the function has made."""
    renderer = make_renderer(root)
    if make_renderer not in OWN_RENDERERS:
        check_renderer(renderer)
    return renderer


def region_tags(renderer: Renderer, root: str) -> tuple[str, str]:
    """Return the tags of a renderer's element."""
    # A renderer without css_class works too.
    css_class = escape(f"streamhtml {getattr(renderer, 'css_class', '')}".rstrip())
    element = renderer.element
    return f'<{element} id="{root}" class="{css_class}" {_INERT}>', f"</{element}>"


def render_once(renderer: Renderer, *texts: str) -> Markup:
    """Return the finished HTML of a region, which is closed."""
    html = renderer.render(*texts)
    # What our own renderers write is closed.
    return html if type(renderer) in RENDERERS.values() else closed(html)
