"""When a reply ends badly, the reader sees a notice, and no fragment is shown in part."""

import pytest
from playwright.sync_api import Page, expect
from tests.browser.chat_page import CLIENTS
from tests.browser.recorded_page import RecordedPage, encode
from tests.browser.recorded_server import Answer, RecordedServer

from streamhtml import Delta, Fragment, Reply
from streamhtml.formats.html import HTMLFormat

pytestmark = pytest.mark.browser

LOST = "The connection was lost, and the answer ends here."
ERROR = "The server has a problem. Please try again later."
UNREACHABLE = "The server cannot be reached. Please try again."


def three_fragments(into: str | None = None) -> tuple[str, list[bytes]]:
    """Return the Content-Type, and the message, a text, and a last fragment with two patches."""
    html_format, reply = HTMLFormat(), Reply(renderer="text", into=into)
    shell, text = reply.open(), reply.feed([Delta("That much. ")])
    more, notice = reply.feed([Delta("No more.")]), reply.close("failed")
    last = Fragment(more.index, more.patches + notice.patches, notice.outcome)
    return html_format.media_type, encode([shell, text, last], html_format)


@pytest.mark.parametrize(
    ("end", "into"), [("whole", None), ("cut", None), ("reset", None), ("cut", "messages")]
)
@pytest.mark.parametrize("client", CLIENTS)
def test_a_body_that_was_cut(
    client: str, end: str, into: str | None, page: Page, problems: list[str]
) -> None:
    media_type, (first, second, third) = three_fragments(into)
    cut = third[:-4]  # The cut is inside the last mark, so the patches are complete.
    assert b"No more." in cut
    assert b"went wrong" in cut
    with RecordedServer() as server:
        recorded = RecordedPage(page, server, client)
        recorded.ask(Answer(media_type, (first, second, cut), end=end))  # type: ignore[arg-type]
        if end != "whole":
            recorded.wait_for("stream:fragment", 1)
            server.release.set()
        recorded.wait_for("stream:end")
        expect(page.get_by_role("alert")).to_have_text(LOST)
        expect(page.locator(".streamhtml-parts")).to_have_text("That much. " + LOST)
        assert page.locator("[aria-busy]").count() == 0
        names = [event for event in recorded.events if event[0] != "stream:error"]
        assert names == [
            ["stream:start", None],
            *([name, index] for index in (0, 1) for name in ("stream:fragment", "chunk")),
            ["stream:end", "incomplete"],
        ]
        if end != "whole":
            remove_expected(
                problems, "net::ERR_CONNECTION_RESET" if end == "reset" else "net::ERR_"
            )


@pytest.mark.parametrize("client", CLIENTS)
def test_the_status_does_not_matter_to_fragments(
    client: str, page: Page, problems: list[str]
) -> None:
    media_type, fragments = three_fragments()
    with RecordedServer() as server:
        recorded = RecordedPage(page, server, client)
        assert recorded.play(Answer(media_type, tuple(fragments), status=503)) == "failed"
        expect(page.locator(".streamhtml-parts")).to_contain_text("That much. No more.")
    remove_expected(problems, "503")


def test_an_error_without_fragments(page: Page, problems: list[str]) -> None:
    media_type, fragments = three_fragments()
    with RecordedServer() as server:
        recorded = RecordedPage(page, server, "plain")
        recorded.ask(Answer("text/html", (b"<h1>Secret</h1>",), status=500))
        expect(page.get_by_role("alert")).to_have_text(ERROR)
        recorded.wait_for("stream:error")
        assert [name for name, _ in recorded.events] == ["stream:error"]
        assert "Secret" not in page.content()
        remove_expected(problems, "500")

        assert recorded.play(Answer(media_type, tuple(fragments))) == "failed"
        expect(page.locator(".streamhtml-parts")).to_contain_text("That much. No more.")


def test_no_network(page: Page, problems: list[str]) -> None:
    with RecordedServer() as server:
        recorded = RecordedPage(page, server, "plain")
        page.context.set_offline(True)
        page.get_by_role("button").click()
        expect(page.get_by_role("alert")).to_have_text(UNREACHABLE)
        recorded.wait_for("stream:error")
    remove_expected(problems, "net::ERR_INTERNET_DISCONNECTED")


def remove_expected(problems: list[str], expected: str) -> None:
    """Remove Chromium's report of a failed request, which must be there, and htmx's about it."""
    assert any(expected in problem for problem in problems), problems
    problems[:] = [
        problem for problem in problems if expected not in problem and "htmx:" not in problem
    ]
