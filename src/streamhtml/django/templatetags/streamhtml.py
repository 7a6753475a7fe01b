"""The template tag ``{% streamhtml_script %}``."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def streamhtml_script(nonce: str = "") -> SafeString:
    """Return the deferred script element of the client; with a nonce, if the page's CSP has one."""
    url = static("streamhtml/streaming-html.js")
    if nonce:
        return SafeString(format_html('<script src="{}" nonce="{}" defer></script>', url, nonce))
    return SafeString(format_html('<script src="{}" defer></script>', url))
