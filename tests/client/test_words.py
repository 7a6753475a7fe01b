"""The words of the client: in English in its source, and translated for its script element."""

import re
from importlib.resources import files

from streamhtml import client_words
from streamhtml._words import CLIENT

_SOURCE = files("streamhtml").joinpath("static/streamhtml/streaming-html.js")


def test_the_client_has_the_same_english_words() -> None:
    (table,) = re.findall(r"const ENGLISH = \{(.*?)\n  \};", _SOURCE.read_text("utf-8"), re.DOTALL)
    assert dict(re.findall(r'^ +"?([\w-]+)"?: "(.*)",$', table, re.MULTILINE)) == CLIENT
    assert table.count("\n") == len(CLIENT)


def test_english_words_are_left_out() -> None:
    assert client_words("") == client_words("en-GB") == client_words("fr") == ""


def test_the_built_in_translation_has_all_words() -> None:
    found = dict(re.findall(r'data-stream-([\w-]+)="([^"]*)"', client_words("ko_KR")))
    assert found.keys() == CLIENT.keys()
    assert found["stopped"] == "답변을 중지했습니다."
    assert [name for name, text in found.items() if "{time}" in text] == ["error-429", "error-5xx"]


def test_the_translations_of_the_site_come_first() -> None:
    def translate(text: str) -> str:
        return {"Try again": 'Once "more" & again', "later": "some day"}.get(text, text)

    assert client_words("", translate) == (
        'data-stream-retry="Once &#34;more&#34; &amp; again" data-stream-later="some day"'
    )
    assert 'data-stream-later="some day"' in client_words("ko", translate)
    assert 'data-stream-thinking="생각하는 중…"' in client_words("ko", translate)
