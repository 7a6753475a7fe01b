"""Marks of the tests that read with the real SDKs."""

from typing import Final

import pytest

WARNINGS: Final = [
    # The SDKs warn of their own code, and of each other. What a source leaves open is an error.
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.filterwarnings("error:.*was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("error::ResourceWarning"),
    pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning"),
]
