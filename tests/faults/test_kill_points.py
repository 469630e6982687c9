import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flexsmt_site.config import Settings
from flexsmt_site.extensions import db
from flexsmt_site.outbox.catcher import Catcher
from tests.contact.form import Form, reference_of
from tests.faults.crowd import send
from tests.faults.mailroom import Mailroom, fresh_relay, recover, rows
from tests.faults.victims import log_of, python


@pytest.fixture
def form(app: Flask, client: FlaskClient) -> Iterator[Form]:
    with app.app_context():
        yield Form(app, client)
        db.session.remove()


@pytest.fixture
def mailroom() -> Mailroom:
    return Mailroom()


@pytest.fixture
def server(mailroom: Mailroom) -> Iterator[Catcher]:
    with mailroom.open() as running:
        yield running


@contextmanager
def _dying_worker(settings: Settings, point: str) -> Iterator[HTTPConnection]:
    """A visitor's connection to a worker; at its end the worker is dead by the named point."""
    with python(settings, "tests.faults.killed_worker", point, stdout=subprocess.PIPE) as worker:
        try:
            assert worker.stdout is not None
            link = HTTPConnection("127.0.0.1", int(worker.stdout.readline()), timeout=120)
            yield link
            link.close()
            assert worker.wait(120) == -signal.SIGKILL, log_of(settings).read_text()
        finally:
            worker.kill()


@pytest.mark.parametrize("point", ["before notice 1", "before notice 2", "before COMMIT"])
def test_a_worker_killed_before_the_commit_has_stored_mailed_and_answered_nothing(
    form: Form, settings: Settings, mailroom: Mailroom, server: Catcher, point: str
) -> None:
    filled_in = form.filled_in()
    with _dying_worker(settings, point) as link, pytest.raises(ConnectionResetError):
        send(link, filled_in)
    recover(server)

    assert form.is_empty()
    assert mailroom.taken == 0
    assert reference_of(form.send(**filled_in))
    assert (len(form.enquiries()), len(form.mails())) == (1, 2)


@pytest.mark.parametrize("point", ["after COMMIT", "before the answer"])
def test_a_worker_killed_after_the_commit_has_stored_one_enquiry_and_the_next_try_finds_it(
    form: Form, settings: Settings, mailroom: Mailroom, server: Catcher, point: str
) -> None:
    filled_in = form.filled_in()
    with _dying_worker(settings, point) as link, pytest.raises(ConnectionResetError):
        send(link, filled_in)
    (stored,) = form.enquiries()
    again = reference_of(form.send(**filled_in))
    recover(server)

    assert again == stored.reference
    assert len(form.enquiries()) == 1
    assert mailroom.is_whole()
    assert (mailroom.taken, mailroom.doubles) == (2, 0)


def _kill_a_relay(settings: Settings, server: Catcher, point: str) -> None:
    url = f"smtp+plain://127.0.0.1:{server.port}"
    with python(settings, "tests.faults.killed_relay", point, SMTP_URL=url) as relay:
        try:
            assert relay.wait(120) == -signal.SIGKILL, log_of(settings).read_text()
        finally:
            relay.kill()


#: What two notices look like when their relay has died in the first one.
LEFT = {
    "after the claim": ["claimed", "claimed"],
    "after RCPT": ["claimed", "claimed"],
    "before DATA": ["claimed", "in_data"],
    "in DATA": ["claimed", "in_data"],
    "after 250": ["claimed", "in_data"],
    "after the mark": ["accepted", "claimed"],
}


@pytest.mark.parametrize("point", LEFT)
def test_notices_of_a_relay_killed_at_any_point_come_and_only_an_answered_one_may_come_twice(
    form: Form, settings: Settings, mailroom: Mailroom, server: Catcher, point: str
) -> None:
    reference_of(form.send())
    _kill_a_relay(settings, server, point)
    taken = mailroom.taken
    left = sorted(str(mail.phase or mail.state) for mail in rows())
    recover(server)

    assert left == LEFT[point]
    assert taken == (point in ("after 250", "after the mark"))
    assert mailroom.is_whole(), "a notice is lost, or is not what was written"
    assert mailroom.doubles <= (point == "after 250"), Counter(map(len, mailroom.copies.values()))


@pytest.mark.parametrize("point", ["after the claim", "after 250"])
def test_nobody_takes_the_mails_of_a_dead_relay_before_its_leases_end(
    form: Form, settings: Settings, mailroom: Mailroom, server: Catcher, point: str
) -> None:
    reference_of(form.send())
    _kill_a_relay(settings, server, point)
    taken = mailroom.taken
    fresh_relay(server).drain()

    assert mailroom.taken == taken
