"""The demo as a process, with forms that no page sends: it never answers with status 5xx."""

import re
from collections.abc import Iterator

import pytest
from tests.demo.test_served import demo

from streamhtml.demo._demo import FRAMEWORKS

URL_ENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="message"\r\n\r\n%s\r\n--b--\r\n'
HI = PART % b"hi"
FORMS: list[tuple[str, bytes]] = [
    # No field, or none that is a message.
    ("", b""),
    ("", b"message=hi"),
    (URL_ENCODED, b""),
    (URL_ENCODED, b"other=1"),
    (URL_ENCODED, b"&" * 900),
    (URL_ENCODED, b"&".join(b"f%d=1" % number for number in range(5_000))),
    (MULTIPART, HI.replace(b' name="message"', b"")),
    (MULTIPART, HI.replace(b'"message"', b'"message"; filename="x"')),
    # Another type of content, or none that is valid.
    ("application/json", b'{"message": "hi"}'),
    ("text/plain", b"message=hi"),
    ("nonsense", b"message=hi"),
    ("multipart/form-data", HI),
    ("multipart/form-data; boundary=", HI),
    ("multipart/form-data; boundary=c", HI),
    ("multipart/form-data; boundary=" + "b" * 300, HI),
    (MULTIPART, b""),
    (MULTIPART, HI[:40]),
    (MULTIPART, HI[:-4]),
    # Text that is not valid.
    (URL_ENCODED, b"message=%ff%fe"),
    (URL_ENCODED, b"message=\xff\xfe"),
    (URL_ENCODED, b"message=%ED%A0%80"),
    (URL_ENCODED, b"message=%00%01%1b%"),
    (MULTIPART, PART % b"\xff\xfe\xed\xa0\x80\x00"),
    (f"{MULTIPART}; charset=nonsense", HI),
    (f"{MULTIPART}; charset=unicode_escape", PART % rb"\ud800"),
    # 1 MB.
    (URL_ENCODED, b"message=" + b"x" * 1_000_000),
    (URL_ENCODED, b"message=" + b"%F0%9F%91%8B" * 80_000),
    (MULTIPART, PART % (b"x" * 1_000_000)),
]
CLIENTS = [{}, {"Accept": "text/html"}, {"Streaming-HTML": "html"}]


def requests() -> Iterator[tuple[dict[str, str], bytes]]:
    for content_type, body in FORMS:
        for client in CLIENTS:
            yield {**client, **({"Content-Type": content_type} if content_type else {})}, body


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_odd_forms_are_answered_without_a_server_error(framework: str) -> None:
    with demo("--framework", framework, "--rate=0") as served:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', served.http.get("/").text)
        # A server may close a connection whose request it has not read to its end.
        more = {"Connection": "close", **({"X-CSRFToken": token[1]} if token else {})}
        for headers, body in requests():
            answer = served.http.post("/reply", headers={**headers, **more}, content=body)
            assert answer.status_code < 500, (headers, body[:99])
        for pair in "ai_unknown", "%ff%ED%A0%80%00", "x" * 4_000:
            assert served.http.get(f"/reply/{pair}").status_code == 404
        for cookie in b"\xff", b'"\\015\\012X: 1"', b"x" * 4_000:
            page = served.http.get("/", headers={"Cookie": b"conversation=" + cookie})
            assert page.status_code == 200
            assert re.fullmatch(r"conversation=[\w-]{43}; .*", page.headers["Set-Cookie"])


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_without_scripts_a_reload_does_not_ask_again(framework: str) -> None:
    with demo("--framework", framework, "--rate=0", "--client=page") as served:
        form = served.form("Can you write Python? " + "x" * 9_000)
        headers = {"Accept": "text/html"}
        answer = served.http.post("/reply", data=form, headers=headers, follow_redirects=True)
        assert answer.status_code == 200
        assert len(answer.history) == 1
        again = served.http.get(answer.url, headers=headers)
        for each in answer, again:
            assert each.text.count("x" * 9_000) == 1
            assert each.text.count('class="streamhtml-human"') == 1
