"""What may lie in a Maildir, who may read it, and who else looks at the same time."""

import logging
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Thread

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from flexsmt_site.config import settings
from flexsmt_site.outbox import bounces
from flexsmt_site.outbox.bounces import NoMaildir
from flexsmt_site.outbox.rules import State
from tests.outbox.conftest import Box
from tests.outbox.reports import Maildir, report

AWAY = b"Subject: I am away\n\nBack on Monday.\n"
NOBODY = 65534


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read everything: look as somebody who may not."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


@contextmanager
def listening(act: Callable[[str], None]) -> Iterator[None]:
    """Act on each event as it is said, before the work goes on."""
    handler = logging.Handler()
    handler.emit = lambda record: act(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("flexsmt")
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that others reach too; pytest's own are closed to them."""
    with tempfile.TemporaryDirectory(prefix="flexsmt-bounces-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_a_folder_that_is_missing_holds_nothing_and_is_not_made(tmp_path: Path) -> None:
    assert bounces.look(tmp_path / "mail") == {}
    assert not (tmp_path / "mail").exists()
    (tmp_path / "mail").mkdir()
    assert bounces.look(tmp_path / "mail") == {}
    assert list((tmp_path / "mail").iterdir()) == []


def test_a_folder_without_cur_is_no_maildir(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    with pytest.raises(NoMaildir, match="no cur/"):
        bounces.look(tmp_path)


def test_pipes_links_folders_and_hidden_files_stay_where_they_are(tmp_path: Path) -> None:
    maildir = Maildir(tmp_path / "mail")
    new = maildir.folder / "new"
    (tmp_path / "private").write_bytes(report())
    (new / "link").symlink_to(tmp_path / "private")
    os.mkfifo(new / "pipe")
    (new / "folder").mkdir()
    (new / ".hidden").write_bytes(report())
    assert maildir.look() == {}
    assert (maildir.new(), maildir.cur()) == ([".hidden", "folder", "link", "pipe"], [])


def test_a_name_that_is_taken_in_cur_is_not_written_over(lone_app: Flask, tmp_path: Path) -> None:
    maildir = Maildir(tmp_path / "mail")
    bodies = [AWAY + b"%d" % number for number in range(3)]
    with lone_app.app_context():
        for body in bodies:
            maildir.count = 0
            name = maildir.deliver(body)
            assert maildir.look() == {"unknown": 1}
    kept = [(maildir.folder / "cur" / entry).read_bytes() for entry in maildir.cur()]
    assert maildir.cur() == [f"{name}.1:2,", f"{name}.2:2,", f"{name}:2,"]
    assert sorted(kept) == bodies


def test_a_name_that_has_flags_already_gets_ours(lone_app: Flask, tmp_path: Path) -> None:
    maildir = Maildir(tmp_path / "mail")
    (maildir.folder / "new" / "1.2.mx:2,F").write_bytes(AWAY)
    with lone_app.app_context():
        assert maildir.look() == {"unknown": 1}
    assert maildir.cur() == ["1.2.mx:2,"]


def test_a_file_that_may_not_be_read_holds_up_no_other(public: Path) -> None:
    maildir = Maildir(public / "mail")
    for number in range(3):
        (maildir.folder / "new" / maildir.deliver(AWAY)).chmod(0o000 if number < 2 else 0o644)
    (maildir.folder / "new").chmod(0o777)
    (maildir.folder / "cur").chmod(0o777)
    with as_nobody():
        assert maildir.look() == {"unknown": 1, "left": 2}
    assert (len(maildir.new()), len(maildir.cur())) == (2, 1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_a_file_that_may_not_be_moved_holds_up_no_other(public: Path) -> None:
    maildir = Maildir(public / "mail")
    stays, goes = (maildir.deliver(AWAY) for _ in range(2))
    os.chown(maildir.folder / "new" / goes, NOBODY, -1)
    # Others may put files there, but move their own alone.
    (maildir.folder / "new").chmod(0o1777)
    (maildir.folder / "cur").chmod(0o777)
    with as_nobody():
        assert maildir.look() == {"unknown": 1, "left": 1}
    assert (maildir.new(), maildir.cur()) == ([stays], [f"{goes}:2,"])


@pytest.mark.parametrize("sign", ["x", "я"])
def test_names_as_long_as_they_can_be_are_shortened_and_kept_apart(tmp_path: Path, sign: str) -> None:
    maildir = Maildir(tmp_path / "mail")
    stem = sign * (254 // len(sign.encode()))
    for end in "ab":
        (maildir.folder / "new" / f"{stem}{end}").write_bytes(AWAY)
    assert maildir.look() == {"unknown": 2}
    kept = sign * (200 // len(sign.encode()))
    assert (maildir.new(), maildir.cur()) == ([], [f"{kept}.1:2,", f"{kept}:2,"])


@pytest.mark.parametrize("exchanged_for", ["link", "pipe"])
def test_a_file_that_is_exchanged_while_others_are_read_is_not_followed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, exchanged_for: str
) -> None:
    maildir = Maildir(tmp_path / "mail")
    (tmp_path / "private").write_bytes(AWAY)
    maildir.deliver(AWAY)
    second = maildir.folder / "new" / maildir.deliver(AWAY)
    caplog.set_level(logging.INFO, "flexsmt")

    def exchange(event: str) -> None:
        if "bounce.unknown" not in event:
            return
        second.unlink()
        if exchanged_for == "link":
            second.symlink_to(tmp_path / "private")
        else:
            os.mkfifo(second)

    with listening(exchange):
        assert maildir.look() == {"unknown": 1, "left": 1}
    assert (maildir.new(), len(maildir.cur())) == ([second.name], 1)


@pytest.mark.parametrize("closed", ["new", "cur"])
def test_a_folder_that_may_not_be_written_to_is_an_error_and_loses_nothing(public: Path, closed: str) -> None:
    maildir = Maildir(public / "mail")
    maildir.deliver(AWAY)
    for name in ("new", "cur"):
        (maildir.folder / name).chmod(0o555 if name == closed else 0o777)
    with as_nobody(), pytest.raises(PermissionError, match=f"{closed} may not be written to"):
        maildir.look()
    assert (len(maildir.new()), maildir.cur()) == (1, [])


@pytest.mark.usefixtures("patient")
def test_of_several_that_look_at_once_one_records_each_mail(app: Flask, box: Box) -> None:
    maildir = Maildir(settings().bounces)
    ids = [box.put(subject_key=key) for key in range(40)]
    for mail_id in ids:
        box.change(mail_id, state=State.ACCEPTED)
        maildir.deliver(report(message_id=box.row(mail_id).message_id))
    barrier, counted, failed = Barrier(4), Counter[str](), []

    def look() -> None:
        with app.app_context():
            barrier.wait()
            try:
                counted.update(maildir.look())
            except Exception as error:  # noqa: BLE001 (whatever it is, the test names it)
                failed.append(error)

    threads = [Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert counted["recorded"] == 40
    assert {box.row(mail_id).state for mail_id in ids} == {State.BOUNCED}
    assert (maildir.new(), len(maildir.cur())) == ([], 40)
    assert all(name.endswith(":2,S") for name in maildir.cur())


@effort(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(raw=st.binary(max_size=500), place=st.integers(0, 2500), cut=st.integers(0, 60))
def test_a_report_with_any_bytes_in_it_is_dealt_with(
    lone_app: Flask, tmp_path: Path, raw: bytes, place: int, cut: int
) -> None:
    maildir = Maildir(Path(tempfile.mkdtemp(dir=tmp_path)))
    whole = report()
    maildir.deliver(whole[:place] + raw + whole[place + cut :])
    with lone_app.app_context():
        assert sum(maildir.look().values()) == 1
    assert (maildir.new(), len(maildir.cur())) == ([], 1)
