"""The programs of docs/how-to/reload-programs.md, as real servers: they run as they are shown."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.docs.pages import DOCS, commands, files
from tests.servers.process import Server, serving
from tests.servers.server_commands import free_port
from tests.servers.waiting import TIMEOUT, wait_until

PAGE = DOCS / "how-to" / "reload-programs.md"
PORT = {"uvicorn": "--port={}", "flask": "--port={}", "python": "--noreload {}"}


@contextmanager
def running(name: str, folder: Path) -> Iterator[Server]:
    """Run the command of the page that names this program."""
    for file, text in files(PAGE).items():
        (folder / file).write_text(text.replace("asyncio.sleep(0.5)", "asyncio.sleep(0.05)"))
    (command,) = (each for each in commands(PAGE) if f"{name}_chat" in each and "pip" not in each)
    port = free_port()
    program, *arguments = command.split()
    arguments += PORT[program].format(port).split()
    with serving(
        [str(Path(sys.executable).with_name(program)), *arguments],
        url=f"http://127.0.0.1:{port}",
        # Django's runserver warns that it is no server for production, and so does Flask.
        environment={"PYTHONPATH": f"{folder}", "PYTHONWARNINGS": "error,ignore::ResourceWarning"},
        folder=folder,
        may_complain=True,
    ) as server:
        yield server


def ask(client: httpx.Client, question: str) -> str:
    """Send a question, and leave in the middle of the answer. Return the URL of the answer."""
    page = client.get("/").text
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    data = {"message": question} | ({"csrfmiddlewaretoken": token[1]} if token else {})
    with client.stream("POST", "/reply", data=data, headers={"Streaming-HTML": "html"}) as response:
        assert response.status_code == 200
        read = ""
        for text in response.iter_text():
            read += text
            if "asked" in read:
                break
        return response.headers["Streaming-HTML-Resume"]


@pytest.mark.parametrize(
    "name",
    [
        "starlette",
        pytest.param("flask", marks=pytest.mark.slow),
        pytest.param("django", marks=pytest.mark.slow),
    ],
)
def test_an_answer_survives_a_reload(name: str, tmp_path: Path) -> None:
    with (
        running(name, tmp_path) as server,
        httpx.Client(base_url=server.url, timeout=TIMEOUT) as client,
        httpx.Client(base_url=server.url, timeout=TIMEOUT) as stranger,
    ):
        url = ask(client, "<Why?>")
        page = client.get("/").text
        assert f'<div data-stream-src="{url}" data-stream-form="#ask">' in page
        for path in re.findall(r'(?:src|href)="(/[^"]*\.(?:js|css))"', page):
            assert client.get(path).status_code == 200
        assert url not in stranger.get("/").text
        assert stranger.get(url).status_code == 404

        whole = client.get(url, headers={"Streaming-HTML": "html"}).text
        assert "<strong>&lt;Why?&gt;</strong>" in whole
        assert whole.endswith(" end finished>")
        page = client.get("/").text
        assert "I go on where I was." in page
        assert url not in page

        url = ask(client, "Stop!")
        stopping = {"X-CSRFToken": client.cookies.get("csrftoken", "")}
        assert client.post(f"{url}/stop", headers=stopping).status_code == 204
        assert wait_until(lambda: url not in client.get("/").text)
        assert "You stopped this answer." in client.get("/").text
