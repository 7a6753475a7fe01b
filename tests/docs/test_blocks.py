"""The examples with a title: each is a view that gets an application, in a process of its own."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from jinja2 import Environment
from tests.docs.pages import DOCS, ROOT, titled
from tests.docs.reference_client import Decoder, Page

from streamhtml import Delta, Reply
from streamhtml.formats.html import HTMLFormat

README = ROOT / "README.md"

LLM = """
async def llm(message):
    for token in ("You said ", message, "."):
        yield token
"""
MESSAGE = "<article id='{{ message_pair_id }}'><p>{{ human_message }}</p>{{ ai_message }}</article>"

FLASK = """
from pathlib import Path
Path("templates/chat").mkdir(parents=True)
Path("templates/chat/_message.html").write_text(template)
Path("__main__.py").touch()
__file__ = "__main__.py"  # Flask looks for templates beside it
exec(example)
client = app.test_client()
shown = client.post("/reply", data={"message": "<b>"}).text
with client.get("/streamhtml/streaming-html.js") as served:
    assert served.status_code == 200
"""
DJANGO = """
import django
from django.conf import settings
from django.test import RequestFactory

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}},
    INSTALLED_APPS=["streamhtml.django"],
    USE_TZ=True,
    ALLOWED_HOSTS=["testserver"],
    ROOT_URLCONF=(),
    TEMPLATES=[{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"loaders": [
            ("django.template.loaders.locmem.Loader", {"chat/_message.html": template})
        ]},
    }],
)
django.setup()
"""
AUTH = '"django.contrib.contenttypes", "django.contrib.auth"'
DJANGO_VIEW = """
exec(example)
response = reply(RequestFactory().post("/reply", {"message": "<b>"}))
shown = b"".join(response.streaming_content).decode()
response.close()
"""
DJANGO_RELOAD = """
import sys
import types
from django.db import connection, models

from django.contrib.auth.models import AnonymousUser, User
from django.core.management import call_command

class Message(models.Model):
    user = models.ForeignKey(User, models.CASCADE)
    pair = models.CharField(max_length=40)
    question = models.TextField()
    answer = models.JSONField(null=True)
    class Meta:
        app_label = "chat"

with connection.schema_editor() as editor:
    editor.create_model(Message)
sys.modules["chat"] = types.ModuleType("chat")
sys.modules["chat.models"] = types.ModuleType("chat.models")
sys.modules["chat.models"].Message = Message
call_command("migrate", verbosity=0)
ada = User.objects.create(username="ada")
RequestFactory.request = lambda self, _made=RequestFactory.request, **given: (
    setattr(request := _made(self, **given), "user", ada) or request
)
"""
DJANGO_RELOADED = """
from django.http import Http404

saved = Message.objects.get()
assert saved.answer["parts"][0]["text"] == "It is <b>42</b>."
response = again(RequestFactory().get("/"), saved.pair)
assert b"".join(response.streaming_content).decode() == shown
response.close()
assert response.headers["Streaming-HTML-Resume"] == f"/reply/{saved.pair}"
assert stop(RequestFactory().post("/"), saved.pair).status_code == 204
request = RequestFactory().post("/")
for user in User.objects.create(username="eve"), AnonymousUser():
    request.user = user
    for view in again, stop:
        try:
            view(request, saved.pair)
        except Http404:
            continue
        raise AssertionError(view)
assert reply(request).status_code == 302
connection.close()
"""
DJANGO_SAVE = """
import sys
import types
from django.db import connection, models

class Message(models.Model):
    pair = models.CharField(max_length=40)
    question = models.TextField()
    answer = models.JSONField(null=True)
    class Meta:
        app_label = "chat"

with connection.schema_editor() as editor:
    editor.create_model(Message)
sys.modules["chat"] = types.ModuleType("chat")
sys.modules["chat.models"] = types.ModuleType("chat.models")
sys.modules["chat.models"].Message = Message
"""
DJANGO_SAVED = """
saved = Message.objects.get()
assert saved.pair in shown
assert (saved.question, saved.answer["outcome"]) == ("<b>", "finished")
assert saved.answer["parts"][0]["text"] == "It is <b>42</b>."
assert conversation(RequestFactory().get("/")).content.decode() == shown
connection.close()
"""


@pytest.mark.parametrize(
    ("page", "title", "around"),
    [
        (README, "flask", LLM + FLASK),
        (README, "django", LLM + DJANGO + DJANGO_VIEW),
        (
            DOCS / "how-to" / "save-the-answer.md",
            "django-save",
            DJANGO + DJANGO_SAVE + DJANGO_VIEW + DJANGO_SAVED,
        ),
        (
            DOCS / "how-to" / "reload-and-resume.md",
            "django-reload",
            DJANGO.replace('["streamhtml', f'[{AUTH}, "streamhtml')
            + DJANGO_RELOAD
            + DJANGO_VIEW
            + DJANGO_RELOADED,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
def test_a_view_answers(page: Path, title: str, around: str, tmp_path: Path) -> None:
    code = (
        f"example = {titled(page, title)!r}\ntemplate = {MESSAGE!r}\n{around}\n"
        "assert '>&lt;b&gt;</p>' in shown, shown\n"
        "assert 'data-turbo' in shown and '<b>' not in shown, shown\n"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""


def test_the_excerpt_of_the_readme_is_what_the_library_sends() -> None:
    excerpt = titled(README, "excerpt")
    template = Environment(autoescape=True).from_string(
        '<article id="{{ message_pair_id }}"><p>{{ human_message }}</p>'
        "<div>{{ ai_message }}</div></article>"
    )
    reply = Reply(template.render, {"human_message": "Hi", "message_pair_id": "ai_32835e09"})
    html_format = HTMLFormat()
    html_format.token = "7q"
    fragments = [
        reply.open(),
        *(reply.feed([Delta(text)]) for text in ("Hel", "lo, ", "안녕")),
        reply.close("finished"),
    ]
    sent = [html_format.encode(fragment) for fragment in fragments]
    shown = excerpt.replace("…", "").splitlines()
    assert shown[1:] == sent[1:]

    # The first is shortened: the same elements and ids, fewer attributes.
    shorter = re.sub(r' (class="[^"]*"|hx-\w+|data-[\w-]+(="\w+")?|x-ignore)', "", sent[0])
    assert shown[0] == shorter
    page = Page()
    for fragment in Decoder("7q").feed("".join(shown).encode()):
        page.apply(fragment)
    assert "Hello, 안녕" in page.inner()
