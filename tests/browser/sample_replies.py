"""Sample replies, made by the library itself, and the HTML that each must leave on the page."""

from collections.abc import Callable
from dataclasses import dataclass
from string import ascii_letters, digits

from jinja2 import Environment
from markupsafe import Markup
from tests.formats.interleaved import INTERLEAVED

from streamhtml import Delta, Fragment, Patch, Reply

TEXT = (
    "Grüße, 안녕하세요! 👩🏽‍💻 <b>not bold</b> & \"double\" or 'single' &amp; done.\n\n"
    "  <!-- no comment -->  <!x> 값이 잘려도 글자는 깨지지 않습니다. 🏴󠁧󠁢󠁷󠁬󠁳󠁿 "
)
ESCAPED = TEXT.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
_TEMPLATE = Environment(autoescape=True).from_string(
    '<article id="{{ message_pair_id }}"{% if chunk_index %} hx-swap-oob="true"{% endif %}>'
    "<p>{{ human_message }}</p><p>{{ ai_message }}</p></article>"
)


@dataclass(frozen=True)
class SampleReply:
    """The fragments of one reply, and the HTML that they must leave in an empty container."""

    fragments: tuple[Fragment, ...]
    html: str

    @property
    def outcome(self) -> str:
        """How the reply ends."""
        return str(self.fragments[-1].outcome)

    @property
    def events(self) -> list[list[object]]:
        """The events that a client must dispatch, with their details."""
        events: list[list[object]] = [["stream:start", None]]
        # A ping has the index of the fragment before it, and dispatches no event.
        for index in sorted({fragment.index for fragment in self.fragments}):
            events += [["stream:fragment", index], ["chunk", index]]
        return [*events, ["stream:end", self.outcome]]


def text() -> SampleReply:
    """A reply in text: two characters in each fragment, pings, two parts."""
    template = Environment(autoescape=True).from_string(
        '<article id="{{ message_pair_id }}"><i>{{ parts.reasoning }}</i>{{ ai_message }}</article>'
    )
    reply = Reply(template.render, {"message_pair_id": "ai_1"}, renderer="text")
    fragments = [reply.open(), reply.feed([Delta("Hmm …", "reasoning")])]
    for start in range(0, len(TEXT), 2):
        fragments.append(reply.feed([Delta(TEXT[start : start + 2])]))
        if start % 40 == 0:
            fragments.append(Fragment(fragments[-1].index))
    fragments += [reply.feed([Delta("!", "reasoning"), Delta(".")]), reply.close("finished")]
    return SampleReply(
        tuple(fragments),
        f'<article id="ai_1"><i>{_region("ai_1_reasoning", "Hmm …!")}</i>'
        f"{_region('ai_1_text', ESCAPED + '.')}</article>",
    )


def failed() -> SampleReply:
    """A reply that an error in the source has cut short."""
    context = {"message_pair_id": "ai_1", "human_message": "<Why?>"}
    template = Environment(autoescape=True).from_string(
        '<article id="{{ message_pair_id }}"><p>{{ human_message }}</p><p>{{ ai_message }}</p>'
        "</article>"
    )
    reply = Reply(template.render, context, renderer="text")
    fragments = (reply.open(), reply.feed([Delta("Because & ")]), reply.close("failed"))
    notice = '<span class="streamhtml-notice streamhtml-notice-failed" role="alert">'
    notice += "Something went wrong, and the answer ends here.</span>"
    return SampleReply(
        fragments,
        '<article id="ai_1"><p>&lt;Why?&gt;</p>'
        f"<p>{_region('ai_1_text', 'Because &amp; ' + notice)}</p></article>",
    )


def template() -> SampleReply:
    """The whole message in each fragment, which replaces the one before."""
    context = {"message_pair_id": "ai_1", "human_message": "<Why?>"}
    reply = Reply(_TEMPLATE.render, context, renderer="template")
    fragments = [reply.open()]
    fragments += [
        reply.feed([Delta(TEXT[start : start + 20])]) for start in range(0, len(TEXT), 20)
    ]
    fragments.append(reply.close("finished"))
    quoted = ESCAPED.replace('"', "&#34;").replace("'", "&#39;")
    return SampleReply(
        tuple(fragments),
        f'<article id="ai_1"><p>&lt;Why?&gt;</p><p>{quoted}</p></article>',
    )


def places() -> SampleReply:
    """Patches by hand: each action, each kind of place, several in one fragment."""
    append, replace, tail = (_at("ai_2_text", action) for action in ("append", "replace", "tail"))
    steps = (
        (append("<p>One</p>"),),
        (append(" <i>two</i>", depth=1),),
        (append(" three", depth=2), tail(" <b>thr</b>", depth=1)),
        (tail("<p>fo</p>"),),
        (tail("<p>four</p>"),),
        (replace("<p>One two</p>", depth=1), append("<ul><li>a</li></ul>")),
        (append("<li>b</li>", depth=1), append(" &amp; 셋", depth=2), tail(" …", depth=2)),
        (append(" 😀", depth=2), tail("<p>last</p>"), replace("<h2>One</h2>", child=0)),
        (append("<pre>  x\n</pre>"), append("  y  ", depth=1), append("z\n", depth=1)),
        (append("!", child=0), append("<p>end</p>")),
        (tail(" never <b>seen</b>", depth=1), append(".", depth=1)),
    )
    html = (
        "<h2>One!</h2><ul><li>a</li><li>b &amp; 셋 😀</li></ul><pre>  x\n  y  z\n</pre><p>end.</p>"
    )
    return _by_hand("ai_2_text", steps, html)


def punctuated() -> SampleReply:
    """An id that must be escaped in a selector."""
    root = "ai_2.a:b_text"
    append, replace, tail = (_at(root, action) for action in ("append", "replace", "tail"))
    steps = (
        (append("<p>1</p>"), tail("<p>2</p>")),
        (append("…", depth=1), append("<p>3</p>"), tail("?", depth=1)),
        (replace("<p>1</p>", child=0), replace("<p>4</p>", depth=1)),
    )
    return _by_hand(root, steps, "<p>1</p><p>4</p>")


def regions() -> SampleReply:
    """Two regions, each with a tail that stays until a patch of the same region."""
    think, say = _at("ai_2_think", "append"), _at("ai_2_text", "append")
    thinking, saying = _at("ai_2_think", "tail"), _at("ai_2_text", "tail")
    opened = (
        '<i id="ai_2_think" class="streamhtml">{}</i><b id="ai_2_text" class="streamhtml">{}</b>'
    )
    steps = (
        (Patch("append", Markup(opened.format("", ""))),),
        (think("A"), thinking("?"), say("B"), saying("!")),
        (say("C"), thinking("<u>…</u>"), saying("."), think("D"), saying(" <s>no</s>")),
        (thinking("?!"), say("E"), think("F"), saying("G"), thinking("H")),
    )
    fragments = [Fragment(index, patches) for index, patches in enumerate(steps)]
    fragments.append(Fragment(len(fragments), outcome="interrupted"))
    return SampleReply(tuple(fragments), opened.format("ADFH", "BCEG"))


def table() -> SampleReply:
    """Rows and cells, which an HTML parser drops outside of a table."""
    append, replace, tail = (_at("ai_2_text", action) for action in ("append", "replace", "tail"))
    steps = (
        (append("<table><thead><tr><th>a</th></tr></thead><tbody></tbody></table>"),),
        (append("<tr><td>1</td></tr>", depth=2), tail("<td>2</td>", depth=3)),
        (append("<td>2</td>", depth=3), tail("<tr><td>3</td></tr>", depth=2)),
        (replace("<tr><td>x</td><td>y</td></tr>", depth=3),),
    )
    html = (
        "<table><thead><tr><th>a</th></tr></thead>"
        "<tbody><tr><td>x</td><td>y</td></tr></tbody></table>"
    )
    return _by_hand("ai_2_text", steps, html)


def markdown_like() -> SampleReply:
    """What a Markdown renderer does: blocks grow, and become other blocks or several."""
    append, replace, tail = (_at("ai_2_text", action) for action in ("append", "replace", "tail"))
    head = "<p>before</p>\n<table>\n<thead>\n<tr>\n<th>x</th>\n</tr>\n</thead></table>"
    one = "<table><tbody><tr><td>{}</td></tr></tbody></table>".format
    steps = (
        (append("<p>Title</p>"), tail(" <b>bo</b>", depth=1)),
        (tail("", depth=1),),
        (append(" <b>bold</b>", depth=1), tail("")),
        (replace("<h2>Title <b>bold</b></h2>", depth=1), tail("<em>?</em>", depth=1)),
        (append("<ul>\n<li>a</li>\n</ul>\n"), tail("<i>b</i>", depth=2), tail("b", depth=2)),
        (replace("<ul>\n<li>\n<p>a</p>\n</li>\n</ul>", depth=1),),
        (append("<ul>\n<li>c</li>\n</ul>\n", depth=2), tail("d", depth=4)),
        (tail("", depth=4), replace("<ul>\n<li>\n<p>c</p>\n</li>\n</ul><hr>", depth=3)),
        (append("<p>| x | y |</p>"), tail("\n| -", depth=1)),
        (replace(head, depth=1), append("<th>y</th>\n", depth=3), tail("")),
        (append("\n<tbody></tbody>\n", depth=1), tail("?")),
        (
            append("<tr><td>1</td></tr>\n<tr><td>2</td></tr>", depth=2),
            tail("<b>3</b>", depth=4),
        ),
        (append("<td></td><td>x</td>", depth=3), append("4", depth=4), tail("<i>5</i>", depth=4)),
        (append(" &amp; 5", depth=4), append("<p>after</p>"), tail(" <u>all</u>", depth=1)),
        (append("<pre><code>x</code></pre>"), tail("\n  y", depth=2)),
        (append("\n\n  y", depth=2), append("\n", depth=2), tail("")),
        (replace("<pre><code>\n\nz\n</code></pre>", depth=1), tail("<p>last</p>")),
        (append("<p>[link]</p>"), tail("", depth=1)),
        (replace('<p><a href="#">link</a></p><p>and more</p>', depth=1),),
        (replace("<h1>Title</h1><p>under</p>", child=0), append("!", child=1)),
        (replace(one(5), child=5),),
        (replace("<p>BEFORE</p>" + one(0), child=3), append(".", child=3)),
        (tail("<p>seen</p>"),),
        (tail(""),),
    )
    html = (
        "<h1>Title</h1><p>under!</p>"
        "<ul>\n<li>\n<p>a</p>\n<ul>\n<li>\n<p>c</p>\n</li>\n</ul><hr>\n</li>\n</ul>\n"
        f"<p>BEFORE.</p>{one(0)}\n"
        "<table>\n<thead>\n<tr>\n<th>x</th>\n<th>y</th>\n</tr>\n</thead>\n"
        "<tbody><tr><td>1</td></tr>\n<tr><td>2</td><td></td><td>x4 &amp; 5</td></tr></tbody>\n"
        f"</table>{one(5)}<pre><code>\n\nz\n</code></pre>"
        '<p><a href="#">link</a></p><p>and more</p>'
    )
    return _by_hand("ai_2_text", steps, html)


def swaps() -> SampleReply:
    """Elements that are replaced by id, several in one fragment."""
    html = '<p id="a">{}</p><p id="b">{}</p><p id="c">{}</p><div id="ai_2_text">{}</div>'
    replace, append = _at("c", "replace"), _at("ai_2_text", "append")
    fragments = (
        Fragment(0, (Patch("append", Markup(html.format("a", "b", "c", ""))),)),
        Fragment(1, (_swap('<p id="a">1</p><p id="b">1</p>'), replace('<p id="c">1</p>'))),
        Fragment(2, (_swap('<p id="a">2</p><p id="b">2</p>'), append("x"))),
        Fragment(3, (replace('<p id="c">3</p>'),)),
        Fragment(4, (_swap('<p id="b">&amp; 4</p>'), replace('<p id="c">4</p>')), "finished"),
    )
    return SampleReply(fragments, html.format("2", "&amp; 4", "4", "x"))


def same_ids() -> SampleReply:
    """Regions that are replaced by what has the same id: a message as a cut client gets it."""
    state, rows = "ai_2_state", "ai_2.rows"
    opened = (
        f'<article id="ai_2"><i id="{state}">a</i>'
        f'<table><tbody id="{rows}"></tbody></table></article>'
    )
    steps = (
        (Patch("append", Markup(opened)),),
        (_at(state, "tail")("?"), _at(rows, "append")("<tr><td>1</td></tr>")),
        (_at(state, "replace")(f'<i id="{state}">b</i>'),),
        (_at(state, "append")("<b>c</b>"), _at(state, "tail")("!")),
        (
            _at(rows, "replace")(f'<tbody id="{rows}"></tbody><tfoot><tr></tr></tfoot>'),
            _at(rows, "append")("<tr><td>2</td></tr>"),
            _at(state, "replace")(f'<u>d <i id="{state}">e</i></u><s>f</s>'),
        ),
        (_at(state, "append")(" &amp; g"), _at(rows, "tail")("<tr><td>3</td></tr>")),
    )
    fragments = [Fragment(index, patches) for index, patches in enumerate(steps)]
    fragments.append(Fragment(len(fragments), (_at(rows, "tail")(""),), "finished"))
    html = (
        f'<article id="ai_2"><u>d <i id="{state}">e &amp; g</i></u><s>f</s><table>'
        f'<tbody id="{rows}"><tr><td>2</td></tr></tbody><tfoot><tr></tr></tfoot></table></article>'
    )
    return SampleReply(tuple(fragments), html)


def marks() -> SampleReply:
    """HTML that looks like marks with each token, so that the token changes within a fragment."""
    append, tail = (_at("ai_2_text", action) for action in ("append", "tail"))
    tokens = (digit + other for digit in digits for other in ascii_letters + digits)
    bold = f"<b title='{''.join(f'<!{token}>' for token in tokens)}'>two</b>"
    steps = (
        (append("<p>one</p>"), append(bold), tail("<!0")),
        (append("<p>three</p>"), append(bold)),
    )
    return _by_hand("ai_2_text", steps, f"<p>one</p>{bold}<p>three</p>{bold}")


def parts() -> SampleReply:
    """A message of ours with reasoning, two tool calls at once, and a part that shows a state."""

    def reply(at_once: bool) -> Reply:
        return Reply(context={"message_pair_id": "ai_1"}, at_once=at_once)

    growing, whole = reply(at_once=False), reply(at_once=True)
    whole.open()
    fragments = [growing.open(), *(growing.feed([delta]) for delta in INTERLEAVED)]
    whole.feed(INTERLEAVED)
    (patch,) = whole.close("finished").patches
    fragments = [each for each in fragments if each.patches]
    return SampleReply((*fragments, growing.close("finished")), patch.html)


SAMPLE_REPLIES: dict[str, Callable[[], SampleReply]] = {
    "text": text,
    "failed": failed,
    "template": template,
    "places": places,
    "regions": regions,
    "punctuated": punctuated,
    "table": table,
    "markdown_like": markdown_like,
    "swaps": swaps,
    "same_ids": same_ids,
    "marks": marks,
    "parts": parts,
}


def _by_hand(root: str, steps: tuple[tuple[Patch, ...], ...], html: str) -> SampleReply:
    shell = '<article><div id="{}" class="streamhtml">{}</div></article>'
    opened = Patch("append", Markup(shell).format(root, ""))
    fragments = [Fragment(0, (opened,))]
    fragments += [Fragment(index, patches) for index, patches in enumerate(steps, 1)]
    fragments.append(Fragment(len(fragments), outcome="finished"))
    return SampleReply(tuple(fragments), shell.format(root, html))


def _at(root: str, action: str) -> Callable[..., Patch]:
    def patch(html: str, depth: int = 0, child: int | None = None) -> Patch:
        return Patch(action, Markup(html), root, depth, child)  # type: ignore[arg-type]

    return patch


def _swap(html: str) -> Patch:
    return Patch("replace", Markup(html))


def _region(root: str, html: str) -> str:
    inert = 'hx-ignore="" hx-disable="" data-turbo="false" data-ignore="" data-star-ignore=""'
    inert += ' x-ignore=""'
    return f'<span id="{root}" class="streamhtml streamhtml-text" {inert}>{html}</span>'
