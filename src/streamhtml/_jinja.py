"""Checks Jinja templates, and makes the notices of a site that uses Jinja. For the adapters."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import jinja2
from jinja2.runtime import Context

from streamhtml._notice import TEMPLATE, Notice
from streamhtml._template import FindTemplate, Template
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


def site_notice(
    environment: jinja2.Environment, find: Callable[[str], Template], language: str
) -> Notice:
    """Return the notices of a site with this Jinja environment.

    Args:
        environment: translates the notices, if jinja2.ext.i18n has installed its ``gettext``.
        find: returns a template by its name, or raises ``jinja2.TemplateNotFound``.
        language: the reader's language, as ``Notice`` takes it.
    """
    template = site_templates(environment, find)(TEMPLATE)
    gettext: Any = environment.globals.get("gettext")
    if gettext is None:
        return Notice(template, language=language)
    # The "newstyle" gettext of jinja2.ext.i18n needs the context of a template.
    context = Context(environment, {}, None, {}, environment.globals)
    return Notice(template, lambda text: str(context.call(gettext, text)), language)


def site_templates(
    environment: jinja2.Environment, find: Callable[[str], Template]
) -> FindTemplate:
    """Return what finds the templates of a site by their names, if it has them.

    Args:
        environment: the site's environment.
        find: returns a template by its name, or raises ``jinja2.TemplateNotFound``.
    """

    def find_if_there(name: str) -> Template | None:
        if environment.loader is not None:
            with suppress(jinja2.TemplateNotFound):
                return find(name)
        return None

    return find_if_there


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
    )


def template_notice(template: Any, language: str) -> Notice:
    """Return the notices for a template that is passed itself.

    Args:
        template: as ``template_itself()`` takes it. The environment of a Jinja template has the
            site's notices. For a function, the notices are the built-in ones.
        language: the reader's language, as ``Notice`` takes it.
    """
    if not isinstance(template, jinja2.Template):
        return Notice(language=language)
    return site_notice(template.environment, partial(_from, template.environment), language)


def templates_beside(template: Any) -> FindTemplate | None:
    """Return what finds the templates beside one that is passed itself.

    Args:
        template: as ``template_itself()`` takes it. A function has no others beside it.
    """
    if not isinstance(template, jinja2.Template):
        return None
    return site_templates(template.environment, partial(_from, template.environment))


def _from(environment: jinja2.Environment, name: str) -> Template:
    return escaping(environment.get_template(name)).render
