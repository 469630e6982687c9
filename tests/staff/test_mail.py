from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from flexsmt_site import clock, database
from flexsmt_site.extensions import db
from flexsmt_site.outbox import kinds, service, watch
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.rules import State
from flexsmt_site.staff import letter, rules
from flexsmt_site.staff.models import Challenge
from flexsmt_site.staff.rules import Role
from tests.ground.visitors import Visitor
from tests.staff.entrance import Clock, Post, ask, enter, press, rows
from tests.staff.members import Staff

ANNA, NOBODY = "anna@example.com", "nobody.here@example.com"


@pytest.fixture(autouse=True)
def anna(staff: Staff) -> str:
    return staff.add(Role.SALES, ANNA)


def mails(app: Flask) -> list[tuple[State, bool]]:
    """State of each sign-in mail, and whether its bytes are there."""
    return [(mail.state, mail.raw is not None) for mail in rows(app, Mail)]


def stop(app: Flask, state: State) -> None:
    with app.app_context(), Session(db.engine.execution_options(write=True)) as session, session.begin():
        session.execute(update(Mail).values(state=state))


def resend(app: Flask) -> None:
    with app.app_context():
        service.resend(str(rows(app, Mail)[-1].id), clock.now())


@pytest.mark.usefixtures("post")
def test_it_goes_before_all_others_and_at_most_once() -> None:
    kind = kinds.get_kind(letter.KIND)
    assert kind.on_unknown == "stop"
    assert all(
        kind.priority < kinds.get_kind(name).priority for name in kinds.list_names() if name != kind.name
    )


def test_after_ten_minutes_it_is_not_sent_and_its_bytes_are_gone(
    app: Flask, client: Visitor, post: Post, wall: Clock
) -> None:
    ask(client, ANNA)
    ask(client, NOBODY)
    wall.passes(minutes=10)
    assert post.come() == []
    assert mails(app) == [(State.CANCELLED, False)] * 2


def test_a_used_code_is_not_sent_any_more(app: Flask, client: Visitor, post: Post) -> None:
    ask(client, ANNA)
    link = post.link()
    assert press(client, link).status_code == 303
    stop(app, State.UNCERTAIN)
    with app.app_context(), database.write() as session:
        session.execute(update(Mail).values(raw=b"From: a@example.com\r\n\r\n"))
    resend(app)
    assert len(post.come()) == 1
    assert mails(app) == [(State.CANCELLED, False)]


@pytest.mark.parametrize("state", [State.DEAD, State.FAILED, State.UNCERTAIN])
def test_an_operator_can_not_have_it_sent_after_its_time(
    app: Flask, client: Visitor, post: Post, wall: Clock, state: State
) -> None:
    ask(client, ANNA)
    stop(app, state)
    wall.passes(minutes=11)
    resend(app)
    assert post.come() == []
    assert mails(app) == [(State.CANCELLED, False)]


def test_a_decoy_can_never_be_sent(app: Flask, client: Visitor, post: Post) -> None:
    ask(client, NOBODY)
    stop(app, State.DEAD)
    resend(app)
    assert post.come() == []
    with app.app_context(), pytest.raises(service.NotResendable):
        service.resend("1", clock.now())


def test_no_mail_of_a_challenge_that_is_forgotten_goes_out(app: Flask, client: Visitor, post: Post) -> None:
    ask(client, ANNA)
    with app.app_context(), database.write() as session:
        session.query(Challenge).delete()
    assert post.come() == []


def test_where_the_server_says_nothing_at_the_end_it_does_not_go_again(
    app: Flask, client: Visitor, post: Post
) -> None:
    ask(client, ANNA)
    post.script.data.append("drop")
    post.relay.drain()
    assert mails(app)[0][0] is State.UNCERTAIN
    post.relay.drain()
    assert post.script.commands.count("DATA") == 1


def test_where_the_server_wants_it_later_it_goes_again_within_the_time_of_the_code(
    client: Visitor, post: Post, wall: Clock
) -> None:
    asked = ask(client, ANNA)
    post.script.data.append("451 4.7.1 Greylisted, try again in 60 seconds")
    assert post.come() == []
    wall.passes(minutes=2)
    assert len(post.come()) == 1
    assert enter(client, asked, post.code()).status_code == 303


@pytest.mark.parametrize("minutes", [0, 11, 60])
def test_decoys_are_no_trouble_to_anybody(
    app: Flask, client: Visitor, post: Post, wall: Clock, minutes: int
) -> None:
    ask(client, NOBODY)
    wall.passes(minutes=minutes)
    assert post.come() == []
    wall.passes(hours=2)
    assert post.come() == []
    with app.app_context():
        assert watch.count_untold().count == 0
        assert service.list_stopped() == []
        assert service.find_oldest_waiting(clock.now()) is None
    shown = app.test_cli_runner().invoke(args=["mail", "status"])
    assert "stopped" not in shown.stdout
    assert "nothing waits" in shown.stdout
    assert "cancelled       1" in shown.stdout


def test_the_time_of_a_mail_is_that_of_its_code() -> None:
    assert timedelta(minutes=10) == rules.CODE_LIFE
