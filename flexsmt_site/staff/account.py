"""A member's own account: its passkeys and sessions; and, for admins, the trail."""

from flask import request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from flexsmt_site import clock, pages, web
from flexsmt_site.staff import audit, door, guard, passkeys, rules, service, visits
from flexsmt_site.staff.forms import NewPasskeyForm, StaffForm
from flexsmt_site.staff.rules import Role

bp = pages.blueprint("account", __name__, prefix="/staff")

_NO_STORE = web.Cache.NO_STORE


@bp.get("/account")
@guard.requires()
def page() -> ResponseReturnValue:
    """Show who is signed in, with its passkeys."""
    person = guard.member()
    owned = passkeys.list_of(person.id)
    return web.render("staff/account", person=person, passkeys=owned, form=StaffForm(), cache=_NO_STORE)


@bp.route("/account/passkey", methods=["GET", "POST"])
@guard.requires(fresh=True)
def new_passkey() -> ResponseReturnValue:
    """Make a passkey on the device at hand."""
    form, here, person = NewPasskeyForm(), door.site(), guard.member()
    notice = ""
    if here and form.validate_on_submit():
        answer = passkeys.Answer(form.ticket.data or "", form.answer.data or "")
        try:
            passkeys.add(here, person, answer, form.name.data, clock.now())
            return web.see_other(url_for(".page"))
        except rules.BadPasskey:
            notice = _("The passkey was not accepted. Please try again.")
        except passkeys.TooManyPasskeys:
            notice = _("You have as many passkeys as one account may have. Remove one first.")
    offer = passkeys.offer_new(here, person, clock.now()) if here else None
    status = 422 if notice else None
    return web.render(
        "staff/new_passkey", form=form, offer=offer, notice=notice, status=status, cache=_NO_STORE
    )


@bp.post("/account/passkey/<int:number>/remove")
@guard.requires(fresh=True)
def remove_passkey(number: int) -> ResponseReturnValue:
    """Forget a passkey."""
    passkeys.remove(guard.member(), number, clock.now())
    return web.see_other(url_for(".page"))


@bp.post("/account/sign-out-others")
@guard.requires()
def end_others() -> ResponseReturnValue:
    """End the member's sessions on all other devices."""
    visits.end_others(guard.opened(), clock.now())
    return web.see_other(url_for(".page"))


@bp.get("/trail")
@guard.requires(Role.ADMIN)
def trail() -> ResponseReturnValue:
    """Show who did what, newest first."""
    before = request.args.get("before", type=int)
    if "before" in request.args and before is None:
        raise NotFound
    found = audit.find(before)
    names = service.names(
        number
        for line in found.records
        for number in (line.member_id, line.subject if audit.is_about_member(line.action) else None)
        if number
    )
    return web.render("staff/trail", found=found, names=names, words=audit.WORDS, cache=_NO_STORE)
