"""What an operator should know about accounts: who can see the enquiries, and whether codes are guessed."""

from collections.abc import Iterator
from datetime import timedelta

from flexsmt_site import clock, health
from flexsmt_site.config import Settings
from flexsmt_site.staff import audit, service
from flexsmt_site.staff.rules import Role

_DAY = timedelta(days=1)
#: People mistype a code now and then; this many are no people.
_MANY = 50


def accounts(_settings: Settings) -> Iterator[health.Finding]:
    """Say whether the inbox can be opened by somebody."""
    if service.is_staffed(Role.SALES):
        yield health.Finding("ok", "the inbox can be opened")
    else:
        mend = "run 'flexsmt staff add ADDRESS --role sales' if somebody shall use it"
        yield health.Finding("warning", "nobody can open the inbox: enquiries are in the mail alone", mend)


def guesses(_settings: Settings) -> Iterator[health.Finding]:
    """Say whether somebody guesses codes."""
    found = audit.count("sign-in.refused", clock.now() - _DAY)
    if found >= _MANY:
        mend = "look for staff.sign-in.refused in the event log; the address can be changed by a new account"
        yield health.Finding("warning", f"{found} wrong codes were tried within a day", mend)


def declare() -> None:
    """Let doctor ask this."""
    health.declare(accounts)
    health.declare(guesses)
