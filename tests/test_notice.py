"""The words at the end of an answer, and the template around them."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, get_args

import jinja2
import pytest
from markupsafe import Markup

from streamhtml import Notice, Reply, Truncated, stream
from streamhtml._notice import NOTICES
from streamhtml._patch import Outcome

ENGLISH: dict[Outcome, str] = {
    "stopped": "Stopped.",
    "truncated": "The answer is cut short here.",
    "failed": "Something went wrong, and the answer ends here.",
    "interrupted": "The connection was lost, and the answer ends here.",
}
KOREAN: dict[Outcome, str] = {
    "stopped": "중지했습니다.",
    "truncated": "답변이 여기서 잘려 끝까지 나오지 않았습니다.",
    "failed": "문제가 생겨 답변이 여기서 끝납니다.",
    "interrupted": "연결이 끊겨 답변이 여기서 끝납니다.",
}


def told(notice: Notice) -> dict[Outcome, Markup]:
    return {outcome: notice.render(outcome, "ai_1", {}) for outcome in ENGLISH}


def in_span(words: Mapping[Outcome, str]) -> dict[Outcome, str]:
    return {
        outcome: f'<span class="streamhtml-notice" role="alert">{text}</span>'
        for outcome, text in words.items()
    }


def test_every_outcome_has_its_words_and_a_good_end_has_none() -> None:
    assert set(NOTICES) == set(get_args(Outcome))
    assert NOTICES == ENGLISH | {"finished": ""}


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("", ENGLISH),
        ("en", ENGLISH),
        ("en-GB", ENGLISH),
        ("de", ENGLISH),
        ("kok", ENGLISH),  # Konkani
        ("ko", KOREAN),
        ("ko-KR", KOREAN),
        ("ko_KR", KOREAN),
        ("KO-kr", KOREAN),
    ],
)
def test_ours_by_the_language(language: str, words: dict[Outcome, str]) -> None:
    assert told(Notice(language=language)) == in_span(words)


def half(text: str) -> str:
    return {"Stopped.": "Halt!", "The answer is cut short here.": "Ende <hier>."}.get(text, text)


class Lazy:
    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return half(self.text)


@pytest.mark.parametrize("gettext", [half, lambda text: Markup(half(text)), Lazy])
@pytest.mark.parametrize(("language", "words"), [("de", ENGLISH), ("ko", KOREAN)])
def test_the_sites_catalogue_wins_where_it_has_a_text(
    gettext: Callable[[str], str], language: str, words: dict[Outcome, str]
) -> None:
    own: dict[Outcome, str] = {"stopped": "Halt!", "truncated": "Ende &lt;hier&gt;."}
    assert told(Notice(None, gettext, language)) == in_span(words | own)


def test_the_head_of_a_catalogue_is_not_asked_for() -> None:
    asked: list[str] = []
    Notice(gettext=lambda text: asked.append(text) or text)  # type: ignore[func-returns-value]
    assert asked == list(ENGLISH.values())


def test_the_words_are_chosen_at_once() -> None:
    language = "de"
    notice = Notice(gettext=lambda text: f"{language}: {text}")
    language = "fr"
    assert ">de: Stopped.<" in told(notice)["stopped"]


def test_a_template_of_the_sites_own() -> None:
    template = jinja2.Environment(autoescape=True).from_string(
        "\n <p id='{{ message_pair_id }}' class='{{ outcome }}'>{{ who }}: {{ notice }}</p>\n\n"
    )
    notice = Notice(template.render, half)
    assert notice.is_own
    assert not Notice(None, half).is_own
    context = {"who": "<me>", "notice": "mine", "outcome": "mine", "message_pair_id": "mine"}
    assert notice.render("truncated", "ai_1", context) == (
        "<p id='ai_1' class='truncated'>&lt;me&gt;: Ende &lt;hier&gt;.</p>"
    )
    assert context["notice"] == "mine"


@pytest.mark.parametrize("outcome", ENGLISH)
def test_a_template_that_fails_is_logged_and_ours_is_shown(
    outcome: Outcome, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(context: Mapping[str, Any]) -> str:
        raise ZeroDivisionError

    notice = Notice(broken, language="ko")
    assert notice.render(outcome, "ai_1", {}) == in_span(KOREAN)[outcome]
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("streamhtml", "ERROR")
    assert "ai_1" in record.getMessage()
    assert "ZeroDivisionError" in caplog.text


def test_the_plain_notice_has_nothing_of_the_sites_but_the_words() -> None:
    notice = Notice(lambda context: "<p>", half)
    assert notice.plain("truncated") == in_span({"truncated": "Ende &lt;hier&gt;."})["truncated"]


@pytest.mark.anyio
@pytest.mark.parametrize("with_reason", [False, True])
async def test_a_source_that_says_that_it_was_cut_short(
    with_reason: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def source() -> AsyncIterator[str]:
        yield "so far"
        raise Truncated("2,000 tokens") if with_reason else Truncated

    reply = Reply(renderer="text")
    fragments = [fragment async for fragment in stream(reply, source(), interval=0)]
    assert (fragments[-1].outcome, reply.state, reply.text) == ("truncated", "truncated", "so far")
    assert fragments[-1].patches[-1].html == in_span(ENGLISH)["truncated"]
    assert "2,000" not in repr(fragments)
    assert not caplog.records
