from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes
from hashlib import sha256
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from flexsmt_site import clock, database
from flexsmt_site.outbox import kinds, lease, service
from flexsmt_site.outbox.message import BadHeader, Draft
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.rules import Answer, Fate, State, Step
from tests.outbox.conftest import Box

DRAFT = Draft("Hello", "Text", "<p>Text</p>")


def count() -> int:
    with database.write() as session:
        return session.scalar(select(func.count(Mail.id))) or 0


def test_a_mail_is_frozen_as_it_will_leave(box: Box) -> None:
    row = box.row(box.put("sales@example.com"))
    assert (row.state, row.attempts, row.recipient, row.sender) == (
        "queued",
        0,
        "sales@example.com",
        "bounces@localhost",
    )
    assert row.raw is not None
    assert row.raw_sha256 == sha256(row.raw).hexdigest()
    assert message_from_bytes(row.raw)["Message-ID"] == row.message_id
    assert row.expires - row.created == timedelta(days=5)


def test_a_mail_exists_only_when_its_business_does(box: Box) -> None:
    def fail() -> None:
        with database.write() as session:
            box.put_in(session, "a@example.com")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert count() == 0
    assert box.put()


def test_the_same_key_is_the_same_mail(box: Box) -> None:
    assert box.put() == box.put()
    assert count() == 1


@pytest.mark.usefixtures("patient")
def test_the_same_key_at_once_is_the_same_mail(box: Box, app: Flask) -> None:
    together = Barrier(4)

    def put(_number: int) -> int:
        with app.app_context():
            together.wait()
            return box.put()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(put, range(4)))) == 1
    assert count() == 1


@pytest.mark.usefixtures("box")
def test_a_mail_is_put_by_one_statement() -> None:
    mail = service.freeze(
        kind="letter", dedupe_key="1", message=DRAFT, recipient="a@example.com", now=clock.now()
    )
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement.split(maxsplit=1)[0])

    with database.writing() as connection:
        event.listen(connection, "before_cursor_execute", note)
        service.put(connection, mail, subject_key=1)
    assert [verb for verb in statements if verb != "NOTIFY"] == ["INSERT"]


def test_an_undeclared_kind_is_refused(box: Box) -> None:
    with pytest.raises(kinds.UnknownKind, match="postcard"):
        box.put(kind="postcard")


def test_an_address_that_breaks_a_header_is_refused(box: Box) -> None:
    with pytest.raises(BadHeader):
        box.put("a@example.com\r\nBcc: b@example.com")
    assert count() == 0


def test_the_status_counts_every_state_and_the_longest_wait(box: Box) -> None:
    now = clock.now()
    assert service.status(now).oldest_waiting is None
    first = box.put("a@example.com")
    box.put("b@example.com")
    box.change(first, created=now - timedelta(minutes=20))
    found = service.status(now)
    assert found.counts[State.QUEUED] == 2
    assert found.counts.keys() == set(State)
    assert found.oldest_waiting == timedelta(minutes=20)


@pytest.mark.parametrize("state", ["failed", "uncertain", "dead"])
def test_a_stopped_mail_is_listed_and_goes_again_with_a_fresh_life(box: Box, state: str) -> None:
    mail_id = box.put()
    box.change(mail_id, state=state, attempts=9, last_code=550, expires=clock.now() - timedelta(days=1))
    assert service.list_stopped() == [service.Stopped(mail_id, State(state), "letter", 550)]
    assert service.resend(str(mail_id), clock.now()) == mail_id
    row = box.row(mail_id)
    assert (row.state, row.attempts) == ("queued", 0)
    assert row.expires > clock.now() + timedelta(days=4)
    assert service.list_stopped() == []


def test_a_stopped_mail_is_found_by_any_of_its_names(box: Box) -> None:
    mail_id = box.put(key="letter:FX-1")
    for name in (
        box.row(mail_id).message_id,
        box.row(mail_id).message_id.strip("<>"),
        "letter:FX-1",
        str(mail_id),
    ):
        box.change(mail_id, state="failed")
        assert service.resend(name, clock.now()) == mail_id


@pytest.mark.parametrize("state", ["queued", "sending", "accepted", "cancelled", "bounced"])
def test_a_mail_that_has_not_stopped_does_not_go_again(box: Box, state: str) -> None:
    mail_id = box.put()
    box.change(mail_id, state=state)
    with pytest.raises(service.NotResendable, match=state):
        service.resend(str(mail_id), clock.now())


def test_a_mail_without_its_bytes_does_not_go_again(box: Box) -> None:
    mail_id = box.put()
    box.change(mail_id, state="failed", raw=None)
    with pytest.raises(service.NotResendable):
        service.resend(str(mail_id), clock.now())


def test_nobody_sends_a_mail_that_is_not_there(box: Box) -> None:
    assert box.put()
    for name in ("99", "<no@such.id>", "x" * 30):
        with pytest.raises(service.UnknownMail, match="status"):
            service.resend(name, clock.now())


def test_an_accepted_mail_keeps_its_hash_and_loses_its_bytes(box: Box) -> None:
    mail_id = box.put()
    (claimed,) = lease.claim("relay", clock.now())
    lease.mark_in_data(mail_id, "relay", clock.now())
    fate = Fate(State.ACCEPTED, answer=Answer(Step.DATA, 250, "Queued as 7"))
    assert lease.settle(mail_id, "relay", fate, clock.now())
    row = box.row(mail_id)
    assert (row.raw, row.raw_sha256) == (None, sha256(claimed.raw).hexdigest())
    assert (row.state, row.phase, row.lease_owner, row.last_code, row.last_text) == (
        State.ACCEPTED,
        None,
        None,
        250,
        "Queued as 7",
    )
    assert row.accepted is not None


def test_the_oldest_waiting_mail_tells_how_long_mails_wait(box: Box) -> None:
    now = clock.now()
    assert service.find_oldest_waiting(now) is None
    for key, (state, minutes) in enumerate([("queued", 5), ("sending", 7), ("failed", 9), ("accepted", 9)]):
        box.change(box.put(subject_key=key), state=state, created=now - timedelta(minutes=minutes))
    assert service.find_oldest_waiting(now) == timedelta(minutes=7)


def test_the_mails_about_a_subject_are_listed_with_what_a_server_said(box: Box) -> None:
    first, second, _other = box.put(), box.put("b@example.com"), box.put(subject_key=2)
    box.change(second, state="failed", last_code=550, last_text="No such user")

    found = service.list_mails("letter", 1)

    assert [(mail.id, mail.recipient, mail.state, mail.code, mail.text) for mail in found] == [
        (first, "sales@example.com", State.QUEUED, None, None),
        (second, "b@example.com", State.FAILED, 550, "No such user"),
    ]
    assert service.list_mails("circular", 1) == []


def test_what_is_stuck_is_what_stopped_lately_or_waits_for_long(box: Box) -> None:
    now = clock.now()
    rows = {
        1: ("queued", timedelta(minutes=16)),
        2: ("queued", timedelta(minutes=14)),
        3: ("failed", timedelta(days=6)),
        4: ("failed", timedelta(days=8)),
        5: ("bounced", timedelta(minutes=1)),
        6: ("accepted", timedelta(minutes=20)),
    }
    for key, (state, age) in rows.items():
        box.change(box.put(subject_key=key), state=state, created=now - age)
        box.change(box.put("b@example.com", subject_key=key), state="accepted")

    with database.reading() as connection:
        assert service.list_stuck(connection, "letter", now) == [5, 1, 3]
        assert service.list_stuck(connection, "letter", now, limit=2) == [5, 1]
        assert service.list_stuck(connection, "circular", now) == []


def test_an_erased_subject_takes_its_mails_along(box: Box) -> None:
    claimed, _queued, other = box.put(), box.put("b@example.com"), box.put(subject_key=2)
    assert [mail.id for mail in lease.claim("relay", clock.now(), limit=1)] == [claimed]

    with database.write() as session:
        assert service.erase(session, "letter", 1) == 2

    assert [mail.id for mail in service.list_mails("letter", 2)] == [other]
    assert service.list_mails("letter", 1) == []
    with pytest.raises(lease.LeaseLost):
        lease.mark_in_data(claimed, "relay", clock.now())


def test_the_newest_mail_of_a_kind_is_found(box: Box) -> None:
    assert service.find_newest("letter") is None
    mail_id = box.put()
    assert service.find_newest("letter") == service.find_newest() == box.row(mail_id).created
    assert service.find_newest("circular") is None
