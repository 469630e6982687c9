from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from flexsmt_site import create_app
from flexsmt_site.config import Settings
from flexsmt_site.contact import notice
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.extensions import db
from flexsmt_site.outbox.models import Mail
from tests.browser.live import until
from tests.conftest import make_settings
from tests.faults.hosts import Guests, Host
from tests.faults.mailroom import Mailroom, age, recover, rows
from tests.faults.serving import SECRET, dispose
from tests.faults.victims import HAS_PROC, Relays
from tests.ground.visitors import OWN
from tests.language.publishing import copied, publish
from tests.ports import free_port

ADDRESSES = ("127.0.0.2", "127.0.0.3")
Record = Callable[[str, object], None]
#: Forms that are answered before, between and after what dies and comes back.
STEP = 20

pytestmark = [
    pytest.mark.proof,
    pytest.mark.allow_hosts(["127.0.0.1", *ADDRESSES]),
    pytest.mark.skipif(not HAS_PROC, reason="this machine has no /proc: workers can not be found"),
    # Hosts share a database server; SQLite is for one machine.
    pytest.mark.parametrize("database_variables", ["postgresql"], indirect=True),
]


@pytest.fixture
def variables() -> dict[str, str]:
    return {"BASE_URL": OWN, "SECRET_KEY": SECRET, "RATE_LIMIT": "100000", "WORKERS": "1"}


@pytest.fixture
def several(tmp_path: Path, database_variables: dict[str, str], variables: dict[str, str]) -> list[Settings]:
    """The same site on hosts of their own."""
    made = []
    for address in ADDRESSES:
        folder = tmp_path / address
        folder.mkdir()
        own = {"HOST": address, "PORT": str(free_port(address))}
        made.append(make_settings(folder, **database_variables, **variables, **own))
    return made


@pytest.fixture
def hosts(several: list[Settings]) -> Iterator[list[Host]]:
    """The web hosts while they run; what is left of one that a test has killed is nothing."""
    with ExitStack() as stack:
        yield [stack.enter_context(Host(settings)) for settings in several]


@pytest.fixture
def guests(app: Flask, hosts: list[Host]) -> Guests:
    return Guests(app, hosts)


def test_a_host_and_a_relay_die_and_come_back_and_nothing_is_lost_doubled_or_mixed_up(
    app: Flask, several: list[Settings], hosts: list[Host], guests: Guests, record_property: Record
) -> None:
    mailroom = Mailroom()
    with mailroom.open() as server, app.app_context():
        url = f"smtp+plain://127.0.0.1:{server.port}"
        with Relays(several[0], url, 1) as first, Relays(several[1], url, 1) as second, guests.visiting():
            until(partial(mailroom.has_taken, STEP), "no notice arrives", seconds=60)
            _die_and_come_back(hosts[0], first, guests)
        age(Mail.lease_owner.is_not(None))
        recover(server)
        amiss, is_whole = _amiss(guests, several[0]), mailroom.is_whole()
    relays_killed = len(first.dead) + len(second.dead)
    seen = f"{len(guests.answered)} enquiries, {dict(guests.served)}, no answer of {dict(guests.lost)}"
    record_property("seen", seen)
    print(seen, f"{mailroom.doubles} mails came twice")  # noqa: T201 (read with -rP)

    assert amiss == {"lost": 0, "ghosts": 0, "stored twice": 0, "notices lost or of nothing": 0}
    assert guests.amiss == []
    assert is_whole, "a mail is lost, or a copy differs from what was written"
    # Nobody can tell whether the one arrived that a relay was sending when it died.
    assert mailroom.doubles <= relays_killed
    assert guests.lost.keys() == {hosts[0].address}


def test_words_that_one_host_publishes_are_seen_at_once_there_and_soon_on_the_other(
    several: list[Settings],
    hosts: list[Host],
    guests: Guests,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def shown(host: Host) -> str:
        return host.ask("/en/").text.partition('<a class="skip" href="#main">')[2].partition("</a>")[0]

    publisher = create_app(several[0])
    with copied(tmp_path / "desk", monkeypatch) as desk, guests.visiting():
        for text in ("To the text", "To the page", "To what it is about"):
            desk.change(text)
            publish(publisher)
            # Not a request later, and never back again.
            assert {shown(hosts[0]) for _ in range(20)} == {text}
            until(lambda text=text: shown(hosts[1]) == text, "the other host does not follow", seconds=60)  # type: ignore[misc]
            assert {shown(hosts[1]) for _ in range(20)} == {text}
    dispose(publisher)

    assert guests.amiss == []
    assert not guests.lost


def _die_and_come_back(host: Host, relays: Relays, guests: Guests) -> None:
    """Kill a host and its relay; the others go on meanwhile, and both of them afterwards."""
    host.die()
    relays.kill()
    until(partial(guests.has_come_to, len(guests.answered) + STEP), "nobody else serves", seconds=60)
    host.__enter__()
    relays.running.append(relays.start())
    back = guests.served[host.address]
    until(lambda: guests.served[host.address] >= back + STEP, "nobody comes back", seconds=60)


def _amiss(guests: Guests, settings: Settings) -> dict[str, int]:
    """Count what is not as the visitors were told."""
    with Session(db.engine) as session:
        stored = {one.reference: one.description for one in session.scalars(select(Enquiry))}
    told = {reference: text for text, reference in guests.answered.items()}
    to = [recipient.address for recipient in settings.sales_to]
    notices = {f"{notice.KIND}:{reference}:{address}" for reference in stored for address in to}
    return {
        "lost": len(told.items() - stored.items()),
        "ghosts": len(stored.keys() - told.keys()),
        "stored twice": len(stored) - len(set(stored.values())),
        "notices lost or of nothing": len(notices ^ {mail.dedupe_key for mail in rows()}),
    }
