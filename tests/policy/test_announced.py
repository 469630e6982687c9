"""Versions to come: announced, in force at their minute, and never in the middle of a page."""

import re

import pytest
from flask import Flask

from flexsmt_site import clock, cookies, database, ledger, proof
from flexsmt_site.contact import service as contact
from flexsmt_site.database import DatabaseUnavailable
from flexsmt_site.policy import fragment
from tests.consent.device import device
from tests.ground.visitors import visit
from tests.policy.publishing import clauses, footer, kept, name, publish, rendered, set_clock, start, unmarked

pytestmark = pytest.mark.usefixtures("quickly")


@pytest.mark.promise("P14.1")
def test_a_version_to_come_takes_effect_by_itself_at_its_minute_in_every_worker(
    workers: list[Flask], monkeypatch: pytest.MonkeyPatch
) -> None:
    start(workers[0])
    before = clauses(workers[0])
    name(workers[0], "Another")
    coming = publish(workers[0], "2037-03-01T00:00", is_material=True)
    assert coming.number == 2
    for worker in workers:
        page = visit(worker).get("/en/privacy").text
        assert "From 1 March 2037 version 2 applies: Another recipient." in page
        assert 'href="/en/privacy/versions/2/since/1"' in page
    set_clock(monkeypatch, 2037, 2, 28, 23, 59, 59)
    assert [clauses(worker) for worker in workers] == [before] * 3
    with monkeypatch.context() as patched:
        patched.setattr(database, "read", _no_database)
        set_clock(patched, 2037, 3, 1)

        assert [clauses(worker) for worker in workers] == [unmarked(rendered(workers[0])["en"].html)] * 3
        assert [footer(worker, "/ru/contact") for worker in workers] == [2] * 3
        assert "version 2 applies" not in visit(workers[0]).get("/en/privacy").text


def _no_database() -> None:
    raise DatabaseUnavailable("gone")


def test_a_further_version_comes_before_an_announced_one_and_takes_its_place(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(app)
    for number, effective in ((2, "2037-03-01"), (3, "2037-03-01"), (4, "2037-02-01")):
        name(app, f"Recipient {number}")
        assert publish(app, effective).number == number

    assert "version 4 applies" in visit(app).get("/en/privacy").text
    assert "version 3 applies" not in visit(app).get("/en/privacy").text
    set_clock(monkeypatch, 2037, 4, 1)
    assert footer(app) == 4
    assert "never in force" in visit(app).get("/en/privacy/versions").text
    assert "never took effect" in visit(app).get("/en/privacy/versions/3").text
    assert "Recipient 3" in kept(app, 3)


def test_a_request_has_one_version_from_its_beginning_to_its_end(
    lone_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(lone_app)
    name(lone_app, "Another")
    publish(lone_app, "2037-03-01")

    def view() -> str:
        set_clock(monkeypatch, 2037, 2, 28, 23, 59, 59)
        first = ledger.version().number
        set_clock(monkeypatch, 2037, 3, 1)
        return f"{first} {ledger.version().number}"

    lone_app.add_url_rule("/en/slow", view_func=view)

    assert visit(lone_app).get("/en/slow").text == "1 1"
    assert footer(lone_app) == 2


def test_a_form_names_the_version_that_it_was_shown_under(
    lone_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(lone_app)
    name(lone_app, "Another")
    publish(lone_app, "2037-03-01")
    set_clock(monkeypatch, 2037, 2, 28, 23, 59)
    page = visit(lone_app).get("/en/contact").text
    token = re.search(r'name="form_token"\s+value="([^"]+)"', page)
    assert token
    set_clock(monkeypatch, 2037, 3, 1)

    with lone_app.test_request_context():
        assert contact.read(token[1]).policy == 1
        assert contact.issue("en", clock.now()).policy == 2


@pytest.mark.promise("P14.2a")
def test_a_version_asks_nobody_for_consent_again(lone_app: Flask) -> None:
    chooser = device(lone_app)
    asked = cookies.register().version
    chooser.client.post("/consent", data={"decision": "accept", "next": "/en/"})
    name(lone_app, "Another")
    start(lone_app)
    name(lone_app, "Yet another")
    publish(lone_app, is_material=True)

    assert footer(lone_app) == 2
    assert cookies.register().version == asked
    assert "consent-banner" not in chooser.get("/en/").text
    assert "consent-withdraw" in chooser.get("/en/").text


def test_only_a_sentence_that_reads_as_the_tested_one_has_a_mark(
    lone_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "is_proven", lambda _promise: True)
    start(lone_app)
    before = set(re.findall(r'class="kept" href="[^"]+#([^"]+)"', visit(lone_app).get("/en/privacy").text))
    stored = kept(lone_app, 1)
    (sentence,) = re.findall(r'id="P13.4">(.*?)</span>', stored, re.DOTALL)
    monkeypatch.setattr(
        fragment, "shipped", lambda _lang: fragment.Fragment(stored.replace(sentence, "Other words."), ())
    )
    lone_app.extensions["flexsmt_policy_marked"].clear()
    after = set(re.findall(r'class="kept" href="[^"]+#([^"]+)"', visit(lone_app).get("/en/privacy?x").text))

    assert before == set(ledger.PROMISES)
    assert before - after == {"P13.4"}
