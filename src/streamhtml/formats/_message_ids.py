"""The ids of messages, which a client repeats when it reconnects."""

from streamhtml._patch import Fragment


class MessageIds:
    """Numbers the messages of one response, in which its fragments are sent.

    For an answer in a log, the last message of a fragment has the fragment's id. The others have an
    id whose tag fits to no answer. So for a client that was cut off before the last message, the
    answer is replaced, and nothing is applied twice.

    For any other answer, an id only tells that the client was connected before. So only the first
    message has one.
    """

    def __init__(self) -> None:
        self._has_sent_id = False

    def of(self, fragment: Fragment, count: int) -> list[str | None]:
        """Return the ids of the messages of a fragment; None for a message without one.

        Args:
            fragment: the fragment.
            count: how many messages there are.
        """
        if not count:
            return []
        if fragment.tag:
            return [*[f"{fragment.index}.0"] * (count - 1), fragment.id]
        first = None if self._has_sent_id else fragment.id
        self._has_sent_id = True
        return [first, *[None] * (count - 1)]
