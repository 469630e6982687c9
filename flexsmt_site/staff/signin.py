"""Signing in: a code and a link are asked for, come by mail, and open a session once.

Whoever asks gets the same answer, and causes the same work, whether or not anybody has the address.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from flexsmt_site import database, events, networks
from flexsmt_site.config import settings
from flexsmt_site.ledger import keeps
from flexsmt_site.outbox import chores
from flexsmt_site.staff import audit, letter, rules, service, visits
from flexsmt_site.staff.models import Challenge, Member
from flexsmt_site.staff.rules import Asked, Attempt, Verdict

_AT_ONCE = 100
_NONCE_BYTES = 16


class TooMany(RuntimeError):
    """Too much was asked or tried; ``wait`` is when it may be asked again."""

    def __init__(self, wait: timedelta) -> None:
        """Say how long to wait."""
        super().__init__(f"the next request may come in {wait}")
        self.wait = wait


class WrongCode(ValueError):
    """The code is another one; ``left`` tells how often it may still be tried."""

    def __init__(self, left: int) -> None:
        """Say how many tries are left."""
        super().__init__(f"{left} tries are left")
        self.left = left


class Spent(LookupError):
    """The code or link was used, has run out, was tried too often, or never was."""


@dataclass(frozen=True)
class Request:
    """Who asks: the address as typed, where from (None: it can not be read), and in which language."""

    address: str
    origin: IPv4Address | IPv6Address | None
    language: str


#: Gives the path of the page behind a link's token, in a language.
PathOf = Callable[[str, str], str]


@keeps("P13.1")
def ask(request: Request, path_of: PathOf, now: datetime) -> str:
    """Queue a mail with a code and a link; returns the nonce that the code belongs to.

    Raises ``TooMany`` and ``DatabaseUnavailable``.
    """
    link, digits = secrets.token_urlsafe(32), rules.code(secrets.randbelow(10**rules.CODE_DIGITS))
    challenge = _challenge(request, digits, link, now)
    message = letter.draft(digits, path_of(link, request.language), request.language)
    with database.write() as session:
        _lock(session, challenge, request)
        wait = _pause(session, challenge, request, now)
        if not wait:
            member = service.find(session, request.address)
            challenge.member_id = member.id if member else None
            session.add(challenge)
            session.flush()
            # To the address of the account, not to what was typed: letters that only look the same differ.
            letter.queue(session, challenge, member.address if member else None, message, now)
            audit.record(session, "sign-in.asked", member_id=challenge.member_id, subject=None, now=now)
    if wait:
        events.say("staff.refused", reason="rate")
        raise TooMany(wait)
    return challenge.nonce


def make_link(address: str, now: datetime) -> str:
    """Return the token of a link that signs a member in once; raises ``service.UnknownMember``."""
    member = service.get_member(address)
    link = secrets.token_urlsafe(32)
    challenge = _challenge(Request(address, None, ""), secrets.token_hex(8), link, now)
    challenge.member_id = member.id
    with database.write() as session:
        session.add(challenge)
        audit.record(session, "sign-in.link-made", member_id=None, subject=member.id, now=now)
    return link


def redeem_code(nonce: str, digits: str, now: datetime) -> str:
    """Open a session by code; returns the token for its cookie. Raises ``WrongCode`` and ``Spent``."""
    given = rules.code_sum(settings().secret_key, nonce, digits)
    return _redeem(Challenge.nonce == nonce, lambda found: hmac.compare_digest(found.code_sum, given), now)


def redeem_link(link: str, now: datetime) -> str:
    """Open a session by link; returns the token for its cookie. Raises ``Spent``."""
    try:
        return _redeem(Challenge.link_sum == rules.token_sum(link), lambda _found: True, now)
    except TooMany as error:
        raise Spent("its code was tried too often") from error


def is_open(link: str, now: datetime) -> bool:
    """Tell whether a link still signs in; changes nothing, as programs open links before people do."""
    with database.read() as session:
        found = session.scalar(select(Challenge).where(Challenge.link_sum == rules.token_sum(link)))
    return found is not None and rules.verdict(_attempt(found), now, is_right=True) is Verdict.OPEN


def declare() -> None:
    """Leave it to the relay to forget what was asked."""
    chores.declare("staff challenges", forget_old)


def forget_old(round_: chores.Round) -> None:
    """Delete requests of more than 48 hours ago with their mails, 100 a round."""
    is_old = Challenge.asked < round_.now - rules.CHALLENGES_KEPT
    database.sweep(Challenge.id, is_old, _AT_ONCE, letter.erase)


def _redeem(wanted: ColumnElement[bool], is_right: Callable[[Challenge], bool], now: datetime) -> str:
    with database.write() as session:
        found = session.scalar(select(Challenge).where(wanted).with_for_update())
        verdict = rules.verdict(_attempt(found), now, is_right=is_right(found)) if found else Verdict.SPENT
        token = _settle(session, found, verdict, now) if found else ""
        member_id = found.member_id if found else None
        action = "signed-in" if token else "sign-in.refused"
        # Nothing for what is spent or never was: with that a stranger could fill the database.
        if verdict is not Verdict.SPENT:
            audit.record(session, action, member_id=member_id, subject=None, now=now)
    events.say(f"staff.{action}", member=member_id)
    if token:
        return token
    if found and found.tries >= rules.MOST_TRIES and found.expires > now:
        raise TooMany(found.expires - now)
    if found and verdict is Verdict.WRONG:
        raise WrongCode(rules.MOST_TRIES - found.tries)
    raise Spent("nothing opens with this any more")


def _settle(session: Session, found: Challenge, verdict: Verdict, now: datetime) -> str:
    """Count the attempt; returns the token of the session that it opens, else nothing."""
    if verdict is Verdict.WRONG:
        found.tries += 1
    if verdict is not Verdict.OPEN:
        return ""
    member = session.get(Member, found.member_id)
    if member is None:
        # Removed at the very moment of asking.
        return ""
    found.used = now
    return visits.begin(session, member.id, now)


def _challenge(request: Request, digits: str, link: str, now: datetime) -> Challenge:
    secret, nonce = settings().secret_key, secrets.token_hex(_NONCE_BYTES)
    network = networks.network_of(request.origin)
    return Challenge(
        nonce=nonce,
        address_key=rules.address_key(secret, service.spelled(request.address)),
        network=networks.keys(network, now, secret)[0],
        code_sum=rules.code_sum(secret, nonce, digits),
        link_sum=rules.token_sum(link),
        asked=now,
        expires=now + rules.CODE_LIFE,
        tries=0,
    )


def _lock(session: Session, challenge: Challenge, request: Request) -> None:
    """Let nobody else count requests for this address or from this network until the transaction ends."""
    network = networks.network_of(request.origin)
    database.lock(session, int.from_bytes(bytes.fromhex(challenge.address_key)[:8], "big", signed=True))
    database.lock(session, networks.lock_number(f"sign-in {network}", settings().secret_key))


def _pause(session: Session, challenge: Challenge, request: Request, now: datetime) -> timedelta:
    network = networks.network_of(request.origin)
    names = networks.keys(network, now, settings().secret_key)
    most = networks.ceiling(network, rules.MOST_FROM_NETWORK)
    of_address = _asked(session, Challenge.address_key == challenge.address_key, rules.MOST_ASKED, now)
    of_network = _asked(session, Challenge.network.in_(names), most, now)
    return rules.pause(of_address, of_network, most, now)


def _asked(session: Session, whose: ColumnElement[bool], most: int, now: datetime) -> list[Asked]:
    lately = select(Challenge.asked, Challenge.tries).where(
        whose, Challenge.asked > now - rules.HOUR, Challenge.asked < now + rules.HOUR
    )
    rows = session.execute(lately.order_by(Challenge.asked.desc()).limit(most))
    return [Asked(row.asked, row.tries) for row in rows]


def _attempt(found: Challenge) -> Attempt:
    return Attempt(found.expires, found.tries, found.used is not None, found.member_id is not None)
