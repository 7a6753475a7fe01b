"""The files of htmx, Turbo and axe-core as npm has them. The demo's htmx comes from django-htmx,
and may be another version."""

import sys
from pathlib import Path

NODE_MODULES = Path(sys.prefix, "npm", "node_modules")
HTMX = {name: NODE_MODULES / name / "dist" / "htmx.min.js" for name in ("htmx2", "htmx4")}
"""The file of each version, by the name of its client."""
TURBO = NODE_MODULES / "@hotwired/turbo/dist/turbo.es2017-umd.js"
AXE = NODE_MODULES / "axe-core" / "axe.min.js"
