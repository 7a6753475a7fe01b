"""A Django view. Django has no types of its own, so only the parts of this package are checked."""

from typing import Any

from streamhtml.django import StreamingHTMLResponse


def view(request: Any) -> StreamingHTMLResponse:
    response = StreamingHTMLResponse(request, ["a"], "chat.html", renderer="text", format="page")
    response.stop()
    return response
