"""The page "From the tutorial to streamhtml": after each of its steps, the project works."""

import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest
from playwright.sync_api import sync_playwright
from tests.browser.npm_files import HTMX
from tests.docs.pages import DOCS, titled
from tests.servers.process import serving

pytestmark = pytest.mark.browser

PAGE = DOCS / "how-to" / "from-the-tutorial.md"
STEPS = {
    # the view, the message and the version of htmx after each step
    "step1": ("views-1.py", "_chat_message-1.html", "htmx2"),
    "step1htmx4": ("views-1.py", "_chat_message-1.html", "htmx4"),
    "step2": ("views-2.py", "_chat_message-1.html", "htmx2"),
    "step3": ("views-2.py", "_chat_message-3.html", "htmx2"),
}
SETTINGS = """
SECRET_KEY = "x"
DEBUG = True
ROOT_URLCONF = "urls"
STATIC_URL = "/static/"
STATICFILES_DIRS = ["static"]
INSTALLED_APPS = ["django.contrib.staticfiles", "streamhtml.django"]
MIDDLEWARE = ["django.middleware.csrf.CsrfViewMiddleware"]
TEMPLATES = [
    {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": ["templates"]}
]
"""
ASGI = """
import os
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler
from django.core.asgi import get_asgi_application
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
application = ASGIStaticFilesHandler(get_asgi_application())
"""
LLM = """
import asyncio

async def llm(question):
    for word in ["You ", "asked: ", question, *[" and"] * 40, " *that*."]:
        await asyncio.sleep(0.01)
        yield word
"""
ICON = '<link rel="icon" href="data:,">'
QUESTION = "안녕 <b>& you</b> 👩‍💻"
ANSWER = f"You asked: {QUESTION}{' and' * 40} *that*."
WATCH = """() => {
    window.lengths = new Set();
    window.counts = [];
    window.ends = [];
    window.fields = new Set();
    const field = document.querySelector("[name=message]");
    // After the form's own listener.
    addEventListener("chunk", ({ detail }) => {
        counts.push(detail.count);
        fields.add(field.value);
    });
    const observer = new MutationObserver(() => lengths.add(messages.textContent.length));
    observer.observe(messages, { childList: true, subtree: true, characterData: true });
    addEventListener("stream:end", ({ detail }) => {
        ends.push(detail.reason);
        observer.disconnect();
    });
}"""


def build(folder: Path) -> None:
    """Write one project with the files of all steps, each step at a URL of its own."""
    (folder / "static").mkdir()
    urls = "from django.urls import path\n"
    routes = []
    for name, (view, message, htmx) in STEPS.items():
        copyfile(HTMX[htmx], folder / "static" / f"{htmx}.min.js")
        templates = folder / "templates" / name
        templates.mkdir(parents=True)
        index = titled(PAGE, "index.html").replace("{% url 'reply' %}", "reply")
        index = index.replace("'htmx.", f"'{htmx}.").replace("</head>", f"{ICON}</head>")
        (templates / "index.html").write_text(index, "utf-8")
        (templates / "_chat_message.html").write_text(titled(PAGE, message), "utf-8")
        views = titled(PAGE, view).replace('"chat/', f'"{name}/')
        if name == "step3":
            views = views.replace('        renderer="template",\n', "")
        (folder / f"{name}.py").write_text(views, "utf-8")
        urls += f"import {name}\n"
        routes += [f"path('{name}/', {name}.index)", f"path('{name}/reply', {name}.reply)"]
    (folder / "urls.py").write_text(f"{urls}urlpatterns = [{', '.join(routes)}]\n")
    for module, text in ("settings", SETTINGS), ("asgi", ASGI), ("llm", LLM):
        (folder / f"{module}.py").write_text(text)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("tutorial")
    build(folder)
    command = [sys.executable, "-m", "uvicorn", "asgi:application", "--port", "0"]
    with serving(command, folder=folder) as server:
        yield server.url


def test_each_step_shows_the_answer_growing(url: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        for name in STEPS:
            page = browser.new_page()
            wrong: list[str] = []
            page.on("console", lambda message, wrong=wrong: wrong.append(message.text))
            page.on("pageerror", lambda error, wrong=wrong: wrong.append(str(error)))
            page.goto(f"{url}/{name}/")
            page.evaluate(WATCH)
            page.get_by_label("Message", exact=True).fill(QUESTION)
            page.keyboard.press("Enter")
            page.wait_for_function("ends.length")
            assert page.evaluate("ends") == ["finished"], name
            counts = page.evaluate("counts")
            assert counts == list(range(len(counts))), name
            if name.startswith("step1"):
                assert len(counts) == 44  # one for each token
            assert page.evaluate("lengths.size") > 5, name
            assert page.evaluate("[...fields]") == [""], name
            assert page.locator(".human").all_text_contents() == [QUESTION]
            shown = ANSWER.replace("*that*", "that") if name == "step3" else ANSWER
            assert page.locator(".ai").all_text_contents() == [shown], name
            assert page.locator("#messages > *").count() == 1
            assert wrong == [], name
            page.close()
        browser.close()
