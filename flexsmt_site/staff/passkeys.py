"""Passkeys of the staff: made by who is signed in, good for signing in without a mail."""

import json
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError

from flexsmt_site import database, events, tokens
from flexsmt_site.config import settings
from flexsmt_site.staff import audit, rules, visits
from flexsmt_site.staff.models import Challenge, Member, Passkey
from flexsmt_site.staff.rules import BadPasskey, Key, Site
from flexsmt_site.staff.visits import Person

_TICKET = "passkey"
_CHALLENGE_BYTES = 16


class TooManyPasskeys(RuntimeError):
    """The member has as many passkeys as anybody may have."""


@dataclass(frozen=True)
class Offer:
    """What a page asks a passkey: the options as JSON for the browser, and a ticket that comes back."""

    options: str
    ticket: str


@dataclass(frozen=True)
class Answer:
    """What comes back: the ticket of the offer, and the browser's answer as JSON."""

    ticket: str
    text: str


@cache
def _ceremony() -> ModuleType:
    # What is used by few and seldom is not to be held in the memory of every worker.
    return import_module("flexsmt_site.staff.ceremony")


def offer(site: Site, now: datetime) -> Offer:
    """Ask for any passkey of this site."""
    challenge = secrets.token_bytes(_CHALLENGE_BYTES)
    options = {
        "challenge": urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "rpId": site.host,
        "timeout": rules.PASSKEY_MILLISECONDS,
        "userVerification": "required",
    }
    # By hand: whoever only looks at the page does not have the library loaded.
    return Offer(json.dumps(options), _ticket(challenge, 0, now))


def offer_new(site: Site, person: Person, now: datetime) -> Offer:
    """Ask a member's device to make a passkey."""
    challenge = secrets.token_bytes(_CHALLENGE_BYTES)
    account = _ceremony().Account(
        rules.handle(settings().secret_key, person.id),
        person.address,
        [key.credential for key in list_of(person.id)],
    )
    return Offer(_ceremony().offer_new(site, account, challenge), _ticket(challenge, person.id, now))


def sign_in(site: Site, answer: Answer, now: datetime) -> str:
    """Open a session by a passkey's answer; returns the token for its cookie. Raises ``BadPasskey``."""
    try:
        return _sign_in(site, _challenge(answer.ticket, 0, now), _short(answer.text), now)
    except BadPasskey as error:
        # Of a passkey that we know: with others a stranger could fill the database.
        if error.member_id:
            audit.write("sign-in.refused", member_id=error.member_id, subject=None, now=now)
        events.say("staff.sign-in.refused", passkey=str(error))
        raise


def add(site: Site, person: Person, answer: Answer, name: str, now: datetime) -> None:
    """Keep a new passkey under a name; raises ``BadPasskey`` and ``TooManyPasskeys``."""
    challenge = _challenge(answer.ticket, person.id, now)
    key: Key = _ceremony().check_new(site, _short(answer.text), challenge)
    try:
        with database.write() as session:
            # Two answers at once are counted one after the other.
            session.execute(select(Member.id).where(Member.id == person.id).with_for_update())
            owned = select(func.count(Passkey.id)).where(Passkey.member_id == person.id)
            if session.scalars(owned).one() >= rules.MOST_PASSKEYS:
                raise TooManyPasskeys
            session.add(
                Passkey(
                    member_id=person.id,
                    credential=key.credential,
                    public_key=key.public,
                    counter=key.counter,
                    name=name,
                    added=now,
                )
            )
            audit.record(session, "passkey.added", member_id=person.id, subject=person.id, now=now)
    except IntegrityError:
        raise BadPasskey("it is known already") from None


def list_of(member_id: int) -> list[Passkey]:
    """List a member's passkeys, oldest first."""
    with database.read() as session:
        return list(
            session.scalars(select(Passkey).where(Passkey.member_id == member_id).order_by(Passkey.id))
        )


def remove(person: Person, passkey_id: int, now: datetime) -> bool:
    """Forget a passkey of a member; False where it has none of that number."""
    number = min(passkey_id, rules.LARGEST_NUMBER)
    gone = delete(Passkey).where(Passkey.id == number, Passkey.member_id == person.id)
    with database.write() as session:
        is_gone = session.scalar(gone.returning(Passkey.id)) is not None
        if is_gone:
            audit.record(session, "passkey.removed", member_id=person.id, subject=person.id, now=now)
    return is_gone


def _sign_in(site: Site, challenge: bytes, answer: str, now: datetime) -> str:
    credential: bytes = _ceremony().named(answer)
    try:
        with database.write() as session:
            found = session.scalar(select(Passkey).where(Passkey.credential == credential).with_for_update())
            if found is None:
                raise BadPasskey("nobody has it")
            key = Key(found.credential, found.public_key, found.counter)
            try:
                found.counter = _ceremony().check(site, answer, challenge, key)
            except BadPasskey as error:
                error.member_id = found.member_id
                raise
            found.used = now
            # Refused by the database where the same answer comes twice.
            session.add(_used(challenge, found.member_id, now))
            token = visits.begin(session, found.member_id, now)
            audit.record(session, "signed-in", member_id=found.member_id, subject=None, now=now)
    except IntegrityError:
        raise BadPasskey("the answer was given before") from None
    events.say("staff.signed-in", member=found.member_id)
    return token


def _used(challenge: bytes, member_id: int, now: datetime) -> Challenge:
    nonce = challenge.hex()
    return Challenge(
        nonce=nonce,
        member_id=member_id,
        address_key="",
        network="",
        code_sum="",
        link_sum=rules.token_sum(nonce),
        asked=now,
        expires=now,
        tries=0,
        used=now,
    )


def _ticket(challenge: bytes, member_id: int, now: datetime) -> str:
    return tokens.sign(
        _TICKET, {"challenge": challenge.hex(), "member": member_id, "issued": now.isoformat()}
    )


def _challenge(ticket: str, member_id: int, now: datetime) -> bytes:
    try:
        data: dict[str, Any] = tokens.read(_TICKET, ticket)
    except tokens.BadToken as error:
        raise BadPasskey("the ticket is not ours") from error
    age = now - datetime.fromisoformat(data["issued"])
    if data["member"] != member_id or abs(age) > rules.CODE_LIFE:
        raise BadPasskey("the page was open for too long")
    return bytes.fromhex(data["challenge"])


def _short(answer: str) -> str:
    if len(answer) > rules.LONGEST_ANSWER:
        raise BadPasskey("the answer is too long")
    return answer
