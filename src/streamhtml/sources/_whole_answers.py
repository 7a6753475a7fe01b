"""Recognises whole answers, and says what to pass instead of them."""

from typing import Final

from streamhtml._type_name import with_article
from streamhtml.sources._fields import field, kind_of, text_field

_WHOLE_RUNS: Final = (("output", "all_messages"), ("final_output", "new_items"))
"""What the results of agents have: of Pydantic AI, and of OpenAI's Agents SDK."""


def is_whole_answer(value: object) -> bool:
    """Return whether this is an answer that an SDK returns if it is not asked to stream."""
    choices = field(value, "choices")
    if isinstance(choices, list) and choices:
        return field(choices[0], "message") is not None
    return (
        (field(value, "object") == "response" and field(value, "output") is not None)
        or (kind_of(value) == "message" and text_field(value, "role") != "")
        or any(all(hasattr(value, name) for name in names) for names in _WHOLE_RUNS)
    )


def whole_answer(what: str, value: object) -> str:
    """Return the message of an error about a whole answer.

    Args:
        what: what it was given as, such as "a token".
        value: the answer.
    """
    return (
        f"{what} is {with_article(value)}, which is a whole answer, not a piece of one; ask for "
        "stream=True, or call the method of your SDK that streams, and pass what that returns"
    )
