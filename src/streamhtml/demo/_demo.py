"""What the demo shows: where its answers come from, and what is on its page.

Nothing here knows a framework. The applications ask for an answer and for the page's context.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args
from weakref import WeakValueDictionary

from streamhtml.demo import _answers, _model
from streamhtml.markdown import MarkdownRenderer, Options
from streamhtml.sources import Tokens

Framework = Literal["starlette", "django", "flask"]
Client = Literal["plain", "htmx2", "htmx4", "sse2", "sse4", "turbo", "datastar", "page"]

AnyResponse = TypeVar("AnyResponse", bound=Any)

FRAMEWORKS: Final[tuple[Framework, ...]] = get_args(Framework)
CLIENTS: Final[tuple[Client, ...]] = get_args(Client)

TURBO: Final = Path(sys.prefix, "npm/node_modules/@hotwired/turbo/dist")
"""Where ``make demo`` puts Turbo, which no Python package contains."""

MAX_URL: Final = 2_000
"""Maximum length in characters of a URL with a message. gunicorn refuses a line of 4,094 bytes."""

_CLIENT_NAMES: Final[dict[Client, str]] = {
    "plain": "no htmx",
    "htmx2": "htmx 2",
    "htmx4": "htmx 4",
    "sse2": "htmx 2, server-sent events",
    "sse4": "htmx 4, server-sent events",
    "turbo": "Turbo",
    "datastar": "Datastar",
    "page": "no JavaScript",
}
_DATASTAR_HOST: Final = "https://cdn.jsdelivr.net"
_OURS: Final = "streamhtml/streaming-html.min.js"
# The scripts of each client, in the order in which they are loaded: URLs, or paths in a ``static``
# directory.
_SCRIPTS: Final[dict[Client, tuple[str, ...]]] = {
    "plain": (_OURS,),
    "htmx2": ("django_htmx/htmx-2.min.js", _OURS),
    "htmx4": ("django_htmx/htmx-4.min.js", _OURS),
    "sse2": ("django_htmx/htmx-2.min.js", "django_htmx/ext/hx-sse-2.min.js", _OURS),
    "sse4": ("django_htmx/htmx-4.min.js", "django_htmx/ext/hx-sse-4.min.js", _OURS),
    "turbo": ("turbo/turbo.es2017-umd.js", _OURS),
    "datastar": (f"{_DATASTAR_HOST}/gh/starfederation/datastar@1.0.0/bundles/datastar.js", _OURS),
    "page": (),
}
_STYLESHEETS: Final = ("streamhtml/streamhtml.css", "streamhtml_demo/demo.css")
_FOR_ALL: Final = ("streamhtml/streaming-html-extras.min.js", "streamhtml_demo/demo.js")
# By default htmx 2 writes a <style> into the page, which the policy below forbids. The other
# features are not needed here, and are switched off so that no answer can use them.
_HTMX_2: Final = (
    '{"includeIndicatorStyles": false, "allowEval": false,'
    ' "allowScriptTags": false, "allowNestedOobSwaps": false}'
)

_EXAMPLES: Final = (
    "Show me Markdown: a recipe for bread",
    "Look up the weather: is it a day for a walk?",
    "Where does tea come from? Cite your sources",
    "Solve a quadratic equation",
    "Write some Python",
    "Compare it with polling in a table",
    "스트리밍이 뭐예요?",
    "ما هو البث؟",
    "Can you write <b>HTML</b>?",
)


@dataclass(frozen=True, slots=True)
class Demo:
    """The options of the demo, and what follows from them.

    Args:
        framework: the application that serves the page.
        client: the scripts that the page loads.
        model: a provider and the name of its model, as in "openai:gpt-5-mini"; None for the
            built-in answers.
        rate: tokens per second of the built-in answers; 0 for no pause.
    """

    framework: Framework = "starlette"
    client: Client = "plain"
    model: str | None = None
    rate: float = 50.0
    _streaming: WeakValueDictionary[str, Any] = field(
        default_factory=WeakValueDictionary, init=False, repr=False, compare=False
    )

    def answer(self, prompt: str) -> Tokens:
        """Return the source of the answer. The model is asked when the first token is requested."""
        if self.model:
            return _model.stream(prompt, self.model)
        if _answers.is_side_by_side(prompt):
            return _answers.two_answers(self.rate)
        return _answers.stream(prompt, self.rate)

    def message(self, prompt: str) -> dict[str, Any]:
        """Return the context of ``message.html``."""
        return {
            "human_message": prompt,
            "side_by_side": not self.model and _answers.is_side_by_side(prompt),
            "lang": _answers.language(prompt),
        }

    def stoppable(self, response: AnyResponse, stop_url: Callable[[str], str]) -> AnyResponse:
        """Return the response, with the URL at which the reader's browser can stop it."""
        message_pair_id = response.reply.message_pair_id
        self._streaming[message_pair_id] = response
        response.headers["Streaming-HTML-Stop"] = stop_url(message_pair_id)
        return response

    def stop(self, message_pair_id: str) -> None:
        """Stop an answer. Ids are random, so only the reader of an answer knows its id."""
        response = self._streaming.get(message_pair_id)
        if response is not None:
            response.stop()

    def renderer(self, root: str) -> MarkdownRenderer:
        """Return a renderer for an answer. It highlights code, draws formulas and shows sources."""
        from streamhtml.math_core import mathml
        from streamhtml.pygments import highlight

        options = Options(
            dir_auto=True,
            highlight=highlight,
            math=mathml,
            on_citation=None if self.model else _answers.citation,
        )
        return MarkdownRenderer(root, options)

    def headers(self, nonce: str) -> dict[str, str]:
        """Return the headers of the page, and of a reply that is a whole page.

        The policy is strict: no inline scripts, inline styles only with the nonce, and nothing
        from other hosts. Datastar needs more, because it comes from its CDN and evaluates
        expressions.
        """
        more = f"; script-src 'self' 'unsafe-eval' {_DATASTAR_HOST}"
        return {
            "Content-Security-Policy": (
                "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
                f"style-src 'self' 'nonce-{nonce}'{more if self.client == 'datastar' else ''}"
            )
        }

    def page(self, reply_url: str, static: Callable[[str], str], nonce: str) -> dict[str, Any]:
        """Return the context of ``page.html``.

        Args:
            reply_url: the URL that the form is sent to.
            static: returns the URL of a static file, from its path in a ``static`` directory.
            nonce: the nonce of the page's policy.
        """
        scripts = (*_SCRIPTS[self.client], *_FOR_ALL) if self.client != "page" else ()
        return {
            "framework_name": self.framework.capitalize(),
            "client": self.client,
            "client_name": _CLIENT_NAMES[self.client],
            "source_name": self.model or f"built-in answers, {self.rate:g} tokens/s",
            "htmx_config": _HTMX_2 if self.client in ("htmx2", "sse2") else "",
            "nonce": nonce,
            "stylesheets": [static(path) for path in _STYLESHEETS],
            "icon": static("streamhtml_demo/icon.svg"),
            "scripts": [
                script if script.startswith("https:") else static(script) for script in scripts
            ],
            "reply_url": reply_url,
            "examples": _EXAMPLES,
            "endings": () if self.model else (_answers.FAIL, _answers.SLEEP, _answers.SIDE_BY_SIDE),
        }
