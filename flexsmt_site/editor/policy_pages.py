"""The page on which versions of the policy are tried and published."""

from collections.abc import Sequence

from flask import Response, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from flexsmt_site import clock, pages, web
from flexsmt_site.editor import policy_desk, release_words, wording
from flexsmt_site.editor.policy_desk import Overview, Tried
from flexsmt_site.editor.policy_forms import VersionForm
from flexsmt_site.policy import feed, service
from flexsmt_site.policy.rules import NotPublishable, Standing, Version
from flexsmt_site.staff import audit, guard
from flexsmt_site.staff import service as staff
from flexsmt_site.staff.forms import read_number
from flexsmt_site.staff.rules import Role

bp = pages.blueprint("editor_policy", __name__, prefix="/staff")
TRAIL: dict[str, LazyString] = {
    "policy.published": _l("Published a version of the privacy policy (the record is its number)"),
}

_CONFLICT = 409


@bp.get("/policy")
@guard.requires(Role.PUBLISHER)
def page() -> ResponseReturnValue:
    """List the versions and what waits for a further one; ``edit`` in the address is ticked."""
    return _shown(VersionForm(formdata=None))


@bp.post("/policy")
@guard.requires(Role.PUBLISHER)
def act() -> ResponseReturnValue:
    """Show what a version would be, or publish it: what is published was shown before."""
    form = VersionForm()
    if not form.validate():
        return _shown(form)
    try:
        return _publish(form) if request.form.get("do") == "publish" else _try(form)
    except policy_desk.Refused as error:
        return _shown(form, refused=str(error).splitlines())
    except NotPublishable as error:
        return _shown(form, details=str(error).splitlines())


@guard.requires(Role.PUBLISHER, fresh=True)
def _publish(form: VersionForm) -> ResponseReturnValue:
    me, now = guard.member().id, clock.now()
    wish, seen = form.wish(), form.seen.data or ""
    newest = policy_desk.find_newest()
    if newest and policy_desk.is_what_came(wish, seen, newest):
        # A second click of the same button.
        return web.see_other(url_for(".page", done=newest.number))
    wanted = policy_desk.draft(wish, me, now)
    if policy_desk.sum_of(wanted, wish) != seen:
        return _try(form)

    def note_down(session: Session, version: Version) -> None:
        audit.record(session, "policy.published", member_id=me, subject=version.number, now=now)

    try:
        number = service.publish(wanted, now, me, note_down).number
    except OSError:
        newest = policy_desk.find_newest()
        if newest is None or not policy_desk.is_what_came(wish, seen, newest):
            raise
        # It is published all the same, and the page says that this host does not show it.
        number = newest.number
    return web.see_other(url_for(".page", done=number))


def _try(form: VersionForm) -> Response:
    now = clock.now()
    wish = form.wish()
    wanted = policy_desk.draft(wish, guard.member().id, now)
    tried = policy_desk.try_out(wanted, now)
    form.seen.data = policy_desk.sum_of(wanted, wish)
    return _shown(form, tried=tried)


def _shown(
    form: VersionForm,
    tried: Tried | None = None,
    *,
    refused: Sequence[str] = (),
    details: Sequence[str] = (),
) -> Response:
    """Show the page; ``details`` of what keeps a version back are in English."""
    overview = policy_desk.look(clock.now())
    waiting = policy_desk.list_waiting(guard.member().id)
    people = (who for one in waiting for who in (one.edit.author, one.edit.mover))
    return web.render(
        "editor/policy",
        form=form,
        overview=overview,
        waiting=waiting,
        unready=policy_desk.count_unready(),
        ticked=form.ticked(),
        tried=tried,
        refused=refused,
        details=details,
        told=_told(overview),
        names=staff.names(who for who in people if who),
        when=feed.when,
        difference=wording.difference,
        release_words=release_words,
        status=_CONFLICT if refused or details else None,
        cache=web.Cache.NO_STORE,
    )


def _told(overview: Overview) -> str:
    """Say what has become of a version that somebody has just published."""
    found = overview.find(read_number(request.args.get("done")))
    if found is None:
        return ""
    version, standing = found
    number, date = version.number, feed.when(version.effective)
    if standing is Standing.COMING:
        text = _("Version %(number)d is published. It takes effect on %(date)s.", number=number, date=date)
        return str(text)
    return str(_("Version %(number)d is published.", number=number))
