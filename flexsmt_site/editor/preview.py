"""Pages and mails as they would be with every draft, where a text leads to its row in the editor."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from flask import abort, make_response, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from flexsmt_site import pages, web
from flexsmt_site.config import LANGUAGES
from flexsmt_site.editor import drafted, marking, places, staged, visit, wording
from flexsmt_site.editor.drafted import Drafted
from flexsmt_site.language import samples
from flexsmt_site.language.edit_rules import Text
from flexsmt_site.language.rules import language_of
from flexsmt_site.staff import guard
from flexsmt_site.staff.rules import Role

bp = pages.blueprint("editor_preview", __name__, prefix="/staff/preview")
listing = pages.blueprint("editor_previews", __name__, prefix="/staff")

_NO_STORE = web.Cache.NO_STORE
_POLICY = "/privacy"
_LONGEST = 90


@dataclass(frozen=True)
class Row:
    """A text of a page as the list of its texts shows it."""

    address: str
    words: str
    is_draft: bool


@listing.get("/previews")
@guard.requires(Role.EDITOR)
def page() -> ResponseReturnValue:
    """List every page and mail in each language, with how many drafts stand on it."""
    found = drafted.find()
    drafts = {
        lang: {(text.domain, text.key) for text in found.shown if text.locale == lang} for lang in LANGUAGES
    }
    counts = {
        (name, lang): len(drafts[lang] & places.texts_on(name))
        for name in places.pages()
        for lang in LANGUAGES
    }
    mails = {places.of_mail(sample.name): sample for sample in samples.listed()}
    return web.render(
        "editor/previews",
        counts=counts,
        paths=visit.paths(),
        mails=mails,
        refused=_rows(found, found.refused),
        cache=_NO_STORE,
    )


@bp.get("/", defaults={"page": ""})
@bp.get("/<path:page>")
@guard.requires(Role.EDITOR)
def shown(page: str) -> ResponseReturnValue:
    """Show a public page as visitors would get it; nothing in it does anything to the site."""
    path, lang, found = f"/{page}", pages.language(), drafted.find()
    if path not in visit.paths():
        abort(404)
    answer = visit.page(path, lang, found.words, found.clauses)
    bar = render_template(
        "editor/_preview_bar.html",
        page=page,
        is_policy=path == _POLICY,
        **_told(found, marking.texts_in(answer.html), lang),
    )
    frame = staged.Frame(bar, _("Preview"), partial(_text, found), _link)
    response = make_response(staged.stage(answer.html, frame), answer.status)
    return web.cached(response, _NO_STORE)


@bp.get("/mail/<name>")
@guard.requires(Role.EDITOR)
def mail(name: str) -> ResponseReturnValue:
    """Show a mail with neutral data: its subject, and both of its parts."""
    lang, found = pages.language(), drafted.find()
    try:
        sample = samples.get(name)
    except samples.UnknownSample:
        abort(404)
    subject, text, html = visit.parts(visit.mail(sample, lang, found.words))
    show = partial(_text, found)
    return web.render(
        "editor/preview_mail",
        sample=sample,
        name=name,
        subject=staged.plain(subject, show),
        text=staged.plain(text, show),
        html=staged.body(html, show),
        **_told(found, marking.texts_in(f"{subject}{html}{text}"), lang),
        cache=_NO_STORE,
    )


def _told(found: Drafted, texts: Sequence[Text], lang: str) -> dict[str, Any]:
    """Return what is told of a preview: its texts, those with a draft first, and drafts with errors."""
    rows = _rows(found, texts)
    refused = [text for text in found.refused if text.locale == lang]
    return {
        "rows": sorted(rows, key=lambda row: not row.is_draft),
        "drafts": sum(row.is_draft for row in rows),
        "refused": _rows(found, refused),
    }


def _rows(found: Drafted, texts: Sequence[Text]) -> list[Row]:
    return [
        Row(_address(text), _cut(wording.one_line(found.strings(text)) or text.msgid), text in found.shown)
        for text in texts
    ]


def _cut(words: str) -> str:
    return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"


def _text(found: Drafted, number: int) -> tuple[str, str]:
    text = marking.text_of(number)
    return _address(text), "draft" if text in found.shown else ""


def _address(text: Text) -> str:
    return url_for("editor.text", domain=text.domain, of=text.locale, key=text.key)


def _link(address: str) -> str | None:
    """Return where a link of a previewed page leads: to a preview, away from the site, or nowhere."""
    parts = urlsplit(address)
    if parts.scheme or not parts.path:
        return address
    lang = language_of(parts.path)
    path = parts.path.removeprefix(f"/{lang}")
    if lang is None or path not in visit.paths():
        return None
    preview = url_for(".shown", lang=lang, page=path.removeprefix("/"))
    return f"{preview}#{parts.fragment}" if parts.fragment else preview
