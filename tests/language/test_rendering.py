from pathlib import Path

import pytest
from babel.support import Translations
from flask import Flask, g
from flask_babel import get_locale, gettext
from jinja2 import DictLoader

from flexsmt_site import pages
from flexsmt_site.language import catalog, extract, service
from flexsmt_site.language import words as words_in_force
from flexsmt_site.language.words import Words


@pytest.fixture
def words(lone_app: Flask, tmp_path: Path) -> Flask:
    """The site with a small catalogue of two domains and templates of its own."""
    own = Words("", lambda domain, lang: Translations.load(str(tmp_path / "words"), [lang], domain))
    words_in_force.init_app(lone_app, tmp_path / "none.zip", own)
    for domain, russian in (("messages", "Сообщение"), ("mail", "Письмо <b>%(name)s</b>")):
        source = tmp_path / "words" / "ru" / "LC_MESSAGES" / f"{domain}.po"
        source.parent.mkdir(parents=True, exist_ok=True)
        msgid = "Text" if domain == "messages" else "Text <b>%(name)s</b>"
        source.write_text(
            'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n'
            'Plural-Forms: nplurals=3; plural=(n==1?0:n<5?1:2);\\n"\n\n'
            f'msgid "{msgid}"\nmsgstr "{russian}"\n\n'
            'msgid "%(num)s day"\nmsgid_plural "%(num)s days"\n'
            'msgstr[0] "%(num)s день"\nmsgstr[1] "%(num)s дня"\nmsgstr[2] "%(num)s дней"\n',
            encoding="utf-8",
        )
        extract.compile_one(source)
    lone_app.jinja_env.loader = DictLoader(
        {
            "a.html": '{{ lang }}: {{ _("Text <b>%(name)s</b>", name=name) }}',
            "a.txt": '{{ _("Text <b>%(name)s</b>", name=name) }}',
            "days.txt": '{{ ngettext("%(num)s day", "%(num)s days", 3) }}'
            "{% trans num=5 %}{{ num }} day{% pluralize %}{{ num }} days{% endtrans %}",
        }
    )
    return lone_app


def test_a_template_is_rendered_with_the_words_of_its_domain_and_language(words: Flask) -> None:
    with words.app_context():
        assert catalog.render("a.txt", domain="mail", locale="ru", name="Анна") == "Письмо <b>Анна</b>"
        assert catalog.render("a.txt", domain="mail", locale="en", name="Ann") == "Text <b>Ann</b>"
        assert catalog.render("a.txt", domain="messages", locale="ru", name="Ann") == "Text <b>Ann</b>"
        assert catalog.render("days.txt", domain="mail", locale="ru") == "3 дня5 дней"


def test_variables_are_escaped_in_html_and_not_in_text(words: Flask) -> None:
    with words.app_context():
        page = catalog.render("a.html", domain="mail", locale="ru", name="<i>")
        text = catalog.render("a.txt", domain="mail", locale="ru", name="<i>")

    assert page == "ru: Письмо <b>&lt;i&gt;</b>"
    assert text == "Письмо <b><i></b>"
    assert not hasattr(text, "__html__")


@pytest.mark.parametrize("before", ["en", None])
def test_rendering_in_one_language_leaves_the_request_in_its_own(words: Flask, before: str | None) -> None:
    with words.app_context():
        if before:
            g.lang = before
        catalog.render("a.txt", domain="mail", locale="ru", name="x")

        assert service.current() == "en"
        assert g.get("lang") == before
        assert str(get_locale()) == "en"


def test_the_words_of_one_domain_do_not_leak_into_the_site(words: Flask) -> None:
    with words.app_context(), pages.speaking("ru"):
        catalog.render("a.txt", domain="mail", locale="ru", name="x")

        assert (
            words.jinja_env.from_string('{{ _("Text <b>%(name)s</b>", name=1) }}').render() == "Text <b>1</b>"
        )
        assert gettext("Text") == "Сообщение"


def test_the_catalogues_of_the_project_are_compiled_before_tests_run() -> None:
    assert catalog.missing() == []
