"""The pages fit together: every link has a target, and the reference has every public name."""

import ast
import inspect
import re
from configparser import ConfigParser
from pathlib import Path

import pytest
from tests.docs.pages import DOCS, PAGES, ROOT, blocks, prose, titled

import streamhtml
import streamhtml.log
import streamhtml.markdown
import streamhtml.math_core
import streamhtml.pygments
import streamhtml.redis
import streamhtml.testing
from streamhtml import Answer, AnswerPart
from streamhtml._words import CLIENT as CLIENT_WORDS
from streamhtml.formats import FORMATS, FormatRequest

DECISIONS = sorted(set(DOCS.glob("decisions/*.md")) - {DOCS / "decisions" / "index.md"})
API = DOCS / "reference" / "api.md"
CLIENT = (ROOT / "src/streamhtml/static/streamhtml/streaming-html.js").read_text("utf-8")
PUBLIC: dict[str, object] = {
    name: getattr(module, name)
    for module in (
        *(streamhtml, streamhtml.markdown, streamhtml.pygments, streamhtml.math_core),
        *(streamhtml.log, streamhtml.redis, streamhtml.testing),
    )
    for name in module.__all__
}


NEVER_CREATED = {
    *("AnswerGone", "AnswerStatus", "Following", "LogConformance", "Recording", "WriterFenced"),
}
"""Classes whose objects a user only gets, or that have no arguments."""


def anchors(page: Path) -> set[str]:
    """Return the fragment identifiers of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_have_targets(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


def linked_pages(page: Path) -> set[Path]:
    """Return the pages that a page links to."""
    targets = re.findall(r"\]\(([^)#\s]+\.md)\)", prose(page))
    return {(page.parent / target).resolve() for target in targets}


def test_every_page_is_linked_from_an_index() -> None:
    indexes = [DOCS / "index.md", DOCS / "decisions" / "index.md"]
    linked = set[Path]().union(*map(linked_pages, indexes))
    assert linked | {indexes[0]} >= set(DOCS.rglob("*.md"))


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_is_short_and_names_the_rejected_alternatives(page: Path) -> None:
    lines = page.read_text("utf-8").splitlines()
    assert len(lines) <= 40
    assert {"## Why", "## What it costs", "## Rejected alternatives"} <= set(lines)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_its_place_in_the_reference(name: str) -> None:
    assert f"\n### {name}\n" in API.read_text("utf-8")
    if members := members_of(PUBLIC[name]):
        section = API.read_text("utf-8").partition(f"\n### {name}\n")[2].partition("\n#")[0]
        assert members == set(re.findall(r"^\| `(\w+)", section, re.MULTILINE))
    elif name not in NEVER_CREATED and (
        inspect.isclass(PUBLIC[name]) or inspect.isfunction(PUBLIC[name])
    ):
        assert parameters_of(titled(API, name)) == signature_of(PUBLIC[name])


@pytest.mark.parametrize("framework", ["asgi", "wsgi", "starlette", "django", "flask"])
def test_the_response_has_the_documented_signature(framework: str) -> None:
    module = __import__(f"streamhtml.{framework}", fromlist=["StreamingHTMLResponse"])
    assert parameters_of(titled(API, "StreamingHTMLResponse")) == signature_of(
        module.StreamingHTMLResponse
    )
    table = API.read_text("utf-8").partition("\n## Tokens")[0]
    for name, *_ in signature_of(module.StreamingHTMLResponse):
        assert f"\n| `{name}` |" in table


def members_of(value: object) -> set[str]:
    """Return the members of a protocol, or of a class that users read but never create."""
    if not (getattr(value, "_is_protocol", False) or value in (FormatRequest, Answer, AnswerPart)):
        return set()
    members = {*vars(value), *inspect.get_annotations(value)}  # type: ignore[arg-type]
    return {member for member in members if not member.startswith("_")}


def parameters_of(text: str) -> list[tuple[str, object, bool]]:
    """Return name, default and whether it is keyword-only, of ``(a, b=1, *, c)``."""
    found = ast.parse(f"def _{text.strip()}: ...").body[0]
    assert isinstance(found, ast.FunctionDef)
    places, keywords = found.args.args, found.args.kwonlyargs
    required = [None] * (len(places) - len(found.args.defaults))
    defaults = [*required, *found.args.defaults, *found.args.kw_defaults]
    return [
        (
            argument.arg,
            inspect.Parameter.empty if default is None else eval(ast.unparse(default), PUBLIC),
            argument in keywords,
        )
        for argument, default in zip([*places, *keywords], defaults, strict=True)
    ]


def signature_of(value: object) -> list[tuple[str, object, bool]]:
    assert callable(value)
    return [
        (parameter.name, parameter.default, parameter.kind == parameter.KEYWORD_ONLY)
        for parameter in inspect.signature(value).parameters.values()
    ]


@pytest.mark.parametrize(
    "contract", ["layers", "log", "sources", "markdown", "markdown_block", "markdown_inline"]
)
def test_the_architecture_shows_the_layers_that_are_enforced(contract: str) -> None:
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    layers = contracts[f"importlinter:contract:{contract}"]["layers"]
    shown = titled(DOCS / "explanation" / "architecture.md", contract)
    assert shown.split() == layers.split()


def test_the_formats_are_named() -> None:
    for name in FORMATS:
        assert f'`"{name}"`' in API.read_text("utf-8")


def test_the_clients_attributes_and_events_are_all_documented() -> None:
    page = (DOCS / "reference" / "client.md").read_text("utf-8")
    attributes = set(re.findall(r"data-stream(?:ing|(?:-[a-z]+)*)(?![\w-])", CLIENT))
    attributes |= {f"data-stream-{name}" for name in CLIENT_WORDS}
    events = set(re.findall(r'"(stream:\w+|chunk)"', CLIENT))
    assert attributes
    assert events
    assert attributes == set(re.findall(r"^\| `(data-stream[a-z\d-]*)[`=]", page, re.MULTILINE))
    for name, text in CLIENT_WORDS.items():
        assert f"\n| `data-stream-{name}` | {text} |\n" in page
    assert events == set(re.findall(r"^\| `(stream:\w+|chunk)`", page, re.MULTILINE))
    sheet = re.findall(r'"(.*?)"', CLIENT.partition("sheet.replaceSync(")[2].partition(");")[0])
    shown = titled(DOCS / "reference" / "client.md", "rules of the client")
    assert re.sub(r"\s+", "", "".join(sheet)) == re.sub(r"\s+", "", shown)


def test_every_python_example_is_run() -> None:
    # Untitled blocks run by themselves (conftest.py of the root); a titled one is run by a test
    # that knows its title. A new title has to be added where it is run, and here.
    known = {
        "api.md": {"StreamingHTMLResponse", *PUBLIC},
        "save-the-answer.md": {"django-save"},
        "reload-and-resume.md": {"django-reload"},
        "reload-programs.md": {"model.py", "starlette_chat.py", "flask_chat.py", "django_chat.py"},
        "conversations.md": {"chats.py"},
        "test-your-views.md": {"test_starlette.py", "test_flask.py", "test_django.py"},
        "background-workers.md": {"answers.py", "tasks.py", "chat.py"},
        "write-your-own-log.md": {"postgres_log.py", "test_postgres_log.py"},
        "from-the-tutorial.md": {"views-1.py", "views-2.py"},
        "sdks.md": {"view", *(block.title for block in blocks(DOCS / "how-to" / "sdks.md"))},
        "README.md": {"app.py", "django", "flask"},
        "any-framework.md": {
            *("model.py", "quart_template.py", "litestar_chat.py", "quart_chat.py"),
            *("sanic_chat.py", "aiohttp_chat.py", "falcon_asgi_chat.py", "falcon_chat.py"),
            *("bottle_chat.py", "asgi_chat.py", "wsgi_chat.py"),
        },
    }
    for page in PAGES:
        titles = {block.title for block in blocks(page) if block.language == "python"} - {""}
        if page.parent.name != "tutorial":
            assert titles <= known.get(page.name, set()), page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_example_fails_if_the_client_does_not_send_a_field(page: Path) -> None:
    """Only Flask and Quart answer a failed ``request.form["message"]`` with the status 400."""
    for block in blocks(page):
        found = re.search(r'((?<!\.)form|POST|GET|query_params|\(\))\)?\["', block.text)
        assert not found, block.text
