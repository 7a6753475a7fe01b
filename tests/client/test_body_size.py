"""A gate for the size of the ``html`` format; benchmarks/wire.py prints all the figures."""

from streamhtml import Delta, Reply
from streamhtml.demo._answers import LONG, tokens
from streamhtml.formats.html import HTMLFormat

COUNT = 2000
GATHERED = 2  # at 50 tokens per second and 40 ms between two fragments
LIMIT = 3.0


def test_the_body_is_at_most_three_times_the_text() -> None:
    source = (tokens(LONG) * 2)[:COUNT]
    html_format, reply = (
        HTMLFormat(),
        Reply(context={"human_message": "Everything"}, renderer="text"),
    )
    gathered = (source[start : start + GATHERED] for start in range(0, COUNT, GATHERED))
    fragments = [reply.open()]
    fragments += [reply.feed(map(Delta, batch)) for batch in gathered]
    fragments += [reply.close("finished")]
    body = sum(len(html_format.encode(fragment).encode()) for fragment in fragments)
    text = len(reply.text.encode())
    print(f"{body} bytes for {text} of text: {body / text:.2f}")
    assert body <= LIMIT * text
