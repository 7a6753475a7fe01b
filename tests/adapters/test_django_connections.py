"""Which database connections a stream of Django closes, and which it leaves alone.

``tests/servers/test_database.py`` counts them with real servers and databases.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def result(case: str, folder: Path) -> tuple[dict[str, Any], str]:
    """Run a case of the site. Return what it printed, and what it logged."""
    command = [sys.executable, "-W", "error", "-m", "tests.adapters.connections_site"]
    ran = subprocess.run([*command, case, folder], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout), ran.stderr


@pytest.mark.parametrize("case", ["persistent", "late_on_end", "background"])
def test_no_connection_stays_open(case: str, tmp_path: Path) -> None:
    printed, log = result(case, tmp_path)
    assert "stored" in printed["text"]
    assert printed["text"].endswith(" end finished>")
    assert printed["open"] == 0
    assert not log


@pytest.mark.parametrize("case", ["waiting_caller", "open_transaction"])
def test_a_transaction_around_the_stream_stays_open(case: str, tmp_path: Path) -> None:
    printed, log = result(case, tmp_path)
    assert "uncommitted" in printed["text"]
    assert printed["text"].endswith(" end finished>")
    assert printed["open"] == 0
    assert not log


def test_a_connection_that_cannot_be_closed_is_logged(tmp_path: Path) -> None:
    printed, log = result("failing_close", tmp_path)
    assert printed["text"].endswith(" end finished>")
    assert "WARNING closing a database connection failed" in log
    assert "OSError: cannot close" in log
