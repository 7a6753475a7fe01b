"""An answer whose parts come mixed: reasoning, text, two tool calls, a state."""

from markupsafe import Markup

from streamhtml import Delta, ToolDelta
from streamhtml._delta import PartEnd

INTERLEAVED = [
    Delta("Hm, ", "reasoning"),
    Delta("*so*", "reasoning"),
    Delta("Let me **lo"),
    Delta("ok** [it][1] up"),
    ToolDelta('{"city":', id="a", name="weather"),
    Delta("0 %", "status"),
    ToolDelta("", id="b", name="search"),
    ToolDelta(' "Seoul"}', id="a"),
    ToolDelta("{}", id="b"),
    Delta.replace("50 %", "status"),
    ToolDelta("sunny", id="a", field="result"),
    ToolDelta("no such thing", id="b", field="error"),
    Delta("It is.\n\n- a\n- b"),
    ToolDelta(", hot", id="a", field="result"),
    Delta.replace("100 %", "status"),
    Delta(Markup("<b>!</b>")),
    Delta("\n\n[1]: /u\n"),
    Delta("Left", "left"),
    PartEnd(part="left", outcome="failed"),
]
