"""What the demo was asked to show: where its answers come from and what its page says.

Nothing here knows a framework; the applications ask for an answer and for the page's context.
"""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from streamhtml.demo import _answers, _model
from streamhtml.markdown import MarkdownRenderer, Options

Framework = Literal["starlette", "django", "flask"]
Client = Literal["plain", "htmx2", "htmx4"]

FRAMEWORKS: Final[tuple[Framework, ...]] = get_args(Framework)
CLIENTS: Final[tuple[Client, ...]] = get_args(Client)

# Strict: no inline script or style, nothing from elsewhere. All three clients work with it.
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

_CLIENT_NAMES: Final[dict[Client, str]] = {
    "plain": "no htmx",
    "htmx2": "htmx 2",
    "htmx4": "htmx 4",
}
_CLIENT_SCRIPTS: Final[dict[Client, tuple[str, ...]]] = {
    "plain": (),
    "htmx2": ("django_htmx/htmx-2.min.js",),
    "htmx4": ("django_htmx/htmx-4.min.js",),
}
# htmx 2 writes a <style> into the page unless told not to, which the policy above forbids. The
# rest it does not need here, so that no answer can ask for it.
_HTMX_CONFIG: Final[dict[Client, str]] = {
    "htmx2": (
        '{"includeIndicatorStyles": false, "allowEval": false,'
        ' "allowScriptTags": false, "allowNestedOobSwaps": false}'
    )
}

_EXAMPLES: Final = (
    "Show me Markdown: a recipe for bread",
    "Explain how this works",
    "Write some Python",
    "Compare it with polling in a table",
    "Plan a weekend in Seoul",
    "스트리밍이 뭐예요?",
    "Emoji and flags 🏳️‍🌈",
    "Can you write <b>HTML</b>?",
)


@dataclass(frozen=True, slots=True)
class Demo:
    """One choice of framework, client and model.

    Args:
        framework: which application serves the page.
        client: which JavaScript it loads.
        model: name of a model that the openai package is asked for; without it the answers are
            those of the demo itself.
        rate: tokens per second of the demo's own answers; 0 for no pause.
    """

    framework: Framework = "starlette"
    client: Client = "plain"
    model: str | None = None
    rate: float = 50.0

    def answer(self, prompt: str) -> AsyncGenerator[Any]:
        """Return the answer's tokens; nothing begins before the first is asked for."""
        if self.model:
            return _model.stream(prompt, self.model)
        return _answers.stream(prompt, self.rate)

    def renderer(self, root: str) -> MarkdownRenderer:
        """Return what shows the text of an answer, with colours in its code."""
        from streamhtml.pygments import highlight

        return MarkdownRenderer(root, Options(on_fence=highlight))

    def page(self, reply_url: str, static: Callable[[str], str]) -> dict[str, Any]:
        """Return the context of ``page.html``.

        Args:
            reply_url: where the form is sent.
            static: makes the URL of a static file from its path in a ``static`` directory.
        """
        scripts = (
            *_CLIENT_SCRIPTS[self.client],
            "streamhtml/streaming-html.js",
            "streamhtml/copy-code.js",
            "streamhtml_demo/demo.js",
        )
        return {
            "framework_name": self.framework.capitalize(),
            "client": self.client,
            "client_name": _CLIENT_NAMES[self.client],
            "source_name": self.model or f"built-in answers, {self.rate:g} tokens/s",
            "htmx_config": _HTMX_CONFIG.get(self.client, ""),
            "stylesheet": static("streamhtml_demo/demo.css"),
            "icon": static("streamhtml_demo/icon.svg"),
            "scripts": [static(script) for script in scripts],
            "reply_url": reply_url,
            "examples": _EXAMPLES,
            "endings": () if self.model else (_answers.FAIL, _answers.SLEEP),
        }
