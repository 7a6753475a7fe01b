"""Tells the tool calls of one answer apart while they arrive in pieces."""

from streamhtml._delta import Delta, ToolDelta
from streamhtml.sources._fields import to_arguments
from streamhtml.sources._text_pieces import TextPieces


class ToolCalls:
    """The tool calls of one answer. Their pieces have a key: an index, or the id of an item.

    Only the first piece of a call has its id and its name. If no piece has an id, the call gets a
    number.
    """

    def __init__(self) -> None:
        self._ids: dict[object, str] = {}  # Of the calls of this response, by their keys.
        self._known: set[str] = set()
        self._complete: set[str] = set()
        self._pieces = TextPieces()
        self._count = 0

    def begin_response(self) -> None:
        """Forget the keys, because another response of the same answer counts anew."""
        self._ids.clear()

    def is_known(self, call_id: str) -> bool:
        """Return whether a piece of this call was read."""
        return call_id in self._known

    def id_of(self, key: object) -> str:
        """Return the id of the call with this key; ``""`` if there is none."""
        return self._ids.get(key, "")

    def go_on(self, key: object, call_id: str, name: str, arguments: object) -> list[Delta]:
        """Return the next piece of a call.

        Another id begins another call, and so does a name with a new key. A piece of no known call
        is dropped, because it would spoil the arguments of another.

        Args:
            key: tells the calls of one response apart; None if the piece has none.
            call_id: the id of the call; ``""`` if the piece has none.
            name: the name of the tool; ``""`` if the piece has none.
            arguments: a piece of JSON; or a mapping, which is complete.
        """
        # Without any keys, the calls come one after the other.
        is_known = key in self._ids and (key is not None or len(self._ids) == 1)
        if not call_id and is_known:
            call_id = self._ids[key]
        elif not call_id and (name or not self._ids):
            call_id = self._number()
        self._ids[key] = call_id
        return self._piece(call_id, name, arguments) if call_id else []

    def whole(self, call_id: str, name: str, arguments: object) -> list[Delta]:
        """Return a call that is complete, or what no piece has brought of it."""
        if call_id in self._known:
            rest = self._pieces.rest(call_id, to_arguments(arguments))
            return [ToolDelta(rest, id=call_id)] if rest else []
        return self._piece(call_id or self._number(), name, arguments)

    def fill(self, key: object, arguments: object) -> list[Delta]:
        """Return what no piece has brought of the arguments of the call with this key."""
        call_id = "" if key is None else self._ids.get(key, "")
        rest = self._pieces.rest(call_id, to_arguments(arguments)) if call_id else ""
        return [ToolDelta(rest, id=call_id)] if rest else []

    def result(
        self, call_id: str, text: str, *, failed: bool = False, name: str = ""
    ) -> list[Delta]:
        """Return what a tool gave, or why it failed: what no piece has brought of it."""
        key = ("result", call_id)
        is_known = key in self._pieces
        rest = self._pieces.rest(key, text)
        if not call_id or (is_known and not rest):
            return []
        self._pieces.add(key, "")
        self._known.add(call_id)
        return [ToolDelta(rest, id=call_id, name=name, field="error" if failed else "result")]

    def result_piece(self, call_id: str, text: str) -> list[Delta]:
        """Return a piece of what a tool gives."""
        if not call_id or not text:
            return []
        self._pieces.add(("result", call_id), text)
        return [ToolDelta(text, id=call_id, field="result")]

    def approval(self, request_id: str, name: str, text: str) -> list[Delta]:
        """Return a part that asks the user whether a tool may run; nothing if it was asked.

        Args:
            request_id: what the application answers to.
            name: the name of the tool, or the reason.
            text: the question, or the arguments of the tool.
        """
        key = f"approval {request_id}"
        if not request_id or key in self._known:
            return []
        self._known.add(key)
        return [ToolDelta(text, part="approval", id=request_id, name=name)]

    def _piece(self, call_id: str, name: str, arguments: object) -> list[Delta]:
        self._known.add(call_id)
        piece = "" if call_id in self._complete else to_arguments(arguments)
        if piece and not isinstance(arguments, str):
            piece = self._pieces.rest(call_id, piece)
            self._complete.add(call_id)
        else:
            self._pieces.add(call_id, piece)
        return [ToolDelta(piece, id=call_id, name=name)]

    def _number(self) -> str:
        while True:
            self._count += 1
            if (call_id := f"call_{self._count}") not in self._known:
                return call_id
