"""Builds the wheel, and environments that contain what pip would install with it, and no more."""

import os
import subprocess
import sys
from pathlib import Path

import uv

ROOT = Path(__file__).parents[1]


def run(*command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    # Hide the environment of the tests.
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "COV_CORE_SOURCE")
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    env["UV_SYSTEM_CERTS"] = "1"
    result = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, env=env
    )
    assert not check or result.returncode == 0, result.stdout + result.stderr
    return result


def build_wheel(folder: Path) -> Path:
    """Build the wheel from the source distribution, as a user without a wheel would."""
    run(uv.find_uv_bin(), "build", "--quiet", "--offline", "--out-dir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


def make_environment(folder: Path, wheel: Path, extra: str = "") -> Path:
    """Install the wheel and what it requires, in the locked versions. Return the Python.

    Args:
        folder: where the environment is made.
        wheel: the wheel of this package.
        extra: one of its extras, if the environment needs one.
    """
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    run(uv.find_uv_bin(), "venv", "--quiet", "--python", sys.executable, folder)
    install = [uv.find_uv_bin(), "pip", "install", "--quiet", "--python", python]
    install += ["--constraints", ROOT / "requirements" / "dev.lock"]
    install += [f"streamhtml[{extra}] @ {wheel.as_uri()}" if extra else wheel]
    # uv's cache has what the bootstrap downloaded. Use the network only if it was emptied.
    if run(*install, "--offline", check=False).returncode != 0:
        run(*install)
    return python
