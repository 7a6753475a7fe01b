"""Jinja templates and notices, without a framework."""

from typing import Any

import jinja2
import pytest

from streamhtml import Notice
from streamhtml._jinja import JinjaSite, escaping, template_itself

NOTICE = "<i>{{ outcome }}: {{ notice }} {{ message_pair_id }}</i>"


def environment(**templates: str) -> jinja2.Environment:
    sources = {"streamhtml/notice.html": templates["notice"]} if templates else {}
    return jinja2.Environment(loader=jinja2.DictLoader(sources), autoescape=True)


@pytest.mark.parametrize(
    ("autoescape", "name", "escapes"),
    [
        (True, "a.txt", True),
        (False, "a.html", False),
        (jinja2.select_autoescape(), "a.html", True),
        (jinja2.select_autoescape(), "a.txt", False),
    ],
)
def test_a_template_must_escape(autoescape: Any, name: str, escapes: bool) -> None:
    loader = jinja2.DictLoader({name: "{{ ai_message }}"})
    template = jinja2.Environment(loader=loader, autoescape=autoescape).get_template(name)
    if escapes:
        assert escaping(template) is template
        assert template_itself(template)({"ai_message": "<"}) == "&lt;"
    else:
        for check in escaping, template_itself:
            with pytest.raises(ValueError, match=f"of '{name}' does not escape; create it with"):
                check(template)


def test_a_function_is_a_template() -> None:
    def render(context: Any) -> str:
        return "<p>"

    assert template_itself(render) is render


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("chat.html", "='chat.html' is a str"),
        (None, " is None"),
        (7, " is an int"),
        ({"message": "private"}, " is a dict"),
    ],
)
def test_what_is_no_template_is_refused(template: Any, says: str) -> None:
    with pytest.raises(TypeError, match=f"^template{says}; pass the template"):
        template_itself(template)


def shown(notice: Notice) -> str:
    return str(notice.render("stopped", "m", {}))


@pytest.mark.parametrize("template", [None, lambda context: ""])
def test_without_a_jinja_template_the_notices_are_ours(template: Any) -> None:
    assert shown(JinjaSite().notice(template, "")) == shown(Notice())
    assert shown(JinjaSite().notice(template, "ko")) == shown(Notice(language="ko"))


def test_the_environment_of_a_template_has_the_notices() -> None:
    template = environment(notice=NOTICE).from_string("{{ ai_message }}")
    assert shown(JinjaSite().notice(template, "ko")) == "<i>stopped: 답변을 중지했습니다. m</i>"


@pytest.mark.parametrize("site", [environment(), jinja2.Environment(autoescape=True)])
def test_a_site_without_a_notice_template_gets_ours(site: jinja2.Environment) -> None:
    assert shown(JinjaSite().notice(site.from_string(""), "")) == shown(Notice())


@pytest.mark.parametrize("newstyle", [False, True])
def test_the_sites_gettext_translates_the_notices(newstyle: bool) -> None:
    site: Any = jinja2.Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
    site.install_gettext_callables(str.upper, lambda one, many, n: one, newstyle=newstyle)
    assert "STOPPED" in shown(JinjaSite(environment=site).notice(None, ""))


def test_what_is_loaded_from_the_environment_has_the_names_of_the_site() -> None:
    shows = "{{ site }} {{ user }}"
    site = jinja2.Environment(loader=jinja2.DictLoader({"a": shows}), autoescape=True)
    names = {"site": "<Shop>", "user": "nobody"}
    loads = JinjaSite(
        environment=site, names=lambda: lambda context: context.update(names | context)
    )
    for template in "a", ["missing", "a"], site.get_template("a"):
        assert loads.load(template)({"user": "Kim"}) == "&lt;Shop&gt; Kim"
    assert loads.load(repr)({"user": "Kim"}) == "{'user': 'Kim'}"
    with pytest.raises(TypeError, match="template is an int; pass the template itself"):
        loads.load(7)


def test_a_context_in_the_place_of_a_template_is_recognised() -> None:
    with pytest.raises(
        TypeError, match=r"template is a dict; .*, and the names for it as context=$"
    ):
        JinjaSite().load({"human_message": "secret"})


def test_the_hint_says_where_a_name_would_be_looked_up() -> None:
    with pytest.raises(ValueError, match=r"^template='a' is a name; set x, or pass the template"):
        JinjaSite(hint="set x").load("a")
