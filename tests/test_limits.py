"""The limits of CONTRIBUTING.md on the length of functions and modules, and on words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path
    for folder in ("src", "tests", "benchmarks", "examples")
    for path in (ROOT / folder).rglob("*.py")
)
MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 60

# Names that this project once used for things that have a name in the field.
OLD_WORDS = re.compile(
    r"\b(bell|doorbell|rings?|rung|belt|wire|encoder|stand_in_front|_tell|_told|_give_way|Ended"
    r"|AtOnce|Spot)\b"
)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_and_its_functions_are_short(path: Path) -> None:
    source = path.read_text("utf-8")
    lines = len(source.splitlines())
    assert lines <= MAX_MODULE_LINES, f"{path.name} has {lines} lines: split it by idea"
    for function in functions(ast.parse(source)):
        length = (function.end_lineno or 0) - function.lineno + 1
        assert length <= MAX_FUNCTION_LINES, f"{function.name}() has {length} lines"


@pytest.mark.parametrize(
    "path",
    sorted(
        path
        for path in (ROOT / "src").rglob("*")
        if path.suffix in {".py", ".html"} or path.name.endswith("streaming-html.js")
    ),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_the_fields_words_are_used(path: Path) -> None:
    found = OLD_WORDS.search(path.read_text("utf-8"))
    assert not found, f"{path.name} says {found and found[0]!r}"
