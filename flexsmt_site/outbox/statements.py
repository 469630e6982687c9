"""What a relay sends to the database, built once: building it costs more than running it.

The names in ``bindparam`` are the arguments. Columns that the arguments name besides are set as well.
"""

from sqlalchemy import and_, bindparam, exists, func, or_, select, update

from flexsmt_site.database import Instant
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.rules import Phase, State

_NOW = bindparam("now", type_=Instant())
_IS_QUEUED = Mail.state == State.QUEUED
#: A kind whose feature is gone stays where it is: nobody can say how to treat it.
_IS_DECLARED = Mail.kind.in_(bindparam("kinds", expanding=True))
_IS_EXPIRED = Mail.expires <= _NOW
#: No mail is younger than the present, and none waits that long: where one seems to, the clock went back.
_OF_THE_FUTURE = (
    and_(Mail.created > _NOW, Mail.attempts == 0, Mail.not_before > _NOW),
    Mail.not_before > bindparam("longest_wait"),
)
#: No lease is that long: where one seems to be, the clock went back.
_IS_LOST = and_(
    Mail.state == State.SENDING,
    or_(Mail.lease_until <= _NOW, Mail.lease_until > bindparam("longest_lease")),
    _IS_DECLARED,
)
_IS_IT = Mail.id == bindparam("mail")
_IS_OWNED = and_(Mail.state == State.SENDING, Mail.lease_owner == bindparam("owner"))
_IS_HELD = and_(_IS_OWNED, Mail.phase == Phase.CLAIMED)
_FREED = {"phase": None, "lease_owner": None, "lease_until": None}

#: ``now``, ``longest_wait``, ``longest_lease``, ``kinds``; the same for all that are not said to have others.
#: One question for each reason: an index answers it, however many mails are put off.
IS_DUE = select(
    or_(
        *(
            exists().where(_IS_QUEUED, _IS_DECLARED, reason)
            for reason in (Mail.not_before <= _NOW, _IS_EXPIRED, *_OF_THE_FUTURE)
        ),
        exists().where(_IS_LOST),
    )
)

LOST = (
    select(Mail.id, Mail.phase, Mail.kind, Mail.attempts, Mail.expires)
    .where(_IS_LOST)
    .with_for_update(skip_locked=True)
)

GIVE_UP = (
    update(Mail)
    .where(Mail.id.in_(select(Mail.id).where(_IS_QUEUED, _IS_EXPIRED).with_for_update(skip_locked=True)))
    .values(state=State.DEAD, **_FREED)
)

#: Nothing waits for a moment that a clock named before it was set back.
BRING_BACK = [
    update(Mail)
    .where(Mail.id.in_(select(Mail.id).where(_IS_QUEUED, reason).with_for_update(skip_locked=True)))
    .values(not_before=_NOW)
    for reason in _OF_THE_FUTURE
]

FIRST_PRIORITY = select(func.min(Mail.priority)).where(_IS_QUEUED)

#: ``after``.
NEXT_PRIORITY = FIRST_PRIORITY.where(Mail.priority > bindparam("after"))

_CHOSEN = (
    select(Mail.id)
    .where(_IS_QUEUED, Mail.priority == bindparam("rank"), Mail.not_before <= _NOW, _IS_DECLARED)
    .order_by(Mail.not_before, Mail.id)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
    .cte("chosen")
    # PostgreSQL may otherwise run the choice again for each row and pass the limit.
    .prefix_with("MATERIALIZED", dialect="postgresql")
)

#: Besides: ``rank``, ``limit``, ``owner``, ``until``.
TAKE = (
    update(Mail)
    .where(Mail.id.in_(select(_CHOSEN.c.id)))
    .values(
        state=State.SENDING,
        phase=Phase.CLAIMED,
        lease_owner=bindparam("owner"),
        lease_until=bindparam("until"),
    )
    .returning(
        Mail.id,
        Mail.kind,
        Mail.subject_key,
        Mail.sender,
        Mail.recipient,
        Mail.raw,
        Mail.priority,
        Mail.not_before,
        Mail.attempts,
        Mail.expires,
    )
)

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
    .where(_IS_IT, or_(_IS_OWNED, Mail.state == State.QUEUED, Mail.state == State.UNCERTAIN))
    .values(attempts=Mail.attempts + bindparam("tried"), raw=None, **_FREED)
    .returning(Mail.id)
)
