"""The package as a user's type checker sees it: mypy --strict and pyright, one run of each."""

import json
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = ["valid.py", "valid_django.py", "invalid.py"]

Place = tuple[str, int]
"""A file, and the number of a line in it."""


@cache
def mypy() -> dict[Place, str]:
    """Return what mypy reports, by place."""
    # mypy reads no configuration here, as in a project that only asks for --strict.
    command = ["mypy", "--strict", "--config-file=", "--no-error-summary", "--hide-error-context"]
    options = ["--no-color-output", f"--cache-dir={HERE.parents[1] / '.mypy_cache/typing'}"]
    # Django ships no types.
    options += ["--disable-error-code=import-untyped"]
    report = run([*command, *options, *FILES])
    found = re.findall(r"^([\w.]+):(\d+): error: (.*)$", report, re.MULTILINE)
    assert found, report
    return {(file, int(line)): text for file, line, text in found}


@cache
def pyright() -> dict[Place, str]:
    """Return what pyright reports, by place."""
    report = json.loads(run(["pyright", "--outputjson", "--pythonpath", sys.executable, *FILES]))
    assert report["summary"]["filesAnalyzed"] == len(FILES)
    return {
        (Path(each["file"]).name, each["range"]["start"]["line"] + 1): each["message"]
        for each in report["generalDiagnostics"]
        if each["severity"] == "error"
    }


def run(command: list[str]) -> str:
    """Run a type checker of this environment, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=HERE, capture_output=True, text=True, check=False
    )
    # 0: nothing was found. 1: something was.
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return done.stdout


def expected(file: str) -> set[int]:
    lines = (HERE / file).read_text().splitlines()
    return {number for number, line in enumerate(lines, 1) if line.endswith("# error")}


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("checker", [mypy, pyright], ids=["mypy", "pyright"])
def test_the_checker_reports_the_wrong_lines_and_no_others(checker: object, file: str) -> None:
    assert callable(checker)
    reported = {line: text for (name, line), text in checker().items() if name == file}
    assert set(reported) == expected(file), reported


def test_the_valid_files_use_every_public_name() -> None:
    import streamhtml

    text = "".join((HERE / file).read_text() for file in FILES if file.startswith("valid"))
    assert [name for name in streamhtml.__all__ if not re.search(rf"\b{name}\b", text)] == []
