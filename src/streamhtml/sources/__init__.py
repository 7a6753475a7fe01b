"""Sources: open, read and close whatever yields tokens, and turn the tokens into Deltas.

SDK objects are recognised by their shape, so no SDK is imported. Nothing here knows HTML or time.
"""

from streamhtml.sources._deltas import AsyncDeltas, SyncDeltas, Tokens, deltas, think
from streamhtml.sources._report import SourceError

__all__ = ["AsyncDeltas", "SourceError", "SyncDeltas", "Tokens", "deltas", "think"]
