"""Hostile text and HTML in the page for a browser that knows ``<template for>``."""

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from tests.formats.hostile import PIECES
from tests.formats.html_tokens import ONLY_TEXT, tokens
from tests.formats.test_in_place import append, encoded, message, native_page
from tests.formats.test_page import SHELL
from tests.formats.visible_page import AFTER, BEFORE, shell

from streamhtml import Delta, Fragment, Patch, Reply, ToolDelta

ATTACKS = (
    *(f'<?{target} name="{name}">' for target in ("marker", "start") for name in range(12)),
    *(f"<template for={name}>x</template>" for name in range(12)),
    *('<template id="x"for="2">y</template>', "<TEMPLATE FOR='2'>", "</template>", "<?end>"),
    *("<?xml version='1.0'?>", "<?ping>", "<!-- c -->", "<!--<?end>-->", "<? marker?>"),
    *(
        "<svg><template for=2></template></svg>",
        "<template><template for=2>z</template></template>",
    ),
)
HOSTILE = st.lists(st.sampled_from(ATTACKS) | st.sampled_from(PIECES), max_size=6).map("".join)


@given(HOSTILE, st.booleans())
def test_no_text_of_a_model_marks_or_moves_anything(text: str, in_tool: bool) -> None:
    context = {"message_pair_id": "m", "human_message": text}
    reply = Reply(context=context)
    said = [ToolDelta(text, "tool", text, text) if in_tool else Delta(text)]
    steps = [reply.open(), *(reply.feed(said) for _ in range(3)), reply.close("finished")]
    for step in steps:
        for patch in step.patches:
            assert "<?" not in patch.html
            assert "<template" not in patch.html.lower()
    whole = Reply(context=context, answer=reply.answer).render_whole()
    assert message(encoded(steps)).html() == message(f"{BEFORE}{whole}{AFTER}").html()


OURS = re.compile(r'<template for=[0-9]+>|<\?(?:(?:start|marker) name="[0-9]+"|end|ping)>')


@given(HOSTILE, st.sampled_from(["append", "replace", "tail"]))
def test_no_html_of_a_site_finds_a_marker(html: str, action: Any) -> None:
    hostile = Patch(action, Markup(html), "a", depth=1 if action == "replace" else 0)
    one_format = native_page()
    written = one_format.encode(shell(SHELL))
    for index, patch in enumerate([append("<div>first</div>"), hostile, append("last", "b")], 1):
        written += one_format.encode(Fragment(index, (patch,)))
    written += one_format.encode(Fragment(9, (), "finished"))
    inert: list[str] = []  # A template in one of these finds only what is in it, too.
    for token in tokens(written, frozenset(ONLY_TEXT - {"noscript"})):
        piece = written[token.at : token.end]
        is_ours = OURS.fullmatch(piece)
        assert is_ours or not piece.startswith("<?")
        if token.name in ("svg", "math", "select", "template"):
            if token.kind == "end":
                inert.pop()
            elif not (piece.endswith("/>") and {"svg", "math"} & {token.name, *inert}):
                assert is_ours or "for" not in token.attributes or any(inert)
                inert.append("" if is_ours else token.name)
