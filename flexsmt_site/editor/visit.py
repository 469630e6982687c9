"""A page or a mail as it would be in given words: made by the site itself, and sent to nobody.

It is made beside the request at hand, if there is one, so that neither sees anything of the other.
"""

from dataclasses import dataclass

from flask import current_app, request
from werkzeug.test import create_environ

from flexsmt_site import pages
from flexsmt_site.config import settings
from flexsmt_site.language import words
from flexsmt_site.language.samples import Rendered, Sample
from flexsmt_site.language.words import Words
from flexsmt_site.policy import current, fragment

_POLICY = "policy.page"


@dataclass(frozen=True)
class Answer:
    """What a visitor would get."""

    status: int
    html: str


def paths() -> tuple[str, ...]:
    """Return the listed public pages without their language, sorted: ``/``, ``/privacy``."""
    # Not by ``url_for``: commands ask as well, outside of any request.
    addresses = current_app.url_map.bind("")
    built = (addresses.build(endpoint, {"lang": "en"}) for endpoint in pages.listed())
    return tuple(sorted(path.removeprefix("/en") for path in built))


def page(path: str, lang: str, found: Words, clauses: Words | None = None) -> Answer:
    """Ask for a page as a visitor of whom nothing is known; raises whatever it raises.

    The policy's clauses are made of the words for ``clauses``; without any they are of the version in force.
    """
    environ = create_environ(f"/{lang}{path}", settings().base_url)
    words.pin(environ, found)
    # A context of its own: language, words and versions are looked up there once for each request.
    with current_app.app_context(), current_app.request_context(environ):
        if clauses and request.endpoint == _POLICY:
            current.try_out({lang: fragment.render(lang, clauses)})
        response = current_app.full_dispatch_request()
        return Answer(response.status_code, response.get_data(as_text=True))


def mail(sample: Sample, lang: str, found: Words) -> Rendered:
    """Write a mail with its neutral data; raises whatever it raises."""
    with current_app.app_context(), words.using(found):
        return sample.render(lang)


def parts(made: Rendered) -> tuple[str, str, str]:
    """Return the parts of a mail."""
    return made.subject, made.text, made.html
