"""The page, and the reply that streams into it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from streamhtml.django import StreamingHTMLResponse

from . import ai


async def index(request: HttpRequest) -> HttpResponse:
    """Show the empty chat."""
    return render(request, "chat/index.html")


@require_POST
async def reply(request: HttpRequest) -> StreamingHTMLResponse:
    """Stream the answer to one message. The message is rendered again each time it grows."""
    message = request.POST.get("message", "")
    return StreamingHTMLResponse(
        request,
        ai.astream(message),
        "chat/_chat_message.html",
        {"human_message": message},
        renderer="template",
    )
