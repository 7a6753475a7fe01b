"""Run Debian's PostgreSQL on a Unix socket in a folder of its own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from tests.servers.waiting import TIMEOUT, wait_until

# PostgreSQL is installed, or scripts/bootstrap has unpacked it.
_ROOTS = [Path("/"), Path(__file__).parents[2] / ".venv/postgresql"]

_OPTIONS = {
    "listen_addresses": "",
    "max_connections": "200",
    "fsync": "off",
    "jit": "off",  # Needs LLVM, which is not unpacked.
}


@contextmanager
def postgresql() -> Iterator[str]:
    """Run PostgreSQL until the block ends, and yield the folder of its socket.

    Its superuser is "postgres" and needs no password. PostgreSQL refuses to run as root; then it
    runs as "nobody".
    """
    programs, libraries = _find()
    # Not pytest's folder: only its owner can read it, and its path is too long for a socket.
    folder = tempfile.mkdtemp(prefix="postgresql-")
    user = "nobody" if os.geteuid() == 0 else None
    if user is not None:
        shutil.chown(folder, user)
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "LD_LIBRARY_PATH": libraries}
    data = f"{folder}/data"
    try:
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8"],
            cwd=folder,
            env=environment,
            user=user,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        options = [part for item in _OPTIONS.items() for part in ("-c", "=".join(item))]
        log = Path(folder, "log")
        with log.open("wb") as file:
            server = subprocess.Popen(
                [programs / "postgres", "-D", data, "-k", folder, *options],
                cwd=folder,
                env=environment,
                user=user,
                stderr=file,
            )
        try:
            assert wait_until(lambda: _answers(folder), every=0.05), log.read_text()
            yield folder
        finally:
            server.terminate()
            server.wait(TIMEOUT)
    finally:
        shutil.rmtree(folder)


def _find() -> tuple[Path, str]:
    """Return the folder of the programs, and the one of the libraries if they are unpacked."""
    for root in _ROOTS:
        if found := sorted(root.glob("usr/lib/postgresql/*/bin")):
            libraries = [] if root == Path("/") else root.glob("usr/lib/*-linux-gnu*")
            return found[-1], ":".join(map(str, libraries))
    raise AssertionError("PostgreSQL is not installed: run scripts/bootstrap engines")


def _answers(folder: str) -> bool:
    try:
        connect(folder).close()
    except psycopg.OperationalError:
        return False
    return True


def connect(folder: str) -> psycopg.Connection:
    """Connect to the database "postgres" of the server with this socket."""
    return psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True)
