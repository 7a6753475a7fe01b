"""Highlighting: the text never changes, nothing is raised, a stream and a reload look the same."""

import random
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexer import Lexer, RegexLexer
from pygments.lexers import find_lexer_class, get_all_lexers
from pygments.styles import get_all_styles
from pygments.token import Keyword, Name, Text, Token
from tests.markdown.cuts import at_random, by_character, by_lines, in_groups
from tests.markdown.page import Page, canonical

from streamhtml.markdown import MarkdownRenderer, Options, render
from streamhtml.pygments import _highlight, _line_lexer, highlight, stylesheet
from streamhtml.pygments._classes import html_of

PYTHON = 'def f(x):\n    """Docs."""\n    return x < 1 and "a&b"  # so\n'
HIGHLIGHTING = Options(highlight=highlight)
ALIASES = sorted(_highlight._lexers())
PIECES = """\
def f(x): return "a" 'it # /* c */ // <a href='x'> </a> {% if a %} {{ b }} <?php ?> <<EOT EOT $x 1;
&amp; < > & ``` - a: 1 @@ -1 +1 @@ +a -b $ ls >>> ... SELECT * FROM t \\ #{a} [1, 2] 0x1F 1e5 안녕 é
🏳️‍🌈 (* *) --[[ ]] ''' %w(a b) =begin =end { } ` ; : ! ~ | ^ <script> </script> [==[ ]==]
"""
SNIPPETS = [*re.split(r"[ \n]", PIECES), *" \t\u2028\x85\x0c", "\n", "\n", "\n\n", "\n    ", '"""']
HTML = re.compile(r'(?:[^<>]|<span class="[a-z0-9]+">[^<>\n]+</span>)*')
FENCE = re.compile(r"^(`{3,4})(\S+)\n(.*?)^\1\n", re.MULTILINE | re.DOTALL)
ANSWER = (Path(__file__).parent / "code.md").read_text("utf-8")
CODE = {found[2]: found[3] for found in FENCE.finditer(ANSWER)}


@pytest.fixture(autouse=True, scope="module")
def enough_time() -> Iterator[None]:
    """Let no block be given up because the machine is busy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_highlight, "MAX_SECONDS", 60.0)
        yield


def text_of(html: str) -> str:
    return unescape(re.sub("<[^>]*>", "", html))


def whole(language: str, text: str) -> str | None:
    """Return what is shown for a block that is complete."""
    colors = highlight(language)
    return colors.block(text) if colors else None


def by_line(language: str, text: str) -> str:
    """Return what is shown for a block that arrives line by line."""
    colors = highlight(language)
    assert colors
    return "".join([colors.line(line) for line in re.findall(r"[^\n]*\n", text)])


def check(language: str, text: str) -> None:
    """Check that no character is lost, and that nothing but elements for colours is added."""
    for html in whole(language, text), by_line(language, text):
        assert html is not None
        assert HTML.fullmatch(html), html
        assert text_of(html) == text


# What it makes


def test_code_in_colours() -> None:
    assert (
        by_line("python", "x = '<'\n")
        == whole("python", "x = '<'\n")
        == ('<span class="n">x</span> <span class="o">=</span> <span class="s1">\'&lt;\'</span>\n')
    )


def test_an_element_ends_before_the_line() -> None:
    assert by_line("python", '"""a\n\n  b"""\n') == (
        '<span class="sd">"""a</span>\n\n  <span class="sd">b"""</span>\n'
    )


@pytest.mark.parametrize("language", ["python", "Python", "PY", "c++", "C#", "js", "html+jinja"])
def test_a_language_has_several_names(language: str) -> None:
    check(language, PYTHON)


@pytest.mark.parametrize(
    "language",
    ["", "math", "mermaid", "pythonic", "🔥", "red/system", "x" * 1000, "\udcff", '"><b>'],
)
def test_an_unknown_language_has_none(language: str) -> None:
    assert highlight(language) is None


def test_what_a_lexer_does_not_know_is_no_error() -> None:
    shown = whole("json", '{"a": ?}\n')
    assert shown is not None
    assert "err" not in shown
    assert "?" in shown


# Line by line


@pytest.mark.parametrize("language", CODE)
def test_lines_have_the_colours_that_pygments_gives_to_the_whole_block(language: str) -> None:
    text = CODE[language]
    lexer = find_lexer_class(_highlight._lexers()[language])
    assert lexer is not None
    expected = html_of(lexer(stripnl=False, ensurenl=False).get_tokens(text))
    assert by_line(language, text) == expected
    assert whole(language, text) == expected
    assert expected.count("<span") >= 5


@pytest.mark.parametrize(
    ("language", "line"),
    [("html+jinja", "<p>{{ a }}</p>\n"), ("pycon", ">>> 1\n"), ("erb", "<%= 1 %>\n")],
)
def test_where_lines_cannot_be_read_alone_colours_come_with_the_end(
    language: str, line: str
) -> None:
    assert "<span" not in by_line(language, line)
    assert "<span" in (whole(language, line) or "")


def test_a_long_comment_is_not_read_again_with_each_line(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "int a;\n/* a\n" + " * comment of 'several' lines\n" * 200 + " */\nint b;\n"
    sizes: list[int] = []
    original = _line_lexer.LineLexer._tokens

    def counted(self: _line_lexer.LineLexer, code: str, stop: int, end: int) -> Iterator[object]:
        sizes.append(end - self._context.pos)
        yield from original(self, code, stop, end)

    monkeypatch.setattr(_line_lexer.LineLexer, "_tokens", counted)
    lines = by_line("c", text)
    assert sum(sizes) < 3 * len(text)
    assert lines.count('<span class="cm">') == 202
    assert lines.endswith(
        '<span class="kt">int</span> <span class="n">b</span><span class="p">;</span>\n'
    )


# The laws


@pytest.mark.parametrize(
    "text",
    ["\n\nx = 1\n", "x = 1\n\n\n", "\tx = 1  \n", "x = 1\n  \n", "\x0cx\x85\u2028= 1\n", "\n", ""],
)
def test_no_line_break_is_added_or_taken(text: str) -> None:
    check("python", text)


@given(language=st.sampled_from(ALIASES), text=st.lists(st.sampled_from(SNIPPETS)).map("".join))
def test_the_text_is_exact_in_every_language(language: str, text: str) -> None:
    check(language, text + "\n")


@given(
    language=st.sampled_from(["python", "html", "php", "bash", "c++", "pycon", "yaml", "ruby"]),
    text=st.text(),
)
def test_any_text_is_exact(language: str, text: str) -> None:
    check(language, text + "\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    "language", sorted({name: alias for alias, name in _highlight._lexers().items()}.values())
)
def test_a_whole_block_has_the_colours_that_pygments_gives(language: str) -> None:
    made = random.Random(language)
    lexer = find_lexer_class(_highlight._lexers()[language])
    assert lexer is not None
    for _ in range(10):
        text = "".join(made.choices(SNIPPETS, k=made.randrange(5, 40))) + "\n"
        if language == "html":
            text += "</script>\n"  # Without it, Pygments takes the rest of the script for HTML.
        check(language, text)
        tokens = list(lexer(stripnl=False, ensurenl=False).get_tokens(text))
        if "".join([value for _, value in tokens]) == text:
            assert whole(language, text) == html_of(tokens)


class Broken(RegexLexer):
    """Raises an error at the second word."""

    tokens: ClassVar = {
        "root": [(r"a\n", Keyword), (r"b\n", lambda _, found: fails(found.group()))]
    }


def fails(text: str) -> Iterator[tuple[int, object, str]]:
    raise LookupError(text)


class Popping(RegexLexer):
    """Leaves states that it did not enter."""

    tokens: ClassVar = {
        "root": [(r"a", Name, ("#pop", "#push", "b")), (r"\n", Text, "#pop:3")],
        "b": [(r"b", Keyword, "#push"), (r"c", Keyword, ("#pop", "#pop", "#pop", "#pop"))],
    }


def test_a_lexer_that_leaves_too_many_states_stays_in_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_highlight, "find_lexer_class", lambda name: Popping)
    text = "abbca\nabca\n"
    expected = html_of(Popping(stripnl=False, ensurenl=False).get_tokens(text))
    assert by_line("python", text) == whole("python", text) == expected
    assert '<span class="k">bbc</span>' in expected


class Endless(RegexLexer):
    """Never gets beyond the first word."""

    tokens: ClassVar = {"root": [(r"(?=a)", Text, "#push")]}


class Losing(RegexLexer):
    """Leaves out a word."""

    tokens: ClassVar = {"root": [(r"a", Name), (r"b", lambda *_: iter(())), (r"\n", Text)]}


class LosingAtOnce(Lexer):
    """Leaves out the end."""

    def get_tokens(self, text: str, unfiltered: bool = False) -> Iterator[tuple[object, str]]:
        yield Token.Keyword, text[:-2]


@pytest.mark.parametrize(
    ("lexer", "text", "lines"),
    [
        (Broken, "a\nb\na\n", '<span class="k">a</span>\nb\na\n'),
        (Endless, "b\na\nb\n", "b\na\nb\n"),
        (Losing, "a\nba\na\n", '<span class="n">a</span>\nba\na\n'),
        (LosingAtOnce, "a\nb\n", "a\nb\n"),
    ],
)
def test_a_block_that_a_lexer_cannot_read_has_no_colours(
    lexer: type[Lexer],
    text: str,
    lines: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(_highlight, "find_lexer_class", lambda name: lexer)
    monkeypatch.setattr(_highlight, "MAX_SECONDS", 0.01)
    assert by_line("python", text) == lines
    assert whole("python", text) == text
    assert streamed(f"```python\n{text}```\n", by_lines)[0] == render(
        f"```python\n{text}```\n", HIGHLIGHTING
    )
    names = {Broken: "LookupError", Endless: "TimeoutError"}
    messages = [f"the lexer 'Python' of Pygments raised {names[lexer]}"] if lexer in names else []
    assert sorted(set(caplog.messages)) == messages


def test_a_lexer_that_takes_too_long_is_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(_highlight, "MAX_SECONDS", -1)
    for language in "pycon", "python", "json":
        assert by_line(language, "1\n2\n") == whole(language, "1\n2\n") == "1\n2\n"
    assert all(message.endswith("raised TimeoutError") for message in caplog.messages)
    assert len(caplog.messages) == 5


def test_a_block_that_is_too_long_keeps_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_highlight, "MAX_LENGTH", 20)
    text = "x = 1\n" * 5
    assert by_line("python", text).count("<span") == 3 * 3
    assert whole("python", text) is None
    assert whole("pycon", ">>> 1\n" * 2000) is None
    fence = f"```python\n{text}```\n"
    assert streamed(fence, by_lines)[0] == render(fence, HIGHLIGHTING)


def test_a_lexer_that_can_hang_is_not_used() -> None:
    assert highlight("easytrieve") is None
    lexers = {name for name, *_ in get_all_lexers(plugins=False)}
    assert lexers >= _highlight._SLOW | _highlight._HANGING | _highlight._NO_STATE


# In a stream


def streamed(text: str, cut: Callable[[str], list[str]]) -> tuple[str, list[str]]:
    """Return the page's HTML in the end, and what was replaced."""
    renderer = MarkdownRenderer("r", HIGHLIGHTING)
    page = Page("r")
    replaced: list[str] = []
    for piece in (*cut(text), None):
        patches = renderer.close() if piece is None else renderer.feed(piece)
        replaced += [patch.html for patch in patches if patch.action == "replace"]
        page.apply(patches)
    return page.html, replaced


@pytest.mark.parametrize(
    "cut",
    [
        by_character,
        by_lines,
        lambda text: in_groups(list(text), 4),
        lambda text: at_random(text, 1),
    ],
    ids=["characters", "lines", "four", "random"],
)
def test_no_colour_that_was_shown_changes(cut: Callable[[str], list[str]]) -> None:
    assert len(CODE) > 30
    page, replaced = streamed(ANSWER, cut)
    assert page == canonical(render(ANSWER, HIGHLIGHTING))
    assert replaced == []


def test_a_block_whose_colours_were_wrong_is_sent_once_more() -> None:
    text = 'x\n\n```python\n"""a\nb = 1\n```\n\ny'  # The text is not closed.
    for cut in by_character, by_lines:
        page, replaced = streamed(text, cut)
        assert page == canonical(render(text, HIGHLIGHTING))
        assert replaced == [
            render(text, HIGHLIGHTING).removeprefix("<p>x</p>").removesuffix("<p>y</p>")
        ]


def test_bytes_grow_with_the_length_of_a_block() -> None:
    def sent(lines: int) -> int:
        text = "```python\n" + "".join(f"value_{n} = f({n}, 'text')  # so\n" for n in range(lines))
        renderer = MarkdownRenderer("r", HIGHLIGHTING)
        pieces = in_groups(list(text + "```\n"), 4)
        return sum(len(patch.html) for piece in pieces for patch in renderer.feed(piece))

    assert sent(400) < 2.1 * sent(200)


# The style sheet


@pytest.mark.parametrize("style", sorted(get_all_styles()))
def test_every_style_makes_rules_for_our_blocks_alone(style: str) -> None:
    css = stylesheet(style)
    assert re.match(
        r"\.streamhtml-markdown pre \{ background: #\w{3,6}; color: #\w{6} \}\n", css
    ), css[:100]
    for line in css.splitlines():
        assert re.fullmatch(
            r"\.streamhtml-markdown pre (?:\.\w+ |:is\(\.\w+(?:, \.\w+)+\) )?\{ [^{}]+ \}", line
        )


def test_it_has_a_rule_for_what_is_shown() -> None:
    names = set(re.findall(r'span class="(\w+)"', by_line("python", PYTHON)))
    assert names == {"k", "nf", "p", "n", "sd", "o", "mi", "ow", "s2", "c1"}
    ruled = set(re.findall(r"\.(\w+)(?=[,) ])", stylesheet()))
    assert names - ruled == {"n", "p"}  # These look as other text does.


def test_a_dark_style_is_for_readers_in_the_dark() -> None:
    css = stylesheet("default", dark="github-dark")
    light, dark = css.split("@media (prefers-color-scheme: dark) {\n")
    assert light == f"@media (prefers-color-scheme: light) {{\n{stylesheet('default')}}}\n\n"
    assert dark == f"{stylesheet('github-dark')}}}\n"


def test_an_unknown_style_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"'nope' is not the name of a Pygments style; .*get_all_styles"
    ):
        stylesheet("nope")
    with pytest.raises(ValueError, match="'nope'"):
        stylesheet(dark="nope")
