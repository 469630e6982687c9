"""Mails that came back: delivery reports in the Maildir of the bounce address, held against the outbox.

Nothing in the Maildir is deleted or answered. What was understood is moved to ``cur/`` as seen, the rest as
unseen, for a person to read. Any number of relays may look at the same time.
"""

import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import select, update

from flexsmt_site import database, events
from flexsmt_site.config import settings
from flexsmt_site.outbox import chores, dsn
from flexsmt_site.outbox.dsn import Action, Verdict
from flexsmt_site.outbox.models import TEXT_LENGTH, Mail
from flexsmt_site.outbox.rules import State

#: Bytes. A report and the header of the mail that it returns lie in the first few thousand.
LONGEST_READ = 1 << 18
#: A relay has mails to send as well.
AT_ONCE = 100
#: Bytes of a name in ``cur/``, of the 255 that a file system takes: flags and a number come behind them.
LONGEST_STEM = 200
#: States that a report of failure ends: the server had taken the mail.
BOUNCING = (State.ACCEPTED, State.UNCERTAIN)


class Outcome(StrEnum):
    """What became of one file: ``left`` ones are looked at again."""

    RECORDED = "recorded"
    NOTED = "noted"
    UNKNOWN = "unknown"
    LEFT = "left"


class NoMaildir(OSError):
    """The folder of bounces has no ``cur/``, so that nothing can be moved there."""


@dataclass(frozen=True)
class _Sent:
    id: int
    recipient: str
    state: State


def declare() -> None:
    """Let the relay look for bounces, so that no other program has to be told to."""
    chores.declare("bounces", _Chore())


def look(folder: Path) -> Counter[Outcome]:
    """Read the reports in ``folder/new``, oldest first; a folder that is missing holds none.

    A file that can not be read or moved is left, and holds up no other. Raises ``OSError`` when this is so
    of the whole folder, and ``database.DatabaseUnavailable``; what was not handled then is found again.
    """
    return _look_at(_waiting(folder))


class _Chore:
    """Looks at so many files at once, then at those behind them: files that stay hold up no others."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, _round: chores.Round) -> None:
        files = _waiting(settings().bounces)
        if len(files) > AT_ONCE:
            files.sort(key=lambda path: (path.name <= self._last, path.name))
            files = files[:AT_ONCE]
            self._last = files[-1].name
        _look_at(files)


def _look_at(files: list[Path]) -> Counter[Outcome]:
    counted: Counter[Outcome] = Counter()
    stuck = 0
    for path in files:
        try:
            raw = _read(path)
        except FileNotFoundError:
            # Another relay has moved it.
            continue
        except OSError:
            stuck += 1
            continue
        outcome = _judge(path.name, raw)
        if outcome is Outcome.LEFT or _put_aside(path, is_seen=outcome is not Outcome.UNKNOWN):
            counted[outcome] += 1
        else:
            stuck += 1
    if stuck:
        events.say("bounce.unreadable", files=stuck)
        counted[Outcome.LEFT] += stuck
    return counted


def _waiting(folder: Path) -> list[Path]:
    """List the files that mail servers have put down; names in a Maildir begin with the time."""
    if not (folder / "new").is_dir():
        return []
    if not (folder / "cur").is_dir():
        raise NoMaildir(f"{folder} has new/, but no cur/")
    for place in (folder / "new", folder / "cur"):
        if not os.access(place, os.W_OK | os.X_OK, effective_ids=os.access in os.supports_effective_ids):
            raise PermissionError(f"files can not be moved from new/ to cur/: {place} may not be written to")
    with os.scandir(folder / "new") as entries:
        # Neither a pipe, on which a reader would wait, nor a link to a file of somebody else.
        files = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
    return [folder / "new" / name for name in sorted(files) if not name.startswith(".")]


def _read(path: Path) -> bytes:
    # Since it was listed, the file may have been exchanged for a link or a pipe.
    with open(path, "rb", opener=_open_strictly) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(f"{path} is no file")
        return file.read(LONGEST_READ)


def _open_strictly(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _judge(name: str, raw: bytes) -> Outcome:
    """Find the mail that a file is about and write down what it says."""
    report = dsn.find_report(raw)
    if report is None:
        return _unknown(name, "no delivery report")
    sent = _find_sent(report.message_id)
    if sent is None:
        return _unknown(name, "no such mail")
    verdicts = [verdict for verdict in report.verdicts if sent.recipient.lower() in verdict.addresses]
    if not verdicts:
        return _unknown(name, "no such recipient")
    # Who stands behind an alias may have got it: one failure is still a failure.
    verdict = min(verdicts, key=lambda verdict: verdict.action is not Action.FAILED)
    if verdict.action is Action.FAILED:
        if sent.state is State.SENDING:
            # The report was quicker than the relay, which has yet to write that the server took the mail.
            return Outcome.LEFT
        if _record(sent, verdict):
            events.say("bounce.recorded", mail=sent.id, code=verdict.code)
            return Outcome.RECORDED
    return _note(sent, verdict)


def _find_sent(message_id: str) -> _Sent | None:
    columns = (Mail.id, Mail.recipient, Mail.state)
    with database.read() as session:
        row = session.execute(select(*columns).where(Mail.message_id == message_id)).one_or_none()
    return _Sent(*row) if row else None


def _record(sent: _Sent, verdict: Verdict) -> bool:
    """Mark a mail that the server had taken as bounced; False when it is in another state.

    A queued mail is none of these: an earlier copy came back, and the one to come gets a report of its own.
    """
    bouncing = (
        update(Mail)
        .where(Mail.id == sent.id, Mail.state.in_(BOUNCING))
        .values(
            state=State.BOUNCED,
            last_code=verdict.code,
            last_text=verdict.text[:TEXT_LENGTH],
            raw=None,
            told=None,
        )
    )
    with database.write() as session:
        return session.scalar(bouncing.returning(Mail.id)) is not None


def _note(sent: _Sent, verdict: Verdict) -> Outcome:
    until = verdict.retry_until.isoformat() if verdict.retry_until else None
    events.say("bounce.noted", mail=sent.id, action=verdict.action, state=sent.state, until=until)
    return Outcome.NOTED


def _unknown(name: str, reason: str) -> Outcome:
    events.say("bounce.unknown", file=name, reason=reason)
    return Outcome.UNKNOWN


def _put_aside(path: Path, *, is_seen: bool) -> bool:
    """Move a file to ``cur/`` under a name that nothing else has there; False when it has to stay."""
    stem = os.fsdecode(os.fsencode(path.name.partition(":2,")[0])[:LONGEST_STEM])
    names = _free_names(stem, ":2,S" if is_seen else ":2,")
    folder = path.parent.parent / "cur"
    try:
        path.rename(next(folder / name for name in names if not (folder / name).exists()))
    except FileNotFoundError:
        # Another relay was quicker.
        return True
    except OSError:
        return False
    return True


def _free_names(stem: str, flags: str) -> Iterator[str]:
    yield f"{stem}{flags}"
    number = 1
    while True:
        yield f"{stem}.{number}{flags}"
        number += 1
