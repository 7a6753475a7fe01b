"""What a project sets: its templates, of Django's engine or Jinja2, its notices, its options."""

from contextlib import nullcontext
from typing import Any

import jinja2
from django.conf import settings
from django.http import HttpRequest
from django.template import TemplateDoesNotExist, loader
from django.utils.translation import check_for_language, get_language, gettext, override

from streamhtml._jinja import escaping
from streamhtml._notice import TEMPLATE, Notice
from streamhtml._options import SiteOptions
from streamhtml._template import Template


def find_template(template: Any, request: HttpRequest) -> Template:
    """Return the function that renders a template for a request.

    Args:
        template: its name, or what ``get_template()`` returned.
        request: passed to the context processors of the engine.

    Raises:
        django.template.TemplateDoesNotExist: no engine has a template of this name.
        ValueError: the engine does not escape, so a model's answer could write HTML.
    """
    loaded = loader.get_template(template) if isinstance(template, str) else template
    inner = loaded.template
    if isinstance(inner, jinja2.Template):
        escaping(inner)
    elif not inner.engine.autoescape:
        raise ValueError(
            f"the engine of {inner.name!r} does not escape, so a model's answer could write "
            "HTML; remove autoescape=False from its OPTIONS"
        )
    return lambda context: loaded.render(dict(context), request)


def find_site_template(request: HttpRequest, name: str) -> Template | None:
    """Return what renders the project's template of a name, or None if there is none."""
    try:
        return find_template(name, request)
    except TemplateDoesNotExist:
        return None


def site_notice(request: HttpRequest, language: str) -> Notice:
    """Return the project's notices in the given language; ``""`` means the active language."""
    template = find_site_template(request, TEMPLATE)
    is_known = bool(language) and check_for_language(language)
    with override(language) if is_known else nullcontext():
        return Notice(template, gettext, language or get_language() or "")


def site_options() -> SiteOptions:
    """Return the options that the project sets for all responses."""
    return SiteOptions("settings.STREAMHTML", getattr(settings, "STREAMHTML", None))
