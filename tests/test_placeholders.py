"""Where a template shows the parts, and that nothing else is taken for such a place."""

import re
from collections.abc import Mapping
from itertools import count
from typing import Any

import html5lib
import jinja2
import pytest
from django.template import Context, Engine
from markupsafe import Markup

from streamhtml import Delta, Reply

ENVIRONMENT = jinja2.Environment(autoescape=True)
BOTH_PARTS = "<p>{{ parts.reasoning }}</p><p>{{ ai_message }}</p>"
# The random placeholder that stands for a part while the template is rendered.
SHAPE = "streamhtml0123456789abcdef0123456789abcdef"


def reply(source: str, *, at_once: bool = False, **context: Any) -> Reply:
    template = ENVIRONMENT.from_string(source).render
    return Reply(template, {"message_pair_id": "m7", **context}, renderer="text", at_once=at_once)


def opened(source: str, **context: Any) -> str:
    return reply(source, **context).open().patches[0].html


def whole(source: str, *deltas: Delta, **context: Any) -> str:
    message = reply(source, at_once=True, **context)
    message.open()
    message.feed(deltas)
    return message.close("finished").patches[0].html


def texts_of(html: str) -> dict[str, str]:
    """Return the text of each region in the HTML, by its id."""
    page = html5lib.parseFragment(html, namespaceHTMLElements=False)
    return {
        element.get("id"): "".join(element.itertext())
        for element in page.iter("span")
        if "streamhtml" in element.get("class", "").split()
    }


@pytest.mark.parametrize(
    "beside",
    [
        '<p data-id="{{ message_pair_id }}_text">',
        '<p id="{{ message_pair_id }}_text">',
        '<!-- id="{{ message_pair_id }}_text" -->',
        '<script>const at = `id="{{ message_pair_id }}_text"`;</script>',
        '<script type="application/json">{{ {"id": message_pair_id ~ "_text"}|tojson }}</script>',
        "<label for='{{ message_pair_id }}_text'>id=\"{{ message_pair_id }}_text\"</label>",
        "{{ markup }}",
        "{{ shape }}",
        "streamhtml",
        "streamhtml0",
    ],
)
@pytest.mark.parametrize("behind", [False, True])
def test_the_id_of_a_region_may_stand_anywhere_else(beside: str, behind: bool) -> None:
    context = {"markup": Markup('<i title="x" id="m7_text"></i>'), "shape": SHAPE}
    source = BOTH_PARTS + beside if behind else beside + BOTH_PARTS
    rendered = ENVIRONMENT.from_string(beside).render(message_pair_id="m7", **context)
    html = whole(source, Delta("why", "reasoning"), Delta("so"), **context)
    assert rendered in html
    assert texts_of(html) == {"m7_reasoning": "why", "m7_text": "so"}
    assert texts_of(opened(source, **context)) == {"m7_reasoning": "", "m7_text": ""}


@pytest.mark.parametrize(
    "text",
    [
        'id="m7_reasoning">',
        '<span id="m7_reasoning">',
        SHAPE,
        f"streamhtml{SHAPE}abc",
        Markup('<b id="m7_reasoning"></b>'),
        Markup('<b title="> id="></b>') + 'id="m7_reasoning">',
    ],
)
def test_the_text_of_a_part_cannot_draw_another_part_into_it(text: str) -> None:
    deltas = [Delta(text), Delta("why", "reasoning"), Delta('id="m7_text">', "reasoning")]
    shown = "".join(html5lib.parseFragment(str(Markup.escape(text))).itertext())
    for source in BOTH_PARTS, "<p>{{ ai_message }}</p><p>{{ parts.reasoning }}</p>":
        html = whole(source, *deltas)
        assert texts_of(html) == {"m7_reasoning": 'whyid="m7_text">', "m7_text": shown}
        assert html.count("why") == 1


def test_text_of_the_user_cannot_stand_for_a_part() -> None:
    for text in SHAPE, f"streamhtml{'0' * 31}", "streamhtml" * 3:
        source = "{{ human_message }}{{ ai_message }}{{ human_message }}"
        html = whole(source, Delta("so"), human_message=text)
        assert (html.startswith(text), html.endswith(text)) == (True, True)
        assert texts_of(html) == {"m7_text": "so"}


def test_parts_may_stand_side_by_side_or_deep_inside() -> None:
    deltas = [Delta("t"), Delta("r", "reasoning"), Delta("x", "status")]
    expected = {"m7_text": "t", "m7_reasoning": "r", "m7_status": "x"}
    assert texts_of(whole("{{ ai_message }}{{ parts.reasoning }}{{ parts.status }}", *deltas)) == (
        expected
    )
    deep = (
        "<ul><li>{{ parts.status }}</li><li><details><summary>Why</summary>{{ parts.reasoning }}"
        "</details></li></ul><table><tr><td title='<a>'>{{ ai_message }}</table>"
    )
    assert texts_of(whole(deep, *deltas)) == expected


def test_placeholders_differ_for_each_part_and_reply() -> None:
    seen: list[str] = []

    def template(context: Mapping[str, Any]) -> str:
        seen.extend([str(context["ai_message"]), str(context["parts"]["reasoning"])])
        return seen[-1] + seen[-2]

    for _ in range(3):
        html = Reply(template).open().patches[0].html
        assert not any(placeholder in html for placeholder in seen)
    assert len(set(seen)) == 6
    assert all(re.fullmatch(r"streamhtml[0-9a-f]{32}", placeholder) for placeholder in seen)


@pytest.mark.parametrize("name", ["safe", "escape", "forceescape", "lower", "trim", "urlize"])
def test_filters_of_jinja_leave_a_placeholder_whole(name: str) -> None:
    assert '<p><span id="m7_text" ' in opened(f"<p>{{{{ ai_message|{name} }}}}</p>")


@pytest.mark.parametrize(
    "name", ["safe", "escape", "force_escape", "lower", "default:'x'", "urlize"]
)
def test_filters_of_django_leave_a_placeholder_whole(name: str) -> None:
    template = Engine().from_string(f"<p>{{{{ ai_message|{name} }}}}</p>{{{{ parts.status }}}}")

    def render(context: Mapping[str, Any]) -> str:
        return str(template.render(Context(context)))

    html = Reply(render, {"message_pair_id": "m7"}, renderer="text").open().patches[0].html
    assert texts_of(html) == {"m7_text": "", "m7_status": ""}
    assert '<p><span id="m7_text" ' in html


def test_placeholders_that_begin_alike_are_two_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    words = (f"abcd{number:028x}" for number in count())
    monkeypatch.setattr("streamhtml._placeholders.secrets.token_hex", lambda length: next(words))
    assert texts_of(opened("<p>{{ parts.status }}{{ parts.reasoning }}</p>")) == {
        "m7_status": "",
        "m7_reasoning": "",
    }


@pytest.mark.parametrize("name", ["upper", "title", "capitalize", "truncate(30, true)"])
def test_a_filter_that_changes_a_placeholder_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"changes the value of \{\{ ai_message \}\}"):
        opened(f"{{{{ ai_message|{name} }}}}")
    with pytest.raises(ValueError, match=r"changes the value of \{\{ parts.status \}\}"):
        opened(f"{{{{ ai_message }}}}{{{{ parts.status|{name} }}}}")


def test_a_part_that_is_shown_twice_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shows \{\{ ai_message \}\} more than once"):
        opened("{{ ai_message }}{{ ai_message }}")
    with pytest.raises(ValueError, match=r"shows \{\{ parts \}\} more than once"):
        opened("{{ parts }}{{ parts }}")
    with pytest.raises(ValueError, match=r"shows \{\{ parts.status \}\} more than once"):
        opened("{{ parts.status }}{{ ai_message }}<p>{{ parts.status }}</p>")


@pytest.mark.parametrize("at_once", [False, True])
@pytest.mark.parametrize(
    "source",
    ["<p>no place", "<p>no place{% if ai_message and parts.status %}{% endif %}"],
)
def test_a_template_that_shows_no_part_is_refused(source: str, at_once: bool) -> None:
    with pytest.raises(ValueError, match=r"neither \{\{ parts \}\} nor .* no place for"):
        reply(source, at_once=at_once).open()


@pytest.mark.parametrize(
    ("piece", "kind"),
    [
        ('<p title="{{ ai_message }}">', "the tag <p …>"),
        ("<p title='> {{ ai_message }}'>", "the tag <p …>"),
        ('<p title = "{{ ai_message }}" class=x>', "the tag <p …>"),
        ("<p title={{ ai_message }}>", "the tag <p …>"),
        ("<p {{ ai_message }}>", "the tag <p …>"),
        ("</p {{ ai_message }}>", "the tag </p …>"),
        ("<my-p title='secret {{ ai_message }}'>", "the tag <my-p …>"),
        ("<!-- {{ ai_message }} -->", "a comment or a declaration"),
        ("<!-- <p>{{ ai_message }}</p> --!>", "a comment or a declaration"),
        ("<!doctype {{ ai_message }}>", "a comment or a declaration"),
        ("<script>show(`{{ ai_message }}`)</script>", "<script>"),
        ("<SCRIPT type=module>if (a<b) show(`{{ ai_message }}`)</Script >", "<script>"),
        ("<style>p::after { content: '{{ ai_message }}' }</style>", "<style>"),
        ("<textarea name=x><b>{{ ai_message }}</b></textarea>", "<textarea>"),
        ("<title>{{ ai_message }}</title>", "<title>"),
    ],
)
def test_a_part_where_no_element_can_be_is_refused(piece: str, kind: str) -> None:
    with pytest.raises(ValueError, match="where no element can be; move it") as raised:
        opened(f"<div>{piece}</div>")
    assert f"{{{{ ai_message }}}} inside of {kind}, where" in str(raised.value)


def test_another_part_in_an_attribute_is_refused_by_its_name() -> None:
    with pytest.raises(ValueError, match=r"has \{\{ parts.status \}\} inside of the tag <p …>"):
        opened('{{ ai_message }}<p title="{{ parts.status }}">')


@pytest.mark.parametrize(
    "source",
    [
        '<p class="a"">{{ ai_message }}<b class="c">',  # A quote too many.
        "<p title=a'b>{{ ai_message }}<b title=c'd>",
        "<p>1 < 2 {{ ai_message }} > 0",
        "<p title='a>b' data-x=\"<!--\">{{ ai_message }}<!-- > -->",
        "<!-->{{ ai_message }}<!-- -->",
        "<!--->{{ ai_message }}<!-- -->",
        "<!-- <script> -->{{ ai_message }}<script></script>",
        "<script>a<b</script>{{ ai_message }}<script>a>b</script>",
        "<script>'</scripty>'</script>{{ ai_message }}",
        "<titlebar>{{ ai_message }}</titlebar>",
        "<title>x</title><p\ntitle=\n'y'>{{ ai_message }}",
        "<p title>{{ ai_message }}<p =x>",
    ],
)
def test_odd_html_around_a_part_is_no_error(source: str) -> None:
    assert 'id="m7_text"' in opened(source)


@pytest.mark.parametrize(
    "before",
    ["<template>", "<x-a><TEMPLATE shadowrootmode=open><p>", "<table><template><tr><td><svg>"],
)
def test_a_part_in_a_template_is_refused(before: str) -> None:
    with pytest.raises(ValueError, match=r"\{\{ ai_message \}\} inside of <template>.* <slot>"):
        opened(f"{before}{{{{ ai_message }}}}")


def test_a_part_in_a_select_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\{\{ ai_message \}\} inside of <select>"):
        opened("<select><option>{{ ai_message }}</select>")


def test_a_part_beside_a_template_is_not_refused() -> None:
    beside = "<template><p>x</p></template><script>'<template>'</script><i title='<select>'></i>"
    assert texts_of(opened(f"{beside}{{{{ ai_message }}}}{beside}")) == {"m7_text": ""}
