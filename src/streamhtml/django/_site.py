"""What a project sets: its templates, of Django's engine or Jinja2, its notices, its options."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import jinja2
from django.conf import settings
from django.http import HttpRequest
from django.template import TemplateDoesNotExist, loader
from django.utils.translation import check_for_language, get_language, gettext, override

from streamhtml._jinja import escaping
from streamhtml._notice import TEMPLATE, Notice
from streamhtml._site import Site
from streamhtml._site_options import SiteOptions
from streamhtml._template import CONTEXT_HINT, FindTemplate, Template
from streamhtml._type_name import with_article


class DjangoSite(Site):
    """The project, as one request sees it.

    Args:
        request: passed to the context processors of the engines.
    """

    def __init__(self, request: HttpRequest) -> None:
        self.options = site_options()
        self._request = request

    def load(self, template: Any) -> Template:
        """Return the function that renders a template.

        Args:
            template: its name, or what ``get_template()`` returned.

        Raises:
            django.template.TemplateDoesNotExist: no engine has a template of this name.
            TypeError: it is neither.
            ValueError: the engine does not escape, so a model's answer could write HTML.
        """
        loaded = loader.get_template(template) if isinstance(template, str) else template
        inner = getattr(loaded, "template", None)
        if inner is None:
            raise TypeError(
                f"template is {with_article(template)}; pass its name, or what get_template() "
                f"returned{CONTEXT_HINT if isinstance(template, Mapping) else ''}"
            )
        if isinstance(inner, jinja2.Template):
            escaping(inner)
        elif not inner.engine.autoescape:
            raise ValueError(
                f"the engine of {inner.name!r} does not escape, so a model's answer could write "
                "HTML; remove autoescape=False from its OPTIONS"
            )
        return lambda context: loaded.render(dict(context), self._request)

    def finder(self, template: Any) -> FindTemplate:
        return self._find

    def notice(self, template: Any, language: str) -> Notice:
        own = self._find(TEMPLATE)
        is_known = bool(language) and check_for_language(language)
        with override(language) if is_known else nullcontext():
            return Notice(own, gettext, language or get_language() or "")

    def _find(self, name: str) -> Template | None:
        try:
            return self.load(name)
        except TemplateDoesNotExist:
            return None


def site_options() -> SiteOptions:
    """Return the options that the project sets for all responses."""
    return SiteOptions("settings.STREAMHTML", getattr(settings, "STREAMHTML", None))
