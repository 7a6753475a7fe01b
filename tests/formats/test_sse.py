"""The ``sse`` format: its messages are the ``htmx`` format's markup, its end an event."""

from typing import Any

import pytest
from markupsafe import Markup
from tests.formats.test_events import read, triples

from streamhtml import Delta, Fragment, Patch, Reply
from streamhtml.formats.htmx import HTMXFormat
from streamhtml.formats.sse import SSEFormat

SHELL = Patch("append", Markup("<p id=r></p>"))


def patch(action: str, html: str, **place: Any) -> Patch:
    return Patch(action, Markup(html), "r", **place)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "data"),
    [
        (SHELL, "<p id=r></p>"),
        (Patch("append", Markup("a"), "m.1"), r"<q hx-swap-oob=beforeend:#m\.1>a</q>"),
        (patch("append", "a", depth=2), None),
        (patch("replace", "<i></i>"), None),
        (patch("replace", "<i></i>", depth=1), None),
        (patch("replace", "<i></i>", child=3), None),
        (patch("append", "<td>1</td>", depth=1), None),
        (patch("tail", "t"), "<q hx-swap-oob=beforeend:#r><span id=_vABe3t>t</span></q>"),
        (
            Patch("replace", Markup('<p id="m" hx-swap-oob="true">a</p>')),
            '<p id="m" hx-swap-oob="true">a</p>',
        ),
    ],
)
def test_a_fragment_is_a_message_of_htmx_markup(given: Patch, data: str | None) -> None:
    markup = HTMXFormat().encode(Fragment(7, (given,)))
    assert data in {None, markup}
    assert SSEFormat().encode(Fragment(7, (given,))) == f"data: {markup}\nid: 7\n\n"


def test_each_line_of_the_markup_is_a_line_of_data() -> None:
    text = SSEFormat().encode(Fragment(0, (Patch("append", Markup("<p>\n\n a\r\nb</p>\n")),)))
    assert text == "data: <p>\ndata: \ndata:  a\ndata: b</p>\ndata: \nid: 0\n\n"


def test_a_tail_is_removed_before_the_next_patch_of_its_root() -> None:
    sse_format = SSEFormat()
    gone = "<q hx-swap-oob=delete:#_vABe3t></q>"
    assert gone not in sse_format.encode(Fragment(0, (patch("tail", "t"),)))
    assert sse_format.encode(Fragment(1, (patch("append", "a"),))) == (
        f"data: <q hx-swap-oob=beforebegin:#_vABe3t>a</q>{gone}\nid: 1\n\n"
    )
    assert gone not in sse_format.encode(Fragment(2, (patch("append", "a"),)))


def test_a_fragment_that_changes_nothing_is_a_message_so_that_ids_have_no_gap() -> None:
    (event,) = read([SSEFormat().encode(Fragment(4, (patch("tail", ""),))).encode()])
    assert (event.id, event.event, event.data.strip()) == ("4", "message", "")


@pytest.mark.parametrize("outcome", ["finished", "stopped", "truncated", "failed", "interrupted"])
def test_the_end_follows_the_last_message(outcome: Any) -> None:
    end = f"event: end\ndata: {outcome}\nid: {outcome}\nretry: 86400000\n\n"
    assert SSEFormat().encode(Fragment(3, (), outcome)) == end
    last = SSEFormat().encode(Fragment(3, (SHELL,), outcome))
    assert last == f"data: <p id=r></p>\nid: 3\n\n{end}"


def test_a_ping_is_a_comment() -> None:
    ping = SSEFormat().encode(Fragment(3))
    assert ping.startswith(":")
    assert not ping.strip(":\n")


@pytest.mark.parametrize("renderer", ["markdown", "text", "template"])
def test_a_whole_reply_has_the_markup_of_the_htmx_format(renderer: str) -> None:
    reply = Reply(context={"human_message": "Hi"}, renderer=renderer)
    tokens = ["# A\n", "b *c", "*\n\n", "|a|\n|-|\n", "|b|\n", "\n```\n", "x\r\ny\n"]
    fragments = [reply.open(), *(reply.feed([Delta(token)]) for token in tokens)]
    fragments += [reply.close("truncated")]
    fragments = [each for each in fragments if each.patches]
    sse_format, markup = SSEFormat(), HTMXFormat(one_by_one=True)
    body = "".join(map(sse_format.encode, fragments)).encode()
    messages = [("message", markup.encode(each), str(each.index)) for each in fragments]
    assert len(messages) > 5
    assert triples(read([body])) == [*messages, ("end", "truncated", "truncated")]


def test_a_function_can_replace_the_messages() -> None:
    sse_format = SSEFormat(lambda fragment: [patch.html for patch in fragment.patches])
    assert not sse_format.needs_into
    text = sse_format.encode(Fragment(5, (SHELL, patch("tail", "t")), "finished"))
    assert triples(read([text.encode()])) == [
        ("message", "<p id=r></p>", "5"),
        ("message", "t", "5"),
        ("end", "finished", "finished"),
    ]
    assert SSEFormat(lambda fragment: []).encode(Fragment(5, (SHELL,))).startswith(":")


def test_a_function_is_called_with_what_is_skipped() -> None:
    called: list[Fragment] = []

    def messages(fragment: Fragment) -> list[str]:
        called.append(fragment)
        return [fragment.id]

    skipped = Fragment(5, (SHELL,), tag="a")
    SSEFormat(messages).skip(skipped)
    assert called == [skipped]
