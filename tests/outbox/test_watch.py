from datetime import timedelta

from flexsmt_site import clock, database
from flexsmt_site.outbox import watch
from flexsmt_site.outbox.rules import State
from flexsmt_site.outbox.service import Stopped
from tests.outbox.conftest import Box


def test_stopped_mails_are_listed_until_somebody_was_told(box: Box) -> None:
    states = ["queued", "failed", "accepted", "dead", "cancelled", "uncertain", "bounced", "sending"]
    ids = [box.put(subject_key=key) for key in range(len(states))]
    for mail_id, state in zip(ids, states, strict=True):
        box.change(mail_id, state=state, last_code=550 if state == "failed" else None)
    assert watch.count_untold() == watch.Untold(4, ids[6])
    assert watch.list_untold(2) == [
        Stopped(ids[1], State.FAILED, "letter", 550),
        Stopped(ids[3], State.DEAD, "letter", None),
    ]

    now = clock.now()
    with database.write() as session:
        watch.mark_told(session, watch.Untold(2, ids[3]), now)
    assert [mail.id for mail in watch.list_untold(20)] == ids[5:7]
    assert [box.row(mail_id).told for mail_id in ids[1:4]] == [now, None, now]


def test_a_mail_that_goes_again_does_not_count_as_told(box: Box) -> None:
    mail_id = box.put()
    with database.write() as session:
        watch.mark_told(session, watch.Untold(1, mail_id), clock.now())
    box.change(mail_id, state="failed")
    assert watch.count_untold().count == 1


def test_who_was_told_is_not_told_again_later(box: Box) -> None:
    mail_id, first = box.put(), clock.now()
    box.change(mail_id, state="failed", told=first)
    with database.write() as session:
        watch.mark_told(session, watch.Untold(1, mail_id), first + timedelta(hours=1))
    assert box.row(mail_id).told == first
