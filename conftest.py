"""Settings of all tests.

The Python examples of the README and of docs/ run as tests, each page from top to bottom. The
comment ``<!-- skip: next -->`` above an example skips it.
"""

import sys
from functools import cache

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


_Cached = type(cache(print))

_WAS_TRACED = pytest.StashKey[bool]()
"""Whether the test before was traced."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(_NOT_TRACED):
            item.add_marker("no_cover")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Forget what an untraced test has left in caches, so that a traced one runs that code."""
    is_traced = item.get_closest_marker("no_cover") is None
    if is_traced and not item.config.stash.get(_WAS_TRACED, True):
        modules = [module for name, module in sys.modules.items() if name.startswith("streamhtml")]
        for each in (value for module in modules for value in vars(module).values()):
            if type(each) is _Cached:
                each.cache_clear()
    item.config.stash[_WAS_TRACED] = is_traced
