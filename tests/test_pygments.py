"""Highlighting: the text never changes, nothing is raised, a stream and a reload look the same."""

import random
import re
import time
from collections.abc import Iterator
from functools import partial
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexer import Lexer
from pygments.lexers import get_all_lexers
from pygments.styles import get_all_styles
from pygments.token import Token
from tests.markdown.page import Page, canonical

from streamhtml import Delta, MarkdownRenderer, Reply, pygments
from streamhtml.markdown import Options, render
from streamhtml.pygments import highlight, stylesheet

PYTHON = 'def f(x):\n    """Docs."""\n    return x < 1 and "a&b"  # so\n'
HIGHLIGHTING = Options(on_fence=highlight)
ALIASES = sorted(pygments._lexers())
PIECES = """\
def f(x): return "a" 'it # /* c */ // <a href='x'> </a> {% if a %} {{ b }} <?php ?> <<EOT EOT $x 1;
&amp; < > & ``` - a: 1 @@ -1 +1 @@ +a -b $ ls >>> ... SELECT * FROM t \\ #{a} [1, 2] 0x1F 1e5 안녕 é
🏳️‍🌈 (* *) --[[ ]] ''' %w(a b) =begin =end { } ` ; : ! ~ | ^
"""
SNIPPETS = [*re.split(r"[ \n]", PIECES), *" \t\u2028\x85\x0c", "\n", "\n", "\n\n", "\n    ", '"""']
HTML = re.compile(
    r'<pre><code class="language-[\w.+#-]+">'
    r'(?:[^<>]|<span class="[a-z0-9]+">[^<>]+</span>)+</code></pre>'
)


def text_of(html: str) -> str:
    return unescape(re.sub("<[^>]*>", "", html))


def check(language: str, text: str) -> bool:
    """Check the laws for one block; return whether it was highlighted."""
    shown = highlight(language, text)
    if shown is None:
        return False
    assert HTML.fullmatch(shown), shown
    assert text_of(shown) == text
    assert shown.startswith(render(f"```{language}\n```").removesuffix("</code></pre>"))
    return True


# What it makes


def test_code_in_colours() -> None:
    assert highlight("python", "x = '<'\n") == (
        '<pre><code class="language-python"><span class="n">x</span> <span class="o">=</span> '
        "<span class=\"s1\">'&lt;'</span>\n</code></pre>"
    )


@pytest.mark.parametrize("language", ["python", "Python", "PY", "c++", "C#", "js", "html+jinja"])
def test_a_language_has_several_names(language: str) -> None:
    assert check(language, PYTHON)


@pytest.mark.parametrize(
    "language",
    ["", "math", "mermaid", "pythonic", "🔥", "red/system", "x" * 1000, "\udcff", '"><b>'],
)
def test_an_unknown_language_has_none(language: str) -> None:
    assert highlight(language, PYTHON) is None


@pytest.mark.parametrize(
    ("language", "text"), [("text", PYTHON), ("python", ""), ("python", "\n\n")]
)
def test_where_nothing_is_coloured_the_block_stays(language: str, text: str) -> None:
    assert highlight(language, text) is None


def test_a_long_text_has_none() -> None:
    assert check("python", "x\n" * (pygments.MAX_LENGTH // 2))
    assert highlight("python", "x\n" * (pygments.MAX_LENGTH // 2) + "y") is None


def test_what_a_lexer_does_not_know_is_no_error() -> None:
    shown = highlight("json", '{"a": ?}\n')
    assert shown is not None
    assert "err" not in shown
    assert "?" in shown


# The laws


@pytest.mark.parametrize(
    "text",
    ["\n\nx = 1\n", "x = 1", "x = 1\n\n\n", "\tx = 1  \n", "x = 1\n  ", "\x0cx\x85\u2028= 1\n"],
)
def test_no_line_break_is_added_or_taken(text: str) -> None:
    assert check("python", text)


@given(language=st.sampled_from(ALIASES), text=st.lists(st.sampled_from(SNIPPETS)).map("".join))
def test_the_text_is_exact_in_every_language(language: str, text: str) -> None:
    check(language, text)


@given(language=st.sampled_from(["python", "html", "php", "bash", "c++", "pycon"]), text=st.text())
def test_any_text_is_exact(language: str, text: str) -> None:
    check(language, text)


@pytest.mark.slow
def test_every_lexer_keeps_many_texts() -> None:
    made = random.Random(1)
    coloured = total = 0
    for language in ALIASES:
        for _ in range(10):
            text = "".join(made.choices(SNIPPETS, k=made.randrange(5, 40)))
            coloured += check(language, text + "\n")
            total += 1
    assert coloured > 0.8 * total


def test_a_lexer_that_raises_leaves_the_block(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Lexer):
        def get_tokens(self, text: str, unfiltered: bool = False) -> Iterator[tuple[object, str]]:
            raise LookupError(text)

    monkeypatch.setattr(pygments, "find_lexer_class", lambda name: Broken)
    assert highlight("python", PYTHON) is None
    assert "the lexer 'Python' of Pygments raised LookupError" in caplog.text
    assert PYTHON not in caplog.text


def test_a_lexer_that_loses_text_leaves_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    class Losing(Lexer):
        def get_tokens(self, text: str, unfiltered: bool = False) -> Iterator[tuple[object, str]]:
            yield Token.Keyword, text[:-2]

    monkeypatch.setattr(pygments, "find_lexer_class", lambda name: Losing)
    assert highlight("python", PYTHON) is None


@pytest.mark.parametrize(
    ("language", "text"),
    [("c++", "\n"), ("java", "a b\n"), ("apacheconf", "<"), ("pycon", ">>> (\n")],
)
def test_a_text_made_to_be_slow_is_given_up(language: str, text: str) -> None:
    text = text * (pygments.MAX_LENGTH // len(text))
    highlight(language, "")  # imports the lexer
    begun = time.thread_time()
    highlight(language, text)
    assert time.thread_time() - begun < 2 * pygments.MAX_SECONDS


@pytest.mark.parametrize(
    ("language", "text"), [("console", "a:"), ("matlab", "\n"), ("maple", "'")]
)
def test_where_a_token_can_be_slow_the_text_must_be_short(language: str, text: str) -> None:
    text = text * (pygments.MAX_SLOW // len(text))
    highlight(language, "")
    begun = time.thread_time()
    highlight(language, text)
    assert time.thread_time() - begun < pygments.MAX_SECONDS
    assert highlight(language, "$ ls\n" * (pygments.MAX_SLOW // 5 + 1)) is None


def test_a_lexer_that_can_hang_is_not_used() -> None:
    assert highlight("easytrieve", "* A comment\n") is None
    lexers = {name for name, *_ in get_all_lexers(plugins=False)}
    assert lexers >= pygments._SLOW | pygments._HANGING


# In a stream

ANSWER = f"""\
Before:

```python
{PYTHON}```

- in a list
  ```js
  let a = "<b>";
  ```

```unknown
x
```

$$
x < y
$$

~~~html
<p class="a">never closed
"""


def test_a_stream_replaces_a_block_once_when_its_fence_closes() -> None:
    reply = Reply(renderer=partial(MarkdownRenderer, options=HIGHLIGHTING))
    opened = reply.open().patches[0].html
    found = re.search(r'<div id="(\w+)" class="streamhtml streamhtml-markdown"', opened)
    assert found
    page = Page(found[1])
    replaced: list[tuple[int, str]] = []
    fed = 0
    for character in ANSWER:
        fed += 1
        patches = reply.feed([Delta(character)]).patches
        replaced += [(fed, patch.html) for patch in patches if patch.action == "replace"]
        page.apply(patches)
    patches = reply.close("finished").patches
    replaced += [(fed, patch.html) for patch in patches if patch.action == "replace"]
    page.apply(patches)

    assert page.html == canonical(render(ANSWER, HIGHLIGHTING))
    closed_at = [ANSWER.index("```\n\n- in") + 4, ANSWER.index("  ```\n\n```unknown") + 6, fed]
    assert [at for at, _ in replaced] == closed_at
    for (_, html), language in zip(replaced, ("python", "js", "html"), strict=True):
        assert html.startswith(
            f'<div class="streamhtml-fence"><pre><code class="language-{language}"'
        )
        assert html.count("<pre>") == 1


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
    shown = highlight("python", PYTHON)
    assert shown is not None
    names = set(re.findall(r'span class="(\w+)"', shown))
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
