"""The examples of the page on other frameworks, in the servers that run them."""

import asyncio
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, aclosing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
import quart
from jinja2 import DictLoader
from tests.docs.pages import DOCS, ROOT, titled
from tests.openai_server import OpenAIServer
from tests.servers.process import Server, serving
from tests.servers.recorded_sources import END, Account
from tests.servers.server_commands import free_port
from tests.servers.waiting import LIMIT, TIMEOUT, wait_until

from streamhtml.asgi import StreamingHTMLResponse

PAGE = DOCS / "how-to" / "any-framework.md"
HEADERS = {"Streaming-HTML": "html", "Accept-Encoding": "identity"}
INTERRUPTED = "The answer was interrupted, and ends here."

MODEL = """
import os
from pathlib import Path

from tests.servers.recorded_sources import SOURCES, Account


def answer(message):
    # The check that the server is ready has no message.
    name, _, account = message.partition(":")
    return SOURCES[name](Account(Path(os.environ["ACCOUNTS"]), account)) if name else []
"""


@dataclass(frozen=True)
class Example:
    """How to serve an example of the page, on a port of the loopback."""

    command: Callable[[int], list[str]]
    head: str | None
    """Code that makes ``/head`` call the view for HEAD. None if Litestar forbids such a view."""
    warnings: str = "error"
    """Value of PYTHONWARNINGS. gunicorn leaves its socket to the garbage collector."""
    edit: Callable[[str, int], str] = lambda code, port: code
    """Returns the code with the port in it."""
    method: str = "POST"
    static: bool = True


def _uvicorn(port: int) -> list[str]:
    return ["uvicorn", "--host", "127.0.0.1", "--port", str(port), "chat:app"]


def _gunicorn(port: int) -> list[str]:
    return [
        *("gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"),
        *("--threads", "8", "--no-control-socket", "chat:app"),
    ]


def _edit_aiohttp(code: str, port: int) -> str:
    # aiohttp does not read the form of a HEAD request, and run_app() has the port.
    return (
        code.replace("port=8080", f"port={port}")
        .replace("await request.post()", "await request.post() or request.query")
        .replace("app.add_routes(", 'app.router.add_head("/head", reply)\napp.add_routes(')
    )


_GUNICORN_WARNINGS = "error,ignore::ResourceWarning"

EXAMPLES = {
    "litestar": Example(_uvicorn, None),
    "quart": Example(
        lambda port: ["hypercorn", "--bind", f"127.0.0.1:{port}", "--workers", "0", "chat:app"],
        'app.add_url_rule("/head", "head", reply, methods=["HEAD"])\n'
        'app.config["RESPONSE_TIMEOUT"] = 1',
    ),
    "sanic": Example(
        lambda port: ["sanic", "chat:app", "--host", "127.0.0.1", "--port", str(port)],
        'app.add_route(reply, "/head", methods=["HEAD"], name="head")',
    ),
    "aiohttp": Example(
        lambda port: ["python", "chat.py"],
        "",
        edit=_edit_aiohttp,
    ),
    "falcon_asgi": Example(
        _uvicorn, "Reply.on_head = Reply.on_post\napp.add_route('/head', Reply())"
    ),
    "falcon": Example(
        _gunicorn,
        "Reply.on_head = Reply.on_post\napp.add_route('/head', Reply())",
        _GUNICORN_WARNINGS,
    ),
    "bottle": Example(_gunicorn, 'app.route("/head", "HEAD", reply)', _GUNICORN_WARNINGS),
    "asgi": Example(_uvicorn, "", method="GET", static=False),
    "wsgi": Example(_gunicorn, "", _GUNICORN_WARNINGS, method="GET", static=False),
}


@contextmanager
def chat(name: str, folder: Path, *, may_complain: bool = False) -> Iterator[Server]:
    """Serve the example as the page shows it, with a source that the message names."""
    example = EXAMPLES[name]
    port = free_port()
    code = example.edit(titled(PAGE, f"{name}_chat.py"), port)
    (folder / "chat.py").write_text(f"{code}\n\n{example.head or ''}\n", "utf-8")
    (folder / "model.py").write_text(MODEL, "utf-8")
    program, *arguments = example.command(port)
    with serving(
        [str(Path(sys.executable).with_name(program)), *arguments],
        url=f"http://127.0.0.1:{port}",
        environment={
            "ACCOUNTS": str(folder),
            "PYTHONPATH": f"{ROOT}:{folder}",
            "PYTHONWARNINGS": example.warnings,
        },
        folder=folder,
        may_complain=may_complain,
    ) as server:
        yield server


class Stream:
    """One request for an answer, and what has arrived of it."""

    def __init__(self, server: Server, example: Example, source: str, account: str) -> None:
        self._stack = ExitStack()
        client = self._stack.enter_context(httpx.Client(base_url=server.url, timeout=TIMEOUT))
        message = {"message": f"{source}:{account}"}
        self.response = self._stack.enter_context(
            client.stream("POST", "/reply", data=message, headers=HEADERS)
            if example.method == "POST"
            else client.stream("GET", "/reply", params=message, headers=HEADERS)
        )
        assert self.response.status_code == 200, self.response.status_code
        assert "; fragments=" in self.response.headers["Content-Type"]
        self.text = ""
        self._parts = self.response.iter_text()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def read_until(self, text: str) -> None:
        while text not in self.text:
            self.text += next(self._parts, "") or pytest.fail(f"no {text!r} in {self.text}")

    def read_to_end(self) -> str:
        self.text += "".join(self._parts)
        return self.text

    def leave(self) -> float:
        """Close the connection, and return the time."""
        left_at = time.monotonic()
        self._stack.close()
        return left_at


def events(account: Account) -> Counter[str]:
    return Counter(event["event"] for event in account.read())


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_streams_and_closes_its_source(name: str, tmp_path: Path) -> None:
    example = EXAMPLES[name]
    with chat(name, tmp_path) as server, httpx.Client(timeout=TIMEOUT) as client:
        # First, and on a connection that stays open. Quart closes the file in a thread, after the
        # last byte. If the client leaves or the server ends before that, Quart never closes it.
        if example.static:
            script = client.get(f"{server.url}/streamhtml/streaming-html.js")
            assert script.status_code == 200
            assert "javascript" in script.headers["Content-Type"]
        _fragments_arrive_one_by_one(server, example, Account(tmp_path, "asked"))
        for source in "waiting", "steady":
            account = Account(tmp_path, source)
            with Stream(server, example, source, source) as stream:
                stream.read_until(" append #")
                left_at = stream.leave()
            assert wait_until(lambda: account.at("closed")), account.read()  # noqa: B023
            seconds = (account.at("closing") or 0) - left_at
            print(f"{name}, {source}: closed {seconds:.3f} s after the reader left")
            assert seconds < LIMIT
            assert events(account) == {"opened": 1, "closing": 1, "closed": 1}
        _head_takes_no_token(server, name, tmp_path)
        _odd_messages_are_no_server_error(server)


def _fragments_arrive_one_by_one(server: Server, example: Example, account: Account) -> None:
    with Stream(server, example, "asked", "asked") as stream:
        for number in range(5):
            account.ask(f"word{number}")
            stream.read_until(f"word{number}")
        account.ask(END)
        assert stream.read_to_end().endswith(" end finished>")
    assert events(account) == {"opened": 1, "closing": 1, "closed": 1}


def _head_takes_no_token(server: Server, name: str, folder: Path) -> None:
    if EXAMPLES[name].head is None:
        return
    for source in "fast", "opened":
        message = {"message": f"{source}:head-{source}"}
        with httpx.Client(base_url=server.url, timeout=TIMEOUT) as client:
            response = (
                client.request("HEAD", "/head", params=message, data=message, headers=HEADERS)
                if EXAMPLES[name].method == "POST"
                else client.head("/head", params=message, headers=HEADERS)
            )
        assert response.status_code == 200
        assert "; fragments=" in response.headers["Content-Type"]
    opened = Account(folder, "head-opened")
    assert wait_until(lambda: opened.at("closed"))
    assert [event.get("pulls") for event in opened.read()] == [None, [], None]
    assert not Account(folder, "head-fast").read()


def _odd_messages_are_no_server_error(server: Server) -> None:
    """``serving()`` checks that the server does not complain either."""
    odd: list[dict[str, Any]] = [
        {},
        {"data": {"other": "x"}},
        {"json": ["x"]},
        {"json": "x"},
        {"content": b"\xff", "headers": {"Content-Type": "text/plain"}},
    ]
    with httpx.Client(base_url=server.url, timeout=TIMEOUT) as client:
        for request in odd:
            response = client.post("/reply", **request)
            assert response.status_code < 500, (request, response.status_code)


# make test takes each server once; on SIGTERM, the frameworks do nothing themselves.
ENDED = {"quart", "sanic", "aiohttp", "asgi", "wsgi"}


@pytest.mark.parametrize(
    "name",
    [pytest.param(each, marks=[] if each in ENDED else pytest.mark.slow) for each in EXAMPLES],
)
def test_sigterm_ends_each_stream_with_its_last_fragment(name: str, tmp_path: Path) -> None:
    with chat(name, tmp_path, may_complain=True) as server, ExitStack() as stack:
        with Stream(server, EXAMPLES[name], "failing", "failing") as stream:
            assert stream.read_to_end().endswith(" end failed>")
            assert "secret" not in stream.text
        streams = {}
        for source in "waiting", "steady":
            streams[source] = stack.enter_context(Stream(server, EXAMPLES[name], source, source))
            streams[source].read_until(" append #")
        at = server.terminate()
        for source, stream in streams.items():
            stream.read_until(" end interrupted>")
            seconds = time.monotonic() - at
            print(f"{name}, {source}: the last fragment came {seconds:.3f} s after SIGTERM")
            assert stream.read_to_end().count(INTERRUPTED) == 1
            assert seconds < LIMIT
            stream.leave()  # Some servers wait until an idle connection is closed.
        try:
            server.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            server.kill_all()
            raise
        print(f"{name}: the server ended {time.monotonic() - at:.3f} s after SIGTERM")
    for source in "waiting", "steady":
        assert events(Account(tmp_path, source)) == {"opened": 1, "closing": 1, "closed": 1}


def test_the_page_shows_every_example() -> None:
    shown = re.findall(r'^```python title="(\w+)_chat\.py"$', PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(shown) == sorted(EXAMPLES)


def test_the_answer_of_the_page_comes_from_the_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    server = OpenAIServer("Hel", "lo")
    try:
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        names: dict[str, Any] = {}
        exec(titled(PAGE, "model.py"), names)

        async def whole() -> str:
            scope = {"method": "GET", "headers": {}}
            async with aclosing(StreamingHTMLResponse(scope, names["answer"]("Hi"))) as html:
                body = b"".join([chunk async for chunk in html])
            await names["client"].close()
            return body.decode()

        assert "Hello" in asyncio.run(whole())
    finally:
        server.close()


def test_a_template_of_quart() -> None:
    app = quart.Quart("chat")
    app.jinja_env.loader = DictLoader(
        {"message.html": "<p id={{ message_pair_id }}>{{ words }}{{ ai_message }}</p>"}
    )
    names: dict[str, Any] = {"app": app}
    exec(titled(PAGE, "quart_template.py"), names)

    async def whole() -> str:
        scope = {"method": "GET", "headers": {}}
        template = names["template"]("message.html")
        html = StreamingHTMLResponse(scope, ["Hello"], template, {"words": "<i>"})
        async with aclosing(html):
            return b"".join([chunk async for chunk in html]).decode()

    body = asyncio.run(whole())
    assert "&lt;i&gt;" in body
    assert "Hello" in body
