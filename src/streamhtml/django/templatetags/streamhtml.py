"""The template tags ``{% streamhtml_script %}`` and ``{% streamhtml_style %}``."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from streamhtml._words import client_words

register = template.Library()


@register.simple_tag
def streamhtml_script(nonce: str = "") -> SafeString:
    """Return the ``<script>`` element that loads the client.

    It has the client's words in the active language, unless they are English.

    Args:
        nonce: the nonce of the page's Content-Security-Policy, if it has one.
    """
    url = static("streamhtml/streaming-html.min.js")
    with_nonce = format_html(' nonce="{}"', nonce) if nonce else ""
    words = client_words(get_language() or "", gettext)
    with_words = format_html(" {}", words) if words else ""
    return SafeString(
        format_html('<script src="{}"{}{} defer></script>', url, with_nonce, with_words)
    )


@register.simple_tag
def streamhtml_style(nonce: str = "") -> SafeString:
    """Return the ``<link>`` element that loads the style sheet.

    Args:
        nonce: the nonce of the page's Content-Security-Policy, if it has one.
    """
    url = static("streamhtml/streamhtml.css")
    if nonce:
        return SafeString(format_html('<link rel="stylesheet" href="{}" nonce="{}">', url, nonce))
    return SafeString(format_html('<link rel="stylesheet" href="{}">', url))
