"""The notice at the end of an answer: its words, its language and its template."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, get_args

import jinja2
import pytest
from markupsafe import Markup

from streamhtml import Notice, Reply, Truncated, stream
from streamhtml._patch import Outcome
from streamhtml._words import NOTICES, PAGE, PARTS

ENGLISH: dict[Outcome, str] = {
    "stopped": "You stopped this answer.",
    "truncated": "The answer is cut short here.",
    "failed": "Something went wrong, and the answer ends here.",
    "interrupted": "The answer was interrupted, and ends here.",
}
KOREAN: dict[Outcome, str] = {
    "stopped": "답변을 중지했습니다.",
    "truncated": "답변이 여기서 잘려 끝까지 나오지 않았습니다.",
    "failed": "문제가 생겨 답변이 여기서 끝납니다.",
    "interrupted": "답변이 도중에 끊겨 여기서 끝납니다.",
}


def rendered(notice: Notice) -> dict[Outcome, Markup]:
    return {outcome: notice.render(outcome, "ai_1", {}) for outcome in ENGLISH}


def in_span(words: Mapping[Outcome, str]) -> dict[Outcome, str]:
    return {
        outcome: f'<span class="streamhtml-notice {kind}" role="alert">{text}</span>'
        for outcome, text in words.items()
        for kind in [f"streamhtml-notice-{outcome}"]
    }


def test_every_outcome_but_finished_has_words() -> None:
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
def test_the_language_selects_the_built_in_words(language: str, words: dict[Outcome, str]) -> None:
    assert rendered(Notice(language=language)) == in_span(words)


def translate_two(text: str) -> str:
    return {
        "You stopped this answer.": "Halt!",
        "The answer is cut short here.": "Ende <hier>.",
    }.get(text, text)


class Lazy:
    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return translate_two(self.text)


@pytest.mark.parametrize("gettext", [translate_two, lambda text: Markup(translate_two(text)), Lazy])
@pytest.mark.parametrize(("language", "words"), [("de", ENGLISH), ("ko", KOREAN)])
def test_the_translations_of_the_site_come_first(
    gettext: Callable[[str], str], language: str, words: dict[Outcome, str]
) -> None:
    own: dict[Outcome, str] = {"stopped": "Halt!", "truncated": "Ende &lt;hier&gt;."}
    assert rendered(Notice(None, gettext, language)) == in_span(words | own)


def test_gettext_is_not_called_with_an_empty_text() -> None:
    asked: list[str] = []
    Notice(gettext=lambda text: asked.append(text) or text)  # type: ignore[func-returns-value]
    assert asked == [*ENGLISH.values(), *PARTS, *PAGE]


def test_the_words_are_chosen_when_the_notice_is_made() -> None:
    language = "de"
    notice = Notice(gettext=lambda text: f"{language}: {text}")
    language = "fr"
    assert ">de: You stopped this answer.<" in rendered(notice)["stopped"]


def test_a_template_of_the_site() -> None:
    template = jinja2.Environment(autoescape=True).from_string(
        "\n <p id='{{ message_pair_id }}' class='{{ outcome }}'>{{ who }}: {{ notice }}</p>\n\n"
    )
    notice = Notice(template.render, translate_two)
    assert notice.is_own
    assert not Notice(None, translate_two).is_own
    context = {"who": "<me>", "notice": "mine", "outcome": "mine", "message_pair_id": "mine"}
    assert notice.render("truncated", "ai_1", context) == (
        "<p id='ai_1' class='truncated'>&lt;me&gt;: Ende &lt;hier&gt;.</p>"
    )
    assert context["notice"] == "mine"


@pytest.mark.parametrize("outcome", ENGLISH)
def test_a_template_that_raises_is_logged_and_replaced_by_the_built_in_one(
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


def test_the_plain_notice_uses_only_the_words_of_the_site() -> None:
    notice = Notice(lambda context: "<p>", translate_two)
    assert notice.plain("truncated") == in_span({"truncated": "Ende &lt;hier&gt;."})["truncated"]


@pytest.mark.anyio
@pytest.mark.parametrize("with_reason", [False, True])
async def test_a_source_may_raise_truncated(
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
