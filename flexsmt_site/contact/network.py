"""How many enquiries came from one network within an hour: counted by a keyed hash, and soon forgotten."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select
from sqlalchemy.orm import Session

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
    Arrival.network.in_(bindparam("networks", expanding=True)),
    # Another host's clock may be a little ahead; what is further ahead must not lock anybody out.
    Arrival.at > bindparam("an_hour_ago"),
    Arrival.at < bindparam("in_an_hour"),
)
_COUNT = select(func.count()).where(_LATELY)
_LEAVING = select(Arrival.at).where(_LATELY).order_by(Arrival.at.desc()).offset(bindparam("later")).limit(1)
_ADD = insert(Arrival)
_IS_OLD = or_(Arrival.at < bindparam("before"), Arrival.at > bindparam("after"))
_OLD = select(Arrival.id).where(_IS_OLD).limit(1)
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
    """Where an enquiry comes from, at that moment, as far as it is remembered."""

    name: str
    now: datetime

    @property
    def keys(self) -> tuple[str, ...]:
        """The keyed hashes that stand for it within the hour; the first is the one to store."""
        return networks.keys(self.name, self.now, settings().secret_key)


def of(address: IPv4Address | IPv6Address | None, now: datetime) -> Network:
    """Return the network of a visitor's address."""
    return Network(networks.network_of(address), now)


def declare() -> None:
    """Leave it to the relay to forget arrivals also while no enquiry comes in."""
    chores.declare("arrivals", forget_old)


def lock(session: Session, network: Network) -> None:
    """Let nobody else count this network until the transaction ends."""
    database.lock(session, networks.lock_number(network.name, settings().secret_key))


@keeps("P13.1")
def admit(session: Session, network: Network) -> int:
    """Return how many enquiries came from the network within the hour; raises ``TooMany``."""
    lately = _lately(network)
    others: int = session.connection().execute(_COUNT, lately).scalar_one()
    most = networks.ceiling(network.name, settings().rate_limit)
    if others < most:
        return others
    leaving = session.connection().execute(_LEAVING, {**lately, "later": most - 1}).scalar_one()
    events.say("enquiry.refused", reason="rate")
    raise TooMany(rules.wait(leaving, network.now))


def add(session: Session, network: Network) -> None:
    """Count an enquiry that is being stored, and forget what is too old."""
    session.connection().execute(_ADD, {"network": network.keys[0], "at": network.now})
    _forget(session, network.now)


def forget_old(now: chores.Round) -> None:
    """Delete arrivals of more than 48 hours ago, and such of a clock that ran ahead."""
    with database.read() as session:
        is_clean = session.scalar(_OLD, _old(now.now)) is None
    if not is_clean:
        with database.write() as session:
            _forget(session, now.now)


def is_nearby_used(now: datetime) -> bool:
    """Tell whether enquiries came lately from this machine or a private network."""
    recent = select(Arrival.id).where(Arrival.network == networks.NEARBY, Arrival.at > now - KEPT)
    with db.engine.connect() as connection:
        return connection.scalar(recent.limit(1)) is not None


def _lately(network: Network) -> dict[str, object]:
    within = {"an_hour_ago": network.now - networks.HOUR, "in_an_hour": network.now + networks.HOUR}
    return {"networks": network.keys, **within}


def _old(now: datetime) -> dict[str, datetime]:
    return {"before": now - KEPT, "after": now + KEPT}


def _forget(session: Session, now: datetime) -> None:
    session.connection().execute(_FORGET, _old(now))
