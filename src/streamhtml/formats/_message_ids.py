"""The ids of messages, which a client repeats when it reconnects."""

from streamhtml._patch import Fragment


def message_ids(fragment: Fragment, count: int) -> list[str]:
    """Return the ids of the messages in which a fragment is sent. Each is the fragment's id.

    For an answer in a log, only the last one is. The others have an id whose tag fits to no answer.
    So for a client that was cut off before the last message, the answer is replaced, and nothing is
    applied twice.

    Args:
        fragment: the fragment.
        count: how many messages there are.
    """
    unfinished = f"{fragment.index}.0" if fragment.tag else fragment.id
    return [*[unfinished] * (count - 1), fragment.id][:count]
