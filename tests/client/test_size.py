"""The minified client is made from the present source, and stays small."""

import gzip
import json
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = Path(str(files("streamhtml"))) / "static/streamhtml"
LIMIT = 8192
"""Bytes of the minified file, gzipped: 8.0 KiB. docs/reference/client.md names the size."""


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the two files that ``make client`` makes from the source."""
    folder = tmp_path_factory.mktemp("client")
    subprocess.run([ROOT / "scripts/minify-client", folder], check=True, timeout=120)
    return folder


@pytest.mark.parametrize("name", ["streaming-html.min.js", "streaming-html.min.js.map"])
def test_the_minified_client_is_current(name: str, rebuilt: Path) -> None:
    current = (STATIC / name).read_bytes() == (rebuilt / name).read_bytes()
    assert current, f"{name} was not made from the present source: run make client"


def test_the_source_map_names_the_source_without_a_path() -> None:
    minified = (STATIC / "streaming-html.min.js").read_text("utf-8")
    assert minified.endswith("//# sourceMappingURL=streaming-html.min.js.map")
    source_map = json.loads((STATIC / "streaming-html.min.js.map").read_text("utf-8"))
    assert source_map["sources"] == ["streaming-html.js"]
    assert not source_map.get("sourceRoot")


def test_the_client_is_small() -> None:
    minified = (STATIC / "streaming-html.min.js").read_bytes()
    size = len(gzip.compress(minified, 9, mtime=0))
    print(f"minified {len(minified)} bytes, gzipped {size}")
    assert size <= LIMIT
