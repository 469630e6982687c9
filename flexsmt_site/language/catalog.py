"""The catalogues of words as the running site uses them, one per language and domain."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from babel.support import NullTranslations, Translations
from flask import Flask, current_app, has_app_context
from flask_babel import Domain
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from flexsmt_site import health, pagecache, pages
from flexsmt_site.config import ROOT, Settings
from flexsmt_site.extensions import babel
from flexsmt_site.language import service, words
from flexsmt_site.language.rules import LANGUAGES
from flexsmt_site.language.words import Words

FOLDER = ROOT / "translations"
DOMAINS = ("messages", "policy", "mail")

_ENVIRONMENTS = "flexsmt_language_environments"


class Catalogue(Domain):
    """One domain. Flask-Babel finds locale and catalogue anew for every string; here the words know them."""

    def __init__(self, domain: str) -> None:
        super().__init__(domain=domain)
        self.name = domain

    def get_translations(self) -> Translations | NullTranslations:
        """Return the words of the current language; every text is its msgid outside of an app."""
        if not has_app_context():
            return NullTranslations()
        return words.at_hand().catalogue(self.name, pages.language())


def init_app(app: Flask) -> None:
    """Bind Flask-Babel to the catalogues and to the language of the request."""
    babel.init_app(app, locale_selector=service.current)
    words.init_app(app, app.extensions["flexsmt_settings"].data_dir / words.FILE, Words("", load))
    app.context_processor(lambda: {"words_at_hand": words.at_hand()})
    pages.edited_by(app, lambda: words.at_hand().name)
    pagecache.declare(app, lambda environ: words.of_request(app, environ).name, words.PINNED)
    babel.domain_instance = Catalogue("messages")
    app.jinja_env.globals.update(_callables(babel.domain_instance))
    # Extraction does the same (see ``extract``): a text must have one msgid in both.
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.extensions[_ENVIRONMENTS] = {}


def load(domain: str, language: str) -> Translations | NullTranslations:
    """Load a compiled catalogue of this version; without one every text is its msgid."""
    return Translations.load(str(FOLDER), [language], domain)


def render(template: str, *, domain: str, locale: str, **context: object) -> str:
    """Render a template with the words of ``domain`` in ``locale``, whoever asked for it.

    HTML comes back marked as safe, text as a plain string.
    """
    (rendered,) = _rendered([template], domain, locale, context)
    return rendered


def render_mail(folder: str, locale: str, **context: object) -> tuple[str, str, str]:
    """Render the three templates of a mail: its subject as one line, its text, and its HTML."""
    parts = [f"{folder}/{part}" for part in ("subject.txt", "body.txt", "body.html")]
    subject, text, html = _rendered(parts, "mail", locale, context)
    return " ".join(subject.split()), text, html


def _rendered(names: Sequence[str], domain: str, locale: str, context: Mapping[str, object]) -> list[str]:
    """Render templates that belong together: what every page is told is found out once for all of them."""
    environment = _environment(domain)
    found = [environment.get_template(name) for name in names]
    with pages.speaking(locale):
        values: dict[str, Any] = {"lang": locale, **context}
        current_app.update_template_context(values)
        texts = [template.render(values) for template in found]
    select = environment.autoescape
    is_html = select if callable(select) else lambda _name: select
    # Our own templates, escaped there.
    return [Markup(text) if is_html(name) else text for name, text in zip(names, texts, strict=True)]  # noqa: S704


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
        if not variables and context.eval_ctx.autoescape:
            # A page's context has both, and is quicker to ask than the request.
            found: Words = context.get("words_at_hand") or words.at_hand()
            return found.finished(catalogue.name, context.get("lang") or pages.language(), message)
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

    made: tuple[Callable[..., str], ...] = (gettext, ngettext, pgettext, npgettext)
    return {"_": gettext, **dict(zip(("gettext", "ngettext", "pgettext", "npgettext"), made, strict=True))}


def _fill(context: Context, text: str, variables: Mapping[str, object]) -> str:
    return (words.as_html(text) if context.eval_ctx.autoescape else text) % variables


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
        elif _is_stale(source):
            yield health.Finding(
                "warning", f"{name} is newer than what it was compiled to", "run 'flexsmt catalogs compile'"
            )


def stale() -> list[str]:
    """Return the catalogues that have been changed since they were compiled."""
    return [f"{FOLDER.name}/{source.relative_to(FOLDER)}" for source in sources() if _is_stale(source)]


def _is_stale(source: Path) -> bool:
    made = built(source)
    return source.is_file() and made.is_file() and made.stat().st_mtime < source.stat().st_mtime


def missing() -> list[str]:
    """Return the catalogues that are not compiled."""
    return [str(source.relative_to(ROOT)) for source in sources() if not built(source).is_file()]
