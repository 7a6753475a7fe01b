"""Runs the Python examples of the README and of docs/ as tests, each page from top to bottom.

The comment ``<!-- skip: next -->`` above an example skips it.
"""

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "docs/**/*.md", "docs/*.md"],
).pytest()
