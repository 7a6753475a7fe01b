"""Shows a stored answer again, as the stream has left it on the page."""

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from streamhtml._answer import Answer
from streamhtml._arguments import check_answer
from streamhtml._jinja import JinjaSite
from streamhtml._notice import Notice
from streamhtml._renderer import Renderer, RendererName
from streamhtml._reply import Reply


def render_message(
    answer: Answer,
    template: Any = None,
    context: Mapping[str, Any] | None = None,
    *,
    renderer: RendererName | Callable[[str], Renderer] = "markdown",
    renderers: Mapping[str, RendererName | Callable[[str], Renderer]] | None = None,
    parts_templates: Mapping[str, Any] | None = None,
    notice: Notice | None = None,
) -> Markup:
    """Return the HTML that the stream of an answer has left on the page.

    Pass the same arguments as for the stream. Each of them changes the HTML. The adapters have a
    ``render_message`` of their own, which knows the templates and the options of the site.

    Args:
        answer: the answer, for example what ``Answer.from_dict()`` returned. An answer without an
            outcome is shown as it is so far, without a notice.
        template: a ``jinja2.Template``, or a function that takes the context and returns HTML. The
            function must escape the values of the context. By default, it is the template of this
            package.
        context: the other names in the template. By default, ``message_pair_id`` is the one that
            the stream has used, which the answer keeps.
        renderer: as for the stream.
        renderers: as for the stream.
        parts_templates: as for the stream, but templates or functions as above.
        notice: the notices. By default, those of the template's environment, or in English.

    Returns:
        HTML, which is escaped. It contains the ``Markup`` of the answer unchanged.

    Raises:
        TypeError: an argument has another type.
        ValueError: another argument is not valid, or the template does not show the answer.
    """
    check_answer(answer)
    site = JinjaSite()
    return Reply(
        context=context,
        renderer=renderer,
        renderers=renderers,
        notice=notice or site.notice(template, ""),
        answer=answer,
        **site.templates(template, parts_templates),
    ).render_whole()
