"""ATOMIC_REQUESTS: what Django would answer with 500 is said by ``manage.py check``."""

import json
import subprocess
import sys
from typing import Any

import pytest


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    command = [sys.executable, "-W", "error", "-m", "tests.adapters.atomic_site"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_the_async_views_that_cannot_run_are_named(result: dict[str, Any]) -> None:
    first, second = result["messages"]
    assert "The async view __main__.atomic cannot run with ATOMIC_REQUESTS=True" in first
    assert "(in DATABASES: 'default')" in first
    assert "@transaction.non_atomic_requests" in first
    assert "The async view __main__.Atomic cannot run" in second


def test_the_named_views_are_those_that_django_refuses(result: dict[str, Any]) -> None:
    statuses = {url: status for url, (status, _) in result["answers"].items()}
    assert statuses == {"/": 500, "/nested/class": 500, "/right": 200, "/sync": 200}
    assert result["answers"]["/right"][1] == " end finished>"
    assert result["answers"]["/sync"][1] == " end finished>"
