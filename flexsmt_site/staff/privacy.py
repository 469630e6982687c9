"""What is kept about members of the staff, and the one cookie that they get."""

from flask_babel import lazy_gettext as _l

from flexsmt_site import cookies, datamap
from flexsmt_site.datamap import Holding, Purpose
from flexsmt_site.staff.models import Challenge, Member, Passkey, Record, Visit

SESSION = cookies.Cookie(
    name="staff_session",
    purpose=cookies.NECESSARY,
    life=None,
    holds=_l("A random number for the time that a member of our staff is signed in"),
    when=_l("Only when a member of our staff signs in; visitors never get it"),
    path="/staff",
)

_SOURCE = _l("From our staff, when they sign in and work")
_HOLDINGS = (
    Holding(
        key="staff member",
        title=_l("Accounts of our staff: e-mail address and role"),
        table=Member.__table__,
        personal=("address",),
        pseudonym=("id",),
        plain=("role", "added"),
        purposes=(Purpose.SECURITY,),
        source=_SOURCE,
        months=0,
        hours=0,
        counted_from=_l("Until the account is removed"),
        objection="contact.form",
    ),
    Holding(
        key="staff passkey",
        title=_l("Passkeys of our staff: public key, name, last use"),
        table=Passkey.__table__,
        personal=("name",),
        pseudonym=("id", "member_id", "credential", "public_key"),
        plain=("counter", "added", "used"),
        purposes=(Purpose.SECURITY,),
        source=_SOURCE,
        months=0,
        hours=0,
        counted_from=_l("Until the account or the passkey is removed"),
        objection="contact.form",
    ),
    Holding(
        key="staff session",
        title=_l("Open sessions of our staff"),
        table=Visit.__table__,
        personal=(),
        pseudonym=("token_sum", "member_id"),
        plain=("id", "began", "seen", "proven"),
        purposes=(Purpose.SECURITY,),
        source=_SOURCE,
        months=0,
        hours=12,
        counted_from=_l("after signing in"),
        objection="contact.form",
    ),
    Holding(
        key="staff challenge",
        title=_l("Requests to sign in: address and network as keyed hashes"),
        table=Challenge.__table__,
        personal=(),
        pseudonym=("member_id", "address_key", "network", "nonce", "code_sum", "link_sum"),
        plain=("id", "asked", "expires", "tries", "used"),
        purposes=(Purpose.SECURITY,),
        source=_l("From whoever asks to sign in as one of our staff"),
        months=0,
        hours=48,
        counted_from=_l("after the request"),
        objection="contact.form",
    ),
    Holding(
        key="staff audit",
        title=_l("What our staff did and which records they looked at, by number"),
        table=Record.__table__,
        personal=(),
        pseudonym=("member_id", "subject"),
        plain=("id", "at", "action"),
        purposes=(Purpose.SECURITY, Purpose.ACCOUNTABILITY),
        source=_SOURCE,
        months=24,
        counted_from=_l("after it was done"),
        objection="contact.form",
    ),
)


def declare() -> None:
    """Put the session cookie and what is kept about staff into their registers."""
    cookies.declare(SESSION)
    for holding in _HOLDINGS:
        datamap.declare(holding)
