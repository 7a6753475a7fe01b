"""The program of docs/how-to/conversations.md runs as it is shown."""

import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.docs.pages import DOCS, files

PAGE = DOCS / "how-to" / "conversations.md"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    for name, text in files(PAGE).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(
            text.replace("asyncio.sleep(0.05)", "asyncio.sleep(0)"), "utf-8"
        )
    monkeypatch.chdir(tmp_path)
    program = runpy.run_path("chats.py")
    yield program["app"]
    program["database"].close()


def actions(page: str) -> list[str]:
    """Return the URLs of the forms: to ask again, and to ask."""
    return re.findall(r'<form[^>]* action="([^"]+)"', page)


def shown(page: str) -> list[tuple[str, str]]:
    """Return the questions and answers of the page."""
    questions = re.findall(r'class="streamhtml-human"[^>]*>([^<]*)<', page)
    return list(zip(questions, re.findall(r"<p>(.*?)</p>", page), strict=True))


def test_a_chat_is_stored_and_its_last_question_can_be_asked_again(app: object) -> None:
    with TestClient(app) as client, TestClient(app) as stranger:  # type: ignore[arg-type]
        response = client.get("/")
        again, ask = actions(response.text)
        assert client.post(again).status_code == 404
        for question in "one", "<two>":
            streamed = client.post(ask, data={"message": question}).text
            assert streamed in client.get(response.url).text
        answers = [
            ("one", "This is message 1. You asked: <strong>one</strong>"),
            ("&lt;two&gt;", "This is message 3. You asked: <strong>&lt;two&gt;</strong>"),
        ]
        assert shown(client.get(response.url).text) == answers

        client.post(again, data={"message": ""})
        assert shown(client.get(response.url).text) == answers
        client.post(again, data={"message": "three"})
        answers[1] = ("three", "This is message 3. You asked: <strong>three</strong>")
        assert shown(client.get(response.url).text) == answers

        assert shown(client.get("/").text) == []
        assert client.get("/").text.count(">Chat ") == 3
        for method, url in ("GET", response.url), ("POST", ask), ("POST", again):
            assert stranger.request(method, url).status_code == 404
