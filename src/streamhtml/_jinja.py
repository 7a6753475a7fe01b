"""The site of an app that uses Jinja, or that passes its templates themselves."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, TypeAlias

import jinja2
from jinja2.runtime import Context

from streamhtml._notice import TEMPLATE, Notice
from streamhtml._site import Site
from streamhtml._site_options import NO_SITE_OPTIONS, SiteOptions
from streamhtml._template import CONTEXT_HINT, FindTemplate, Template
from streamhtml._type_name import with_article


def escaping(template: jinja2.Template) -> jinja2.Template:
    """Return the template unchanged, after checking that it escapes values.

    Raises:
        ValueError: it does not escape, so a model's answer could write HTML.
    """
    autoescape = template.environment.autoescape
    if callable(autoescape):
        autoescape = autoescape(template.name)
    if not autoescape:
        raise ValueError(
            f"the Jinja environment of {template.name!r} does not escape; create it with "
            "autoescape=True (or name the template .html where select_autoescape() decides)"
        )
    return template


def template_itself(template: Any) -> Template:
    """Return a function that renders ``template``, which is a template, not the name of one.

    Use it for frameworks that have no place for templates.

    Args:
        template: a ``jinja2.Template``; or a function that takes the context and returns HTML. The
            function must escape the values of the context.

    Raises:
        TypeError: it is neither.
        ValueError: it is a Jinja template that does not escape.
    """
    if isinstance(template, jinja2.Template):
        return escaping(template).render
    if callable(template):
        return template  # type: ignore[no-any-return]
    # Only a name is quoted. Anything else, such as a context, may contain what a user wrote.
    name = f"={template!r}" if isinstance(template, str) else ""
    raise TypeError(
        f"template{name} is {with_article(template)}; pass the template itself, for "
        "example environment.get_template(name) of Jinja, or a function from the context to HTML"
        f"{CONTEXT_HINT if isinstance(template, Mapping) else ''}"
    )


AddNames: TypeAlias = Callable[[dict[str, Any]], None]
"""Adds the site's names to a context, and keeps those that are there."""

_OF_ENVIRONMENT: Final = (str, jinja2.Template, list)
"""What ``get_or_select_template()`` of an environment takes."""


class JinjaSite(Site):
    """A site with the templates and the translations of a Jinja environment.

    A template that is passed itself may be a function, too; see ``template_itself()``.

    Args:
        options: as ``Site.options``.
        environment: the site's environment; None if it has none. Then the site's templates and
            translations are those of the environment of the message's template, if this is a
            ``jinja2.Template``.
        names: called when a template of the site is loaded. It returns the function that adds the
            site's names to a context. The function must keep the names that are in the context.
        language: returns the framework's active language, or ``""``.
        hint: what to do if a name is passed, and there is no environment.
    """

    def __init__(
        self,
        options: SiteOptions = NO_SITE_OPTIONS,
        environment: jinja2.Environment | None = None,
        names: Callable[[], AddNames] = lambda: _add_nothing,
        *,
        language: Callable[[], str] = str,
        hint: str = "",
    ) -> None:
        self.options = options
        self._environment = environment
        self._names = names
        self._language = language
        self._hint = hint

    def load(self, template: Any) -> Template:
        if isinstance(template, str) and self._hint:
            raise ValueError(
                f"template={template!r} is a name; {self._hint}, or pass the template itself"
            )
        if self._environment is None or not isinstance(template, _OF_ENVIRONMENT):
            return template_itself(template)
        loaded = escaping(self._environment.get_or_select_template(template))
        add_names = self._names()

        def render(context: Mapping[str, Any]) -> str:
            add_names(names := dict(context))
            return loaded.render(names)

        return render

    def finder(self, template: Any) -> FindTemplate | None:
        site = self._for_template(template)
        if site._environment is None:
            return None
        has_templates = site._environment.loader is not None

        def find(name: str) -> Template | None:
            if has_templates:
                with suppress(jinja2.TemplateNotFound):
                    return site.load(name)
            return None

        return find

    def notice(self, template: Any, language: str) -> Notice:
        language = language or self._language()
        environment, find = self._for_template(template)._environment, self.finder(template)
        if environment is None or find is None:
            return Notice(language=language)
        own = find(TEMPLATE)
        # jinja2.ext.i18n installs it.
        gettext: Any = environment.globals.get("gettext")
        if gettext is None:
            return Notice(own, language=language)
        # The "newstyle" gettext of jinja2.ext.i18n needs the context of a template.
        context = Context(environment, {}, None, {}, environment.globals)
        return Notice(own, lambda text: str(context.call(gettext, text)), language)

    def _for_template(self, template: Any) -> "JinjaSite":
        """Return this site, or one with the template's environment if this one has none."""
        if self._environment is None and isinstance(template, jinja2.Template):
            return JinjaSite(environment=template.environment)
        return self


def _add_nothing(context: dict[str, Any]) -> None:
    """Add no names to a context."""
