"""Keeps answers in Redis: the log for an app with more than one process."""

from streamhtml.redis._log import RedisLog

__all__ = ["RedisLog"]
