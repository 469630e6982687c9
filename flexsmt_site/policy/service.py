"""Publishing versions of the policy: rendered once, checked, and kept for ever.

What visitors read changes here and nowhere else. ``fetch`` brings what was published to a host's file.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from threading import Event

from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flexsmt_site import clock, database, events, ledger, pages, proof
from flexsmt_site.config import LANGUAGES, settings
from flexsmt_site.language import audit, catalog, extract, words
from flexsmt_site.policy import book, current, fragment, gate, rules, shipped
from flexsmt_site.policy.fragment import Fragment
from flexsmt_site.policy.models import PolicyVersion
from flexsmt_site.policy.rules import NotPublishable, Version

_TABLE = PolicyVersion.__table__.c
_LIGHT = [_TABLE[name] for name in ("number", "published", "effective", "is_material", "sum")]
_NOTES = [_TABLE[f"note_{lang}"] for lang in LANGUAGES]
_NEWEST = select(PolicyVersion.number, PolicyVersion.sum).order_by(PolicyVersion.number.desc()).limit(1)
#: Nobody else of this site takes a lock of this number: releases of words take 0, others 63 bits of a hash.
_LOCK = 1
#: What decides how the clauses read, beside the operator's own facts.
_MADE_OF = ("flexsmt_site", "templates", "translations")


class UnknownVersion(LookupError):
    """No version of this number was published."""


@dataclass(frozen=True)
class Draft:
    """What is to be published: checked, and without a number as long as others may publish too."""

    text: Mapping[str, Fragment]
    note: Mapping[str, str]
    is_material: bool
    effective: datetime


def draft(note: Mapping[str, str], effective: str | None, now: datetime, *, is_material: bool) -> Draft:
    """Render and check the text of the running code; raises ``NotPublishable`` with all that is wrong."""
    checked = {lang: rules.checked_note(lang, note[lang]) for lang in LANGUAGES}
    moment = rules.effective_from(effective, now)
    errors = [str(found) for found in audit.judge_all() if found.finding.level == "error"]
    if errors:
        raise NotPublishable("\n".join(errors))
    return Draft(checked_text(), checked, is_material, moment)


def checked_text() -> dict[str, Fragment]:
    """Render the text of the running code; raises ``NotPublishable`` unless its languages say the same."""
    if missing := catalog.missing():
        raise NotPublishable(f"{', '.join(missing)}: not compiled; run: flexsmt catalogs compile")
    text = fragment.rendered()
    faults = gate.compare({lang: text[lang].html for lang in LANGUAGES})
    if faults:
        raise NotPublishable("\n".join(faults))
    return text


def preview(wanted: Draft, now: datetime) -> tuple[Version, list[Version]]:
    """Return what a draft would become, and the announced versions that it would come before.

    Raises ``NotPublishable``, and ``DatabaseUnavailable``.
    """
    with database.read() as session:
        version = _next(session, wanted, now)
        return version, rules.skipped_by(version.number, version.effective, list_versions(session), now)


@ledger.keeps("P14.1")
def publish(wanted: Draft, now: datetime) -> Version:
    """Publish a draft under the next number; it takes effect by itself.

    Raises ``NotPublishable`` where nothing differs from the newest version, ``DatabaseUnavailable``, and
    ``OSError`` where this host cannot take it.
    """
    with database.write() as session:
        _wait_in_line(session)
        version = _next(session, wanted, now)
        session.add(_row(version, wanted.text))
    events.say("policy.published", version=version.number, effective=version.effective.isoformat())
    take_over()
    return version


def publish_first(now: datetime) -> Version | None:
    """Publish the shipped version where none was published yet; None where one was, by whomever.

    Raises as ``publish`` does.
    """
    with database.read() as session:
        if session.execute(_NEWEST).first():
            return None
    date = shipped.version().date
    since = min(datetime.combine(date, time(), UTC), now.replace(second=0, microsecond=0))
    wanted = Draft(checked_text(), _first_note(), is_material=False, effective=since)
    with database.write() as session:
        _wait_in_line(session)
        if session.execute(_NEWEST).first():
            return None
        version = _next(session, wanted, now)
        session.add(_row(version, wanted.text))
    events.say("policy.published", version=version.number, effective=since.isoformat())
    return version


def list_versions(session: Session) -> list[Version]:
    """Return every version by rising number, without texts."""
    rows = session.execute(select(*_LIGHT, *_NOTES).order_by(_TABLE.number)).all()
    return [
        Version(
            row.number,
            row.published,
            row.effective,
            row.is_material,
            {lang: getattr(row, f"note_{lang}") for lang in LANGUAGES},
            row.sum,
        )
        for row in rows
    ]


@ledger.keeps("P14.1")
def get_fragment(number: int, lang: str) -> Fragment:
    """Return the clauses of a version as they were published.

    Raises ``UnknownVersion``, and ``DatabaseUnavailable`` for one that only the database holds.
    """
    here = current.find_fragment(number, lang)
    if here:
        return here
    with database.read() as session:
        row = session.get(PolicyVersion, number)
        if row is None:
            raise UnknownVersion(f"no version {number} of the policy was published")
        return _fragment(row, lang)


def file() -> Path:
    """Return where the book lies on this host."""
    return settings().data_dir / book.FILE


def fetch() -> bool:
    """Bring what was published to this host, or nothing where nothing was; tell whether that changed it.

    Raises ``DatabaseUnavailable``, and ``OSError`` where it cannot be written.
    """
    shelf = current.shelf(current_app)
    here = shelf.newest().name
    with database.read() as session:
        newest = session.execute(_NEWEST).first()
        name = book.name_of(newest.number, newest.sum) if newest else ""
        if name == here and not shelf.fault:
            return False
        made = _book(session, clock.now()) if newest else b""
    if made:
        extract.replace(file(), made)
    else:
        file().unlink(missing_ok=True)
    events.say("policy.fetched", version=newest.number if newest else None)
    return True


def take_over() -> None:
    """Show what was published, in every process of this host: afterwards all have looked.

    Raises as ``fetch`` does.
    """
    # Until nothing newer is found: somebody else may publish at the same moment.
    while fetch():
        Event().wait(words.LOOK_SECONDS)


def _next(session: Session, wanted: Draft, now: datetime) -> Version:
    newest = session.execute(_NEWEST).first()
    digest = fragment.sum_of(wanted.text)
    if newest and newest.sum == digest:
        raise NotPublishable(f"nothing differs from version {newest.number}: there is nothing to publish")
    number = rules.next_number(newest.number if newest else None, shipped.version().number)
    return Version(number, now, wanted.effective, wanted.is_material, dict(wanted.note), digest)


def _wait_in_line(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        # Whoever publishes at the same moment waits, and then sees this version.
        session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def _first_note() -> dict[str, str]:
    note = {}
    for lang in LANGUAGES:
        with pages.speaking(lang):
            note[lang] = str(_("The first version on this website."))
    return note


def _row(version: Version, text: Mapping[str, Fragment]) -> PolicyVersion:
    facts = {name: value for name, value in vars(version).items() if name != "note"}
    return PolicyVersion(
        **facts,
        made_of=proof.code_sum(_MADE_OF),
        **{f"note_{lang}": version.note[lang] for lang in LANGUAGES},
        **{f"html_{lang}": text[lang].html for lang in LANGUAGES},
        **{f"contents_{lang}": json.dumps(text[lang].contents, ensure_ascii=False) for lang in LANGUAGES},
    )


def _fragment(row: PolicyVersion, lang: str) -> Fragment:
    contents = json.loads(getattr(row, f"contents_{lang}"))
    return Fragment(getattr(row, f"html_{lang}"), tuple((number, title) for number, title in contents))


def _book(session: Session, now: datetime) -> bytes:
    versions = list_versions(session)
    since = rules.in_force(versions, now).number
    rows = session.scalars(select(PolicyVersion).where(PolicyVersion.number >= since))
    texts = {row.number: {lang: _fragment(row, lang) for lang in LANGUAGES} for row in rows}
    return book.write(tuple(versions), texts)
