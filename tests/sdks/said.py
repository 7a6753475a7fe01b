"""What every scripted provider says, whatever its protocol.

The pieces are cut inside of words. The text has letters of two, three and four bytes in UTF-8, so
that a server that cuts its bytes anywhere cuts letters too.
"""

import json
from typing import Any, Final

TEXT: Final = ("Hel", "lo **wör", "ld**, 안", "녕 👋", "\n\n- مرحبا\n", "- two")
REASONING: Final = ("The user ", "greets; 나", "는 greet back.")
REFUSAL: Final = ("I can", "not help with 그것.")
CUT_SHORT: Final = TEXT[:3]
"""What comes before an error, and before the limit of the model."""

ERROR: Final = "The server is overloaded"

CALLS: Final = (
    ("call_a", "get_weather", ('{"ci', 'ty": "서', '울"}')),
    ("call_b", "get_time", ('{"tz": ', '"Asia/Seoul"}')),
)
RESULTS: Final = {"get_weather": "21 °C", "get_time": "12:00"}
"""What the tools return, where an SDK runs them."""

INPUT_TOKENS: Final = 9
OUTPUT_TOKENS: Final = 12


def arguments(pieces: tuple[str, ...]) -> dict[str, Any]:
    """Return the arguments of a call as an object."""
    parsed: dict[str, Any] = json.loads("".join(pieces))
    return parsed
