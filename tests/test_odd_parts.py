"""Parts that no usual answer has: what is shown of them is exact, safe and linear in cost."""

import json
import sys
from typing import Any

import pytest
from jinja2 import Environment
from markupsafe import Markup
from tests.formats.swapped_page import expected, shown

from streamhtml import Answer, Delta, Facts, Reply, ToolDelta, render_message

ENVIRONMENT = Environment(autoescape=True)
FIXED = ENVIRONMENT.from_string("<p>{{ ai_message }}</p><i>{{ parts.status }}</i>{{ parts }}")

EXACT: dict[str, list[list[Delta]]] = {
    "the result of a call in a place for text": [
        [ToolDelta("{}", "status", id="1")],
        [ToolDelta("found", "status", id="1", field="result")],
        [ToolDelta("no", "status", id="1", field="error")],
    ],
    "a call without arguments in a place for text": [
        [Delta("a", "status"), ToolDelta("{}", id="1")],
        [ToolDelta(part="status", id="2")],
    ],
    "a replacement before more text in one batch": [
        [Delta("a")],
        [ToolDelta("{}", id="1"), Delta.replace("b"), Delta("$$")],
        [Delta("=="), Delta("hm", "reasoning")],
    ],
    "a replacement of the text before and after a call": [
        [Delta("a"), ToolDelta("{}", id="1"), Delta("b")],
        [Delta.replace("c")],
        [Delta("d")],
    ],
    "nothing instead of the text before and after a call": [
        [Delta("a"), ToolDelta("{}", id="1"), Delta("b")],
        [Delta.replace("")],
        [Delta("d")],
    ],
}


def stream(batches: list[list[Delta]], **how: Any) -> tuple[Reply, list[Any]]:
    reply = Reply(**how, into="messages")
    fragments = [reply.open(), *map(reply.feed, batches), reply.close("finished")]
    return reply, [each for each in fragments if each.patches or each.outcome]


@pytest.mark.parametrize("name", ["html", "turbo"])
@pytest.mark.parametrize("batches", EXACT.values(), ids=EXACT)
def test_the_page_is_what_is_shown_at_once(batches: list[list[Delta]], name: str) -> None:
    reply, fragments = stream(batches, template=FIXED.render)
    assert shown(fragments, name) == expected(str(render_message(reply.answer, FIXED)), name)


@pytest.mark.parametrize("name", ["html", "turbo"])
def test_the_text_of_a_call_is_its_arguments(name: str) -> None:
    how = {"parts_templates": {"tool": ENVIRONMENT.from_string("<p>{{ part.text }}</p>").render}}
    reply, fragments = stream([[ToolDelta('{"a":', id="1")], [ToolDelta("1}", id="1")]], **how)
    page = shown(fragments, name)
    assert "{&quot;a&quot;:1}" in page or '{"a":1}' in page
    assert page == expected(str(render_message(reply.answer, **how)), name)  # type: ignore[arg-type]


@pytest.mark.parametrize("odd", ["\u202e", "\0", "\x1b", "\ud83d", "\U000e0041"])
def test_a_part_template_gets_no_characters_that_a_model_should_not_send(odd: str) -> None:
    seen: list[Any] = []

    def template(context: Any) -> str:
        part = context["part"]
        seen.append([part.kind, part.id, part.name, part.values])
        return ""

    text = json.dumps({f"k{odd}": [odd, 1, None]})
    call = ToolDelta(text, f"odd{odd}", id=f"1{odd}", name=f"f{odd}")
    stream([[call]], parts_templates={"tool": template})
    assert odd not in _texts(seen)
    assert odd not in "".join(seen[-1][3])


@pytest.mark.parametrize("kind", ["../x", "__class__", "x" * 65, "x\n", "a/b", "X", ""])
def test_an_odd_kind_is_no_name_of_a_template(kind: str) -> None:
    looked_up: list[str] = []
    stream([[Delta("a", kind)]], find_template=looked_up.append)
    assert set(looked_up) == {f"streamhtml/parts/{each}.html" for each in ("text", "default")}


def test_a_name_is_escaped_even_if_it_is_markup() -> None:
    reply, _ = stream([[ToolDelta("{}", id="1", name=Markup("<b>f</b>"))]])
    again = Answer.from_dict(json.loads(json.dumps(reply.answer.to_dict())))
    assert "&lt;b&gt;f&lt;/b&gt;" in render_message(reply.answer)
    assert render_message(again) == render_message(reply.answer)


def test_arguments_that_are_nested_too_deeply_have_no_values() -> None:
    deep = sys.getrecursionlimit() // 2
    template = ENVIRONMENT.from_string("{{ part.values is none }}").render
    reply, _ = stream(
        [[ToolDelta("[" * deep + "]" * deep, id="1")]], parts_templates={"tool": template}
    )
    assert reply.answer.parts[0].state == "called"


MANY: dict[str, Any] = {
    "calls": lambda n: [ToolDelta("{}", id=str(i)) for i in range(n)],
    "calls that never end": lambda n: [ToolDelta(id=str(i)) for i in range(n)],
    "text between calls": lambda n: [
        delta for i in range(n) for delta in (Delta("a"), ToolDelta("{}", id=str(i)))
    ],
    "a status for each call": lambda n: [
        delta
        for i in range(n)
        for delta in (ToolDelta("{}", id=str(i)), Delta.replace("a", "status"))
    ],
}


@pytest.mark.parametrize("many", MANY.values(), ids=MANY)
def test_the_cost_of_many_parts_is_linear(many: Any) -> None:
    # The first sizes also fill the caches.
    counts = [_count_calls(many(size)) for size in (10, 40, 80)]
    assert counts[2] < 2.2 * counts[1]


def _count_calls(deltas: list[Delta]) -> int:
    """Return how many functions of the library are called while this is streamed."""
    count = 0

    def profile(frame: Any, event: str, _: Any) -> None:
        nonlocal count
        is_ours = frame.f_globals.get("__name__", "").startswith("streamhtml.")
        count += event == "call" and is_ours

    how = {"parts_templates": dict.fromkeys(("text", "tool"), _part)}
    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        stream([[delta] for delta in deltas], **how)
    finally:
        sys.setprofile(before)
    return count


def _part(context: Any) -> str:
    return f"<p>{context['part'].text}</p>"


def test_what_a_database_refuses_is_stored_escaped() -> None:
    odd = "\0\ud83d"
    reply, _ = stream([[ToolDelta("{}", f"odd{odd}", id=f"1{odd}", name=f"f{odd}")]])
    reply.answer.facts = Facts(model=odd, response_id=odd, finish_reason=odd)
    stored = json.loads(json.dumps(reply.answer.to_dict()))
    assert not set(odd) & set(_texts(stored))
    assert Answer.from_dict(stored) == reply.answer


def _texts(stored: Any) -> str:
    if isinstance(stored, dict):
        return "".join(map(_texts, stored.values()))
    return "".join(map(_texts, stored)) if isinstance(stored, list) else str(stored)


def nested(levels: int, key: str) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {key: {"a": value}}
    return value


HOSTILE = [
    ({"sources": nested(5000, "sources")["sources"]}, "sources are nested too deeply"),
    ({"version": nested(5000, "a")}, "version=a dict"),
    ({"duration": 10**400}, "duration is 1000"),
    ({"duration": -(10**400)}, "duration is -1000"),
    ({"model": {"escaped": "1"}}, "model is a dict, not a str"),
    ({"model": {"html": "<b>"}}, "model is a dict, not a str"),
    ({"model": nested(5000, "escaped")}, "model is a dict, not a str"),
]


@pytest.mark.parametrize(("change", "error"), HOSTILE)
def test_a_hostile_stored_answer_is_a_value_error(change: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=f"^{error}"):
        Answer.from_dict({**Answer().to_dict(), **change})
