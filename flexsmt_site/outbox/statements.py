"""What a relay sends to the database for each mail, built once: building it costs more than running it.

The names in ``bindparam`` are the arguments. Columns that the arguments name besides are set as well.
"""

from sqlalchemy import and_, bindparam, or_, select, update

from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.rules import Phase, State

_IS_IT = Mail.id == bindparam("mail")
_IS_OWNED = and_(Mail.state == State.SENDING, Mail.lease_owner == bindparam("owner"))
_IS_HELD = and_(_IS_OWNED, Mail.phase == Phase.CLAIMED)
_FREED = {"phase": None, "lease_owner": None, "lease_until": None}

#: ``mail``, ``owner``, ``until``.
MARK = (
    update(Mail)
    .where(_IS_IT, _IS_HELD)
    .values(phase=Phase.IN_DATA, lease_until=bindparam("until"))
    .returning(Mail.id)
)

#: ``owner``, ``until``. Rows that somebody erases are left to him: to wait for each other is a deadlock.
RENEW = (
    update(Mail)
    .where(Mail.id.in_(select(Mail.id).where(_IS_HELD).with_for_update(skip_locked=True)))
    .values(lease_until=bindparam("until"))
)

#: ``owner``.
RELEASE = update(Mail).where(_IS_HELD).values(state=State.QUEUED, **_FREED).returning(Mail.id)

#: ``mail``, ``owner``, ``tried``, and ``state`` among the columns.
SETTLE = (
    update(Mail)
    .where(_IS_IT, _IS_OWNED)
    .values(attempts=Mail.attempts + bindparam("tried"), **_FREED)
    .returning(Mail.id)
)

#: The same. That the server took a mail stays true when its lease was lost meanwhile.
SETTLE_ACCEPTED = (
    update(Mail)
    .where(_IS_IT, or_(_IS_OWNED, Mail.state.in_((State.QUEUED, State.UNCERTAIN))))
    .values(attempts=Mail.attempts + bindparam("tried"), raw=None, **_FREED)
    .returning(Mail.id)
)
