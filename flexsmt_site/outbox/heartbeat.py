"""The relay's sign of life: a small file that the web workers can read."""

import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from flexsmt_site import clock, events

#: A relay beats every second, but one slow mail may hold it for a minute in each of its six steps.
SILENCE = timedelta(minutes=8)
_EVERY_SECONDS = 1.0


@dataclass(frozen=True)
class Beat:
    """When a relay was last seen, and what kept it from sending then; empty when nothing did."""

    at: datetime
    trouble: str

    def is_degraded(self, now: datetime) -> bool:
        """Say whether mail is in trouble: no relay, or one that cannot send."""
        return bool(self.trouble) or now - self.at > SILENCE


class Heart:
    """Gives a relay's signs of life; a full disk, which takes none, must not stop mail."""

    def __init__(self, data_dir: Path) -> None:
        """Beat in ``data_dir``."""
        self._data_dir = data_dir
        self._next = 0.0
        self._trouble = ""
        self._is_heard = True

    def beat(self, trouble: str) -> None:
        """Give a sign, unless there is one of the last second that says the same."""
        moment = clock.elapsed()
        if moment < self._next and trouble == self._trouble:
            return
        try:
            beat(self._data_dir, clock.now(), trouble)
        except OSError as error:
            if self._is_heard:
                # Once, not each second: the disk is full already.
                events.say("relay.no_heartbeat", error=error.strerror)
            self._is_heard = False
        else:
            self._is_heard = True
            self._next, self._trouble = moment + _EVERY_SECONDS, trouble


def beat(data_dir: Path, now: datetime, trouble: str = "") -> None:
    """Write the sign of life; a reader sees the old one or the new one."""
    draft = data_dir / f"relay.heartbeat.{os.getpid()}"
    try:
        draft.write_text(json.dumps({"at": now.isoformat(), "trouble": trouble}))
        draft.rename(_path(data_dir))
    finally:
        # On a full disk half of it would stay.
        draft.unlink(missing_ok=True)


def find_beat(data_dir: Path) -> Beat | None:
    """Read the last sign of life; None when no relay ever ran here, or a power cut left it empty."""
    try:
        found = json.loads(_path(data_dir).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return Beat(datetime.fromisoformat(found["at"]), found["trouble"])


def _path(data_dir: Path) -> Path:
    return data_dir / "relay.heartbeat"
