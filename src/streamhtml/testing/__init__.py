"""Tests for what implements a protocol of this package: a log of your own.

pytest collects them from a class that inherits from ``LogConformance``. Nothing here imports it.
"""

from streamhtml.testing._log_cases import LogConformance

__all__ = ["LogConformance"]
