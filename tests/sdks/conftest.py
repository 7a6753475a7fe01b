"""Settings of the tests with the real SDKs. `make test-sdks` runs them, in their environments."""

import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Final

import pytest
from tests.sdks.lab import Lab

os.environ |= {
    "LANGSMITH_TRACING": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # Otherwise it gets its prices from the network.
    "OPENAI_AGENTS_DISABLE_TRACING": "1",
}
# The other environments have none of the SDKs, or only some.
collect_ignore_glob = [] if find_spec("litellm") or find_spec("llama_index") else ["test_*.py"]

_FILTERS: Final = (
    # The SDKs warn of their own code, and of each other. What a source leaves open is an error,
    # but for the databases in which LlamaIndex keeps the memory of its agents.
    *("ignore", "error:.*was never awaited:RuntimeWarning", "error::ResourceWarning"),
    *("error::pytest.PytestUnraisableExceptionWarning", "ignore:<aiosqlite:ResourceWarning"),
)


def pytest_configure(config: pytest.Config) -> None:
    if not collect_ignore_glob:
        for each in _FILTERS:
            config.addinivalue_line("filterwarnings", each)


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    with Lab() as opened:
        yield opened
