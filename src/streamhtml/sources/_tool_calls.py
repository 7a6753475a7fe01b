"""Tells the tool calls of one answer apart while they arrive in pieces."""

from streamhtml._delta import ToolDelta


class ToolCalls:
    """The tool calls of one answer. Their pieces have a key: an index, or the id of an item.

    Only the first piece of a call has its id and its name. If no piece has an id, the call gets a
    number.
    """

    def __init__(self) -> None:
        self._ids: dict[object, str] = {}
        self._last = ""
        self._count = 0

    def go_on(self, key: object, call_id: str, name: str, arguments: str) -> ToolDelta:
        """Return the next piece of a call.

        Another id begins another call, and so does a name with a new key. A new key alone goes on
        with the last call.
        """
        if call_id:
            self._ids[key] = call_id
        elif key not in self._ids:
            if name or not self._last:
                self._count += 1
                self._ids[key] = f"call_{self._count}"
            else:
                self._ids[key] = self._last
        self._last = self._ids[key]
        return ToolDelta(arguments, id=self._last, name=name)
