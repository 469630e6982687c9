"""Who may open a page of the staff: decided here, before its view, and nowhere else."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Response, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from flexsmt_site import clock, cookies
from flexsmt_site.ledger import keeps
from flexsmt_site.staff import audit, door, form_token, privacy, rules, visits
from flexsmt_site.staff.rules import Role
from flexsmt_site.staff.visits import Opened, Person

P = ParamSpec("P")
View = Callable[P, ResponseReturnValue]


def member() -> Person:
    """Return who is signed in; only behind ``requires``."""
    return opened().person


def shown_member() -> Person | None:
    """Return who is signed in, where the page at hand has asked."""
    found: Opened | None = g.get("staff")
    return found.person if found else None


def opened() -> Opened:
    """Return the session of the request; only behind ``requires``."""
    found: Opened = g.staff
    return found


@keeps("P13.1", "P13.3a")
def requires(*roles: Role, fresh: bool = False) -> Callable[[View[P]], View[P]]:
    """Let only members of one of these roles in, or all staff where none is named.

    With ``fresh`` who signed in more than 15 minutes ago does so again. A POST needs the form's token.
    """

    def guarded(view: View[P]) -> View[P]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            refusal = _refusal(roles, fresh=fresh)
            return view(*args, **kwargs) if refusal is None else refusal

        return checked

    return guarded


def signed_out(view: View[P]) -> View[P]:
    """Let everybody in, for the pages that sign in; a POST needs the form's token."""

    @wraps(view)
    def checked(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        g.staff = find()
        return view(*args, **kwargs) if form_token.is_valid(of_anybody=True) else _stale()

    return checked


def find() -> Opened | None:
    """Return the open session that the request's cookie names, if any."""
    token = request.cookies.get(privacy.SESSION.sent_name, "")
    return visits.find(token, clock.now()) if token else None


def open_session(response: Response, token: str) -> Response:
    """Give the browser a session; one that it had is over."""
    before = request.cookies.get(privacy.SESSION.sent_name, "")
    if before:
        visits.drop(before)
    cookies.put(response, privacy.SESSION.name, token)
    return response


def _refusal(roles: tuple[Role, ...], *, fresh: bool) -> ResponseReturnValue | None:
    now, found = clock.now(), find()
    g.staff = found
    if found is None:
        had = bool(request.cookies.get(privacy.SESSION.sent_name))
        return door.ask(_("Your session has ended. Please sign in again.") if had else "", status=401)
    if not rules.may(found.person.role, roles):
        audit.write("refused", member_id=found.person.id, subject=None, now=now)
        return door.refuse(
            403,
            _("Your account is not meant for this page"),
            _("Ask whoever runs the site if you need it; the pages above are open to you."),
        )
    if not form_token.is_valid():
        return _stale()
    if fresh and not rules.is_fresh(found.span, now):
        return door.ask(_("For this step we ask once more who you are."), status=401)
    return None


def _stale() -> ResponseReturnValue:
    return door.refuse(
        400,
        _("The form was open for too long, or it is not ours"),
        _("Nothing was changed. Please go back, load the page again and send it once more."),
    )
