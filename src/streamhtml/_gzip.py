"""Gzip for streams (RFC 1952): a client can decompress each piece as soon as it has arrived."""

import re
import zlib

_GZIP = 16 + zlib.MAX_WBITS
_MEMORY_LEVEL = 5
"""From 1 to 9. Level 5 needs a quarter of the memory of level 8, but compresses as well here."""

_CODING = re.compile(r"\s*(gzip|x-gzip|\*)\s*(?:;\s*q=([\d.]+)\s*)?", re.IGNORECASE)


def accepts_gzip(accept_encoding: str | None) -> bool:
    """Return whether a client with this ``Accept-Encoding`` accepts gzip (RFC 9110, 12.5.3)."""
    accepted = {
        coding[1].lower(): coding[2] is None or coding[2].strip("0.") != ""
        for each in (accept_encoding or "").split(",")
        if (coding := _CODING.fullmatch(each))
    }
    return accepted.get("gzip", accepted.get("x-gzip", accepted.get("*", False)))


class Gzip:
    """Compress one response, piece by piece."""

    def __init__(self) -> None:
        self._compress = zlib.compressobj(wbits=_GZIP, memLevel=_MEMORY_LEVEL)

    def encode(self, data: bytes, *, last: bool) -> bytes:
        """Return bytes from which the client can read all of ``data``.

        Args:
            data: the next piece.
            last: whether it is the last one. No call may follow it.
        """
        flush = zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH
        return self._compress.compress(data) + self._compress.flush(flush)
