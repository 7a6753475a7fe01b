"""The ids of messages, which a client repeats when it reconnects."""

from streamhtml._patch import Fragment


def message_ids(fragment: Fragment, count: int) -> list[str]:
    """Return the ids of the messages in which a fragment is sent. Each is the fragment's id.

    For an answer in a log, only the last message has this id. The tag in the ids of the others
    belongs to no answer. So if a client was cut off before the last message, its whole answer is
    replaced, and nothing is applied twice.

    Args:
        fragment: the fragment.
        count: how many messages there are.
    """
    unfinished = f"{fragment.index}.0" if fragment.tag else fragment.id
    return [*[unfinished] * (count - 1), fragment.id][:count]
