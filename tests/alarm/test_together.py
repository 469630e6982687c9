import os
import subprocess
import sys
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from flexsmt_site import database
from flexsmt_site.alarm.models import Alarm
from flexsmt_site.config import Settings
from flexsmt_site.extensions import db
from tests.alarm.conftest import Bell

WORKER = Path(__file__).with_name("worker.py")
HOUR = timedelta(hours=1)


def _look(app: Flask, bell: Bell) -> None:
    with app.app_context():
        bell.look(trouble="connect")


def _told() -> datetime | None:
    with db.engine.connect() as connection:
        return connection.scalar(select(Alarm.told))


def _together(settings: Settings, processes: int) -> None:
    """Start relays' processes and let them look at the same moment; fails when one does."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FLEXSMT_")},
        "PYTHONPATH": str(WORKER.parents[2]),
        "FLEXSMT_DATA_DIR": str(settings.data_dir),
        "FLEXSMT_DATABASE_URL": settings.database_url,
        "FLEXSMT_ALERT_TO": settings.alert_to,
        "FLEXSMT_ALERT_SMTP_URL": settings.alert_smtp_url,
    }
    running = [
        subprocess.Popen(
            [sys.executable, WORKER],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    assert [process.stdout and process.stdout.readline() for process in running] == ["ready\n"] * processes
    for process in running:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    ended = [(process, process.communicate(timeout=60)) for process in running]
    assert [errors for process, (_, errors) in ended if process.returncode] == []


@pytest.mark.proof
@pytest.mark.usefixtures("box")
@pytest.mark.parametrize("last", ["never", "long ago"])
def test_three_relays_that_see_the_same_trouble_send_one_alarm(
    bell: Bell, settings: Settings, last: str
) -> None:
    if last == "long ago":
        with database.write() as session:
            session.add(Alarm(id=1, told=bell.start - HOUR))
    _together(settings, 3)
    assert len(bell.script.got) == 1
    told = _told()
    assert told is not None
    assert told > bell.start


@pytest.mark.usefixtures("box")
@pytest.mark.parametrize("last", ["never", "long ago"])
def test_a_relay_that_is_a_moment_later_than_another_sends_nothing(
    app: Flask, bell: Bell, last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_the_row, write = Event(), database.write

    def watch(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(("INSERT INTO alarm", "UPDATE alarm")):
            at_the_row.set()

    def begin() -> AbstractContextManager[Session]:
        # Here SQLite waits, for all rows.
        if db.engine.dialect.name == "sqlite":
            at_the_row.set()
        return write()

    if last == "long ago":
        with database.write() as session:
            session.add(Alarm(id=1, told=bell.start - HOUR))
    second = Thread(target=_look, args=(app, bell))
    with database.write() as session:
        session.merge(Alarm(id=1, told=bell.start))
        session.flush()
        event.listen(db.engine, "before_cursor_execute", watch)
        monkeypatch.setattr(database, "write", begin)
        second.start()
        assert at_the_row.wait(120)
    second.join(120)
    assert (second.is_alive(), bell.script.commands) == (False, [])
    assert _told() == bell.start
