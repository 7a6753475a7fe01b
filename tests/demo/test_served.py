"""The command as a process: what it prints, serves and does on Ctrl-C, without a browser."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from itertools import cycle, product
from typing import IO

import httpx
import pytest
from tests.servers.redis_server import redis_server

from streamhtml.demo import _answers
from streamhtml.demo._demo import CLIENTS, FRAMEWORKS, Demo

SOON = 30.0
CLIENT_OF = {
    "plain": ("data-stream=", "/streaming-html.min.js"),
    "htmx2": ("hx-post=", "/streaming-html.min.js"),
    "htmx4": ("hx-post=", "/streaming-html.min.js"),
    "sse2": ("hx-post=", "/hx-sse-2.min.js"),
    "sse4": ("hx-post=", "/hx-sse-4.min.js"),
    "multipart": ("hx-headers=", "/hx-multipart.min.js"),
    "turbo": ("<form", "/streaming-html.min.js"),
    "datastar": ("data-on:submit=", "/demo.js"),
    "page": ("<form", "/demo.css"),
}
# The templates are the clients' and the views the frameworks'. So make test takes each client once,
# and sse2, whose answer has a request of its own, with each framework; make test-all takes all.
ONCE_EACH = {*zip(cycle(FRAMEWORKS), CLIENTS), *((each, "sse2") for each in FRAMEWORKS)}
PAIRS = [
    pytest.param(*pair, marks=[] if pair in ONCE_EACH else pytest.mark.slow)
    for pair in product(FRAMEWORKS, CLIENTS)
]


@dataclass
class Served:
    line: str
    process: subprocess.Popen[str]
    errors: IO[str]
    http: httpx.Client

    def log(self) -> str:
        self.errors.seek(0)
        return self.errors.read()

    def form(self, message: str) -> dict[str, str]:
        fields = re.findall(r'type="hidden" name="(\w+)" value="(\w+)"', self.http.get("/").text)
        return dict(fields) | {"message": message}


@contextmanager
def demo(*arguments: str) -> Iterator[Served]:
    # gunicorn leaves sockets to the garbage collector.
    python = [sys.executable, "-W", "error", "-W", "ignore::ResourceWarning"]
    command = [*python, "-m", "streamhtml", "demo", "--port=0", *arguments]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True
        ) as process,
    ):
        assert process.stdout
        line = process.stdout.readline()
        url = re.search(r"http://\S+", line)
        try:
            assert url, errors.seek(0) or errors.read()
            with httpx.Client(base_url=url.group(), timeout=SOON) as http:
                yield Served(line, process, errors, http)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize(("framework", "client"), PAIRS)
def test_a_page_and_an_answer_are_served(framework: str, client: str) -> None:
    with demo("--framework", framework, "--client", client, "--rate=0") as served:
        assert served.line.endswith(f"/ ({framework}, {client})\n")
        page = served.http.get("/")
        assert page.status_code == 200
        assert page.headers["content-security-policy"].startswith("default-src 'self';")
        words, script = CLIENT_OF[client]
        assert words in page.text
        text = re.sub(r' type="module" src="https://cdn[^"]*"', ' src=""', page.text)
        assert (text != page.text) == (client == "datastar")
        assert not re.search(r"<style|<script(?!(?: defer)? src=)|\son\w+=|style=|//", text[200:])
        assert ("<script" in text) == (client != "page")

        files = re.findall(r'(?:src|href)="(/[^"?]+)"', page.text)
        assert any(file.endswith(script) for file in files)
        for file in files:
            assert served.http.get(file).status_code == 200, file

        prompt = "Can you write <b>HTML</b>?"
        answer = served.http.post("/reply", data=served.form(prompt))
        if client == "sse2":
            answer = served.http.get(unescape(answer.text.split('sse-connect="')[1].split('"')[0]))
        assert answer.status_code == 200
        human = re.search(r'<div class="streamhtml-human" dir="auto">(.*)</div>', answer.text)
        assert human
        assert human[1] == "Can you write &lt;b&gt;HTML&lt;/b&gt;?"
        region = re.search(
            r'<div class="streamhtml-ai">.*?<div id="ai_\w+-p0-text"[^>]*>(.*)(?:</div>){4}\s*'
            "(?:<button.*)?</article>",
            answer.text,
            re.DOTALL,
        )
        assert region
        assert region[1] == Demo().renderer("").render(*_answers.tokens(prompt))
        assert served.log() == ""


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_ctrl_c_ends_the_demo_while_an_answer_streams(framework: str) -> None:
    with demo("--framework", framework, "--rate=0") as served:
        headers = {"Streaming-HTML": "html"}
        with served.http.stream(
            "POST", "/reply", data=served.form("sleep"), headers=headers
        ) as answer:
            seen = ""
            for text in answer.iter_text():
                seen += text
                if "💤" in seen:
                    break
            began = time.monotonic()
            # A terminal sends the signal to the whole process group.
            os.killpg(served.process.pid, signal.SIGINT)
            assert served.process.wait(SOON) == 0
        assert time.monotonic() - began < _answers.SLEEP_SECONDS / 2
        lines = served.log().splitlines()
        assert all(line.startswith("INFO streamhtml.demo: sleep:") for line in lines), lines


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_an_answer_can_be_stopped_by_its_url(framework: str) -> None:
    with demo("--framework", framework, "--rate=0") as served:
        headers, form = {"Streaming-HTML": "html"}, served.form("sleep")
        with served.http.stream("POST", "/reply", data=form, headers=headers) as answer:
            body = answer.iter_text()
            seen = next(body)
            while "💤" not in seen:
                seen += next(body)
            stop = served.http.post(answer.headers["Streaming-HTML-Stop"], data=form)
            assert stop.status_code == 204
            seen += "".join(body)
        assert seen.endswith(" end stopped>")
        assert served.http.post("/reply/ai_unknown/stop", data=form).status_code == 404


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_two_processes_show_and_stop_the_same_answer(framework: str) -> None:
    headers = {"Streaming-HTML": "html"}
    arguments = ("--framework", framework, "--rate=0", "--workers=2", "--log")
    with redis_server() as redis, demo(*arguments, redis.url) as served:
        form = served.form("sleep")
        with served.http.stream("POST", "/reply", data=form, headers=headers) as answer:
            read_until("💤", answer.iter_text())
        url = answer.headers["Streaming-HTML-Resume"]
        assert f'data-stream-src="{url}"' in served.http.get("/").text

        readers = [follow(served, url) for _ in range(6)]  # in both processes, almost surely
        for reader in readers:
            read_until("💤", reader.texts)
        stop = served.http.post(answer.headers["Streaming-HTML-Stop"], data=form)
        assert stop.status_code == 204
        ends = {"".join(reader.texts).rpartition(" end ")[2] for reader in readers}
        for reader in readers:
            reader.close()
        assert ends == {"stopped>"}
        page = served.http.get("/").text
        assert "data-stream-src" not in page
        assert "You stopped this answer." in page
        assert httpx.get(f"{served.http.base_url}{url}").status_code == 404  # another reader


def read_until(text: str, texts: Iterator[str]) -> None:
    seen = ""
    while text not in seen:
        seen += next(texts)


@dataclass
class Reader:
    """A browser with the same cookie, and a connection of its own."""

    http: httpx.Client
    texts: Iterator[str]

    def close(self) -> None:
        self.http.close()


def follow(served: Served, url: str) -> Reader:
    http = httpx.Client(base_url=served.http.base_url, cookies=served.http.cookies, timeout=SOON)
    request = http.build_request("GET", url, headers={"Streaming-HTML": "html"})
    return Reader(http, http.send(request, stream=True).iter_text())


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_an_error_is_shown_and_logged(framework: str) -> None:
    with demo("--framework", framework, "--rate=0") as served:
        answer = served.http.post("/reply", data=served.form("fail"))

        assert answer.text.count('class="streamhtml-notice streamhtml-notice-failed"') == 1
        assert "fails after 100 tokens" not in answer.text
        assert (
            "RuntimeError: the prompt was 'fail', so the answer fails after 100 tokens"
            in served.log()
        )
