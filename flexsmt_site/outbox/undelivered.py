"""The subjects of mails that have not arrived: those that stopped, and those that wait for too long."""

from datetime import datetime

from sqlalchemy import Select, and_, bindparam, or_, select

from flexsmt_site.outbox import rules
from flexsmt_site.outbox.models import SETTLED, Mail
from flexsmt_site.outbox.service import LATE

# Written out in the statement: a database that is sent a value later can not know that its index fits.
_SETTLED = bindparam("settled", SETTLED, type_=Mail.state.type, expanding=True, literal_execute=True)


def subjects(kind: str, now: datetime) -> Select[int]:
    """Select the keys of what mails of this kind are about, of which one stopped or is late; repeated."""
    is_late = and_(Mail.state.in_(rules.WAITING), Mail.created < now - LATE)
    return select(Mail.subject_key).where(
        Mail.kind == kind, Mail.state.not_in(_SETTLED), or_(Mail.state.in_(rules.STOPPED), is_late)
    )
