"""The built-in answers: the same prompt gets the same tokens, and they join to the whole text."""

import asyncio
import logging
import re
from contextlib import aclosing
from pathlib import Path

import pytest

from streamhtml import Answer
from streamhtml.demo import _answers
from streamhtml.demo._conversations import Message
from streamhtml.demo._demo import Demo
from streamhtml.markdown import render

FILES = sorted(Path(_answers.__file__).parent.joinpath("answers").glob("*.md"))


async def collect(prompt: str, into: list[str]) -> None:
    async for token in _answers.stream(prompt, rate=0):
        into.append(token)  # noqa: PERF401 - keep the tokens before an error


def test_each_topic_has_its_file() -> None:
    assert sorted(_answers._TOPICS) == [file.stem for file in FILES]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_tokens_join_to_the_file(file: Path) -> None:
    tokens = _answers._tokens(file.stem)

    assert "".join(tokens) == file.read_text(encoding="utf-8").rstrip("\n")
    assert all(tokens)
    assert len(tokens) > 100


def test_tokens_split_words_and_emoji() -> None:
    tokens = _answers.tokens("long")

    assert any(re.fullmatch("[a-z]+", token) for token in tokens)
    assert {"🇰", "🇷", "\u200d", "\ufe0f"} <= set(tokens)


def test_the_answers_contain_text_that_is_hard_to_stream() -> None:
    text = "".join(_answers.tokens("long"))

    assert all(part in text for part in ("👩🏽‍💻", "🇰🇷", "<b>", "</div>", " & ", '"', "'", "안녕"))
    assert all(part in text for part in ("```python", "\n## ", "\n|", "\n- ", "\n1. ", "\n> "))


def test_one_answer_shows_all_features_of_markdown() -> None:
    html = render("".join(_answers.tokens("markdown")))

    parts = ["<h1>", "<h2>", "<ol>", "<del>", "<strong>", "<em>", "<blockquote>", "<hr>"]
    parts += ["<table ", 'type="checkbox"', 'class="language-python"', "<a href="]
    parts += ["math-inline", "math-display", "markdown-alert-warning", "markdown-alert-tip"]
    parts += ["footnote-ref", 'class="footnotes"']
    assert [part for part in parts if part not in html] == []
    assert re.search(r"<li>[^<]+(?:<del>not</del>)?[^<]+<ul><li>", html)


@pytest.mark.parametrize(
    ("prompt", "topic"),
    [
        ("Write some Python", "python"),
        ("스트리밍이 뭐예요?", "korean"),
        ("ما هو البث؟", "arabic"),
        ("Where does tea come from? Cite your sources", "sources"),
        ("Solve a quadratic equation", "formulas"),
        ("Can you write <b>HTML</b>?", "html"),
        ("hello", "hello"),
        ("Why did my build fail?", "explain"),
        ("Show me Markdown: a recipe for bread", "markdown"),
    ],
)
def test_keywords_choose_the_answer(prompt: str, topic: str) -> None:
    assert _answers.tokens(prompt) == _answers._tokens(topic)


def test_the_language_of_an_answer_is_that_of_its_question() -> None:
    prompts = {"스트리밍이 뭐예요?": "ko", "ما هو البث؟": "ar", "Grüße": ""}
    languages = {each: Demo().context(Message("ai_1", each))["lang"] for each in prompts}

    assert languages == prompts


def test_citations_show_their_sources() -> None:
    text = "".join(_answers.tokens("sources"))
    html = Demo().renderer("a").render(text)

    assert not re.search(r"\[\d\]", html)
    assert set(re.findall(r"streamhtml-citation\" tabindex=\"0\">(\d)", html)) == {"1", "2", "3"}
    assert "[1]" in Demo(model="openai:any").renderer("a").render(text)
    assert "[9]" in Demo().renderer("a").render("[9]")


def test_other_prompts_get_an_answer_by_their_hash() -> None:
    prompts = [f"{number} bottles" for number in range(100)]

    assert [*map(_answers.tokens, prompts)] == [*map(_answers.tokens, prompts)]
    assert len({*map(_answers.tokens, prompts)}) == len(FILES)
    assert _answers.tokens("\ud800")


async def expect_failure(shown: list[str]) -> None:
    with pytest.raises(RuntimeError, match="fails after 100 tokens"):
        await collect(" FAIL\n", shown)


def test_fail_raises_an_error_halfway() -> None:
    shown: list[str] = []
    asyncio.run(expect_failure(shown))

    assert len(_answers.tokens("fail")) == 200
    assert tuple(shown) == _answers.tokens("fail")[:100]


def test_one_of_two_answers_side_by_side_fails() -> None:
    answer = Answer()

    async def read() -> None:
        message = Message("ai_1", "Side by side ")
        async with aclosing(Demo(rate=0, log="none").answer(message)) as deltas:
            async for delta in deltas:
                answer.add(delta)

    asyncio.run(read())

    asked = Message("ai_1", "side by side")
    assert Demo().context(asked)["side_by_side"] is True
    assert Demo(model="openai:any").context(asked)["side_by_side"] is False
    outcomes = {part.kind: (part.outcome, part.text) for part in answer.parts}
    assert outcomes["left"] == ("finished", "".join(_answers._tokens("html")))
    assert outcomes["right"] == ("failed", "".join(_answers.tokens("fail")[:100]))


def test_sleep_logs_when_it_was_closed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "streamhtml.demo")
    shown: list[str] = []

    async def leave() -> None:
        task = asyncio.create_task(collect("sleep", shown))
        while not caplog.messages:  # noqa: ASYNC110 - only the log shows it
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(leave())

    assert tuple(shown) == _answers.SLEEP_TOKENS
    assert re.fullmatch(r"sleep: the source was closed after \d+\.\d s", caplog.messages[-1])


def test_sleep_continues_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_answers, "SLEEP_SECONDS", 0)
    shown: list[str] = []
    asyncio.run(collect("sleep", shown))

    assert "".join(shown) == "Let me sleep on that… 💤 Good morning!"


def test_the_rate_limits_the_tokens_per_second() -> None:
    async def first_tokens() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        answer = Demo(rate=200, log="none").answer(Message("ai_1", "hello"))
        for _ in range(10):
            await anext(answer)
        await answer.aclose()
        return loop.time() - began

    assert asyncio.run(first_tokens()) >= 10 / 200 - 0.01
