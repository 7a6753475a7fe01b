"""The pages name only what exists, and the reference has all that is public."""

import importlib
import pkgutil
import pydoc
import re
from pathlib import Path

import pytest
from tests.docs.pages import DOCS, PAGES, ROOT

import streamhtml
from streamhtml._words import NOTICES, PAGE, PARTS

API = (DOCS / "reference" / "api.md").read_text("utf-8")
CLIENT_PAGE = (DOCS / "reference" / "client.md").read_text("utf-8")
STYLES_PAGE = (DOCS / "how-to" / "styles.md").read_text("utf-8")
PACKAGE = ROOT / "src/streamhtml"
STATIC = PACKAGE / "static/streamhtml"
STYLE_SHEET = (STATIC / "streamhtml.css").read_text("utf-8")
SOURCES = "\n".join(
    path.read_text("utf-8")
    for path in PACKAGE.rglob("*")
    if path.suffix in {".py", ".html", ".js", ".css"} and ".min." not in path.name
)
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(streamhtml.__path__, "streamhtml.")
    if not re.search(r"\._|\.demo", module.name)
)
ids = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@pytest.mark.parametrize("name", MODULES)
def test_the_reference_has_each_public_name_of_a_module(name: str) -> None:
    for public in getattr(importlib.import_module(name), "__all__", ()):
        assert re.search(rf"^### {public}$|`[^`\n]*\b{public}\b[^`\n]*`", API, re.MULTILINE), public


@pytest.mark.parametrize("name", ["asgi", "wsgi", "starlette", "django", "flask"])
def test_help_describes_the_arguments_of_the_response(name: str) -> None:
    response = importlib.import_module(f"streamhtml.{name}").StreamingHTMLResponse
    assert "interval: time in seconds between two fragments." in pydoc.render_doc(response)


def test_the_reference_has_each_system_check() -> None:
    for check in re.findall(r'id="(streamhtml\.\w+)"', SOURCES):
        assert f"`{check}`" in API


@ids
def test_a_page_names_modules_and_their_names_as_they_are(page: Path) -> None:
    """Such as ``streamhtml.formats.FORMATS``, in the text and in the examples."""
    for dotted in re.findall(r"(?<![\w./-])streamhtml(?:\.\w+)+", page.read_text("utf-8")):
        if not re.search(r"\.(css|static|E\d+)$", dotted):  # A file, Flask's endpoint, a check.
            assert pkgutil.resolve_name(dotted) is not None, dotted


@ids
def test_a_page_names_files_as_they_are(page: Path) -> None:
    folders = "benchmarks|docs|examples|scripts|src|tests"
    for path in re.findall(rf"`((?:{folders})/[\w./-]+)`", page.read_text("utf-8")):
        assert (ROOT / path).exists(), path


@ids
def test_a_page_names_attributes_and_classes_as_they_are(page: Path) -> None:
    text = page.read_text("utf-8")
    known = set(re.findall(r"data-stream[a-z\d-]*", CLIENT_PAGE))
    for attribute in re.findall(r"\bdata-stream(?:ing)?(?:-[a-zN]\w*)*", text):
        assert attribute in known | {"data-stream-NAME", "data-streamhtml"}, attribute
    for name in re.findall(r"(?<![\w:@/&~-])streamhtml-[a-z-]*[a-z]", text):
        assert name in SOURCES or name.startswith("streamhtml-notice-"), name


def test_the_pages_list_each_class_and_property_of_the_style_sheet() -> None:
    for name in set(re.findall(r"\.(streamhtml-[a-z-]+)", STYLE_SHEET)):
        assert re.search(rf"`{name}`|`-{name.rpartition('-')[2]}`", CLIENT_PAGE), name
    own, _, _ = STYLE_SHEET.partition("}")
    for name in [*re.findall(r"--streamhtml-[a-z]+(?=:)", own), "--streamhtml-new"]:
        assert re.search(rf"`{name}`|`-{name.rpartition('-')[2]}`", STYLES_PAGE), name


def test_the_notices_page_lists_each_message_to_translate() -> None:
    text = (DOCS / "how-to" / "notices.md").read_text("utf-8")
    for message in filter(None, [*NOTICES.values(), *PARTS, *PAGE]):
        assert f"“{message}”" in text or f'msgid "{message}"' in text, message


def test_each_guide_can_be_found_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for page in [*DOCS.glob("tutorial/*.md"), *DOCS.glob("how-to/*.md"), *DOCS.glob("ref*/*.md")]:
        assert f"]({page.relative_to(ROOT)})" in readme, page.name
