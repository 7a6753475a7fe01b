"""A stored answer is shown again exactly as the stream has left it on the page."""

import json
import re
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment
from markupsafe import Markup
from tests.formats.swapped_page import expected, shown

from streamhtml import Answer, Delta, Notice, Reply, TextRenderer, ToolDelta, render_message
from streamhtml._delta import PartEnd
from streamhtml._patch import Outcome
from streamhtml.markdown import MarkdownRenderer, Options

FORMATS = ["html", "page", "turbo", "datastar", "sse", "htmx", "multipart"]
ENVIRONMENT = Environment(
    autoescape=True,
    loader=DictLoader(
        {
            "fixed": "<p>{{ who }}</p><article>{{ ai_message }}</article>"
            "<i>{{ parts.reasoning }}</i><b>{{ parts.left }}</b>",
            "sequence": "<article>{{ parts }}</article><hr>",
            "both": "<i>{{ parts.status }}</i>{{ parts }}<u>{{ parts.tool }}</u>",
            "each time": '<p id="{{ message_pair_id }}">{{ ai_message }}{{ parts.reasoning }}</p>',
            "timed": "<h4>{{ part.state }} {{ part.seconds }} {{ who }}</h4>{{ part.text }}",
            "call": "{{ part.name }} {{ part.seconds }}<p>{{ part.result }}</p>{{ who }}",
            "streamhtml/notice.html": "<u>{{ outcome }} {{ who }}</u>",
        }
    ),
)
LIVE = [None, *map(ENVIRONMENT.get_template, ("fixed", "sequence", "both"))]
TIMED = {
    "text": ENVIRONMENT.get_template("timed").render,
    "tool": ENVIRONMENT.get_template("call").render,
}


def hard_breaks(root: str) -> MarkdownRenderer:
    return MarkdownRenderer(root, options=Options(breaks=True))


RENDERERS: list[Any] = ["markdown", "text", hard_breaks, TextRenderer]
PIECES = st.sampled_from(
    [
        *("a", " b", "*", "**", "`", "\n", "\n\n", "- c", "[x]", "[x]: /u\n", "<", "&", "\0"),
        *("\u202e", "\ud83d", "\ude00", "```\n", "|-|\n", Markup("<b>!</b>"), Markup("<i>")),
    ]
)
KINDS = st.sampled_from(["text", "text", "reasoning", "status", "left"])
DELTAS = st.lists(
    st.builds(Delta, PIECES, KINDS)
    | st.builds(Delta.replace, PIECES, st.sampled_from(["text", "status"]))
    | st.builds(
        ToolDelta,
        st.sampled_from(["", "{}", '{"a":', "}", "found", Markup("<b>hit</b>")]),
        id=st.sampled_from("12"),
        name=st.sampled_from(["", "search"]),
        field=st.sampled_from(["arguments", "result", "error"]),
    ),
    max_size=14,
)
OUTCOMES = st.sampled_from(get_args(Outcome))
ENDS = st.lists(st.builds(PartEnd, part=st.just("left"), outcome=OUTCOMES), max_size=1)
CUTS = st.lists(st.integers(0, 14), max_size=6)


def batches_of(deltas: list[Delta], cuts: list[int]) -> list[list[Delta]]:
    starts = [0, *sorted(min(cut, len(deltas)) for cut in cuts), len(deltas)]
    return [deltas[a:b] for a, b in pairwise(starts)]


def stored(answer: Answer) -> Answer:
    return Answer.from_dict(json.loads(json.dumps(answer.to_dict())))


def streamed(reply: Reply, batches: list[list[Delta]], outcome: Outcome) -> list[Any]:
    fragments = [reply.open()]
    fragments += [reply.feed(batch, at=number / 7) for number, batch in enumerate(batches)]
    fragments.append(reply.close(outcome, at=len(batches) / 7))
    return [each for each in fragments if each.patches or each.outcome]


HOW = st.fixed_dictionaries(
    {
        "renderer": st.sampled_from(RENDERERS),
        "renderers": st.sampled_from([None, {"reasoning": "text"}, {"tool": "markdown"}]),
        "parts_templates": st.sampled_from([None, TIMED]),
    }
)


@settings(max_examples=200)
@given(st.builds(list.__add__, DELTAS, ENDS), CUTS, OUTCOMES, st.sampled_from(FORMATS), st.data())
def test_law_a_stored_answer_is_what_the_stream_has_left(
    deltas: list[Delta], cuts: list[int], outcome: Outcome, name: str, data: st.DataObject
) -> None:
    template, how = data.draw(st.sampled_from(LIVE)), data.draw(HOW)
    context = {"who": "<me>"}
    reply = Reply(
        template and template.render,
        context,
        **how,
        into="messages",
        notice=template and Notice(ENVIRONMENT.get_template("streamhtml/notice.html").render),
    )
    page = shown(streamed(reply, batches_of(deltas, cuts), outcome), name)
    again = render_message(stored(reply.answer), template, context, **how)
    assert _same(page, name) == _same(expected(str(again), name), name)


def _same(html: str, name: str) -> str:
    """Drop white space around blocks in a page without scripts, which may have more of it."""
    return re.sub(r">\s+(?=<)", ">", html) if name == "page" else html


@given(DELTAS, CUTS, OUTCOMES)
def test_law_with_a_template_that_is_rendered_each_time(
    deltas: list[Delta], cuts: list[int], outcome: Outcome
) -> None:
    template = ENVIRONMENT.get_template("each time")
    reply = Reply(template.render, renderer="template")
    last = streamed(reply, batches_of(deltas, cuts), outcome)[-1]
    again = render_message(stored(reply.answer), template, renderer="template", notice=Notice())
    assert [str(patch.html) for patch in last.patches] == [str(again)]


def ended(*deltas: Delta, outcome: Outcome = "finished") -> Answer:
    reply = Reply()
    streamed(reply, [list(deltas)], outcome)
    assert reply.answer.message_pair_id == reply.message_pair_id
    return stored(reply.answer)


def test_the_id_is_that_of_the_answer_unless_the_context_has_one() -> None:
    answer = ended(Delta("a"))
    assert f'id="{answer.message_pair_id}"' in render_message(answer)
    assert 'id="other"' in render_message(answer, context={"message_pair_id": "other"})
    assert 'id="other"' not in render_message(answer)
    assert 'id="ai_' in render_message(Answer())


def test_the_stored_times_are_shown() -> None:
    answer = ended(Delta("Hm", "reasoning"))
    answer.parts[0].ended_after = 3.2
    assert "Thought for 3 seconds" in render_message(answer)


def test_what_is_shown_is_escaped_but_for_markup() -> None:
    html = render_message(ended(Delta("<hr>"), Delta(Markup("<u>!</u>"))))
    assert type(html) is Markup
    assert "&lt;hr&gt;" in html
    assert "<u>!</u>" in html


def test_an_answer_without_an_outcome_is_shown_without_a_notice() -> None:
    answer = ended(Delta("so far"), outcome="interrupted")
    assert 'role="alert"' in render_message(answer)
    answer.outcome = None
    html = render_message(answer)
    assert "so far" in html
    assert 'role="alert"' not in html
    assert answer.outcome is None


def test_what_a_killed_process_has_stored_can_be_ended_later() -> None:
    reply = Reply()
    reply.open()
    reply.feed([Delta("Hm", "reasoning"), ToolDelta('{"a', id="1", name="look")], at=1)
    answer = stored(reply.answer)
    assert "Running…" in render_message(answer)
    answer.end("interrupted")
    html = render_message(answer)
    assert "Running…" not in html
    assert "The answer was interrupted" in html


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"version": 1}, r"answer is a dict, not an Answer; pass Answer.from_dict\(…\)"),
        (SimpleNamespace(headers={}), "not an Answer; for a request, import render_message from"),
        (Reply(), "answer is a streamhtml._reply.Reply, not an Answer; pass reply.answer"),
    ],
)
def test_only_an_answer_can_be_shown(answer: Any, error: str) -> None:
    with pytest.raises(TypeError, match=error):
        render_message(answer)
