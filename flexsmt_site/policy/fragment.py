"""The clauses as one piece of HTML per language: the text that a version of the policy fixes."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from flask import current_app, render_template, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from flexsmt_site import cookies, datamap, ledger, pages, proof
from flexsmt_site.config import LANGUAGES, settings
from flexsmt_site.language import catalog, countries, words
from flexsmt_site.language.words import Words
from flexsmt_site.policy import processors

#: Where a promise's mark goes; the mark itself is laid in later, so that the fragment stays the same bytes.
_PLACE = re.compile(r"<!--kept ([\w.]+)-->")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_SENTENCE = re.compile(r'<span class="promise" id="([\w.]+)">(.*?)</span><!--kept \1-->', re.DOTALL)


@dataclass(frozen=True)
class Fragment:
    """The clauses in one language, and their numbers and titles in order."""

    html: str
    contents: tuple[tuple[int, str], ...]


def shipped(lang: str) -> Fragment:
    """Return the clauses in ``lang`` as the running code writes them, rendered once for each app."""
    kept: dict[str, Fragment] = current_app.extensions["flexsmt_policy_fragments"]
    if lang not in kept:
        kept[lang] = render(lang)
    return kept[lang]


def rendered(worded: Words | None = None) -> dict[str, Fragment]:
    """Render the clauses in every language, for a command as for a visitor."""
    # A context of its own: what it looks up is not kept for whoever asked.
    with current_app.app_context(), current_app.test_request_context():
        return {lang: render(lang, worded) for lang in LANGUAGES}


def render(lang: str, worded: Words | None = None) -> Fragment:
    """Render the clauses in ``lang``, without marks; needs a request context for its links.

    In the words of this version where no others are given: those that visitors read are no version of the
    policy.
    """
    contents: list[tuple[int, str]] = []

    def heading(number: int, title: str) -> Markup:
        contents.append((number, title))
        anchor = Markup('<a class="anchor" href="#c{0}" aria-labelledby="c{0}-title">#</a>').format(number)
        return Markup('<h2 id="c{0}-title"><span>{0}</span> {1}</h2>{2}').format(number, title, anchor)

    with words.using(worded) if worded else words.shipped():
        html = catalog.render(
            "policy/_clauses.html",
            domain="policy",
            locale=lang,
            heading=heading,
            promise=_promise,
            table=partial(_table, lang=lang),
            lang=lang,
        )
    return Fragment(str(html), tuple(contents))


def _promise(promise_id: str, caller: Callable[[], str]) -> Markup:
    """Wrap a sentence of the policy in its promise; raises ``UnknownPromise``."""
    ledger.get_promise(promise_id)
    return Markup('<span class="promise" id="{0}">{1}</span><!--kept {0}-->').format(promise_id, caller())


@ledger.keeps("P0.4")
def _table(name: str, lang: str) -> Markup:
    """Render a table of the policy from the register in code that it speaks of."""
    registers: dict[str, Callable[[], Sequence[object]]] = {
        "purposes": datamap.grounds,
        "cookies": cookies.declared,
        "retention": datamap.holdings,
        "recipients": lambda: processors.load(processors.path(settings())),
    }
    html = render_template(
        f"policy/tables/{name}.html",
        rows=registers[name](),
        holdings=datamap.holdings(),
        country_name=countries.country_name,
        lang=lang,
    )
    return Markup(html)  # noqa: S704 (our own template, escaped there)


def get_marked(lang: str, fragment: Fragment, name: str) -> Markup:
    """Return a fragment with its marks; each app keeps the last of a language, by words and ``name``."""
    kept: dict[str, tuple[tuple[str, str], Markup]] = current_app.extensions["flexsmt_policy_marked"]
    key = (pages.edition(), name)
    known = kept.get(lang)
    if known is None or known[0] != key:
        known = kept[lang] = (key, marked(fragment, shipped(lang)))
    return known[1]


def marked(fragment: Fragment, tested: Fragment) -> Markup:
    """Lay a link beside every sentence that the running code has been proven to keep.

    The code was proven to keep the sentences of ``tested``: one that reads otherwise has no mark.
    """
    url, words_of_mark = url_for("promises.page"), _("How we keep this")
    proven = {
        (promise_id, sentence)
        for promise_id, sentence in _sentences(tested)
        if proof.is_proven(ledger.get_promise(promise_id))
    }
    said = dict(_sentences(fragment))

    def mark(place: re.Match[str]) -> str:
        promise_id = place[1]
        if (promise_id, said.get(promise_id)) not in proven:
            return ""
        link = Markup(' <a class="kept" href="{}#{}" aria-describedby="{}">{}</a>')
        return link.format(url, promise_id, promise_id, words_of_mark)

    return Markup(_PLACE.sub(mark, fragment.html))  # noqa: S704


def as_written(fragment: Fragment) -> Markup:
    """Return a fragment as it is kept, byte for byte."""
    return Markup(fragment.html)  # noqa: S704


def _sentences(fragment: Fragment) -> list[tuple[str, str]]:
    # Marks that an editor's preview lays around texts are no part of a sentence.
    return _SENTENCE.findall(_PRIVATE.sub("", fragment.html))


def sum_of(text: Mapping[str, Fragment]) -> str:
    """Return the SHA-256 of a text in every language."""
    bodies = [text[lang].html for lang in LANGUAGES]
    return hashlib.sha256("\0".join(bodies).encode()).hexdigest()
