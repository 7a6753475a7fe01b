"""The minified client and its extras are made from the present sources, and stay small."""

import gzip
import json
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = Path(str(files("streamhtml"))) / "static/streamhtml"
LIMIT = 10400
"""Bytes of the minified file, gzipped: 10.16 KiB. docs/reference/client.md names the size."""
EXTRAS_LIMIT = 3584
"""The same for the extras: 3.5 KiB."""
NAMES = ["streaming-html", "streaming-html-extras"]


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that ``make client`` makes from the sources."""
    folder = tmp_path_factory.mktemp("client")
    subprocess.run([ROOT / "scripts/minify-client", folder], check=True, timeout=120)
    return folder


@pytest.mark.parametrize(
    "name", [f"{name}{end}" for name in NAMES for end in (".min.js", ".min.js.map")]
)
def test_the_minified_client_is_current(name: str, rebuilt: Path) -> None:
    current = (STATIC / name).read_bytes() == (rebuilt / name).read_bytes()
    assert current, f"{name} was not made from the present source: run make client"


@pytest.mark.parametrize("name", NAMES)
def test_the_source_map_names_the_source_without_a_path(name: str) -> None:
    minified = (STATIC / f"{name}.min.js").read_text("utf-8")
    assert minified.endswith(f"//# sourceMappingURL={name}.min.js.map")
    source_map = json.loads((STATIC / f"{name}.min.js.map").read_text("utf-8"))
    assert source_map["sources"] == [f"{name}.js"]
    assert not source_map.get("sourceRoot")


@pytest.mark.parametrize(("name", "limit"), [(NAMES[0], LIMIT), (NAMES[1], EXTRAS_LIMIT)])
def test_the_client_is_small(name: str, limit: int) -> None:
    minified = (STATIC / f"{name}.min.js").read_bytes()
    size = len(gzip.compress(minified, 9, mtime=0))
    print(f"minified {len(minified)} bytes, gzipped {size}")
    assert size <= limit
