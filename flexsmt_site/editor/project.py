"""The page on which every release is undone: visitors read the texts of the project again."""

from collections.abc import Sequence

from flask import Response, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from flexsmt_site import clock, pages, web
from flexsmt_site.editor import going_live, publishing
from flexsmt_site.editor.publishing_forms import ReleaseForm
from flexsmt_site.language import releases
from flexsmt_site.language.making import NotPublishable, Signature
from flexsmt_site.staff import audit, guard
from flexsmt_site.staff.forms import read_number
from flexsmt_site.staff.rules import Role

bp = pages.blueprint("editor_project", __name__, prefix="/staff")

_CONFLICT = 409


@bp.get("/releases/project")
@guard.requires(Role.PUBLISHER)
def page() -> ResponseReturnValue:
    """Show what visitors would read again if no edit were live."""
    return _shown(ReleaseForm(formdata=None))


@bp.post("/releases/project")
@guard.requires(Role.PUBLISHER, fresh=True)
def go_back() -> ResponseReturnValue:
    """Show the texts of the project alone; 409 where somebody has published meanwhile."""
    form, me = ReleaseForm(), guard.member().id
    if not form.validate():
        return _shown(form)
    newest = going_live.in_force()
    if newest and not going_live.what_ends():
        return web.see_other(url_for("editor_publishing.releases", release=newest, again=1))
    if newest is None or read_number(form.seen.data) != newest:
        return _shown(form, _("Somebody has published meanwhile. This is what would change now."))
    try:
        made = _end(Signature(clock.now(), me, form.text.data), newest)
    except NotPublishable as error:
        return _shown(form, details=str(error).splitlines())
    audit.write("words.rolled-back", member_id=me, subject=made, now=clock.now())
    return web.see_other(url_for("editor_publishing.releases", release=made))


def _end(by: Signature, before: int) -> int:
    try:
        return releases.back_to_files(by).number
    except OSError:
        # Where it is stored all the same, other hosts show it, and the page says that this one does not.
        made = going_live.in_force()
        if made is None or made == before:
            raise
        return made


def _shown(form: ReleaseForm, *refused: str, details: Sequence[str] = ()) -> Response:
    form.seen.data = str(going_live.in_force() or "")
    return web.render(
        "editor/project",
        form=form,
        refused=refused,
        details=details,
        returns=going_live.what_ends(),
        status=_CONFLICT if refused or details else None,
        **publishing.common(),
    )
