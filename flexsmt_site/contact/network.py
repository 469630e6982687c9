"""How many enquiries came from one network within an hour: counted by a keyed hash, and soon forgotten."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select
from sqlalchemy.engine import Connection

from flexsmt_site import database, events, networks
from flexsmt_site.config import settings
from flexsmt_site.contact import rules
from flexsmt_site.contact.models import Arrival
from flexsmt_site.extensions import db
from flexsmt_site.ledger import keeps
from flexsmt_site.outbox import chores

KEPT = timedelta(hours=48)
#: What is forgotten along with one enquiry; the relay forgets the rest.
_AT_ONCE = 500

# Built once: building a statement costs more than running it. The names in ``bindparam`` are the arguments.
_LATELY = and_(
    Arrival.network.in_((bindparam("today"), bindparam("next_to_it"))),
    # Another host's clock may be a little ahead; what is further ahead must not lock anybody out.
    Arrival.at > bindparam("an_hour_ago"),
    Arrival.at < bindparam("in_an_hour"),
)
#: A part of what is asked about an enquiry: how many came from its network within the hour.
COUNT = select(func.count()).where(_LATELY).scalar_subquery()
_LEAVING = select(Arrival.at).where(_LATELY).order_by(Arrival.at.desc()).offset(bindparam("later")).limit(1)
_ADD = insert(Arrival)
_IS_OLD = or_(Arrival.at < bindparam("before"), Arrival.at > bindparam("after"))
#: Another part: whether there is anything to forget. PostgreSQL would look for such rows through all of the
#: table, as it expects many; the oldest and the newest are found by an index. NULL where there is none.
IS_ANY_OLD = or_(
    select(func.min(Arrival.at)).scalar_subquery() < bindparam("before"),
    select(func.max(Arrival.at)).scalar_subquery() > bindparam("after"),
)
_ANY_OLD = select(IS_ANY_OLD)
# Rows that another transaction is forgetting are left to it: to wait could end in a deadlock.
_FORGET = delete(Arrival).where(
    Arrival.id.in_(select(Arrival.id).where(_IS_OLD).limit(_AT_ONCE).with_for_update(skip_locked=True))
)


class TooMany(RuntimeError):
    """The network has sent all that is taken within an hour; ``wait`` is when the next may come."""

    def __init__(self, wait: timedelta) -> None:
        """Say how long to wait."""
        super().__init__(f"this network may send again in {wait}")
        self.wait = wait


@dataclass(frozen=True)
class Network:
    """Where an enquiry comes from, at that moment, as far as it is remembered.

    ``keys`` are the keyed hashes that stand for it within the hour; the first is the one to store.
    """

    name: str
    now: datetime
    keys: tuple[str, ...]


def of(address: IPv4Address | IPv6Address | None, now: datetime) -> Network:
    """Return the network of a visitor's address."""
    name = networks.network_of(address)
    return Network(name, now, networks.keys(name, now, settings().secret_key))


def declare() -> None:
    """Leave it to the relay to forget arrivals also while no enquiry comes in."""
    chores.declare("arrivals", forget_old)


def lock(connection: Connection, network: Network) -> None:
    """Let nobody else count this network until the transaction ends."""
    database.lock(connection, networks.lock_number(network.name, settings().secret_key))


def asked(network: Network) -> dict[str, object]:
    """Return the arguments of ``COUNT`` and ``IS_ANY_OLD``."""
    return {
        "today": network.keys[0],
        "next_to_it": network.keys[-1],
        "an_hour_ago": network.now - networks.HOUR,
        "in_an_hour": network.now + networks.HOUR,
        **_old(network.now),
    }


@keeps("P13.1")
def admit(connection: Connection, network: Network, others: int) -> None:
    """Let an enquiry in that comes after so many others within the hour, or raise ``TooMany``."""
    most = networks.ceiling(network.name, settings().rate_limit)
    if others < most:
        return
    leaving = connection.execute(_LEAVING, {**asked(network), "later": most - 1}).scalar_one()
    events.say("enquiry.refused", reason="rate")
    raise TooMany(rules.wait(leaving, network.now))


def add(connection: Connection, network: Network) -> None:
    """Count an enquiry that is being stored."""
    connection.execute(_ADD, {"network": network.keys[0], "at": network.now})


def forget_old(now: chores.Round) -> None:
    """Delete arrivals of more than 48 hours ago, and such of a clock that ran ahead."""
    with database.reading() as connection:
        is_any_old = connection.scalar(_ANY_OLD, _old(now.now))
    if is_any_old:
        with database.writing() as connection:
            forget(connection, now.now)


def forget(connection: Connection, now: datetime) -> None:
    """Delete what is too old, within the caller's transaction."""
    connection.execute(_FORGET, _old(now))


def is_nearby_used(now: datetime) -> bool:
    """Tell whether enquiries came lately from this machine or a private network."""
    recent = select(Arrival.id).where(Arrival.network == networks.NEARBY, Arrival.at > now - KEPT)
    with db.engine.connect() as connection:
        return connection.scalar(recent.limit(1)) is not None


def _old(now: datetime) -> dict[str, datetime]:
    return {"before": now - KEPT, "after": now + KEPT}
