"""Readers of ``multipart/mixed``: Python's own, that of python-multipart, and htmx's in Python."""

import re
from email import message_from_bytes
from email.policy import HTTP
from typing import NamedTuple

from python_multipart import MultipartParser


class Part(NamedTuple):
    """One part: its headers, with names in lower case, and its content."""

    headers: dict[str, str]
    html: str


def by_email(media_type: str, body: bytes) -> list[Part]:
    """Read a body as Python's ``email`` does. It must have no defects."""
    head = f"MIME-Version: 1.0\r\nContent-Type: {media_type}\r\n\r\n".encode()
    message = message_from_bytes(head + body, policy=HTTP)
    assert message.is_multipart()
    assert not message.defects, message.defects
    parts: list[Part] = []
    for part in message.iter_parts():
        assert not part.defects, part.defects
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        headers = {name.lower(): str(value) for name, value in part.items()}
        parts.append(Part(headers, content.decode()))
    return parts


def by_python_multipart(media_type: str, body: bytes, pieces: int = 1) -> list[Part]:
    """Read a body as python-multipart does, in pieces of this many bytes."""
    boundary = media_type.partition("boundary=")[2]
    parts: list[tuple[dict[str, str], bytearray]] = []
    name, value = bytearray(), bytearray()

    def begin() -> None:
        parts.append(({}, bytearray()))

    def end_header() -> None:
        parts[-1][0][name.decode().lower()] = value.decode()
        name.clear()
        value.clear()

    ended: list[bool] = []
    parser = MultipartParser(
        boundary,
        {
            "on_part_begin": begin,
            "on_part_data": lambda data, start, end: parts[-1][1].extend(data[start:end]),
            "on_header_field": lambda data, start, end: name.extend(data[start:end]),
            "on_header_value": lambda data, start, end: value.extend(data[start:end]),
            "on_header_end": end_header,
            "on_end": lambda: ended.append(True),
        },
    )
    for start in range(0, len(body), pieces):
        parser.write(body[start : start + pieces])
    parser.finalize()
    assert ended
    return [Part(headers, content.decode()) for headers, content in parts]


def by_htmx(media_type: str, body: bytes) -> list[Part]:
    """Return the parts of which the boundary after them has arrived, as htmx reads them."""
    boundary = media_type.partition("boundary=")[2]
    return _complete(f"--{boundary}".encode(), body)


def parts_of(text: str) -> list[Part]:
    """Return the parts of what one fragment has become. A ping has none."""
    ends = re.search(r"(--[\w-]{4})(?:--\r\n)?\Z", text)
    if not ends:
        return []
    return _complete(ends[1].encode(), f"{ends[1]}{text.removeprefix(ends[1])}".encode())


def _complete(delimiter: bytes, body: bytes) -> list[Part]:
    parts: list[Part] = []
    begin = body.index(delimiter) + len(delimiter)
    while (end := body.find(b"\r\n" + delimiter, begin)) >= 0:
        head, blank, content = body[begin + 2 : end].partition(b"\r\n\r\n")
        assert blank, "htmx finds no part without a header"
        lines = (line.partition(":") for line in head.decode().split("\r\n"))
        headers = {name.lower(): value.strip() for name, _, value in lines}
        parts.append(Part(headers, content.decode()))
        begin = end + 2 + len(delimiter)
    return parts
