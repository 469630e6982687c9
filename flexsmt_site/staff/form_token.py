"""The token in every form of the staff: bound to the member who was shown it, or to nobody signed in."""

from datetime import datetime

from flask import g, request

from flexsmt_site import clock, tokens
from flexsmt_site.staff import rules
from flexsmt_site.staff.visits import Opened

FIELD = "csrf_token"
_PURPOSE = "staff form"


def issue() -> str:
    """Return the token for a form that is shown; a member's is good in its next session as well."""
    return tokens.sign(_PURPOSE, {"member": _member_id(), "issued": clock.now().isoformat()})


def is_valid(*, of_anybody: bool = False) -> bool:
    """Tell whether a POST comes from a form that this member was shown; other requests need none.

    ``of_anybody``: who signs in may have been somebody else, or nobody, when the page was shown.
    """
    if request.method != "POST":
        return True
    try:
        data = tokens.read(_PURPOSE, request.form.get(FIELD, ""))
    except tokens.BadToken:
        return False
    age = clock.now() - datetime.fromisoformat(data["issued"])
    return (of_anybody or data["member"] == _member_id()) and abs(age) < rules.FORM_LIFE


def _member_id() -> int:
    found: Opened | None = g.get("staff")
    return found.person.id if found else 0
