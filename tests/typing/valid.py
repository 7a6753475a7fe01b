"""What a user may write. Type checkers must find nothing here; the file is never imported."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import flask
from markupsafe import Markup
from starlette.requests import Request

import streamhtml.asgi
import streamhtml.flask
import streamhtml.starlette
import streamhtml.wsgi
from streamhtml import (
    Answer,
    AnswerPart,
    Delta,
    Facts,
    Format,
    FormatName,
    FormatRequest,
    Fragment,
    Headers,
    LimitName,
    Limits,
    MarkdownRenderer,
    Notice,
    Patch,
    Renderer,
    RendererName,
    Reply,
    SourceError,
    TextRenderer,
    Tokens,
    ToolDelta,
    Truncated,
    aenumerate,
    client_words,
    deltas,
    http_status,
    merge,
    pair_id,
    primed,
    render_message,
    static_path,
    stream,
    think,
)
from streamhtml.formats import FORMATS, create_format, negotiate
from streamhtml.log import AnswerStatus, Log, Recording, wait
from streamhtml.redis import RedisLog


async def words() -> AsyncIterator[str]:
    yield "Hello"
    yield " world"


def parts() -> Iterator[Delta | str | None]:
    yield Delta("Hm.", "reasoning")
    yield "Hello"
    yield None


class Shouting:
    """A renderer that inherits from nothing."""

    element = "p"
    css_class = "shouting"

    def __init__(self, root: str) -> None:
        self.root = root

    def feed(self, text: str) -> list[Patch]:
        return [Patch("append", Markup.escape(text.upper()), self.root)]

    def close(self) -> list[Patch]:
        return []

    def render(self, *texts: str) -> Markup:
        return Markup.escape("".join(texts).upper())


class Lines(Format):
    """A format that inherits the defaults."""

    media_type = "text/plain; charset=utf-8"
    last_id_header = "X-Last"

    def prepare(self, request: FormatRequest) -> None:
        self.into = request.into or request.headers.get("X-Frame", "")
        self.page: str = request.render_page(Markup("[message]"))

    def encode(self, fragment: Fragment) -> str:
        return "".join(f"{patch.selector} {patch.html}\n" for patch in fragment.patches)


def show_again(request: Request, stored: dict[str, object]) -> list[Markup]:
    answer: Answer = Answer.from_dict(stored)
    part: AnswerPart = answer.add(ToolDelta("{}", id="1", name="search"), at=0.5)
    facts: Facts = answer.facts
    print(part.result, part.values, facts.usage)
    return [
        render_message(answer, context={"human_message": "Hi"}, renderer="text"),
        streamhtml.starlette.render_message(request, answer, "chat.html", renderer="text"),
        streamhtml.flask.render_message(flask.request, answer, headers={"Content-Language": "ko"}),
    ]


async def logged(request: Request, log: Log) -> None:
    async def save(answer: Answer) -> None:
        print(answer.to_dict())

    recording: Recording = log.record("ai_1", ["a"], on_end=save, limits=Limits(silence=9))
    streamhtml.starlette.StreamingHTMLResponse(request, recording, resume_url="/1", stop_url="/2")
    streamhtml.starlette.StreamingHTMLResponse(request, log.follow("ai_1", wait=9))
    answer: Answer = await recording.run()
    status: AnswerStatus | None = await log.status("ai_1")
    found: Answer | None = wait(log.answer("ai_1"))
    print(answer, status and status.is_streaming, found)


answers: Log = RedisLog("redis://localhost", prefix="chat:", lease=9, ttl=600)


def on_end(reply: Reply) -> None:
    limit: LimitName | None = reply.limit
    print(reply.message_pair_id, reply.state, reply.text, limit)


async def starlette_view(request: Request) -> streamhtml.starlette.StreamingHTMLResponse:
    response = streamhtml.starlette.StreamingHTMLResponse(
        request,
        words(),
        "chat.html",
        {"human_message": "Hi"},
        renderer="markdown",
        into="messages",
        format="auto",
        nonce="n0",
        interval=0.1,
        ping=None,
        on_end=on_end,
        limits=Limits(silence=120, unread=None),
        compress=True,
        status=201,
        headers={"Content-Language": "ko"},
    )
    response.stop()
    identity: str = response.reply.message_pair_id
    assert identity
    return response


def flask_view() -> streamhtml.flask.StreamingHTMLResponse:
    return streamhtml.flask.StreamingHTMLResponse(
        flask.request, parts(), renderer=Shouting, format=Lines
    )


def asgi_response(scope: dict[str, object]) -> streamhtml.asgi.StreamingHTMLResponse:
    return streamhtml.asgi.StreamingHTMLResponse(scope, words, renderer="template", format="sse")


def wsgi_response(environ: dict[str, object]) -> streamhtml.wsgi.StreamingHTMLResponse:
    return streamhtml.wsgi.StreamingHTMLResponse(environ, ["a", "b"], renderer=MarkdownRenderer)


async def without_a_response(tokens: Tokens) -> str:
    reply = Reply(renderer=TextRenderer, into="messages", notice=Notice(language="ko"))
    one_format = create_format("html", FormatRequest(Headers([(b"accept", b"text/html")])))
    body = ""
    async for number, fragment in aenumerate(stream(reply, tokens, on_end=on_end), start=1):
        outcome: str | None = fragment.outcome
        body += f"{number} {outcome} {one_format.encode(fragment)}"
    return body


async def several_models() -> None:
    sources: dict[str, Tokens] = {"right": parts(), "function": words}
    tokens = merge({"left": words(), **sources})
    try:
        ready = await streamhtml.starlette.primed(tokens)
    except ConnectionError as error:
        status: int = http_status(error)
        print(status)
    else:
        stream(Reply(), ready)
    stream(Reply(), primed(parts()))
    piece: Delta = Delta.replace("2 of 3", part="status")
    print(piece.text)


def step_by_step() -> list[Fragment]:
    reply = Reply(context={"message_pair_id": pair_id()})
    return [reply.open(), reply.feed([Delta("a")]), reply.close("finished")]


async def cut() -> AsyncIterator[Delta]:
    async for delta in deltas(words()):
        yield delta
    raise Truncated


renderer: Renderer = Shouting("m_text")
own_format: Format = Lines()
renderer_name: RendererName = "text"
format_name: FormatName = "turbo"
FORMATS["lines"] = Lines
chosen: str = negotiate({"Streaming-HTML": "html"})
chosen = negotiate([(b"accept", b"text/html")])
script: bytes = (static_path / "streaming-html.min.js").read_bytes()
version: str = streamhtml.__version__
attributes: Markup = client_words("ko")
attributes = client_words("de", gettext=str.upper)


class Run:
    """The run of an agent."""

    def stream_events(self) -> AsyncIterator[object]:
        raise SourceError("it has failed")


@asynccontextmanager
async def opened() -> AsyncIterator[AsyncIterator[str]]:
    yield words()


async def whatever_an_sdk_returns(request: Request) -> None:
    sources: list[Tokens] = [words(), words, opened(), opened, Run(), Run, parts(), ["a"]]
    for tokens in sources:
        streamhtml.starlette.StreamingHTMLResponse(request, tokens)
        streamhtml.starlette.StreamingHTMLResponse(request, deltas(tokens, read=str))
        streamhtml.starlette.StreamingHTMLResponse(request, think(tokens, ["plan", ("{", "}")]))
    async for delta in think(words(), ()):
        print(delta.text)
    for delta in deltas(parts(), read=lambda token: token):
        print(delta.text)
