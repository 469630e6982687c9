"""What a backup is called, what its manifest says, and which backups have to go.

Pure: names, texts and times come in as arguments.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from flexsmt_site.ledger import keeps

#: The register of retention periods says 30 days; who needs an older state has to copy it elsewhere.
KEPT = timedelta(days=30)
#: A draft that nobody has finished in a day belongs to a run that was killed.
DRAFT_KEPT = timedelta(days=1)
#: Doctor is content with a backup of this age: a daily one that failed once.
RECENT = timedelta(days=2)
#: A relay beats every second: one that was seen within this time is still at work.
STOPPED_FOR = timedelta(seconds=10)

MANIFEST = "manifest.json"
#: What of DATA_DIR goes along, where it exists: neither mail nor logs, and no older backups.
SMALL_FILES = ("secret", "company.toml", "processors.toml")
#: The copy of the database by its kind.
COPIES = {"sqlite": "site.db", "postgresql": "site.dump"}

_FORMAT = 1
_NAME = re.compile(r"flexsmt-([0-9]{8}T[0-9]{6}Z)\.tar(?:\.age)?(\.part)?")


class BackupFault(RuntimeError):
    """A backup or a restore did not come about; the message says why and what to do."""


class Damaged(BackupFault):
    """What was read is no whole backup of this site."""


@dataclass(frozen=True)
class Member:
    """One file in a backup, as its bytes were when the backup was made."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """What a backup holds and whence it came; ``release`` is the sum of the code that made it."""

    made: datetime
    release: str
    database: str
    revision: str
    members: Mapping[str, Member]


@keeps("P13.1")
def check_sealed(recipients: Sequence[str], *, is_demo: bool) -> None:
    """Refuse to write what visitors sent us in clear: clause 13 says that backups are encrypted."""
    if not recipients and not is_demo:
        raise BackupFault(
            "the privacy policy says that backups are encrypted: name the public key with --recipient AGE1…"
        )


def name_of(made: datetime, *, encrypted: bool) -> str:
    """Name the backup made at this moment."""
    return f"flexsmt-{made.astimezone(UTC):%Y%m%dT%H%M%SZ}.tar" + (".age" if encrypted else "")


def expired(names: Iterable[str], now: datetime) -> list[str]:
    """List the backups and unfinished drafts that have to go, oldest first.

    A file that is not named by ``name_of`` never goes, nor does the newest whole backup.
    """
    dated = sorted((made, name) for name in names if (made := _made(name)))
    whole = [(made, name) for made, name in dated if not name.endswith(".part")]
    drafts = [(made, name) for made, name in dated if name.endswith(".part")]
    old = [pair for pair in whole[:-1] if now - pair[0] > KEPT]
    left = [pair for pair in drafts if now - pair[0] > DRAFT_KEPT]
    return [name for _made, name in sorted(old + left)]


def _made(name: str) -> datetime | None:
    """Read the moment in a name of ours; None for any other name."""
    found = _NAME.fullmatch(name)
    try:
        return datetime.strptime(found[1], "%Y%m%dT%H%M%S%z") if found else None
    except ValueError:
        return None


def write_manifest(manifest: Manifest) -> str:
    """Return the manifest as JSON for machines and people."""
    facts = {"format": _FORMAT, **asdict(manifest), "made": manifest.made.isoformat(timespec="seconds")}
    return json.dumps(facts, indent=2) + "\n"


def read_manifest(text: str) -> Manifest:
    """Read a manifest; raises ``Damaged`` when it is none, or one of a newer version of this site."""
    try:
        facts = json.loads(text)
        if facts["format"] != _FORMAT:
            raise Damaged("a newer version of the site made it: restore it with that one")
        return Manifest(
            made=datetime.fromisoformat(facts["made"]).astimezone(UTC),
            release=str(facts["release"]),
            database=str(facts["database"]),
            revision=str(facts["revision"]),
            members={
                str(name): Member(str(member["sha256"]), int(member["size"]))
                for name, member in facts["members"].items()
            },
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Damaged("its manifest is not readable") from error


def check_fit(manifest: Manifest, database: str, revisions: Iterable[str]) -> None:
    """Raise ``BackupFault`` when this site's database can not take the backup.

    ``database`` is the kind that is in use, ``revisions`` are those that this version knows.
    """
    if manifest.database != database:
        raise BackupFault(
            f"the backup is of a {manifest.database} database, but FLEXSMT_DATABASE_URL names {database}"
        )
    if manifest.revision not in set(revisions):
        raise BackupFault(
            f"the backup is at revision {manifest.revision}, which this version does not know: "
            "install the version that made it"
        )


def check_stopped(beat: datetime | None, now: datetime) -> None:
    """Raise ``BackupFault`` when a relay was at work just now; ``beat`` is its last sign of life."""
    # Either way round: a clock that was set back must not hide a relay for long, nor invent one.
    if beat is not None and abs(now - beat) < STOPPED_FOR:
        raise BackupFault(
            f"the site is running: stop it, wait {STOPPED_FOR.seconds} seconds, and restore then"
        )


def check_replaceable(held: Mapping[str, int], *, replace: bool) -> None:
    """Raise ``BackupFault`` when the database holds rows that nobody has given up; ``held`` counts them."""
    filled = {table: count for table, count in sorted(held.items()) if count}
    if filled and not replace:
        listed = ", ".join(f"{table} {count}" for table, count in filled.items())
        raise BackupFault(
            f"the database holds {sum(filled.values())} rows ({listed}): back it up if they matter, "
            "then put the backup in their place with --replace"
        )
