"""The choice of the visitor at hand, and its proof: what was agreed to, without knowing by whom."""

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from flask import Flask, has_request_context
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from flexsmt_site import cookies, database, itself, ledger, pages
from flexsmt_site.consent import privacy, rules, screens
from flexsmt_site.consent.models import Receipt, Screen
from flexsmt_site.consent.rules import Choice, Standing
from flexsmt_site.consent.screens import Place, Shown

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

#: As many as 22 digits hold: nobody guesses one of 2 ** 88.
_RANDOM_BYTES = 11
#: Nothing younger than this is ever due, however long the months are.
_NEVER_SOONER = rules.LIFE + timedelta(days=365)


class Outdated(LookupError):
    """The visitor chose on a page that asked for something else than the running release does."""


@dataclass(frozen=True)
class Given:
    """A choice as it is made: what was agreed to, on which screen, with or without GPC, and when."""

    granted: frozenset[str]
    shown: Shown
    gpc: bool
    now: datetime


def current() -> Choice:
    """Return the choice of the visitor at hand."""
    return _said_by(itself.request().environ, privacy.CHOICE.sent_name)


def variant_in(app: Flask) -> Callable[["WSGIEnvironment"], str]:
    """Return what tells the variant of a page from a request to ``app`` that Flask has not seen yet."""
    with app.app_context():
        name = privacy.CHOICE.sent_name

    def variant(environ: "WSGIEnvironment") -> str:
        return f"{cookies.register().version} {_said_by(environ, name).standing}"

    return variant


def _said_by(environ: "WSGIEnvironment", name: str) -> Choice:
    """Return the choice that a request tells; what no version of ours wrote is no choice."""
    register, header = cookies.register(), environ.get("HTTP_COOKIE", "")
    granted = rules.read(header, name, register.version, register.keys) if header else None
    return Choice(granted, gpc=environ.get("HTTP_SEC_GPC") == "1")


@ledger.keeps("P2.4")
def is_granted(purpose: str) -> bool:
    """Tell whether the visitor at hand has agreed to a purpose."""
    return purpose in (current().granted or ())


def context() -> dict[str, Any]:
    """Give every template the visitor's choice, and whether to ask for one."""
    choice = current() if has_request_context() else Choice(frozenset(), gpc=False)
    optional = cookies.register().purposes
    return {
        "consent": choice,
        "consent_is_asked": choice.standing is Standing.UNDECIDED and bool(optional),
        "consent_purposes": optional,
        "consent_screen": digest,
    }


def digest(place: str) -> str:
    """Return the name of what the page at hand shows in a place, for its form to send along."""
    return screens.get(Place(place), pages.language()).digest


def shown_as(digest: str, language: str) -> Shown:
    """Return the screen that a form came from; one that names none came from the banner.

    Raises ``Outdated`` for a screen that asked for something else, or that nobody can show any more.
    """
    if not digest:
        return screens.get(Place.BANNER, language)
    shown = screens.find(digest) or _kept(digest)
    if shown is None or shown.version != cookies.register().version or shown.place is Place.FOOTER:
        raise Outdated(f"screen {digest!r} offers nothing of this version")
    return shown


def shown_at_refusal(digest: str, language: str, place: Place) -> Shown:
    """Return the screen that a refusal came from; one that nobody can show any more was at ``place``."""
    return screens.find(digest) or _kept(digest) or screens.get(place, language)


@ledger.keeps("P2.5")
def record(given: Given, number: str) -> str:
    """Write the receipt of a choice; return its number, empty where nothing is agreed to any more.

    ``number`` is what the device holds of an earlier agreement, which a withdrawal is written beside.
    A second click within the hour adds nothing, once the device holds the number of the first, and
    neither does a refusal where nothing was agreed to.
    """
    try:
        return _record(given, number)
    except IntegrityError:
        # Two visitors were the first to see the same screen: by now it is kept.
        return _record(given, number)


def list_choices(number: str) -> list[Receipt]:
    """Return what is held under a receipt's number, newest first."""
    if not rules.NUMBER.fullmatch(number):
        return []
    with database.read() as session:
        return list(
            session.scalars(select(Receipt).where(Receipt.number == number).order_by(Receipt.id.desc()))
        )


def erase(number: str) -> None:
    """Delete everything that is held under a receipt's number."""
    with database.write() as session:
        session.execute(delete(Receipt).where(Receipt.number == number))


def list_screens(version: str) -> list[Screen]:
    """Return what was shown in a version of the register, oldest first."""
    with database.read() as session:
        found = select(Screen).where(Screen.version == version).order_by(Screen.kept, Screen.digest)
        return list(session.scalars(found))


def every_receipt() -> Iterator[Receipt]:
    """Yield every receipt in the order of writing."""
    with database.read() as session:
        yield from session.scalars(select(Receipt).order_by(Receipt.id).execution_options(yield_per=500))


def written_out(receipts: Iterable[Receipt]) -> Iterator[dict[str, Any]]:
    """Yield receipts as JSON values: each with what was agreed to and what was on the screen."""
    with database.read() as session:
        for receipt in receipts:
            screen = session.get(Screen, receipt.screen)
            yield {
                "receipt": receipt.number,
                "decided": receipt.decided.isoformat(),
                "agreed_to": receipt.granted,
                "version": receipt.version,
                "policy_version": receipt.policy_version,
                "place": receipt.place,
                "language": receipt.language,
                "gpc": receipt.gpc,
                "screen": {"sha256_begins": receipt.screen, "html": screen.html if screen else None},
            }


def prune(now: datetime) -> int:
    """Delete receipts whose time has come and screens that none tells of; return how many receipts."""
    with database.write() as session:
        old = session.execute(
            select(Receipt.id, Receipt.decided).where(Receipt.decided <= now - _NEVER_SOONER)
        )
        due = [row.id for row in old if rules.is_due(row.decided, now)]
        for number in due:
            session.execute(delete(Receipt).where(Receipt.id == number))
        told_of = select(Receipt.screen)
        session.execute(
            delete(Screen).where(Screen.kept <= now - _NEVER_SOONER, Screen.digest.not_in(told_of))
        )
    return len(due)


def _record(given: Given, number: str) -> str:
    with database.write() as session:
        newest = _newest(session, number)
        earlier = newest if newest and newest.granted else None
        if earlier is None and not given.granted:
            return ""
        if earlier is None or not _is_repeated(earlier, given):
            number = earlier.number if earlier else secrets.token_hex(_RANDOM_BYTES)
            _add(session, given, number)
    return number if given.granted else ""


def _kept(digest: str) -> Shown | None:
    """Return a screen of an earlier release, if a receipt tells of it."""
    if not rules.DIGEST.fullmatch(digest):
        return None
    with database.read() as session:
        kept = session.scalar(select(Screen).where(Screen.digest == digest))
    return Shown(Place(kept.place), kept.language, kept.version, kept.html) if kept else None


def _newest(session: Session, number: str) -> Receipt | None:
    if not rules.NUMBER.fullmatch(number):
        return None
    return session.scalar(
        select(Receipt).where(Receipt.number == number).order_by(Receipt.id.desc()).limit(1).with_for_update()
    )


def _is_repeated(newest: Receipt, given: Given) -> bool:
    is_same = (frozenset(newest.granted), newest.version) == (given.granted, given.shown.version)
    return is_same and given.now - newest.decided < rules.REPEATED_WITHIN


def _add(session: Session, given: Given, number: str) -> None:
    if session.get(Screen, given.shown.digest) is None:
        session.add(_screen(given))
    session.add(
        Receipt(
            number=number,
            decided=given.now,
            choices=" ".join(sorted(given.granted)),
            version=given.shown.version,
            policy_version=ledger.version().number,
            screen=given.shown.digest,
            place=given.shown.place,
            language=given.shown.language,
            gpc=given.gpc,
        )
    )


def _screen(given: Given) -> Screen:
    shown = given.shown
    return Screen(
        digest=shown.digest,
        version=shown.version,
        place=shown.place,
        language=shown.language,
        html=shown.html,
        kept=given.now,
    )
