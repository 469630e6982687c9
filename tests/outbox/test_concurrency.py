import os
import subprocess
import sys
from email import message_from_bytes
from pathlib import Path

import pytest

from flexsmt_site.config import Settings
from flexsmt_site.outbox import service
from flexsmt_site.outbox.caught import list_caught
from flexsmt_site.outbox.rules import State
from tests.outbox.conftest import Box

pytestmark = pytest.mark.proof

WORKER = Path(__file__).with_name("worker.py")
ROOT = WORKER.parents[2]


def together(settings: Settings, task: str, processes: int) -> list[str]:
    """Run workers at the same time; returns what each printed, and fails when one does."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FLEXSMT_")},
        "PYTHONPATH": str(ROOT),
        "FLEXSMT_DATA_DIR": str(settings.data_dir),
        "FLEXSMT_DATABASE_URL": settings.database_url,
    }
    running = [
        subprocess.Popen(
            [sys.executable, WORKER, task, str(number)],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    ended = [(process, *process.communicate(timeout=120)) for process in running]
    assert [errors for process, _, errors in ended if process.returncode] == []
    return [output for _, output, _ in ended]


def test_four_processes_of_a_hundred_writes_lose_none(box: Box, settings: Settings) -> None:
    assert box.put() == 1
    together(settings, "increments", 4)
    assert box.row(1).attempts == 400


def test_no_mail_is_claimed_twice(box: Box, settings: Settings) -> None:
    ids = [box.put(subject_key=key) for key in range(200)]
    claimed = [int(number) for output in together(settings, "claims", 2) for number in output.split()]
    assert sorted(claimed) == ids


@pytest.mark.parametrize("relays", [3])
def test_relays_beside_each_other_send_each_mail_once(box: Box, settings: Settings, relays: int) -> None:
    names = {box.row(box.put(subject_key=key)).message_id for key in range(90)}
    together(settings, "relay", relays)
    caught = [message_from_bytes(mail.raw)["Message-ID"] for mail in list_caught(box.folder / "mail")]
    assert len(caught) == 90
    assert set(caught) == names
    assert service.status(box.row(1).created).counts[State.ACCEPTED] == 90
