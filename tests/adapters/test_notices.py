"""The notices in every framework: their language, the site's catalogue, the site's template."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flask
import jinja2
import pytest
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.support import Translations
from django.template import loader
from django.test import override_settings
from django.utils import translation
from flask_babel import Babel, force_locale
from starlette.requests import Request
from starlette.templating import Jinja2Templates
from tests.adapters.calls import Answer, call_asgi, call_wsgi
from tests.adapters.frameworks import ASGI, TEMPLATES, WSGI, _configure_django, site

from streamhtml import Truncated
from streamhtml.starlette import StreamingHTMLResponse

FRAMEWORKS = ["starlette", "fastapi", "django-asgi", "django-wsgi", "flask"]
HAVE_A_LANGUAGE = ["django-asgi", "django-wsgi", "flask"]
SYNC_VIEWS = ["fastapi-sync-view", "django-asgi-sync-view", "django-wsgi", "flask"]

ENGLISH = {
    "failed": "Something went wrong, and the answer ends here.",
    "stopped": "You stopped this answer.",
    "truncated": "The answer is cut short here.",
}
KOREAN = {
    "failed": "문제가 생겨 답변이 여기서 끝납니다.",
    "stopped": "답변을 중지했습니다.",
    "truncated": "답변이 여기서 잘려 끝까지 나오지 않았습니다.",
}
EACH_TIME = {"template": "chat/_each_time.html", "renderer": "template"}
OWN = "<em class='{{ outcome }}'>{{ who }} at {{ site }}: {{ notice }} {{ message_pair_id }}</em>\n"


def ours(outcome: str, words: str) -> str:
    classes = f"streamhtml-notice streamhtml-notice-{outcome}"
    return f'<span class="{classes}" role="alert">{words}</span>'


@dataclass
class Site:
    """A site in one of the frameworks, made anew for each question."""

    framework: str
    folder: Path
    language: str = ""
    """The active one; Starlette has none."""
    catalogue: dict[str, str] = field(default_factory=dict)
    newstyle: bool = True
    """Of the ``gettext`` of Jinja's own extension."""
    notice: str | None = None
    escapes: bool = True
    looks_in_apps: bool = False
    """Whether Django's engine finds the templates of apps, ours too."""
    in_view: Callable[[], Any] = nullcontext
    """A context around what the view does."""
    refused: list[Exception] = field(default_factory=list)
    """What the response raised in the view."""

    def ask(self, outcome: str, **arguments: Any) -> Answer:
        """Let an answer end in this way, and return the response."""
        if self.notice is not None:
            file = self.folder / "templates" / "streamhtml" / "notice.html"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(self.notice, "utf-8")
        if self.catalogue:
            self._compile()

        def view(request: Any, response: Any) -> Any:
            made: list[Any] = []
            with self.in_view():
                try:
                    made.append(response(request, source(outcome, made), **arguments))
                except Exception as error:
                    self.refused.append(error)
                    raise
            return made[0]

        if "django" in self.framework:
            with self._django_settings():
                return self._call(self._app(view))
        app = self._app(view)
        if "flask" in self.framework:
            self._set_up_flask(app)
        else:
            app.state.templates = self._jinja_templates()
        return self._call(app)

    def _app(self, view: Any) -> Any:
        return (ASGI | WSGI)[self.framework](view)

    def _call(self, app: Any) -> Answer:
        headers = {"Accept-Language": "ko"}  # It decides nothing.
        if self.framework in ASGI:
            return asyncio.run(call_asgi(app, headers=headers))
        return call_wsgi(app, headers=headers)

    def _compile(self) -> None:
        catalog = Catalog(self.language or "de")
        for english, own in self.catalogue.items():
            catalog.add(english, own)
        folder = self._locales / (self.language or "de") / "LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        for domain in "django", "messages":
            with (folder / f"{domain}.mo").open("wb") as file:
                write_mo(file, catalog)

    @property
    def _locales(self) -> Path:
        return self.folder / "locale"

    def _django_settings(self) -> Any:
        _configure_django()
        options = {"context_processors": [f"{site.__module__}.site"], "autoescape": self.escapes}
        engine = {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [self.folder / "templates", TEMPLATES],
            "APP_DIRS": self.looks_in_apps,
            "OPTIONS": options,
        }
        return override_settings(
            TEMPLATES=[engine],
            LANGUAGE_CODE=self.language or "en-us",
            LOCALE_PATHS=[self._locales],
        )

    def _set_up_flask(self, app: flask.Flask) -> None:
        app.jinja_loader = jinja2.FileSystemLoader([self.folder / "templates", TEMPLATES])
        app.jinja_env.autoescape = self.escapes
        if self.language:
            Babel(
                app,
                default_locale=self.language.replace("-", "_"),
                default_translation_directories=str(self._locales),
            )

    def _jinja_templates(self) -> Jinja2Templates:
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader([self.folder / "templates", TEMPLATES]),
            autoescape=self.escapes,
        )
        if self.catalogue:
            environment.add_extension("jinja2.ext.i18n")
            environment.install_gettext_translations(  # type: ignore[attr-defined]
                Translations.load(self._locales, ["de"]), newstyle=self.newstyle
            )
        return Jinja2Templates(env=environment, context_processors=[site])


async def source(outcome: str, made: list[Any]) -> AsyncIterator[str]:
    yield "so far"
    if outcome == "failed":
        raise ValueError("the secret")
    if outcome == "truncated":
        raise Truncated
    if outcome == "stopped":
        made[0].stop()
        await asyncio.sleep(60)


@pytest.fixture(params=FRAMEWORKS)
def own_site(request: pytest.FixtureRequest, tmp_path: Path) -> Site:
    return Site(request.param, tmp_path)


@pytest.mark.parametrize("format", ["html", "htmx", "whole"])
@pytest.mark.parametrize("outcome", ENGLISH)
def test_notices_are_english_by_default(own_site: Site, outcome: str, format: str) -> None:
    for arguments in {"renderer": "markdown"}, EACH_TIME:
        answer = own_site.ask(outcome, format=format, **arguments)
        assert answer.text.count(ours(outcome, ENGLISH[outcome])) == 1
        assert "so far" in answer.text
        if format == "html":
            assert answer.text.endswith(f" end {outcome}>")
    finished = own_site.ask("finished", format=format).text
    assert "so far" in finished
    assert "streamhtml-notice" not in finished


def test_a_truncated_answer_is_not_logged_as_an_error(
    own_site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    ended: list[str] = []
    own_site.ask("truncated", on_end=lambda reply: ended.append(reply.state))
    assert ended == ["truncated"]
    assert not [record for record in caplog.records if record.name == "streamhtml"]


@pytest.mark.parametrize("own_site", HAVE_A_LANGUAGE, indirect=True)
@pytest.mark.parametrize("language", ["ko", "ko-kr", "de"])
@pytest.mark.parametrize("outcome", ENGLISH)
def test_notices_have_the_active_language(own_site: Site, outcome: str, language: str) -> None:
    own_site.language = language
    words = (ENGLISH if language == "de" else KOREAN)[outcome]
    assert ours(outcome, words) in own_site.ask(outcome).text


@pytest.mark.parametrize("own_site", HAVE_A_LANGUAGE, indirect=True)
def test_notices_have_the_language_that_only_the_view_activates(own_site: Site) -> None:
    own_site.language = "de"
    korean = force_locale if own_site.framework == "flask" else translation.override
    own_site.in_view = lambda: korean("ko")
    assert ours("failed", KOREAN["failed"]) in own_site.ask("failed").text


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ("ko", KOREAN),
        ("ko, en", KOREAN),
        ("ko-KR, en", KOREAN),
        ("en, ko", ENGLISH),
        ("de", ENGLISH),
    ],
)
@pytest.mark.parametrize("outcome", ENGLISH)
def test_content_language_overrides_the_active_language(
    own_site: Site, outcome: str, tags: str, words: dict[str, str]
) -> None:
    for active in "", "ko":
        own_site.language = active
        answer = own_site.ask(outcome, headers={"content-language": tags})
        assert ours(outcome, words[outcome]) in answer.text
        assert answer.headers["Content-Language"] == tags


@pytest.mark.parametrize("newstyle", [True, False])
@pytest.mark.parametrize("outcome", ENGLISH)
def test_the_sites_own_translations_are_preferred(
    own_site: Site, outcome: str, newstyle: bool
) -> None:
    own_site.newstyle = newstyle
    own_site.language = "" if own_site.framework in {"starlette", "fastapi"} else "ko"
    own_site.catalogue = {ENGLISH["failed"]: "Ende <hier>.", ENGLISH["truncated"]: "Aus & vorbei"}
    answer = own_site.ask(outcome, headers={"Content-Language": "ko"})
    theirs = {
        "failed": "Ende &lt;hier&gt;.",
        "truncated": "Aus &amp; vorbei",
        "stopped": KOREAN["stopped"],
    }
    assert ours(outcome, theirs[outcome]) in answer.text


@pytest.mark.parametrize("format", ["html", "htmx", "whole"])
@pytest.mark.parametrize("outcome", ENGLISH)
def test_the_sites_own_template_is_used(own_site: Site, outcome: str, format: str) -> None:
    own_site.notice = OWN
    context = {"who": "<me>", "message_pair_id": "ai_1"}
    expected = f"<em class='{outcome}'>&lt;me&gt; at our &lt;site&gt;: {KOREAN[outcome]} ai_1</em>"
    for arguments in {"renderer": "markdown"}, EACH_TIME:
        answer = own_site.ask(
            outcome,
            context=context,
            format=format,
            headers={"Content-Language": "ko"},
            **arguments,
        )
        assert answer.text.count(expected) == 1
        assert "streamhtml-notice" not in answer.text
        assert "so far" in answer.text
    assert "<em" not in own_site.ask("finished", context=context, format=format).text


@pytest.mark.parametrize("outcome", ENGLISH)
def test_a_template_that_fails_at_the_end_is_logged(
    own_site: Site, outcome: str, caplog: pytest.LogCaptureFixture
) -> None:
    own_site.notice = "{% include 'not/there.html' %}"
    for arguments in {"renderer": "markdown"}, EACH_TIME:
        caplog.clear()
        answer = own_site.ask(
            outcome, format="html", headers={"Content-Language": "ko"}, **arguments
        )
        assert ours(outcome, KOREAN[outcome]) in answer.text
        assert answer.text.endswith(f" end {outcome}>")
        assert "not/there.html" in caplog.text
        assert "the notice of ai_" in caplog.text


@pytest.mark.parametrize(
    ("notice", "escapes", "error"),
    [("{% if %}", True, "TemplateSyntaxError"), (OWN, False, "does not escape")],
)
def test_a_broken_notice_template_is_refused_in_the_view(
    own_site: Site, notice: str, escapes: bool, error: str
) -> None:
    own_site.notice = notice
    own_site.escapes = escapes
    with suppress(Exception):  # Some frameworks answer with 500, others raise.
        own_site.ask("failed")
    assert error in repr(own_site.refused)


@pytest.mark.parametrize("own_site", SYNC_VIEWS, indirect=True)
def test_a_notice_template_can_query_a_database(own_site: Site) -> None:
    own_site.notice = OWN
    looked: list[threading.Thread] = []

    class Database:
        """Refuses to be asked on an event loop, as Django's does."""

        def __str__(self) -> str:
            try:
                asyncio.get_running_loop()
            except RuntimeError:
                looked.append(threading.current_thread())
                return "asked"
            raise AssertionError("asked on an event loop")

    assert "asked at" in own_site.ask("failed", context={"who": Database()}).text
    assert looked


@pytest.mark.parametrize("own_site", ["django-asgi", "django-wsgi"], indirect=True)
def test_django_can_find_the_built_in_template(own_site: Site) -> None:
    own_site.looks_in_apps = True
    with own_site._django_settings():
        assert loader.get_template("streamhtml/notice.html")
    own_site.language = "ko"
    assert f"{ours('failed', KOREAN['failed'])}<!" in own_site.ask("failed", format="html").text


def test_a_request_without_an_app_gets_the_built_in_notice() -> None:
    request = Request({"type": "http", "method": "GET", "headers": []})
    made: list[Any] = []
    made.append(StreamingHTMLResponse(request, source("truncated", made)))
    answer = asyncio.run(call_asgi(made[0]))
    assert ours("truncated", ENGLISH["truncated"]) in answer.text
