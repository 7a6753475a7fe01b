"""What importing each module loads, and what the package exports."""

import json
import subprocess
import sys

import pytest

import streamhtml

FRAMEWORKS = {
    "django",
    "flask",
    "starlette",
    "fastapi",
    "werkzeug",
    "asgiref",
    "pygments",
    "math_core",
    "redis",
}
NEVER = {"flask_babel", "babel", "openai", "trio", "uvicorn", "httpx"}


def loaded_by(statement: str) -> set[str]:
    """Return the top-level modules that a new interpreter has loaded after ``statement``."""
    code = f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return {name.partition(".")[0] for name in json.loads(result.stdout)}


@pytest.mark.parametrize(
    ("module", "own_packages"),
    [
        ("streamhtml", set()),
        ("streamhtml.formats", set()),
        ("streamhtml.markdown", set()),
        ("streamhtml._response", set()),
        ("streamhtml.asgi", set()),
        ("streamhtml.wsgi", set()),
        ("streamhtml.log", set()),
        ("streamhtml.testing", set()),
        ("streamhtml.starlette", {"starlette"}),
        ("streamhtml.django", {"django", "asgiref"}),
        ("streamhtml.flask", {"flask", "werkzeug"}),
        ("streamhtml.pygments", {"pygments"}),
        ("streamhtml.math_core", {"math_core"}),
        ("streamhtml.redis", {"redis"}),
    ],
)
def test_a_module_loads_its_own_framework_only(module: str, own_packages: set[str]) -> None:
    loaded = loaded_by(f"import {module}")
    assert loaded & FRAMEWORKS == own_packages
    assert not loaded & NEVER


@pytest.mark.parametrize(
    "module", ["streamhtml", "streamhtml.formats", "streamhtml._response", "streamhtml.asgi"]
)
def test_the_core_loads_no_event_loop(module: str) -> None:
    assert "asyncio" not in loaded_by(f"import {module}")


@pytest.mark.parametrize("module", ["starlette", "django", "flask", "asgi", "wsgi"])
def test_nothing_of_a_log_is_loaded_without_one(module: str) -> None:
    code = f"import sys, streamhtml.{module}; print('streamhtml.log' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "False\n"


def test_all_lists_every_public_name() -> None:
    exported = {
        name
        for name, value in vars(streamhtml).items()
        if not name.startswith("_") and not isinstance(value, type(sys))
    }
    assert set(streamhtml.__all__) == exported


def test_all_is_sorted_without_duplicates() -> None:
    assert streamhtml.__all__ == sorted(set(streamhtml.__all__))


def test_a_star_import_imports_the_same_names() -> None:
    namespace: dict[str, object] = {}
    exec("from streamhtml import *", namespace)
    assert set(namespace) - {"__builtins__"} == set(streamhtml.__all__)
