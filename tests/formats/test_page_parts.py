"""Parts whose state changes while others come after them, on a page without scripts."""

from collections.abc import Iterable, Iterator

import pytest
from jinja2 import Environment
from tests.formats.visible_page import page_format, region, visible

from streamhtml import Delta, Reply, ToolDelta


def call(name: str, text: str = "{}", field: str = "arguments") -> ToolDelta:
    return ToolDelta(text, "tool", name, name, field)  # type: ignore[arg-type]


def pages(reply: Reply, batches: Iterable[Iterable[Delta]]) -> Iterator[str]:
    """Yield the page as it is after each fragment."""
    one_format = page_format()
    page = one_format.encode(reply.open())
    yield page
    for batch in batches:
        page += one_format.encode(reply.feed(batch))
        yield page
    yield page + one_format.encode(reply.close("finished"))


def statuses(page: str) -> list[str]:
    found = [each for each in visible(page).iter() if each.get("class") == "streamhtml-tool-status"]
    return ["".join(each.itertext()) for each in found]


def test_a_part_shows_its_new_state_although_others_have_come_after_it() -> None:
    batches: list[list[Delta]] = [
        [Delta("I look it up.")],
        [call("a"), call("b", '{"q":')],
        [call("a", "found", "result")],
        [call("b", "1}")],
        [Delta("And now")],
        [call("b", "none", "error")],
        [Delta(" the end.")],
    ]
    shown = list(pages(Reply(context={"message_pair_id": "m"}), batches))
    assert [statuses(page) for page in shown] == [
        [],
        [],
        ["Running…", "Running…"],
        ["Done", "Running…"],
        ["Done", "Running…"],
        ["Done", "Running…"],
        ["Done", "Failed"],
        ["Done", "Failed"],
        ["Done", "Failed"],
    ]
    assert region(shown[3], "m-p1-result") == "found"
    assert ">And now the end.<" in region(shown[-1], "m-parts")


def test_a_region_shows_its_new_state_although_text_has_come_after_it() -> None:
    template = Environment(autoescape=True).from_string("{{ parts.status }}{{ ai_message }}")
    reply = Reply(template.render, {"message_pair_id": "m"}, renderer="text")
    batches = [[Delta("searching", "status"), Delta("a")], [Delta.replace("found", "status")]]
    *_, shown, _ = pages(reply, batches)
    assert (region(shown, "m_status"), region(shown)) == ("found", "a")


@pytest.mark.parametrize("text", ["", "word " * 40])
def test_the_page_grows_with_the_answer_however_often_parts_change(text: str) -> None:
    def length(count: int) -> int:
        names = [f"call{number:03}" for number in range(count)]
        batches: list[list[Delta]] = [[Delta(text), call(name)] for name in names]
        batches += [[call(name, "found", "result")] for name in names]
        *_, page = pages(Reply(context={"message_pair_id": "m"}), batches)
        assert statuses(page) == ["Done"] * count
        return len(page)

    assert length(60) < 2.4 * length(30)
