"""Versions as rows of the database: written once, and read as versions, texts and the bytes of a book."""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from flexsmt_site import proof
from flexsmt_site.config import LANGUAGES
from flexsmt_site.database import DatabaseUnavailable
from flexsmt_site.policy import book, rules
from flexsmt_site.policy.fragment import Fragment
from flexsmt_site.policy.models import PolicyVersion
from flexsmt_site.policy.rules import Version

_TABLE = PolicyVersion.__table__.c
_LIGHT = [_TABLE[name] for name in ("number", "published", "effective", "is_material", "sum")]
_NOTES = [_TABLE[f"note_{lang}"] for lang in LANGUAGES]
#: What decides how the clauses read, beside the operator's own facts and the edits made on the site.
_MADE_OF = ("flexsmt_site", "templates", "translations")


class DamagedVersion(DatabaseUnavailable):
    """A text in the database is not the one that was published."""


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


def last_published(session: Session) -> datetime | None:
    """Return when the newest version was published; None before the first."""
    found: datetime | None = session.scalar(select(func.max(_TABLE.published)))
    return found


def add(session: Session, version: Version, text: Mapping[str, Fragment]) -> None:
    """Store a version with its text."""
    facts = {name: value for name, value in vars(version).items() if name != "note"}
    session.add(
        PolicyVersion(
            **facts,
            made_of=proof.code_sum(_MADE_OF),
            **{f"note_{lang}": version.note[lang] for lang in LANGUAGES},
            **{f"html_{lang}": text[lang].html for lang in LANGUAGES},
            **{f"contents_{lang}": json.dumps(text[lang].contents, ensure_ascii=False) for lang in LANGUAGES},
        )
    )


def find_fragment(session: Session, number: int, lang: str) -> Fragment | None:
    """Return the clauses of a version as they were published; raises ``DamagedVersion``."""
    row = session.get(PolicyVersion, number)
    return _fragment(row, lang) if row else None


def bound(session: Session, versions: list[Version], now: datetime) -> bytes:
    """Return the book of these versions, with the texts of the one in force and of those to come.

    Raises ``DamagedVersion``.
    """
    since = rules.in_force(versions, now).number
    rows = session.scalars(select(PolicyVersion).where(PolicyVersion.number >= since))
    texts = {row.number: {lang: _fragment(row, lang) for lang in LANGUAGES} for row in rows}
    return book.write(versions, texts)


def _fragment(row: PolicyVersion, lang: str) -> Fragment:
    try:
        contents = tuple((number, title) for number, title in json.loads(getattr(row, f"contents_{lang}")))
    except (ValueError, TypeError) as error:
        raise DamagedVersion(
            f"the contents of version {row.number} can not be read ({error}): "
            "restore a backup of the database"
        ) from error
    return Fragment(getattr(row, f"html_{lang}"), contents)
