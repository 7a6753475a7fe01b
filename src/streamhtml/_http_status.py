"""``http_status()``: the status with which a view reports an error of a model's provider."""

from typing import Final

_ABOUT_THE_ACCOUNT: Final = (401, 402, 403, 407)
"""The statuses by which a provider refuses the site's key, or asks for money."""


def http_status(error: BaseException) -> int:
    """Return the HTTP status with which to report an error of a model's provider.

    Args:
        error: what an SDK has raised.

    Returns:
        The status that the provider has sent, from 400 to 599, if the error has it as ``status``,
        ``status_code``, ``code`` or ``http_status``, or in its ``response``. 504 for a timeout.
        Otherwise 502; also for 401, 402, 403 and 407, which are about the key and the account of
        the site. To the reader they would say to sign in, or to pay.
    """
    if isinstance(error, BaseExceptionGroup):
        return http_status(error.exceptions[0])
    for each in error, getattr(error, "response", None):
        for name in "status_code", "code", "status", "http_status":
            status = getattr(each, name, None)
            if isinstance(status, int) and 400 <= status <= 599:
                return 502 if status in _ABOUT_THE_ACCOUNT else int(status)
    if any("Timeout" in kind.__name__ for kind in type(error).__mro__):
        return 504
    return 502
