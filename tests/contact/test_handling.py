from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from threading import Barrier

import pytest
from sqlalchemy import update

from flexsmt_site import clock, database
from flexsmt_site.contact import desk, handling, rules
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.contact.rules import Stage, Verb
from flexsmt_site.outbox import lease
from flexsmt_site.outbox import service as outbox
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.rules import State
from tests.contact.form import Form, take

HOUR = timedelta(hours=1)
ANNA, BORIS = 7, 8
NOBODYS = "FX-0000-0000"
VERBS: dict[Verb, Callable[..., int]] = {
    "take": handling.take,
    "give back": handling.give_back,
    "answer": handling.answer,
    "reopen": handling.reopen,
}


def stored(reference: str) -> Enquiry:
    return desk.get_entry(reference).enquiry


def _set(mail_id: int, **values: object) -> None:
    with database.write() as session:
        session.execute(update(Mail).where(Mail.id == mail_id).values(**values))


@pytest.mark.usefixtures("form")
def test_an_enquiry_is_taken_answered_and_opened_again() -> None:
    now = clock.now()
    reference = take(now - 9 * HOUR)
    assert (stored(reference).stage, stored(reference).version) == (Stage.NEW, 1)

    assert handling.take(reference, 1, ANNA, now) == 2
    taken = stored(reference)
    assert (taken.stage, taken.version) == (Stage.TAKEN, 2)
    assert (taken.taken, taken.taken_by) == (now, ANNA)
    assert (taken.answered, taken.answered_by) == (None, None)

    assert handling.answer(reference, 2, BORIS, now + HOUR) == 3
    answered = stored(reference)
    assert (answered.stage, answered.taken_by) == (Stage.ANSWERED, ANNA)
    assert (answered.answered, answered.answered_by) == (now + HOUR, BORIS)

    assert handling.reopen(reference, 3, BORIS, now + 2 * HOUR) == 4
    opened = stored(reference)
    assert (opened.stage, opened.taken, opened.taken_by) == (Stage.TAKEN, now, ANNA)
    assert (opened.answered, opened.answered_by) == (None, None)

    assert handling.give_back(reference, 4, BORIS, now + 3 * HOUR) == 5
    back = stored(reference)
    assert (back.stage, back.taken, back.taken_by, back.version) == (Stage.NEW, None, None, 5)


@pytest.mark.usefixtures("form")
def test_what_was_answered_without_being_taken_is_new_when_opened_again() -> None:
    reference = take(clock.now())
    handling.answer(reference, 1, ANNA, clock.now())
    handling.reopen(reference, 2, ANNA, clock.now())

    assert (stored(reference).stage, stored(reference).taken) == (Stage.NEW, None)


@pytest.mark.parametrize(("verb", "stage", "is_taken"), list(product(VERBS, Stage, (False, True))))
@pytest.mark.usefixtures("form")
def test_a_verb_that_does_not_fit_the_stage_changes_nothing(verb: Verb, stage: Stage, is_taken: bool) -> None:  # noqa: FBT001
    reference = take(clock.now())
    with database.write() as session:
        session.execute(update(Enquiry).values(stage=stage, taken_by=ANNA if is_taken else None))
    leads_to = rules.STEPS.get((verb, stage, is_taken))

    if leads_to is None:
        with pytest.raises(handling.Changed):
            VERBS[verb](reference, 1, BORIS, clock.now())
        assert (stored(reference).stage, stored(reference).version) == (stage, 1)
    else:
        VERBS[verb](reference, 1, BORIS, clock.now())
        assert (stored(reference).stage, stored(reference).version) == (leads_to, 2)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.usefixtures("form")
def test_what_is_held_is_in_no_stage(verb: Verb) -> None:
    reference = take(clock.now(), trap="x")
    with pytest.raises(handling.Changed):
        VERBS[verb](reference, 1, ANNA, clock.now())
    assert stored(reference).version == 1


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.usefixtures("form")
def test_nothing_is_done_to_an_enquiry_that_nobody_has(verb: Verb) -> None:
    with pytest.raises(desk.UnknownEnquiry, match=NOBODYS):
        VERBS[verb](NOBODYS, 1, ANNA, clock.now())


@pytest.mark.usefixtures("form")
def test_who_saw_an_earlier_version_changes_nothing_though_the_stage_is_the_same() -> None:
    now = clock.now()
    reference = take(now)
    handling.take(reference, 1, ANNA, now)
    handling.give_back(reference, 2, ANNA, now)

    with pytest.raises(handling.Changed):
        handling.take(reference, 1, BORIS, now + HOUR)
    assert (stored(reference).taken_by, stored(reference).last_activity) == (None, now)


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("rivals", [("take", "take"), ("take", "answer"), ("answer", "answer")])
def test_of_people_at_once_exactly_one_wins_and_the_others_learn_of_it(
    form: Form, rivals: tuple[Verb, Verb]
) -> None:
    reference, now, together = take(clock.now()), clock.now(), Barrier(8)

    def run(member: int) -> int | None:
        with form.app.app_context():
            together.wait()
            try:
                VERBS[rivals[member % 2]](reference, 1, member, now)
            except handling.Changed:
                return None
            return member

    with ThreadPoolExecutor(8) as pool:
        winners = [member for member in pool.map(run, range(8)) if member is not None]
    (winner,) = winners
    after = stored(reference)
    assert after.version == 2
    if rivals[winner % 2] == "take":
        assert (after.stage, after.taken_by, after.answered_by) == (Stage.TAKEN, winner, None)
    else:
        assert (after.stage, after.taken_by, after.answered_by) == (Stage.ANSWERED, None, winner)


@pytest.mark.usefixtures("patient")
def test_of_two_releases_at_once_one_wins_and_the_notices_are_queued_once(form: Form) -> None:
    reference, together = take(clock.now(), trap="x"), Barrier(4)

    def run(_number: int) -> bool:
        with form.app.app_context():
            together.wait()
            try:
                return handling.release(reference, 1, ANNA, clock.now()) == 2
            except handling.Changed:
                return False

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(run, range(4))) == [False, False, False, True]
    assert stored(reference).version == 2
    assert len(form.mails()) == 2


def test_a_release_makes_a_held_enquiry_a_new_one(form: Form) -> None:
    now = clock.now()
    reference = take(now - HOUR, trap="x")

    assert handling.release(reference, 1, ANNA, now) == 2
    after = stored(reference)
    assert (after.stage, after.is_held, after.released, after.last_activity) == (Stage.NEW, False, now, now)
    assert len(form.mails()) == 2
    assert handling.take(reference, 2, ANNA, now) == 3


def test_a_release_of_another_version_or_of_what_is_not_held_is_refused(form: Form) -> None:
    held, ordinary = take(clock.now(), trap="x"), take(clock.now())
    for reference, version in ((held, 2), (ordinary, 1)):
        with pytest.raises(handling.Changed):
            handling.release(reference, version, ANNA, clock.now())
    with pytest.raises(desk.UnknownEnquiry):
        handling.release(NOBODYS, 1, ANNA, clock.now())

    assert stored(held).is_held
    assert len(form.mails()) == 2


def test_a_stopped_notice_is_sent_again(form: Form) -> None:
    now = clock.now()
    reference = take(now - HOUR)
    (stopped, _other) = form.mails()
    _set(stopped.id, state=State.FAILED, attempts=3)
    handling.resend(reference, stopped.id, ANNA, now)

    assert [mail.state for mail in form.mails()] == [State.QUEUED] * 2
    assert (stored(reference).last_activity, stored(reference).version) == (now, 1)
    assert len(lease.claim("relay", now)) == 2


def test_a_notice_that_is_on_its_way_or_has_arrived_is_not_sent_again(form: Form) -> None:
    now = clock.now()
    reference = take(now)
    (queued, arrived) = form.mails()
    _set(arrived.id, state=State.ACCEPTED, raw=None)
    for mail in (queued, arrived):
        with pytest.raises(handling.Changed):
            handling.resend(reference, mail.id, ANNA, now + HOUR)
    assert stored(reference).last_activity == now


def test_only_notices_of_that_enquiry_are_sent_again(form: Form) -> None:
    reference, other = take(clock.now()), take(clock.now())
    foreign = outbox.list_mails("sales-notice", stored(other).id)[0].id
    _set(foreign, state=State.FAILED)
    for name, mail_id in ((reference, foreign), (reference, 10**12), (reference, -1), (NOBODYS, foreign)):
        with pytest.raises(desk.UnknownEnquiry):
            handling.resend(name, mail_id, ANNA, clock.now())

    assert [mail.state for mail in form.mails() if mail.id == foreign] == [State.FAILED]
