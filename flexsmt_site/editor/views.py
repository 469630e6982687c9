"""The list of texts, and one text while it is edited."""

from dataclasses import replace
from functools import partial
from typing import Any

from flask import Response, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from flexsmt_site import clock, pages, web
from flexsmt_site.config import LANGUAGES
from flexsmt_site.editor import finding, places, release_words, rules, service, wording, words
from flexsmt_site.editor.finding import Wanted
from flexsmt_site.editor.forms import TextForm
from flexsmt_site.editor.lines import Line
from flexsmt_site.editor.rules import Show
from flexsmt_site.editor.service import Desk
from flexsmt_site.language import edits
from flexsmt_site.language.edit_rules import Strings
from flexsmt_site.language.edits import NotMovable, Overtaken
from flexsmt_site.language.gate_entry import Finding
from flexsmt_site.language.overlay import UnknownText
from flexsmt_site.language.standing import UnknownEdit
from flexsmt_site.staff import door, guard
from flexsmt_site.staff.forms import read_number
from flexsmt_site.staff.rules import Role

bp = pages.blueprint("editor", __name__, prefix="/staff")

_NO_STORE = web.Cache.NO_STORE
_LONGEST_SEARCH = 200
#: Three forms of the longest text in Cyrillic, as a browser sends them.
_MAX_BODY = 1024 * 1024
_REFUSED = 422
#: What a page says of a deed where there was none.
_SILENT: dict[str, Any] = {"faults": {}, "notice": "", "done": "", "overtaken": None, "unsaved": None}


@bp.url_value_preprocessor
def take_long_texts(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Read more than other forms hold: the longest text with all its plural forms."""
    request.max_content_length = request.max_form_memory_size = _MAX_BODY


@bp.get("/words")
@guard.requires(Role.EDITOR)
def page() -> ResponseReturnValue:
    """Show a page of the texts: all of them, or what a filter or a search finds."""
    return web.render(
        "editor/page",
        part="texts",
        found=finding.find(wanted()),
        waiting=finding.waiting(),
        every_page=places.pages(),
        unsaved=service.waiting(guard.member().id),
        is_swapped=web.wants_partial(),
        done="",
        **_common(),
    )


@bp.get("/words/<domain>/<of>/<key>")
@guard.requires(Role.EDITOR)
def text(domain: str, of: str, key: str) -> ResponseReturnValue:
    """Show one text to edit it: by itself, or in the place of its row; ``closed`` is the row again."""
    desk = _open(domain, of, key)
    if web.wants_partial() and request.args.get("closed"):
        return _row(desk)
    form, found = TextForm(formdata=None), service.unsaved(desk, guard.member().id)
    form.parent.data, form.base.data = (found.parent, found.base) if found else (desk.parent, desk.base)
    done = words.DONE.get(request.args.get("done", ""), "")
    return _shown(desk, form, found.strings if found else desk.side.strings, done=done, unsaved=found)


@bp.post("/words/<domain>/<of>/<key>")
@guard.requires(Role.EDITOR)
def act(domain: str, of: str, key: str) -> ResponseReturnValue:
    """Save a draft, hand it in, take it back or drop it; 409 where somebody else was faster."""
    desk, form, deed = _open(domain, of, key), TextForm(), request.form.get("do", "save")
    strings = form.strings(desk.side.strings)
    faults = form.faults(strings)
    if not form.validate() or faults:
        return _shown(desk, form, strings, faults=faults, status=_REFUSED)
    try:
        done = _do(deed, desk, form)
    except Overtaken as error:
        return _overtaken(error, form, strings, (domain, of, key))
    except (NotMovable, UnknownEdit):
        notice = _("Nothing was changed: the draft has been dropped or published meanwhile.")
    except UnknownText:
        notice = _("Nothing was changed: this version of the site has no such text any more.")
    else:
        return _done(done, domain, of, key)
    desk = _open(domain, of, key)
    form.parent.data, form.base.data = desk.parent, desk.base
    return _shown(desk, form, strings, notice=notice, status=409)


@bp.post("/words/<domain>/<of>/<key>/typed")
@guard.requires(Role.EDITOR)
def typed(domain: str, of: str, key: str) -> ResponseReturnValue:
    """Keep what is typed so far, and say what the gate finds in it."""
    desk, form = _open(domain, of, key), TextForm()
    strings = form.strings(desk.side.strings)
    faults, is_fresh = form.faults(strings), True
    is_kept = form.validate() and not (faults or desk.side.is_gone)
    if is_kept:
        is_fresh = service.note(desk, form.typed(desk, guard.member().id), clock.now())
    return web.render(
        "editor/judged",
        desk=desk,
        form=form,
        faults=faults,
        judged=_judged(desk, strings),
        is_kept=is_kept and strings != desk.side.strings,
        is_stale=not is_fresh,
        status=200 if is_kept and is_fresh else _REFUSED if is_fresh else 409,
        **_common(),
    )


def wanted() -> Wanted:
    """Read from the address what somebody looks for; what there is none of counts as everything."""
    show, domain, page_ = (request.args.get(name, "") for name in ("show", "in", "page"))
    return Wanted(
        Show(show) if show in set(Show) else None,
        domain if domain in words.DOMAINS else "",
        page_ if page_ in places.pages() else "",
        request.args.get("q", "").strip()[:_LONGEST_SEARCH],
        max(1, read_number(request.args.get("at")) or 1),
    )


def _open(domain: str, of: str, key: str) -> Desk:
    try:
        return service.open_desk(domain, of, key)
    except UnknownText:
        abort(
            door.refuse(
                404, _("There is no such text"), _("It may have gone with a new version of the site.")
            )
        )


def _do(deed: str, desk: Desk, form: TextForm) -> str:
    """Do what a button says; returns what is to be told."""
    sent, now = form.typed(desk, guard.member().id), clock.now()
    if deed in ("take-back", "drop", "forget"):
        _MOVES[deed](desk, sent, now)
        return deed
    if deed == "hand-in":
        return "hand-in" if service.hand_in(desk, sent, now) else "same"
    if deed.startswith("use-"):
        sent = replace(sent, strings=service.wording(desk, read_number(deed.removeprefix("use-")) or 0))
    kept = service.save(desk, sent, now)
    if deed == "next":
        return "next"
    return "same" if kept is None else "use" if deed.startswith("use-") else "save"


_MOVES = {"take-back": service.take_back, "drop": service.drop, "forget": service.forget}


def _done(done: str, domain: str, of: str, key: str) -> ResponseReturnValue:
    sought = wanted()
    try:
        desk = service.open_desk(domain, of, key)
    except UnknownText:
        # A text that is gone from the site goes with its last draft.
        return web.see_other(url_for(".page", **_query(sought)))
    if web.wants_partial():
        return _row(desk, done)
    query = _query(sought)
    if done != "next":
        return web.see_other(url_for(".text", domain=domain, of=of, key=key, **query, done=done))
    line = finding.next_after(sought, of, (domain, key))
    return web.see_other(_text_url(query, line, of) if line else url_for(".page", **query))


def _overtaken(error: Overtaken, form: TextForm, strings: Strings, place: tuple[str, str, str]) -> Response:
    """Show all three wordings, with the member's own in the form: saving again means it over the other."""
    desk = _open(*place)
    form.parent.data, form.base.data = desk.parent, desk.base
    return _shown(desk, form, strings, overtaken=error, status=409)


def _row(desk: Desk, done: str = "") -> Response:
    return web.render("editor/line", line=desk.line, desk=desk, done=words.DONE.get(done, ""), **_common())


def _shown(desk: Desk, form: TextForm, strings: Strings, **said: object) -> Response:
    """Show a text with a form of these strings; ``said`` is what there is to tell of a deed."""
    past = service.past(desk)
    return web.render(
        "editor/editing" if web.wants_partial() else "editor/text",
        desk=desk,
        form=form,
        strings=strings,
        judged=_judged(desk, strings),
        past=past,
        names=service.names(past),
        who=release_words.who,
        alike=service.alike(desk),
        needed=wording.needed(desk.line.source),
        terms=service.terms(desk),
        numbers=rules.NUMBERS[desk.of],
        pages_with=places.pages_of(desk.line.place),
        **{**_SILENT, **said},
        **_common(),
    )


def _query(sought: Wanted) -> dict[str, Any]:
    return dict(sought.args(at=sought.at))


def _text_url(query: dict[str, Any], line: Line, of: str, **more: Any) -> str:  # noqa: ANN401 (as Flask's own)
    return url_for(".text", domain=line.domain, of=of, key=line.key, **query, **more)


def _judged(desk: Desk, strings: Strings) -> list[Finding]:
    return [] if desk.side.is_gone else edits.judge(desk.side.listed.text, strings)


def _common() -> dict[str, Any]:
    sought = wanted()
    return {
        "wanted": sought,
        "list_url": url_for(".page", **_query(sought)),
        "text_url": partial(_text_url, _query(sought)),
        "words": words,
        "difference": wording.difference,
        "tongues": LANGUAGES,
        "cache": _NO_STORE,
    }
