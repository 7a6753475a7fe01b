"""What an app sets in one place for all of its answers: templates, translations and options.

The place belongs to the framework. A response asks a ``Site`` for what it needs.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from streamhtml._arguments import by_kind
from streamhtml._notice import Notice
from streamhtml._site_options import NO_SITE_OPTIONS, SiteOptions
from streamhtml._template import FindTemplate, Template


class Site(ABC):
    """The site of one request.

    Attributes:
        options: what the site has set for all responses, not checked yet.
    """

    options: SiteOptions = NO_SITE_OPTIONS

    @abstractmethod
    def load(self, template: Any) -> Template:
        """Return a function that renders ``template``, a name or a template of the framework."""

    @abstractmethod
    def finder(self, template: Any) -> FindTemplate | None:
        """Return a function that finds the site's templates by their names; None if it has none.

        Args:
            template: the template of the message, as the view passes it.
        """

    @abstractmethod
    def notice(self, template: Any, language: str) -> Notice:
        """Return the notices of the site in the given language.

        Args:
            template: the template of the message, as the view passes it.
            language: as ``Notice`` takes it; ``""`` for the framework's active language.
        """

    def templates(self, template: Any, parts_templates: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return the arguments of ``Reply`` that are templates.

        Args:
            template: the template of the message, as the view passes it; None for the built-in one.
            parts_templates: those of single kinds of parts, as the view passes them.
        """
        return {
            "template": None if template is None else self.load(template),
            "parts_templates": {
                kind: self.load(each)
                for kind, each in by_kind("parts_templates", parts_templates).items()
            },
            "find_template": self.finder(template),
        }
