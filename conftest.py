"""Settings of all tests.

The Python examples of the README and of docs/ run as tests, each page from top to bottom. The
comment ``<!-- skip: next -->`` above an example skips it.
"""

import pytest
from hypothesis import HealthCheck, settings
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

# A busy machine is slow, and no test may fail because of that.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")

pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()],
    patterns=["README.md", "docs/**/*.md", "docs/*.md"],
).pytest()

# The code that these run is covered by others. To trace it takes up to two thirds of the time.
_NOT_TRACED = (
    *("tests/any_framework", "tests/browser", "tests/demo", "tests/servers"),
    *("tests/adapters/test_adapters.py", "tests/adapters/test_reconnecting.py"),
    *("tests/test_base_exceptions.py", "tests/test_cancellation.py", "tests/markdown/test_laws.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(_NOT_TRACED):
            item.add_marker("no_cover")
