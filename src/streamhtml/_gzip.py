"""Gzip for what streams (RFC 1952): each piece can be read in full as soon as it has arrived."""

import re
import zlib

_GZIP = 16 + zlib.MAX_WBITS
# Of 1 to 9. With 5 a stream holds a quarter of what it does with 8, and is as small.
_MEMORY = 5

_CODING = re.compile(r"\s*(gzip|x-gzip|\*)\s*(?:;\s*q=([\d.]+)\s*)?", re.IGNORECASE)


def accepts_gzip(accept_encoding: str | None) -> bool:
    """Tell whether a request with this header wants gzip (RFC 9110, section 12.5.3)."""
    wanted = {
        coding[1].lower(): coding[2] is None or coding[2].strip("0.") != ""
        for each in (accept_encoding or "").split(",")
        if (coding := _CODING.fullmatch(each))
    }
    return wanted.get("gzip", wanted.get("x-gzip", wanted.get("*", False)))


class Gzip:
    """Compresses one response, piece by piece."""

    def __init__(self) -> None:
        self._compress = zlib.compressobj(wbits=_GZIP, memLevel=_MEMORY)

    def encode(self, data: bytes, *, last: bool) -> bytes:
        """Return what lets the client read ``data``; after the last piece there is no other."""
        flush = zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH
        return self._compress.compress(data) + self._compress.flush(flush)
