"""Settings of the tests with the real SDKs. `make test-sdks` runs them, in their environments."""

import os
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from tests.sdks.lab import Lab

os.environ |= {
    "LANGSMITH_TRACING": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # Otherwise it gets its prices from the network.
    "OPENAI_AGENTS_DISABLE_TRACING": "1",
}
# The other environments have none of the SDKs, or only some.
collect_ignore_glob = [] if find_spec("litellm") or find_spec("llama_index") else ["test_*.py"]


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    with Lab() as opened:
        yield opened
