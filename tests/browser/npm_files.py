"""The files of htmx and Turbo as npm has them. The demo's htmx comes from django-htmx, and may be
another version."""

import sys
from pathlib import Path

_MODULES = Path(sys.prefix, "npm", "node_modules")
HTMX = {name: _MODULES / name / "dist" / "htmx.min.js" for name in ("htmx2", "htmx4")}
"""The file of each version, by the name of its client."""
TURBO = _MODULES / "@hotwired/turbo/dist/turbo.es2017-umd.js"
