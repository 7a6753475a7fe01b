"""The ``html`` format, read by a decoder that was written from its specification alone."""

import re
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from streamhtml import Fragment, Patch
from streamhtml.formats.html import _ALPHABET, HTMLFormat


def decode(body: str, token: str) -> list[Fragment]:
    fragments: list[Fragment] = []
    patches: list[Patch] = []
    action, place = "", dict[str, Any](root="")
    while body:
        html, _, rest = body.partition(f"<!{token}")
        mark, _, body = rest.partition(">")
        more, operation = mark.startswith("+"), mark.lstrip("+").removeprefix(" ")
        name, *words = operation.split(" ")
        outcome = None
        if name == "end":
            (outcome,) = words
        elif name == "ping":
            continue
        elif name == "token":
            (token,) = words
            assert not html
            continue
        else:
            if name:
                if name[0] in "#@0123456789":
                    words = [name, *words]
                else:
                    action = name
                place = {"root": place["root"]}
                for word in words:
                    if word.startswith("#"):
                        place["root"] = word[1:]
                    elif word.startswith("@"):
                        place["child"] = int(word[1:])
                    else:
                        place["depth"] = int(word)
            real: Any = {"open": "append", "swap": "replace"}.get(action, action)
            there = {} if action in ("open", "swap") else place
            patches.append(Patch(real, Markup(html), **there))
        if not more:
            fragments.append(Fragment(len(fragments), tuple(patches), outcome))
            patches = []
    return fragments


HOSTILE = st.lists(
    st.sampled_from(["<!", "<!0", "<", "0", "8", ">", "08>", "<!08", "<!08 append #a>", "<!08 x"])
    | st.text(max_size=5)
).map("".join)
"""HTML that contains a mark of the token "08", or begins or ends within one."""

ALL_TOKENS = "".join(
    f"<!{digit}{other} append #a>" for digit in string.digits for other in _ALPHABET
)

PLACED = st.builds(
    Patch,
    action=st.sampled_from(["append", "replace", "tail"]),
    html=HOSTILE.map(Markup),
    root=st.sampled_from(["a", "b:c"]),
    depth=st.integers(0, 3),
) | st.builds(
    Patch,
    action=st.just("replace"),
    html=HOSTILE.map(Markup),
    root=st.sampled_from(["a", "b:c"]),
    child=st.integers(0, 12),
)
UNPLACED = st.builds(
    Patch, action=st.sampled_from(["append", "replace"]), html=st.just(Markup("<i></i>"))
)
PATCHES = st.lists(PLACED | UNPLACED, max_size=6).map(tuple)


@given(st.lists(PATCHES.filter(bool), max_size=8), PATCHES, st.sampled_from(["finished", "failed"]))
def test_law_decoding_returns_what_was_encoded(
    groups: list[tuple[Patch, ...]], last: tuple[Patch, ...], outcome: Any
) -> None:
    fragments = [Fragment(i, patches) for i, patches in enumerate(groups)]
    fragments.append(Fragment(len(groups), last, outcome))
    html_format = HTMLFormat()
    html_format.token = "08"
    body = ""
    for fragment in fragments:
        body += html_format.encode(fragment) + html_format.encode(Fragment(fragment.index))
    assert decode(body, "08") == fragments


def test_a_mark_does_not_repeat_the_mark_before() -> None:
    html_format = HTMLFormat()
    mark = f"<!{html_format.token}"
    texts = [
        html_format.encode(Fragment(0, (Patch("append", Markup("<p id=r></p>")),))),
        html_format.encode(Fragment(1, (Patch("append", Markup("a"), "r"),))),
        html_format.encode(Fragment(2, (Patch("append", Markup("b"), "r"),))),
        html_format.encode(Fragment(2)),
        html_format.encode(
            Fragment(3, (Patch("append", Markup("c"), "r"), Patch("tail", Markup("d"), "r", 1)))
        ),
        html_format.encode(Fragment(4, (Patch("replace", Markup("e"), "r", child=2),))),
        html_format.encode(Fragment(5, (Patch("replace", Markup("<p id=r></p>")),))),
        html_format.encode(Fragment(6, (), "finished")),
    ]
    assert texts == [
        f"<p id=r></p>{mark} open>",
        f"a{mark} append #r>",
        f"b{mark}>",
        f"{mark} ping>",
        f"c{mark}+>d{mark} tail 1>",
        f"e{mark} replace @2>",
        f"<p id=r></p>{mark} swap>",
        f"{mark} end finished>",
    ]


def test_each_response_names_its_own_token_in_its_media_type() -> None:
    formats = [HTMLFormat() for _ in range(100)]
    assert len({html_format.token for html_format in formats}) > 60
    for html_format in formats:
        assert re.fullmatch(r"[0-9][A-Za-z0-9]", html_format.token)
        assert html_format.media_type == f"text/html; charset=utf-8; fragments={html_format.token}"


@pytest.mark.parametrize("text", [">", "<!--a-->", "<style><!</style>", "<style><!a></style>"])
def test_a_comment_in_the_message_is_not_read_as_a_mark(text: str) -> None:
    html_format = HTMLFormat()
    body = html_format.encode(Fragment(0, (Patch("append", Markup(text)),), "finished"))
    (fragment,) = decode(body, html_format.token)
    assert fragment.patches[0].html == text


def attributes(html: str) -> Patch:
    return Patch("append", Markup("<b title='{}'></b>").format(Markup(html)), "a")


def test_html_that_contains_marks_of_all_tokens_gets_a_longer_one() -> None:
    html_format = HTMLFormat()
    token = html_format.token
    fragments = [Fragment(0, (attributes(ALL_TOKENS), attributes("")))]
    fragments += [Fragment(1, (attributes(ALL_TOKENS),)), Fragment(2, (), "finished")]
    texts = [html_format.encode(fragment) for fragment in fragments]
    assert decode("".join(texts), token) == fragments
    assert len(html_format.token) in {3, 4}
    assert [" token " in text for text in texts] == [True, False, False]


def test_a_token_that_does_not_occur_is_kept() -> None:
    html_format = HTMLFormat()
    html_format.token = "08"
    html_format.encode(Fragment(0, (attributes("<!07 open><!0<!1"),)))
    assert html_format.token == "08"
    html_format.encode(Fragment(1, (attributes("<!08"),)))
    assert html_format.token != "08"
