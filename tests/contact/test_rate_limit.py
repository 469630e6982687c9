import re
from pathlib import Path

import pytest
from sqlalchemy import update

from flexsmt_site import clock, database, networks
from flexsmt_site.contact.models import Arrival
from tests.contact.form import FILLED_IN, PUBLIC, Form, reference_of, token, value_of

KEPT = ("first_name", "last_name", "email", "company", "country", "city", "description")


@pytest.fixture
def variables() -> dict[str, str]:
    return {"RATE_LIMIT": "2"}


@pytest.fixture
def form(form: Form) -> Form:
    form.address = PUBLIC
    return form


def _used_up(form: Form) -> None:
    for _ in range(2):
        reference_of(form.send())


@pytest.mark.promise("P13.1")
@pytest.mark.parametrize("language", ["en", "ru"])
def test_one_more_than_the_limit_is_429_with_the_form_and_what_was_typed(form: Form, language: str) -> None:
    _used_up(form)
    once = token(language)
    refused = form.send(language, form_token=once)

    assert refused.status_code == 429
    assert {name: value_of(refused, name) for name in KEPT} == {name: FILLED_IN[name] for name in KEPT}
    assert value_of(refused, "form_token") == once
    assert "checked" in refused.text
    words = {"en": "too many have come from your network", "ru": "Обращение не отправлено"}
    assert words[language] in refused.text.partition('id="form-notice"')[2].partition("</div>")[0]
    assert refused.headers["Cache-Control"] == "private, no-store"
    assert len(form.enquiries()) == 2
    assert len(form.mails()) == 4


def test_it_says_when_to_come_back(form: Form) -> None:
    _used_up(form)
    earlier = clock.now() - networks.HOUR / 2
    with database.write() as session:
        session.execute(update(Arrival).where(Arrival.id == 1).values(at=earlier))

    seconds = int(form.send().headers["Retry-After"])
    assert networks.HOUR.total_seconds() / 2 - 60 < seconds <= networks.HOUR.total_seconds() / 2


def test_htmx_gets_429_with_the_form_alone(form: Form) -> None:
    _used_up(form)
    form.headers = {"HX-Request": "true"}
    refused = form.send()

    assert refused.status_code == 429
    assert refused.text.lstrip().startswith('<form id="contact-form"')
    assert refused.headers["Retry-After"]


def test_what_was_refused_is_taken_when_the_hour_is_over(form: Form) -> None:
    _used_up(form)
    once = token()
    assert form.send(form_token=once).status_code == 429
    with database.write() as session:
        session.execute(update(Arrival).values(at=clock.now() - networks.HOUR))

    assert reference_of(form.send(form_token=once))
    assert len(form.enquiries()) == 3


def test_another_network_is_taken_all_the_while(form: Form) -> None:
    _used_up(form)
    assert form.send().status_code == 429
    form.address = "203.0.114.7"
    assert reference_of(form.send())


def test_neighbours_of_one_network_are_counted_together(form: Form) -> None:
    _used_up(form)
    form.address = "203.0.113.250"
    assert form.send().status_code == 429


def test_a_56_of_ipv6_is_one_network(form: Form) -> None:
    for address, status in [("2001:db8:0:1::1", 303), ("2001:db8:0:ff::2", 303), ("2001:db8:0:a::3", 429)]:
        form.address = address
        assert form.send().status_code == status
    form.address = "2001:db8:0:100::1"
    assert form.send().status_code == 303


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "fe80::1", "fd00::1", "", "unix:"])
def test_a_private_peer_is_never_locked_out_nor_marked(form: Form, address: str) -> None:
    form.address = address
    for _ in range(8):
        reference_of(form.send())

    assert {stored.signals for stored in form.enquiries()} == {""}
    assert {row.network for row in form.arrivals()} == {networks.NEARBY}


def test_private_peers_have_a_ceiling_all_together(form: Form) -> None:
    form.address = "127.0.0.1"
    now = clock.now()
    with database.write() as session:
        session.add_all(Arrival(network=networks.NEARBY, at=now) for _ in range(199))
    assert form.send().status_code == 303
    form.address = "192.168.0.1"
    assert form.send().status_code == 429


def test_the_same_form_sent_twice_counts_once_and_is_answered_even_over_the_limit(form: Form) -> None:
    once = token()
    references = {reference_of(form.send(form_token=once)) for _ in range(3)}
    assert len(form.arrivals()) == 1
    reference_of(form.send())

    assert form.send().status_code == 429
    assert {reference_of(form.send(form_token=once))} == references
    assert len(form.arrivals()) == 2


def test_a_form_with_mistakes_counts_for_nothing(form: Form) -> None:
    for _ in range(4):
        assert form.send(email="nobody").status_code == 422

    assert form.arrivals() == []
    assert form.send().status_code == 303


def test_what_is_stored_of_an_arrival_is_a_hash(form: Form) -> None:
    form.send()

    (row,) = form.arrivals()
    assert re.fullmatch("[0-9a-f]{64}", row.network)


def test_where_nothing_else_is_set_the_refusal_names_no_other_way(form: Form) -> None:
    _used_up(form)
    assert "reach us directly" not in form.send().text


@pytest.mark.parametrize("fact", ['phone = "+49 30 1234"', 'email = "post@example.com"'])
class TestWithAWayToReachUs:
    @pytest.fixture
    def variables(self, variables: dict[str, str], tmp_path: Path, fact: str) -> dict[str, str]:
        (tmp_path / "company.toml").write_text(fact)
        return variables

    def test_the_refusal_shows_it(self, form: Form, fact: str) -> None:
        _used_up(form)
        refused = form.send()

        assert refused.status_code == 429
        assert "reach us directly: the details are on this page" in refused.text
        assert fact.split('"')[1] in refused.text
