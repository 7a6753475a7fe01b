"""Wait for what another process does."""

import time
from collections.abc import Callable

TIMEOUT = 30.0
"""Time in seconds to wait for what must happen, on a busy machine."""

LIMIT = 10.0
"""Time in seconds within which a source must be closed after its reader left, on a busy machine.

It is usually a hundredth of a second; the tests print it. Nothing else would close the source in
this time: its silence and the pings last longer.
"""


def wait_until(
    condition: Callable[[], object], seconds: float = TIMEOUT, *, every: float = 0.002
) -> bool:
    """Return whether the condition came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True
