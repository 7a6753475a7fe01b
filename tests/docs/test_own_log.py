"""The log in PostgreSQL of docs/how-to/write-your-own-log.md passes the kit."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.pages import DOCS, files
from tests.servers.postgresql import connect, postgresql


@pytest.mark.slow
def test_postgresql(tmp_path: Path) -> None:
    shown = files(DOCS / "how-to" / "write-your-own-log.md")
    assert len(shown["postgres_log.py"].splitlines()) <= 120
    for name, text in shown.items():
        (tmp_path / name).write_text(text, "utf-8")
    with postgresql() as folder:
        with connect(folder) as connection:
            connection.execute(shown["tables.sql"].encode())
        settings = {"PGHOST": folder, "PGUSER": "postgres", "PGDATABASE": "postgres"}
        kit = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-W", "error", "test_postgres_log.py"],
            cwd=tmp_path,
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
        )
    assert kit.returncode == 0, kit.stdout + kit.stderr
