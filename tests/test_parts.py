"""Parts one after the other: what a reader sees of them, in every format and at every cut."""

import re
from itertools import pairwise
from typing import Any

import html5lib
import pytest
from django.template import Context, Engine
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment
from markupsafe import Markup
from tests.formats.interleaved import INTERLEAVED
from tests.formats.swapped_page import expected, shown

from streamhtml import Delta, Fragment, Notice, Reply, ToolDelta
from streamhtml._delta import PartEnd
from streamhtml._template import built_in

FORMATS = ["html", "page", "turbo", "datastar", "sse", "htmx", "multipart"]
ENVIRONMENT = Environment(
    autoescape=True,
    loader=DictLoader(
        {
            # What shows the state, the times, and only a part of the text.
            "text": "<h4>{{ part.state }} {{ part.seconds }}</h4>{{ part.text }}",
            "tool": "<p>{{ part.name }} {{ part.state }} {{ part.values }}</p>"
            "<pre>{{ part.arguments }}|{{ part.result }}</pre>{{ who }}",
        }
    ),
)
PARTS = {name: ENVIRONMENT.get_template(name).render for name in ("text", "tool")}
MESSAGES = {
    "built-in": None,
    "with a fixed place": ENVIRONMENT.from_string(
        "<i>{{ ai_message }}</i><article>{{ parts }}</article><u>{{ parts.status }}</u>"
        "<em>{{ parts.left }}</em>"
    ).render,
    "with tools apart": ENVIRONMENT.from_string("{{ parts.tool }}<hr>{{ parts }}").render,
}
CONTEXT = {"message_pair_id": "m", "who": "<me>"}


def fragments(
    batches: list[list[Delta]], outcome: str = "finished", *, at_once: bool = False, **how: object
) -> list[Fragment]:
    """Return the fragments of a reply. Each batch arrives a second after the one before."""
    reply = Reply(context=CONTEXT, into="messages", at_once=at_once, **how)  # type: ignore[arg-type]
    made = [reply.open()]
    made += [reply.feed(batch, at=float(number)) for number, batch in enumerate(batches)]
    made.append(reply.close(outcome, at=float(len(batches))))  # type: ignore[arg-type]
    return [each for each in made if each.patches or each.outcome]


def whole(batches: list[list[Delta]], outcome: str = "finished", **how: object) -> str:
    (fragment,) = fragments(batches, outcome, at_once=True, **how)
    return str(fragment.patches[0].html)


@pytest.mark.parametrize("outcome", ["finished", "stopped"])
@pytest.mark.parametrize("parts", [{}, PARTS], ids=["our parts", "own parts"])
@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("name", FORMATS)
def test_every_client_ends_with_the_finished_message(
    name: str, message: str, parts: dict[str, object], outcome: str
) -> None:
    batches = [[delta] for delta in INTERLEAVED]
    how = {"template": MESSAGES[message], "parts_templates": parts}
    result = shown(fragments(batches, outcome, **how), name)
    assert result == expected(whole(batches, outcome, **how), name)
    assert result.count("role=") == 1 + (outcome != "finished")  # One source has failed.


DELTAS = st.lists(
    st.sampled_from([each for each in INTERLEAVED if each.part != "left"])
    | st.builds(Delta, st.sampled_from(["a", "*", "\n\n", "`", "[x]: /u\n"]))
    | st.builds(
        Delta.replace, st.sampled_from(["", "x", "*y*"]), st.sampled_from(["text", "status"])
    )
    | st.builds(
        ToolDelta,
        st.sampled_from(["", "{", "}", "x"]),
        id=st.sampled_from("ab"),
        name=st.sampled_from(["", "one"]),
        field=st.sampled_from(["arguments", "result", "error"]),
    ),
    max_size=14,
)


LATE_ARGUMENTS = [
    ToolDelta('{"city":', id="a", name="weather"),
    ToolDelta("hot", id="a", field="result"),
    ToolDelta('"Seoul"}', id="a"),
]


# When the first text is replaced, the second one is not on the page yet.
REPLACED_BEFORE_THE_SECOND = [
    Delta("a"),
    Delta.replace("u"),
    Delta("r", "reasoning"),
    Delta("a"),
]


@settings(max_examples=150)
@example(REPLACED_BEFORE_THE_SECOND, [1], FORMATS[0], {"parts_templates": PARTS}, "finished")
@example(LATE_ARGUMENTS, [2], FORMATS[0], {"parts_templates": PARTS}, "finished")
@given(
    DELTAS,
    st.lists(st.integers(0, 14), max_size=6),
    st.sampled_from(FORMATS),
    st.fixed_dictionaries(
        {
            "template": st.sampled_from([*MESSAGES.values()]),
            "parts_templates": st.sampled_from([{}, PARTS]),
        }
    ),
    st.sampled_from(["finished", "stopped", "failed"]),
)
def test_law_the_page_is_the_finished_message_however_it_was_cut(
    deltas: list[Delta],
    cuts: list[int],
    name: str,
    how: dict[str, Any],
    outcome: str,
) -> None:
    starts = [0, *sorted(min(cut, len(deltas)) for cut in cuts), len(deltas)]
    batches = [deltas[start:end] for start, end in pairwise(starts)]
    assert shown(fragments(batches, outcome, **how), name) == expected(
        whole(batches, outcome, **how), name
    )


def test_our_template_of_a_text_is_only_its_place() -> None:
    # PartSequence does not render it.
    render = built_in("streamhtml/parts/text.html")
    assert render({"part": {"text": Markup("<b>the place</b>")}}) == "<b>the place</b>"


ATTACKS = [
    "<img src=x onerror=alert(1)>",
    '"><script>alert(1)</script>',
    "{{ 7*7 }}{% include 'x' %}",
    "</details></div></article><form hx-post=/x>",
    "../../notice",
    "streamhtml" + "0" * 32,
]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("renderer", ["markdown", "text", "template"])
def test_what_a_model_writes_is_text(attack: str, renderer: str) -> None:
    asked: list[str] = []
    deltas = [
        Delta(attack, "reasoning"),
        ToolDelta(attack, id=attack, name=attack),
        ToolDelta(attack, id=attack, field="result"),
        ToolDelta(attack, id=attack, field="error"),
        Delta(attack, attack),
    ]
    template = EACH_TIME if renderer == "template" else None
    html = whole(
        [deltas],
        template=template,
        renderer=renderer,
        find_template=asked.append,
    )
    page = html5lib.parseFragment(html, namespaceHTMLElements=False)
    assert "".join(page.itertext()).count(attack) == 6
    assert {"img", "script", "form"}.isdisjoint(element.tag for element in page.iter())
    ids = [found for element in page.iter() if (found := element.get("id"))]
    assert len(ids) == len(set(ids))
    assert all(
        re.fullmatch(r"m(-parts|-p\d+-(text|arguments|result|error))?", each) for each in ids
    )
    assert all(re.fullmatch(r"streamhtml/parts/[a-z0-9]+\.html", each) for each in asked)


EACH_TIME = ENVIRONMENT.from_string(
    '<article id="{{ message_pair_id }}"{% if chunk_index %} hx-swap-oob="true"{% endif %}>'
    "{{ parts }}</article>"
).render


def test_the_template_can_be_rendered_for_each_fragment() -> None:
    how = {"template": EACH_TIME, "renderer": "template", "renderers": {"text": "markdown"}}
    batches = [[delta] for delta in INTERLEAVED]
    *_, before, last = fragments(batches, "stopped", **how)
    html = last.patches[0].html.replace(' hx-swap-oob="true"', "")
    assert html == whole(batches, "stopped", **how)
    assert html.count("You stopped this answer.") == 1
    assert "You stopped this answer." not in before.patches[0].html


def test_one_of_several_sources_can_fail_at_a_fixed_place() -> None:
    deltas = [Delta("a", "left"), Delta("b", "right"), PartEnd(part="left", outcome="failed")]
    template = ENVIRONMENT.from_string("<i>{{ parts.left }}</i><b>{{ parts.right }}</b>").render
    for renderer in "text", "template":
        left, _, right = whole([deltas], template=template, renderer=renderer).partition("</i>")
        assert re.search("a(</span>)?.*Something went wrong", left)
        assert "went wrong" not in right


@pytest.mark.parametrize("source", ["{{ parts }}", "{{ ai_message }}"])
def test_a_message_holds_what_its_renderers_hold(source: str) -> None:
    reply = Reply(ENVIRONMENT.from_string(source).render)
    reply.open()
    reply.feed([Delta("[a" * 4000)])
    assert reply.holds_much


def test_a_template_of_django_shows_the_same() -> None:
    source = "<i>{{ parts.reasoning }}</i>{{ parts }}"
    template = Engine().from_string(source)
    for renderer in "text", "template":
        how = {"renderer": renderer, "parts_templates": PARTS}
        assert whole(
            [INTERLEAVED], template=lambda names: template.render(Context(names)), **how
        ) == whole([INTERLEAVED], template=ENVIRONMENT.from_string(source).render, **how)


def test_a_template_that_is_not_ours_may_wait() -> None:
    delta = [Delta("a", "status")]

    def waits(**arguments: Any) -> list[bool]:
        reply = Reply(**arguments)
        reply.open()
        first, again = reply.keep(delta), reply.keep(delta)
        may_wait = [reply.may_wait(first), (reply.show(first), reply.may_wait(again))[1]]
        reply.show(again)
        assert reply.may_wait(reply.keep([Delta("b")])) == (may_wait[0] and reply.may_wait_at_end)
        render = reply.closing("finished")
        return [*may_wait, reply.may_wait_at_end, render().outcome != "finished"]

    own = ENVIRONMENT.from_string("{{ part.text }}").render
    assert waits() == [False, False, False, False]
    assert waits(find_template=lambda name: None) == [True, False, False, False]
    assert waits(parts_templates={"status": own}) == [True, False, True, False]
    assert waits(parts_templates={"status": own}, at_once=True) == [False, False, True, False]
    assert waits(template=EACH_TIME, renderer="template") == [True, True, True, False]


def test_a_part_at_a_fixed_place_is_not_in_the_sequence() -> None:
    source = "<i>{{ ai_message }}{{ ai_message }}</i><b>{{ parts.reasoning }}</b><u>{{ parts }}</u>"
    for renderer, one in (
        ("template", source),
        ("text", source.replace("{{ ai_message }}", "", 1)),
    ):
        html = whole(
            [[Delta("said"), Delta("why", "reasoning"), Delta("0", "status")]],
            "stopped",
            template=ENVIRONMENT.from_string(one).render,
            renderer=renderer,
        )
        before, _, sequence = html.partition("<u>")
        assert "said" in before
        assert "why" in before
        assert "You stopped this answer." in before
        text = "".join(html5lib.parseFragment(sequence).itertext())
        assert text.strip() == "0"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "Thought"),
        (0.0, "Thought for less than a second"),
        (0.4, "Thought for less than a second"),
        (0.6, "Thought for 1 second"),
        (1.4, "Thought for 1 second"),
        (1.6, "Thought for 2 seconds"),
        (75.2, "Thought for 75 seconds"),
    ],
)
def test_reasoning_says_how_long_it_took(seconds: float | None, words: str) -> None:
    reply = Reply()
    reply.open()
    first = reply.feed([Delta("Hm.", "reasoning")], at=None if seconds is None else 0.0)
    assert "<summary>Thinking…</summary>" in first.patches[0].html
    _, replaced, *_ = reply.feed([Delta("So.")], at=seconds).patches
    assert f"<summary>{words}</summary>" in replaced.html
    assert "<details open" not in replaced.html


@pytest.mark.parametrize(
    ("language", "translated", "words"),
    [
        ("ko", {}, "2초 동안 생각함"),
        ("fr", {"Thought for {seconds} seconds": "{seconds} s de réflexion"}, "2 s de réflexion"),
        ("fr", {"Thought for {seconds} seconds": "Réflexion"}, "Réflexion"),
    ],
)
def test_the_words_are_in_the_language_of_the_reader(
    language: str, translated: dict[str, str], words: str
) -> None:
    notice = Notice(gettext=lambda text: translated.get(text, text), language=language)
    batches = [[Delta("Hm.", "reasoning")], [], [Delta("So.")]]
    assert f"<summary>{words}</summary>" in whole(batches, notice=notice)


def test_arguments_may_go_on_after_they_were_complete() -> None:
    batches = [[ToolDelta(text, id="a")] for text in ("{", "}", "x", "y")]
    made = fragments(batches, parts_templates=PARTS)
    assert shown(made, "html") == expected(whole(batches, parts_templates=PARTS), "html")
    assert ["replace" in {patch.action for patch in each.patches} for each in made] == [
        *(False, False),
        *(True, True),  # They are complete; they go on.
        *(False, False),  # It goes on, in the region; the answer ends.
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_a_place_can_disappear_and_come_back(name: str) -> None:
    source = (
        "{% if not part.result or part.error %}<i>{{ part.arguments }}</i>{% endif %}"
        "<b>{{ part.result }}{{ part.error }}</b>"
    )
    arguments = [[ToolDelta("a *b", id="t")] for _ in range(4)]
    others = [[ToolDelta("*b", id="t", field=field)] for field in ("result", "error")]
    batches = [*arguments, *others, *arguments, *[[Delta("c")]] * 3]
    how: Any = {
        "parts_templates": {"tool": ENVIRONMENT.from_string(source).render},
        "renderers": {"tool": "markdown"},
    }
    steps = fragments(batches, **how)
    html = expected(whole(batches, **how), name)
    # A client of one of these can go on after each fragment.
    resumes = name in ("turbo", "datastar", "sse", "multipart")
    assert {shown(steps, name, number * resumes) for number in range(len(steps))} == {html}


def test_a_call_that_the_app_does_not_answer_has_only_been_called() -> None:
    call = [[ToolDelta("{}", id="a", name="ask")]]
    assert ">Called</span>" in whole(call)
    assert ">Failed</span>" in whole([[ToolDelta("{", id="a", name="ask")]], "stopped")
    assert ">Running…</span>" in "".join(
        patch.html for each in fragments(call)[:-1] for patch in each.patches
    )


def test_the_templates_of_parts_are_looked_up_by_kind() -> None:
    site = {f"streamhtml/parts/{kind}.html": kind for kind in ("status", "tool", "default")}

    def find(name: str) -> Any:
        return ENVIRONMENT.from_string(f"[{site[name]}]").render if name in site else None

    def templates(**own: Any) -> list[str]:
        deltas = [
            Delta("a", "status"),
            ToolDelta("b", id="1"),
            Delta("c", "tool"),
            Delta("d", "left"),
            ToolDelta("e", id="1", part="left_tool"),
            Delta("f", "left_reasoning"),
            Delta("g"),
        ]
        html = whole([deltas], find_template=find, parts_templates=own)
        return re.findall(r"\[\w+\]|<details class=\"[\w-]+|-p6-text", html)

    reasoning, text = '<details class="streamhtml-reasoning', "-p6-text"
    assert templates() == [
        *("[status]", "[tool]", "[default]", "[default]", "[tool]", reasoning, text)
    ]
    own = ENVIRONMENT.from_string("[own]").render
    assert templates(tool=own, left=own) == [
        *("[status]", "[own]", "[default]", "[own]", "[own]", reasoning, text)
    ]


def test_a_long_text_is_not_sent_again() -> None:
    text = "word " * 20_000
    for kind, most in (("text", 1.1), ("reasoning", 2.2), ("tool", 1.1)):
        delta = [Delta(text, kind)] if kind != "tool" else [ToolDelta("", id="a", name="n")]
        more = [[ToolDelta(text, id="a", field="result")]] if kind == "tool" else []
        sent = sum(
            len(patch.html)
            for each in fragments([delta, *more, [ToolDelta("{}", id="z")], [Delta("end")]])
            for patch in each.patches
        )
        assert sent < most * len(text) + 5000


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ part.text }}{{ part.text }}", r"shows \{\{ part.text \}\} more than once"),
        ('<p title="{{ part.text }}">', r"has \{\{ part.text \}\} inside of the tag"),
        ("<template>{{ part.text }}", r"has \{\{ part.text \}\} inside of <template>"),
        ("{{ part.text|upper }}", r"changes the value of \{\{ part.text \}\}"),
    ],
)
def test_a_wrong_template_of_a_part_is_refused(source: str, message: str) -> None:
    reply = Reply(parts_templates={"text": ENVIRONMENT.from_string(source).render})
    with pytest.raises(ValueError, match=message):
        reply.open()  # Before the answer has begun.
