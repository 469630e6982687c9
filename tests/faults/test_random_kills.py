import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import or_

from flexsmt_site.config import Settings
from flexsmt_site.contact import notice, service
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.extensions import db
from flexsmt_site.outbox.models import Mail
from tests.browser.live import until
from tests.contact.form import Form
from tests.faults.crowd import Crowd, filled_in
from tests.faults.mailroom import Mailroom, age, recover, rows
from tests.faults.victims import HAS_PROC, Relays, Site
from tests.ground.visitors import OWN
from tests.ports import free_port

Record = Callable[[str, object], None]
#: One kill in so many is of the web server's main process, the others are of its workers.
ONE_SERVER_IN = 15
RELAYS = 2


@dataclass(frozen=True)
class Storm:
    """How many enquiries there are, and how many processes die on each half of their way."""

    enquiries: int
    kills: int

    def moments(self, ways: int) -> list[int]:
        """Draw how many of so many are through at each kill; during the last tenth nothing dies."""
        return sorted(random.sample(range(ways * 9 // 10), self.kills))


@pytest.fixture
def variables() -> dict[str, str]:
    return {"BASE_URL": OWN, "PORT": str(free_port()), "RATE_LIMIT": "100000", "WORKERS": "4"}


@pytest.fixture
def form(app: Flask, client: FlaskClient) -> Iterator[Form]:
    with app.app_context():
        yield Form(app, client)
        db.session.remove()


def _write_while_servers_die(crowd: Crowd, settings: Settings, storm: Storm) -> None:
    with Site(settings) as site, crowd.writing():
        for number, moment in enumerate(storm.moments(storm.enquiries), 1):
            until(partial(crowd.has_come_to, moment), "nobody gets an answer", seconds=60)
            site.kill(server=number % ONE_SERVER_IN == 0)


def _carry_while_relays_die(mailroom: Mailroom, settings: Settings, storm: Storm) -> int:
    """Return how many relays have died."""
    with mailroom.open() as server:
        with Relays(settings, f"smtp+plain://127.0.0.1:{server.port}", RELAYS) as relays:
            for moment in storm.moments(len(rows())):
                until(partial(mailroom.has_taken, moment), "no notice arrives", seconds=60)
                relays.replace()
                age(or_(*(Mail.lease_owner.contains(f":{pid}:") for pid in relays.dead)))
        recover(server)
    return len(relays.dead)


def _amiss(crowd: Crowd, settings: Settings, stored: list[Enquiry]) -> dict[str, int]:
    """Count what is not as the visitors were told."""
    answered = {(service.read(token).nonce, reference) for token, reference in crowd.answered.items()}
    nonces = {one["description"]: service.read(token).nonce for token, one in crowd.sent.items()}
    to = [recipient.address for recipient in settings.sales_to]
    notices = {f"{notice.KIND}:{one.reference}:{address}" for one in stored for address in to}
    return {
        "lost": len(answered - {(one.token_nonce, one.reference) for one in stored}),
        "ghosts": sum(nonces.get(one.description) != one.token_nonce for one in stored),
        "stored twice": len(stored) - len({one.description for one in stored}),
        "notices lost or of nothing": len(notices ^ {mail.dedupe_key for mail in rows()}),
    }


def _recorded(record: Record, seen: dict[str, int]) -> str:
    """Keep what was counted with the test's outcome; return it in words."""
    for name, count in seen.items():
        record(name, count)
    words = ", ".join(f"{name}: {count}" for name, count in seen.items())
    print(words)  # noqa: T201 (read with -rP)
    return words


@pytest.mark.skipif(not HAS_PROC, reason="this machine has no /proc: workers can not be found")
@pytest.mark.parametrize(
    "storm",
    [
        pytest.param(Storm(enquiries=16, kills=2), id="short"),
        pytest.param(Storm(enquiries=1000, kills=40), id="long", marks=pytest.mark.proof),
    ],
)
def test_what_was_answered_received_reaches_the_sales_staff_whichever_process_dies(
    form: Form, settings: Settings, record_property: Record, storm: Storm
) -> None:
    crowd, mailroom = Crowd(settings.port, filled_in(form, storm.enquiries)), Mailroom()
    _write_while_servers_die(crowd, settings, storm)
    stored = form.enquiries()
    amiss = _amiss(crowd, settings, stored)
    relays_killed = _carry_while_relays_die(mailroom, settings, storm)

    written, came = {mail.message_id for mail in rows()}, mailroom.copies.keys()
    counted = {
        "enquiries answered": len(crowd.answered),
        "enquiries stored": len(stored),
        "web processes killed": storm.kills,
        "left without an answer": len(crowd.unanswered),
        "stored though unanswered": crowd.count_kept(stored),
        **amiss,
        "relays killed": relays_killed,
        "mails lost": len(written - came),
        "mails of nothing": len(came - written),
        "mails that came twice": mailroom.doubles,
    }
    seen = _recorded(record_property, counted)
    is_whole, doubles = mailroom.is_whole(), mailroom.doubles
    assert {counted["enquiries answered"], counted["enquiries stored"]} == {storm.enquiries}, seen
    assert not any(amiss.values()), seen
    assert is_whole, f"a mail is lost, or a copy differs from what was written: {seen}"
    assert doubles <= relays_killed, seen
