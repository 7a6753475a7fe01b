"""The Python examples of the README and of docs/ run as tests, file by file, from top to bottom.

``<!-- skip: next -->`` above an example leaves it out.
"""

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "docs/**/*.md", "docs/*.md"],
).pytest()
