"""Code that is coloured line by line while it arrives."""

from dataclasses import dataclass
from typing import Final

import pytest
from markupsafe import Markup
from tests.markdown.cuts import by_character, by_lines
from tests.markdown.page import Page, canonical
from tests.markdown.patch_steps import END, Step, check, streams

from streamhtml.markdown import MarkdownRenderer, Options, render
from streamhtml.markdown._output.growing_text import MAX_COLORED_LINE

LONG: Final = "x" * MAX_COLORED_LINE


@dataclass
class Bold:
    """Makes lines bold, up to a line "none". In the language "last", only the end shows how."""

    language: str
    is_over: bool = False

    def line(self, text: str) -> Markup:
        if text == "error\n":
            raise LookupError
        self.is_over = self.is_over or text == "none\n"
        if self.is_over or self.language == "last":
            return Markup.escape(text)
        return Markup("<b>{}</b>\n").format(text[:-1])

    def block(self, text: str) -> Markup | None:
        if self.language == "lines":
            return None
        if self.language == "bad":
            raise LookupError
        bold = Bold("")
        return Markup("").join(bold.line(line + "\n") for line in text.split("\n")[:-1])


def highlight(language: str) -> Bold | None:
    if language == "error":
        raise LookupError
    return None if language == "unknown" else Bold(language)


HIGHLIGHTING: Final = Options(highlight=highlight)


def code(language: str) -> str:
    return f'append 0 <pre><code class="language-{language}">'


@streams(
    lines=(
        ("```x\n", f"{code('x')}</code></pre>"),
        ("a<", "tail 2 a&lt;"),
        ("b\n", "append 2 <b>a&lt;b</b>\n"),
        ("\nc\nd", "append 2 <b></b>\n<b>c</b>\n", "tail 2 d"),
        ("\n```", "append 2 <b>d</b>\n"),
        ("\ne", "append 0 <p>e</p>"),
        (END,),
    ),
    not_closed=(
        (
            "> ```x\n> a",
            f"append 0 <blockquote>{code('x')[9:]}</code></pre></blockquote>",
            "tail 3 a",
        ),
        (END, "append 3 <b>a</b>\n"),
    ),
    at_once=(("```x\na\n```\n", f"{code('x')}<b>a</b>\n</code></pre>"), (END,)),
    correct_in_the_end=(
        ("```x\nnone\n", f"{code('x')}none\n</code></pre>"),
        ("a\n", "append 2 a\n"),
        ("```\n",),
        (END,),
    ),
    corrected_in_the_end=(
        ("- ```last\n  a\n", f"append 0 <ul><li>{code('last')[9:]}a\n</code></pre></li></ul>"),
        ("  b", "tail 4 b"),
        (
            "\n  ```\n  c",
            'replace 3 <pre><code class="language-last"><b>a</b>\n<b>b</b>\n</code></pre>',
            "tail 2 c",
        ),
        (END, "append 2 c"),
    ),
    kept_in_the_end=(
        ("```lines\na\n", f"{code('lines')}<b>a</b>\n</code></pre>"),
        ("b\n```\n", "append 2 <b>b</b>\n"),
        (END,),
    ),
    kept_at_once=(("```lines\na\n```\n", f"{code('lines')}<b>a</b>\n</code></pre>"), (END,)),
    unknown=(
        ("```unknown\na", f"{code('unknown')}a</code></pre>"),
        ("b\n", "append 2 b\n"),
        (END,),
    ),
    no_fence=(
        ("    a", "append 0 <pre><code>a</code></pre>"),
        (END, "append 2 \n"),
    ),
    a_long_line_is_shown_in_pieces=(
        (f"```x\n{LONG}", f"{code('x')}</code></pre>", f"tail 2 {LONG}"),
        ("<", f"append 2 {LONG}&lt;"),
        ("b", "append 2 b"),
        ("c\nd", "append 2 c\n", "tail 2 d"),
        ("\n", "append 2 <b>d</b>\n"),
        (f"{LONG}\n", f"append 2 {LONG}\n"),
        (
            END,
            f"replace 1 {code('x')[9:]}<b>{LONG}&lt;bc</b>\n<b>d</b>\n<b>{LONG}</b>\n</code></pre>",
        ),
    ),
)
def test_lines_have_colours_as_soon_as_they_are_complete(steps: tuple[Step, ...]) -> None:
    check(steps, highlight=highlight)


def test_an_unfinished_line_is_sent_less_often_the_longer_it_is() -> None:
    renderer = MarkdownRenderer("r", HIGHLIGHTING)
    renderer.feed("```x\n")
    sent = [patch.html for _ in range(MAX_COLORED_LINE) for patch in renderer.feed("x")]
    assert len(sent) < 150
    assert sum(map(len, sent)) < 15 * MAX_COLORED_LINE


@pytest.mark.parametrize("language", ["error", "bad", "x"])
def test_what_raises_is_logged_and_leaves_the_rest_without_colours(
    language: str, caplog: pytest.LogCaptureFixture
) -> None:
    text = f"```{language}\na\nerror\nb\n```\nc"
    shown = render(text, HIGHLIGHTING)
    lines = "a\nerror\nb" if language == "error" else "<b>a</b>\nerror\nb"
    assert shown == f'<pre><code class="language-{language}">{lines}\n</code></pre><p>c</p>'
    for cut in by_character, by_lines:
        page = Page("r")
        renderer = MarkdownRenderer("r", HIGHLIGHTING)
        for piece in cut(text):
            page.apply(renderer.feed(piece))
        page.apply(renderer.close())
        assert page.html == canonical(shown)
    assert set(caplog.messages) == {"highlight failed for a code block or a formula"}


def test_on_fence_may_replace_a_block_with_colours() -> None:
    def on_fence(language: str, text: str, info: str) -> Markup | None:
        return Markup("<i>{}</i>").format(text) if language == "x" else None

    steps: tuple[Step, ...] = (
        ("```x\na\n", f"{code('x')}<b>a</b>\n</code></pre>"),
        ("```\n", 'replace 1 <div class="streamhtml-fence"><i>a\n</i></div>'),
        ("```y\na\n", f"{code('y')}<b>a</b>\n</code></pre>"),
        ("```\n",),
        (END,),
    )
    check(steps, highlight=highlight, on_fence=on_fence)
