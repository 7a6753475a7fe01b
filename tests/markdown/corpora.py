"""Difficult Markdown by others: the two specifications, and the test cases of markdown-it.

The law: their text is never in this repository. ``scripts/bootstrap dev`` unpacks the source
distributions named in ``requirements/corpora.lock`` to ``.venv/corpora``.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CORPORA: Final = Path(__file__).parents[2] / ".venv" / "corpora"

# A heading, or an example of a specification. Examples write a tab as →.
_SPEC: Final = re.compile(
    r"^\#{1,6}\ (?P<section>.*)$"
    r"|^`{32}\ example\b.*\n(?P<markdown>(?:.*\n)*?)\.\n(?P<html>(?:.*\n)*?)`{32}$",
    re.MULTILINE | re.VERBOSE,
)
# The optional title is the text before it.
_FIXTURE: Final = re.compile(r"^\. *\n((?:.*\n)*?)\. *\n(?:.*\n)*?\. *$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """An example of a specification.

    Attributes:
        number: its position among the examples of its specification, from 1.
        section: the heading above it.
        markdown: the text, with real tabs.
        html: the HTML in the specification. Only its DOM is normative.
    """

    number: int
    section: str
    markdown: str
    html: str


def commonmark() -> list[Example]:
    """Return the 652 examples of CommonMark 0.31.2."""
    return _examples("marko-*/tests/spec/commonmark.txt")


def gfm() -> list[Example]:
    """Return the 24 examples of GFM 0.29 that CommonMark does not have.

    Their numbers count the other examples too, which are left out: they are from an older
    CommonMark.
    """
    examples = _examples("marko-*/tests/spec/gfm.txt")
    return [example for example in examples if example.section.endswith(" (extension)")]


def markdown_it() -> list[str]:
    """Return the texts of markdown-it's test cases, from markdown-it-py.

    Its copy of CommonMark's examples is left out, and so is the expected HTML, because much of it
    is for markdown-it's own extensions and typography.
    """
    files = _find("markdown_it_py-*/tests/test_port/fixtures/*.md")
    return [
        text
        for file in files
        if file.name != "commonmark_spec.md"
        for text in _FIXTURE.findall(file.read_text("utf-8"))
    ]


def _examples(pattern: str) -> list[Example]:
    examples: list[Example] = []
    section = ""
    (file,) = _find(pattern)
    for match in _SPEC.finditer(file.read_text("utf-8").replace("→", "\t")):
        if match["section"] is not None:
            section = match["section"]
        else:
            number = len(examples) + 1
            examples.append(Example(number, section, match["markdown"], match["html"]))
    return examples


def _find(pattern: str) -> list[Path]:
    files = sorted(_CORPORA.glob(pattern))
    if not files:
        raise FileNotFoundError(f"{_CORPORA} has no {pattern}: run scripts/bootstrap dev")
    return files
