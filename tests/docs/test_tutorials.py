"""Each tutorial is followed in an empty folder: its files, its commands, and a real server."""

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import django_htmx
import httpx
import pytest
from playwright.sync_api import sync_playwright
from tests.docs.growing import RECORD
from tests.docs.pages import DOCS, ROOT, blocks, commands, titled
from tests.docs.reference_client import Decoder, Page, spelled, token_of
from tests.docs.shell import run, served

from streamhtml.markdown import render

HTMX = Path(django_htmx.__file__).parent / "static" / "django_htmx"
# tests/browser has every client in every framework; these are about the pages.
PAGES = [
    pytest.param(framework, client, marks=[] if (framework, client) in often else pytest.mark.slow)
    for often in [{("starlette", "htmx2"), ("django", "htmx4"), ("flask", "plain")}]
    for framework in ("starlette", "django", "flask")
    for client in ("plain", "htmx2", "htmx4")
]
SERVERS = {
    # the page of docs/tutorial, and the command that serves it
    "starlette": ("starlette", "uvicorn app:app"),
    "fastapi": ("starlette", "uvicorn app_fastapi:app"),
    "django": ("django", "python manage.py runserver"),
    "django-asgi": ("django", "uvicorn mysite.asgi:application"),
    "django-wsgi": ("django", "gunicorn --threads 32 mysite.wsgi"),
    "flask": ("flask", "flask run"),
}
QUESTION = "Grüße, 안녕 <b>& you</b>"
ANSWER = render(
    f"You asked: {QUESTION}\n\nI am *not* a model, but I answer like one: **word by word**. "
)


def follow(name: str, folder: Path, client: str) -> None:
    """Do in ``folder`` what the page says, up to running it."""
    page = DOCS / "tutorial" / f"{name}.md"
    for command in commands(page):
        if command.startswith("django-admin"):
            run(command, folder)
    for block in blocks(page):
        verb, _, path = block.title.rpartition(": ")
        if verb == "append":
            with (folder / path).open("a", encoding="utf-8") as file:
                file.write("\n" + block.text)
        elif block.title and not block.title.startswith(("form-", "scripts-")):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(block.text, "utf-8")
    if client != "plain":
        switch_to_htmx(page, folder, client)


def switch_to_htmx(page: Path, folder: Path, client: str) -> None:
    (folder / "static").mkdir()
    library = HTMX / f"htmx-{client[-1]}.min.js"
    (folder / "static" / "htmx.min.js").write_bytes(library.read_bytes())

    (chat,) = folder.rglob("chat.html")
    html = chat.read_text("utf-8")
    for pattern, title in [
        (r" *(<script|\{% streamhtml_script).*\n", "scripts-htmx.html"),
        (r" *<form(?s:.*)</form>\n", f"form-{client}.html"),
    ]:
        new = titled(page, title)
        html, count = re.subn(pattern, lambda _, new=new: new, html)  # type: ignore[misc]
        assert count == 1
    chat.write_text(html.replace("{% load streamhtml %}", "{% load static streamhtml %}"), "utf-8")

    if page.stem == "starlette":
        said = 'StaticFiles(directory="static", packages=[("streamhtml", "static")])'
        assert said in page.read_text("utf-8")
        for app in folder.glob("app*.py"):
            text = app.read_text("utf-8")
            app.write_text(text.replace('StaticFiles(packages=[("streamhtml", "static")])', said))
    if page.stem == "django":
        said = 'STATICFILES_DIRS = [BASE_DIR / "static"]'
        assert said in page.read_text("utf-8")
        with (folder / "mysite" / "settings.py").open("a") as settings:
            settings.write(said + "\n")


Serve = Callable[[str, str], str]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    from contextlib import ExitStack

    with ExitStack() as stack:

        def serve(server: str, client: str) -> str:
            name, command = SERVERS[server]
            assert command.replace("_fastapi", "") in commands(DOCS / "tutorial" / f"{name}.md")
            follow(name, tmp_path, client)
            return stack.enter_context(served(command, tmp_path))

        yield serve


@pytest.mark.parametrize("server", SERVERS)
def test_the_answer_streams(server: str, serve: Serve) -> None:
    url = serve(server, "plain")
    with httpx.Client(base_url=url, headers={"Streaming-HTML": "html"}) as client:
        html = client.get("/").text
        for file in re.findall(r'(?:src|href)="([^"]+)"', html):
            assert client.get(file).status_code == 200, file
        assert "/streamhtml.css" in html
        found = re.search(r'csrfmiddlewaretoken" value="(\w+)"', html)
        data = {"message": QUESTION} | ({"csrfmiddlewaretoken": found[1]} if found else {})
        page, arrivals = Page(), 0
        with client.stream("POST", "/reply", data=data) as response:
            assert response.status_code == 200
            decoder = Decoder(token_of(response.headers["Content-Type"]))
            for piece in response.iter_raw():
                arrivals += 1
                for fragment in decoder.feed(piece):
                    page.apply(fragment)
        assert decoder.outcome == "finished"
        assert arrivals > 5
        assert f">{spelled(ANSWER)}</div>" in page.inner()
        assert text_of(page.inner()) == QUESTION + text_of(ANSWER)

        del client.headers["Streaming-HTML"]
        assert client.post("/reply", data=data | {"message": []}).status_code < 500
        whole = client.post("/reply", data=data)
        assert "hx-swap-oob" not in whole.text
        assert "&lt;b&gt;&amp; you&lt;/b&gt;" in whole.text


@pytest.mark.parametrize("page", [ROOT / "README.md", *(DOCS / "tutorial").glob("*.md")])
def test_the_forms_work_without_javascript(page: Path) -> None:
    forms = [form for block in blocks(page) for form in re.findall("<form[^>]*>", block.text)]
    assert forms
    for form in forms:
        assert 'method="post" action="/reply"' in form


def text_of(html: str) -> str:
    return unescape(re.sub("<[^>]*>", "", html))


@pytest.mark.browser
@pytest.mark.parametrize(("server", "client"), PAGES)
def test_the_page_shows_the_answer_growing(server: str, client: str, serve: Serve) -> None:
    url = serve(server, client)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        page = browser.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(url)
        page.evaluate(RECORD)
        for number in (1, 2):
            page.get_by_label("Message", exact=True).fill(QUESTION)
            page.keyboard.press("Enter")
            page.wait_for_function("number => ends.length === number", arg=number)
        assert page.locator("article").all_text_contents() == [QUESTION + text_of(ANSWER)] * 2
        assert spelled(page.locator(".streamhtml").last.inner_html()) == spelled(ANSWER)
        assert page.evaluate("ends") == ["finished", "finished"]
        assert page.evaluate("lengths.size") > 10
        assert page.get_by_label("Message", exact=True).input_value() == ""
        assert wrong == []
        browser.close()


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("starlette", "pytest -q test_starlette.py"),
        ("flask", "pytest -q test_flask.py"),
        ("django", "python manage.py test"),
    ],
)
def test_the_views_can_be_tested(name: str, command: str, tmp_path: Path) -> None:
    follow(name, tmp_path, "plain")
    file = f"test_{name}.py"
    (tmp_path / file).write_text(titled(DOCS / "how-to" / "test-your-views.md", file), "utf-8")
    run(command, tmp_path)
