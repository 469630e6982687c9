from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy.orm import Session

from flexsmt_site import clock
from flexsmt_site.outbox import kinds, lease
from flexsmt_site.outbox.rules import Answer, Fate, Phase, State, Step
from tests.outbox.conftest import Box

LATER = lease.LEASE + timedelta(seconds=1)
MUCH_LATER = LATER + lease.DOUBT + timedelta(seconds=1)
ACCEPTED = Fate(State.ACCEPTED, answer=Answer(Step.DATA, 250))
REFUSED = Fate(State.FAILED, answer=Answer(Step.DATA, 554))


def claimed(owner: str = "a", after: timedelta = timedelta()) -> list[int]:
    return [mail.id for mail in lease.claim(owner, clock.now() + after)]


def test_a_claimed_mail_has_one_owner(box: Box) -> None:
    mail_id = box.put()
    assert claimed("a") == [mail_id]
    assert claimed("b") == []
    row = box.row(mail_id)
    assert (row.state, row.phase, row.lease_owner) == (State.SENDING, Phase.CLAIMED, "a")


def test_urgent_mails_go_first_then_the_oldest(box: Box) -> None:
    slow = box.put("a@example.com", kind="circular")
    second = box.put("b@example.com")
    first = box.put("c@example.com")
    box.change(first, not_before=clock.now() - timedelta(hours=1))
    assert claimed() == [first, second, slow]


def test_a_batch_has_its_limit(box: Box) -> None:
    for key in range(5):
        box.put(subject_key=key)
    assert [len(lease.claim(owner, clock.now(), limit=2)) for owner in "abcd"] == [2, 2, 1, 0]


def test_a_mail_is_not_claimed_before_its_time(box: Box) -> None:
    mail_id = box.put()
    box.change(mail_id, not_before=clock.now() + timedelta(minutes=1))
    assert not lease.is_due(clock.now())
    assert claimed() == []
    assert claimed(after=timedelta(minutes=2)) == [mail_id]


def test_an_expired_mail_is_given_up(box: Box) -> None:
    mail_id = box.put()
    assert lease.is_due(clock.now() + timedelta(days=6))
    assert claimed(after=timedelta(days=6)) == []
    row = box.row(mail_id)
    assert row.state is State.DEAD
    assert row.raw is not None


def test_a_mail_nobody_wants_is_cancelled_and_forgotten(box: Box) -> None:
    mail_id = box.put(subject_key=7)
    kept = box.put("b@example.com", subject_key=8)
    box.unwanted.add(7)
    assert claimed() == [kept]
    row = box.row(mail_id)
    assert (row.state, row.raw, row.lease_owner) == (State.CANCELLED, None, None)


def test_a_kind_is_asked_once_for_all_mails_of_a_batch(box: Box) -> None:
    ids = [box.put(subject_key=key, kind=kind) for kind in ("letter", "circular") for key in range(3)]
    asked: list[tuple[str, set[int]]] = []

    def wanted(kind: str, _session: Session, keys: set[int]) -> set[int]:
        asked.append((kind, keys))
        return keys - {1}

    for name in ("letter", "circular"):
        kinds.declare(replace(kinds.get_kind(name), wanted=partial(wanted, name)))
    assert claimed() == [ids[0], ids[2], ids[3], ids[5]]

    assert asked == [("letter", {0, 1, 2}), ("circular", {0, 1, 2})]
    assert [box.row(ids[place]).state for place in (1, 4)] == [State.CANCELLED] * 2


def test_a_kind_that_nobody_declares_waits(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    mail_id = box.put()
    monkeypatch.delitem(kinds._kinds, "letter")  # noqa: SLF001
    assert not lease.is_due(clock.now())
    assert claimed() == []
    assert box.row(mail_id).state is State.QUEUED


def test_nothing_is_due_in_an_empty_outbox(box: Box) -> None:
    assert not lease.is_due(clock.now())
    box.put()
    assert lease.is_due(clock.now())


def test_a_claim_whose_relay_vanished_passes_on(box: Box) -> None:
    mail_id = box.put()
    claimed("a")
    assert not lease.is_due(clock.now())
    assert lease.is_due(clock.now() + LATER)
    assert claimed("b", after=LATER) == [mail_id]
    assert box.row(mail_id).attempts == 0


def test_a_mail_lost_in_data_goes_again_or_is_uncertain_as_its_kind_says(box: Box) -> None:
    again = box.put("a@example.com", kind="letter")
    stopped = box.put("b@example.com", kind="circular")
    for mail_id in claimed("a"):
        lease.mark_in_data(mail_id, "a", clock.now())
    assert claimed("b", after=LATER) == []
    assert claimed("b", after=MUCH_LATER) == [again]
    assert box.row(again).attempts == 1
    assert box.row(stopped).state is State.UNCERTAIN


def test_a_relay_that_lost_its_lease_must_not_send(box: Box) -> None:
    mail_id = box.put()
    claimed("a")
    claimed("b", after=LATER)
    with pytest.raises(lease.LeaseLost):
        lease.mark_in_data(mail_id, "a", clock.now())
    lease.mark_in_data(mail_id, "b", clock.now())


def test_a_mail_enters_data_once(box: Box) -> None:
    mail_id = box.put()
    claimed("a")
    lease.mark_in_data(mail_id, "a", clock.now())
    with pytest.raises(lease.LeaseLost):
        lease.mark_in_data(mail_id, "a", clock.now())


def test_a_relay_renews_the_leases_of_what_it_has_yet_to_send_and_no_others(box: Box) -> None:
    sent, waiting, foreign = (box.put(subject_key=key) for key in range(3))
    assert [mail.id for mail in lease.claim("a", clock.now(), limit=2)] == [sent, waiting]
    claimed("b")
    lease.mark_in_data(sent, "a", clock.now())
    before = [box.row(mail_id).lease_until for mail_id in (sent, foreign)]
    later = clock.now() + timedelta(minutes=1)

    lease.renew("a", later)

    assert box.row(waiting).lease_until == later + lease.LEASE
    assert [box.row(mail_id).lease_until for mail_id in (sent, foreign)] == before


def test_the_lease_of_a_mail_in_data_begins_anew(box: Box) -> None:
    mail_id = box.put()
    claimed("a")
    later = clock.now() + timedelta(minutes=1)
    lease.mark_in_data(mail_id, "a", later)
    assert box.row(mail_id).lease_until == later + lease.LEASE


def test_a_refusal_counts_only_from_the_owner(box: Box) -> None:
    mail_id = box.put()
    claimed("a")
    assert not lease.settle(mail_id, "b", REFUSED, clock.now())
    assert box.row(mail_id).state is State.SENDING
    assert lease.settle(mail_id, "a", REFUSED, clock.now())
    row = box.row(mail_id)
    assert (row.state, row.attempts, row.last_code) == (State.FAILED, 1, 554)
    assert row.raw is not None


def test_an_acceptance_counts_after_the_lease_was_lost(box: Box) -> None:
    mail_id = box.put(kind="circular")
    claimed("a")
    lease.mark_in_data(mail_id, "a", clock.now())
    claimed("b", after=LATER)
    claimed("b", after=MUCH_LATER)
    assert box.row(mail_id).state is State.UNCERTAIN
    assert lease.settle(mail_id, "a", ACCEPTED, clock.now())
    assert box.row(mail_id).state is State.ACCEPTED


def test_what_was_not_begun_is_given_back(box: Box) -> None:
    first, second = box.put("a@example.com"), box.put("b@example.com")
    claimed("a")
    lease.mark_in_data(first, "a", clock.now())
    assert lease.release("a") == 1
    assert box.row(first).phase is Phase.IN_DATA
    assert claimed("b") == [second]
    assert box.row(second).attempts == 0


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_clock_that_jumps_while_a_mail_is_in_data_gives_it_to_nobody_else(
    box: Box, jump: timedelta
) -> None:
    mail_id = box.put()
    claimed("a")
    lease.mark_in_data(mail_id, "a", clock.now())

    assert claimed("b", after=jump) == []
    assert claimed("b", after=jump + lease.DOUBT - timedelta(seconds=1)) == []

    assert lease.settle(mail_id, "a", ACCEPTED, clock.now() + jump)
    assert box.row(mail_id).state is State.ACCEPTED


@pytest.mark.parametrize("jump", [timedelta(hours=1), timedelta(hours=-1)])
def test_a_clock_that_jumps_leaves_no_mail_behind(box: Box, jump: timedelta) -> None:
    fresh, held = box.put("a@example.com"), box.put("b@example.com")
    box.change(held, not_before=clock.now() - timedelta(days=1))
    assert [mail.id for mail in lease.claim("gone", clock.now(), limit=1)] == [held]

    assert lease.is_due(clock.now() + jump)
    found = claimed("b", after=jump) + claimed("b", after=jump + timedelta(seconds=1))

    assert sorted(found) == [fresh, held]


def test_a_retry_waits_its_time_after_the_clock_went_back(box: Box) -> None:
    mail_id = box.put()
    box.change(mail_id, attempts=1, not_before=clock.now() + timedelta(minutes=1))
    assert claimed(after=timedelta(hours=-1)) == []
    assert claimed(after=timedelta(minutes=2)) == [mail_id]


@pytest.mark.parametrize("attempts", [0, 1])
def test_a_wait_that_is_longer_than_any_was_written_before_the_clock_went_back(
    box: Box, attempts: int
) -> None:
    mail_id = box.put()
    month, wait = timedelta(days=30), timedelta(hours=4)
    box.change(mail_id, attempts=attempts, created=clock.now(), not_before=clock.now() + month)
    assert lease.is_due(clock.now() + timedelta(seconds=1))
    box.change(mail_id, not_before=clock.now() + wait)
    assert not lease.is_due(clock.now() + timedelta(seconds=1))
