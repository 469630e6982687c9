"""The catalogues of words as the running site uses them, one per language and domain."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from babel.support import NullTranslations, Translations
from flask import Flask, current_app
from flask_babel import Domain, get_locale
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from flexsmt_site import health
from flexsmt_site.config import ROOT, Settings
from flexsmt_site.extensions import babel
from flexsmt_site.language import service
from flexsmt_site.language.rules import LANGUAGES

FOLDER = ROOT / "translations"
DOMAINS = ("messages", "policy", "mail")

_ENVIRONMENTS = "flexsmt_language_environments"


class Catalogue(Domain):
    """One domain. Flask-Babel resolves the catalogue for every string anew (20 µs); this one remembers."""

    def __init__(self, domain: str) -> None:
        super().__init__(domain=domain)
        self._ready: dict[str, Translations | NullTranslations] = {}

    def get_translations(self) -> Translations | NullTranslations:
        """Return the words of the current language; every text is its msgid outside of an app."""
        locale = get_locale()
        if locale is None:
            return NullTranslations()
        if locale.language not in self._ready:
            self._ready[locale.language] = super().get_translations()
        return self._ready[locale.language]


def init_app(app: Flask) -> None:
    """Bind Flask-Babel to the catalogues and to the language of the request."""
    babel.init_app(app, default_translation_directories=str(FOLDER), locale_selector=service.current)
    babel.domain_instance = Catalogue("messages")
    # Extraction does the same (see ``extract``): a text must have one msgid in both.
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.extensions[_ENVIRONMENTS] = {}


def render(template: str, *, domain: str, locale: str, **context: object) -> str:
    """Render a template with the words of ``domain`` in ``locale``, whoever asked for it.

    HTML comes back marked as safe, text as a plain string.
    """
    environment = _environment(domain)
    found = environment.get_template(template)
    with service.speaking(locale):
        values: dict[str, Any] = {"lang": locale, **context}
        current_app.update_template_context(values)
        text = found.render(values)
    select = environment.autoescape
    escaped = select(template) if callable(select) else select
    return Markup(text) if escaped else text  # noqa: S704 (our own template, escaped there)


def _environment(domain: str) -> Environment:
    """Return Jinja with the words of one domain, made once for each app."""
    made: dict[str, Environment] = current_app.extensions[_ENVIRONMENTS]
    if domain not in made:
        environment = current_app.jinja_env.overlay()
        # An overlay shares its globals: without a copy the whole site would speak this domain.
        environment.globals = {**current_app.jinja_env.globals, **_callables(Catalogue(domain))}
        made[domain] = environment
    return made[domain]


def _callables(catalogue: Catalogue) -> Mapping[str, Callable[..., str]]:
    """Return Jinja's four functions, new style: they fill in and escape the variables."""

    @pass_context
    def gettext(context: Context, message: str, /, **variables: object) -> str:
        return _fill(context, catalogue.get_translations().ugettext(message), variables)

    @pass_context
    def ngettext(context: Context, one: str, many: str, number: int, /, **variables: object) -> str:
        text = catalogue.get_translations().ungettext(one, many, number)
        return _fill(context, text, {"num": number, **variables})

    @pass_context
    def pgettext(context: Context, sense: str, message: str, /, **variables: object) -> str:
        return _fill(context, catalogue.get_translations().upgettext(sense, message), variables)

    @pass_context
    def npgettext(
        context: Context, sense: str, one: str, many: str, number: int, /, **variables: object
    ) -> str:
        text = catalogue.get_translations().unpgettext(sense, one, many, number)
        return _fill(context, text, {"num": number, **variables})

    return {
        "gettext": gettext,
        "ngettext": ngettext,
        "pgettext": pgettext,
        "npgettext": npgettext,
        "_": gettext,
    }


def _fill(context: Context, text: str, variables: Mapping[str, object]) -> str:
    if context.eval_ctx.autoescape:
        text = Markup(text)  # noqa: S704 (words of a checked catalogue may carry markup)
    return text % variables


def built(source: Path) -> Path:
    """Return where the compiled catalogue of a ``.po`` file stands."""
    return source.with_suffix(".mo")


def sources() -> list[Path]:
    """Return the six ``.po`` files."""
    return [
        FOLDER / language / "LC_MESSAGES" / f"{domain}.po" for language in LANGUAGES for domain in DOMAINS
    ]


def findings(_settings: Settings) -> Iterator[health.Finding]:
    """Say which catalogues are not compiled, or older than their source."""
    for source in sources():
        name = source.relative_to(ROOT)
        if not built(source).is_file():
            yield health.Finding("error", f"{name} is not compiled", "run 'flexsmt catalogs compile'")
        elif source.is_file() and built(source).stat().st_mtime < source.stat().st_mtime:
            yield health.Finding(
                "warning", f"{name} is newer than what it was compiled to", "run 'flexsmt catalogs compile'"
            )


def missing() -> list[str]:
    """Return the catalogues that are not compiled."""
    return [str(source.relative_to(ROOT)) for source in sources() if not built(source).is_file()]
