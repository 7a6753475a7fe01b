"""htmx as npm has it. The demo has what django-htmx brings, which may be another version."""

import sys
from pathlib import Path

_MODULES = Path(sys.prefix, "npm", "node_modules")
HTMX = {name: _MODULES / name / "dist" / "htmx.min.js" for name in ("htmx2", "htmx4")}
"""The file of each, by the name of its client."""
