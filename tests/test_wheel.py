"""The built wheel contains the whole package, and works where nothing else is installed."""

import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
import uv
from tests.clean_environment import ROOT, build_wheel, make_environment, run

PACKAGE = ROOT / "src" / "streamhtml"

# Runs in the clean environment, which has no pytest. It must exit without any output.
IMPORT = """
import sys
import streamhtml

assert "site-packages" in streamhtml.__file__, streamhtml.__file__
absent = {"django", "starlette", "flask", "pygments", "math_core", "redis", "trio", "openai"}
assert not absent & set(sys.modules), absent & set(sys.modules)
missing = [name for name in streamhtml.__all__ if not hasattr(streamhtml, name)]
assert not missing, missing

# The built-in message comes from a template in the wheel.
message = streamhtml.Reply().open()
assert message.patches[0].html, message
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def clean_python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_environment(tmp_path_factory.mktemp("clean") / "venv", wheel)


def test_the_wheel_contains_every_file_of_the_package(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    there = {name for name in names if ".dist-info/" not in name and not name.endswith("/")}
    assert there == {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert there >= {
        "streamhtml/py.typed",
        "streamhtml/static/streamhtml/streaming-html.js",
        "streamhtml/templates/streamhtml/message.html",
    }


def test_it_has_no_mode_that_lets_raw_html_through(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    sources = [name for name in archive.namelist() if name.startswith("streamhtml/markdown/")]
    assert "streamhtml/markdown/_block/parser.py" in sources
    # tests/markdown/spec_renderer.py adds what the examples of CommonMark need of it.
    for name in sources:
        assert b"<!\\[CDATA\\[" not in archive.read(name), name


def test_the_metadata_requires_three_packages_and_names_the_licence(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    metadata = Parser().parsestr(archive.read(name).decode())
    required = metadata.get_all("Requires-Dist", [])
    core = {line.partition(">")[0] for line in required if "extra ==" not in line}
    assert core == {"anyio", "jinja2", "markupsafe"}
    assert metadata["License-Expression"] == "MIT"
    assert any(name.endswith("licenses/LICENSE") for name in archive.namelist())


def test_the_package_works_where_nothing_else_is_installed(clean_python: Path) -> None:
    run(clean_python, "-I", "-W", "error", "-c", IMPORT)
    run(uv.find_uv_bin(), "pip", "check", "--quiet", "--python", clean_python)


def test_the_command_works_without_the_demo_extra(clean_python: Path) -> None:
    usage = run(clean_python.with_name("streamhtml"), "--help").stdout
    assert "demo" in usage
