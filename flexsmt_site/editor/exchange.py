"""The page on which words go out to translators and developers as files, and come back as drafts."""

from typing import Any

from flask import Response, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from flexsmt_site import clock, pages, tokens, web
from flexsmt_site.config import LANGUAGES
from flexsmt_site.editor import bundles, carrying, comparing, release_words, wording, words
from flexsmt_site.editor.publishing_forms import ImportForm
from flexsmt_site.language import bringing, importing
from flexsmt_site.language.bringing import BadImport
from flexsmt_site.language.import_rules import Row
from flexsmt_site.language.importing import Table
from flexsmt_site.staff import audit, door, guard, rules
from flexsmt_site.staff.rules import Role

bp = pages.blueprint("editor_exchange", __name__, prefix="/staff")

#: A file, and what a form needs beside it.
_MOST_SENT = bringing.MOST + 64 * 1024
_MEGABYTES = bringing.MOST // 2**20


@bp.url_value_preprocessor
def take_files(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Read large forms of editors; those of anybody else are not read at all, and refused by the guard."""
    if request.mimetype != "multipart/form-data":
        return
    g.takes_files = True
    found = guard.find()
    if found and rules.may(found.person.role, (Role.EDITOR,)):
        request.max_content_length = _MOST_SENT
        request.max_form_memory_size = carrying.MOST
    else:
        request.form = ImmutableMultiDict()


@bp.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> ResponseReturnValue:
    """Say at the field that a file is too large; nothing of it was read."""
    if guard.shown_member() is None:
        # Not a form with a file: what else is too large is not read to ask who sends it.
        request.form = ImmutableMultiDict()
        return door.ask("", status=413)
    fault = _("The file is too large: at most %(max)d MB are taken.", max=_MEGABYTES)
    return _shown(ImportForm(formdata=None), fault=fault, status=413)


@bp.get("/exchange")
@guard.requires(Role.EDITOR)
def page() -> ResponseReturnValue:
    """Show what can be taken away, and ask for a file to bring."""
    return _shown(ImportForm(formdata=None))


@bp.get("/exchange/<any(zip, patch):kind>")
@guard.requires(Role.EDITOR)
def download(kind: str) -> ResponseReturnValue:
    """Send the project's files as they should be, or the way there as a patch."""
    files = bundles.files(drafts="drafts" in request.args)
    if not files:
        return web.see_other(url_for(".page"))
    bundle = bundles.KINDS[kind]
    response = Response(bundle.pack(files), mimetype=bundle.mimetype)
    name = f"words-{clock.now():%Y-%m-%d}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return web.cached(response, web.Cache.NO_STORE)


@bp.post("/exchange")
@guard.requires(Role.EDITOR)
def bring() -> ResponseReturnValue:
    """Show what a file would do; or, with what was shown then, write the drafts."""
    form = ImportForm()
    if "proposals" in request.form:
        return _write(form, request.form["proposals"])
    file = request.files.get("file")
    if file is None or not file.filename:
        return _shown(form, fault=_("Choose a file"), status=422)
    if not form.validate():
        return _shown(form, status=422)
    name, raw = carrying.printable(file.filename), file.read()
    try:
        table = importing.preview(name, raw, form.of.data or None)
    except BadImport as error:
        return _shown(form, why=_why(error, name, raw, form), status=422)
    return _looked_at(form, name, table)


def _why(error: BadImport, name: str, raw: bytes, form: ImportForm) -> str:
    """Say in English why a file can not be taken; where only its language is unknown, that can be chosen."""
    if not form.of.data:
        try:
            bringing.opened(name, raw, LANGUAGES[0])
        except BadImport:
            pass
        else:
            form.of.errors = [_("The file does not name its language: choose it, and the file again")]
            return ""
    return str(error)


def _looked_at(form: ImportForm, name: str, table: Table) -> Response:
    """Show what a file would do, with a button that does it."""
    try:
        field = carrying.sign(name, table, guard.member().id)
    except carrying.TooMuch:
        fault = _("The file changes too much at once: bring it in parts")
        return _shown(form, fault=fault, status=422)
    came = {"name": name, "table": table, "groups": comparing.groups(table), "field": field}
    return _shown(form, came=came)


def _write(form: ImportForm, field: str) -> Response:
    """Write what was shown; what somebody has changed meanwhile is left alone, and told."""
    me, now = guard.member().id, clock.now()
    try:
        carried = carrying.read(field, me)
    except tokens.BadToken:
        return _shown(
            form, fault=_("What was shown can not be read any more: choose the file again"), status=422
        )
    reason = _("Imported from %(name)s", name=carried.name)
    left = importing.apply(carried.table, author=me, reason=reason, now=now)
    audit.write("words.imported", member_id=me, subject=None, now=now)
    came = {
        "written": len(carried.table.lines) - len(left),
        "left": list(comparing.compared(left)),
        "gone": carried.gone,
    }
    return _shown(form, came=came)


def _shown(
    form: ImportForm,
    *,
    fault: str = "",
    why: str = "",
    status: int | None = None,
    came: dict[str, Any] | None = None,
) -> Response:
    """Show the page with what came of a file; ``why`` it can not be taken is in English."""
    return web.render(
        "editor/exchange",
        form=form,
        fault=fault,
        why=why,
        published=bundles.amount(drafts=False),
        with_drafts=bundles.amount(drafts=True),
        most=comparing.MOST,
        megabytes=_MEGABYTES,
        writes=(Row.NEW, Row.CHANGED),
        words=words,
        release_words=release_words,
        difference=wording.difference,
        one_line=wording.one_line,
        status=status,
        cache=web.Cache.NO_STORE,
        **{"table": None, "written": None, **(came or {})},
    )
