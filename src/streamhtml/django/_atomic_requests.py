"""The system check for ``ATOMIC_REQUESTS``. With it, every async view fails at its first request.

https://docs.djangoproject.com/en/stable/topics/db/transactions/#tying-transactions-to-http-requests
"""

from collections.abc import Iterator
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.urls import get_resolver


def check_atomic_requests(**kwargs: Any) -> list[CheckMessage]:
    """Return an error for each async view to which Django would respond with status 500."""
    atomic = {name for name, each in settings.DATABASES.items() if each.get("ATOMIC_REQUESTS")}
    if not atomic or not getattr(settings, "ROOT_URLCONF", None):
        return []
    patterns: Any = get_resolver().url_patterns
    return [
        Error(
            f"The async view {pattern.lookup_str} cannot run with "
            f"ATOMIC_REQUESTS=True (in DATABASES: {', '.join(sorted(map(repr, atomic)))}): no "
            "transaction can stay open while an answer streams.",
            hint="Decorate it with @transaction.non_atomic_requests, and open a transaction where "
            "it writes: with transaction.atomic(), in a sync function such as on_end.",
            id="streamhtml.E001",
        )
        for pattern in _async_views(patterns)
        if atomic - getattr(pattern.callback, "_non_atomic_requests", set())
    ]


def _async_views(patterns: list[Any]) -> Iterator[Any]:
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from _async_views(pattern.url_patterns)
        elif iscoroutinefunction(pattern.callback):
            yield pattern
