"""What the demo shows: where its answers come from, and what is on its page.

Nothing here knows a framework. The applications ask for an answer and for the page's context.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, TypeVar, get_args
from weakref import WeakValueDictionary

from markupsafe import Markup

from streamhtml import Answer
from streamhtml.demo import _answers, _model
from streamhtml.demo._conversations import Conversations, Message
from streamhtml.log import Log, MemoryLog
from streamhtml.markdown import MarkdownRenderer, Options
from streamhtml.sources import Tokens

Framework = Literal["starlette", "django", "flask"]
Client = Literal[
    "plain", "htmx2", "htmx4", "sse2", "sse4", "multipart", "turbo", "datastar", "page"
]

AnyResponse = TypeVar("AnyResponse", bound=Any)

FRAMEWORKS: Final[tuple[Framework, ...]] = get_args(Framework)
CLIENTS: Final[tuple[Client, ...]] = get_args(Client)

_NODE_MODULES: Final = Path(sys.prefix, "npm/node_modules")
FROM_NPM: Final[dict[str, Path]] = {
    "multipart": _NODE_MODULES / "htmx4/dist",
    "turbo": _NODE_MODULES / "@hotwired/turbo/dist",
}
"""Where ``make demo`` puts what some clients load and no Python package contains."""

COOKIE: Final = "conversation"
"""The name of the cookie with the id of the reader's conversation."""

_CLIENT_NAMES: Final[dict[Client, str]] = {
    "plain": "no htmx",
    "htmx2": "htmx 2",
    "htmx4": "htmx 4",
    "sse2": "htmx 2, server-sent events",
    "sse4": "htmx 4, server-sent events",
    "multipart": "htmx 4, hx-multipart",
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
    "multipart": ("multipart/htmx.min.js", "multipart/ext/hx-multipart.min.js", _OURS),
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
        log: where answers are kept while they are generated, so that they outlive their
            connections: "memory", the URL of a Redis, or "none".
        workers: how many processes serve the page.
        database: the file with the conversations; ":memory:" if there is one process.
    """

    framework: Framework = "starlette"
    client: Client = "plain"
    model: str | None = None
    rate: float = 50.0
    log: str = "memory"
    workers: int = 1
    database: str = field(default=":memory:", compare=False)
    _streaming: WeakValueDictionary[str, Any] = field(
        default_factory=WeakValueDictionary, init=False, repr=False, compare=False
    )

    @property
    def options(self) -> dict[str, Any]:
        """The arguments, for a demo in another process."""
        return {each.name: getattr(self, each.name) for each in fields(self) if each.init}

    @property
    def keeps_answers(self) -> bool:
        """Whether an answer outlives its connection."""
        return self.log != "none"

    @property
    def npm_files(self) -> Path | None:
        """The directory with what the client loads from npm, if it does."""
        return FROM_NPM.get(self.client)

    @property
    def conversations(self) -> Conversations:
        """The questions and answers of all readers."""
        return _open_conversations(self.database)

    def answer(self, message: Message) -> Tokens:
        """Return the source of an answer. The model is asked when the first token is requested.

        With a log, an answer is generated once: whoever asks for it again follows it.
        """
        if not self.keeps_answers:
            return self._generate(message.question)
        answers = open_log(self.log)
        if message.answer is not None:
            return answers.follow(message.pair)
        source = self._generate(message.question)
        return answers.record(message.pair, source, on_end=self.conversations.store)

    def _generate(self, question: str) -> Tokens:
        if self.model:
            return _model.stream(question, self.model)
        if _answers.is_side_by_side(question):
            return _answers.two_answers(self.rate)
        return _answers.stream(question, self.rate)

    def context(self, message: Message) -> dict[str, Any]:
        """Return the context of ``message.html``."""
        question = message.question
        return {
            "message_pair_id": message.pair,
            "human_message": question,
            "side_by_side": not self.model and _answers.is_side_by_side(question),
            "lang": _answers.language(question),
        }

    def earlier(
        self,
        conversation: str,
        render: Callable[[Answer, dict[str, Any]], Markup],
        reply_url: Callable[[str], str],
        before: str = "",
    ) -> Iterator[dict[str, Any]]:
        """Yield what the page shows of the messages of a conversation.

        Args:
            conversation: the id of the conversation.
            render: returns the HTML of a stored answer, from it and the context of its message.
            reply_url: returns the URL of an answer that has not ended, from its id.
            before: the id of the message to end before; ``""`` for all.
        """
        for message in self.conversations.messages(conversation):
            if message.pair == before:
                return
            if message.answer is not None:
                yield {"html": render(message.answer, self.context(message))}
            elif self.keeps_answers:
                yield {"reply_url": reply_url(message.pair)}

    def stoppable(self, response: AnyResponse) -> AnyResponse:
        """Remember a response, so that ``stop()`` finds it, and return it."""
        self._streaming[response.reply.message_pair_id] = response
        return response

    async def stop(self, message: Message) -> None:
        """Stop an answer, in whichever process it is generated."""
        if self.keeps_answers:
            await open_log(self.log).stop(message.pair)
        elif (response := self._streaming.get(message.pair)) is not None:
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

    def headers(self, nonce: str, conversation: str) -> dict[str, str]:
        """Return the headers of the page, and of a reply, which may be a whole page.

        The cookie says which conversation is the reader's. A real site asks its session.

        The policy is strict: no inline scripts, inline styles only with the nonce, and nothing
        from other hosts. Datastar needs more, because it comes from its CDN and evaluates
        expressions.
        """
        more = f"; script-src 'self' 'unsafe-eval' {_DATASTAR_HOST}"
        return {
            "Content-Security-Policy": (
                "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
                f"style-src 'self' 'nonce-{nonce}'{more if self.client == 'datastar' else ''}"
            ),
            "Set-Cookie": f"{COOKIE}={conversation}; Path=/; HttpOnly; SameSite=Lax",
        }

    def page(
        self,
        ask_url: str,
        static: Callable[[str], str],
        nonce: str,
        earlier: Iterator[dict[str, Any]],
    ) -> dict[str, Any]:
        """Return the context of ``page.html``.

        Args:
            ask_url: the URL that the form is sent to.
            static: returns the URL of a static file, from its path in a ``static`` directory.
            nonce: the nonce of the page's policy.
            earlier: the messages so far. They are only read if the page is rendered.
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
            "ask_url": ask_url,
            "earlier": earlier,
            "examples": _EXAMPLES,
            "endings": () if self.model else (_answers.FAIL, _answers.SLEEP, _answers.SIDE_BY_SIDE),
        }


def is_redis(url: str) -> bool:
    """Return whether the log with this name is a Redis."""
    return url.startswith(("redis://", "rediss://", "unix://"))


@cache
def open_log(url: str) -> Log:
    """Return the log of this process for "memory" or the URL of a Redis."""
    if url == "memory":
        return MemoryLog()
    from streamhtml.redis import RedisLog

    return RedisLog(url)


@cache
def _open_conversations(path: str) -> Conversations:
    return Conversations(path)
