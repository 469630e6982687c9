"""Versions: numbered, kept as they were, and read by visitors from their minute on."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Barrier, Thread
from typing import TypeVar

import pytest
from flask import Flask
from sqlalchemy import delete, select

from flexsmt_site import clock, create_app, ledger
from flexsmt_site.config import LANGUAGES
from flexsmt_site.database import DatabaseUnavailable
from flexsmt_site.extensions import db
from flexsmt_site.language import catalog
from flexsmt_site.policy import current, fragment, rules, service, shipped
from flexsmt_site.policy.models import PolicyVersion
from tests.conftest import make_settings
from tests.faults.serving import dispose
from tests.ground.visitors import visit
from tests.policy.publishing import (
    NOTE,
    clauses,
    fetch,
    file_of,
    footer,
    kept,
    name,
    publish,
    rendered,
    start,
    unmarked,
)

pytestmark = pytest.mark.usefixtures("patient", "quickly")
T = TypeVar("T")


def numbers(app: Flask) -> list[int]:
    with app.app_context(), db.engine.connect() as connection:
        return list(connection.scalars(select(PolicyVersion.number).order_by(PolicyVersion.number)))


@pytest.mark.promise("P14.1")
def test_the_first_start_publishes_the_shipped_version_once(app: Flask) -> None:
    before = {lang: clauses(app, f"/{lang}/privacy") for lang in LANGUAGES}
    first, again = start(app), start(app)

    assert first is not None
    assert again is None
    assert (first.number, first.effective.date()) == (shipped.version().number, shipped.version().date)
    assert first.note["ru"] != first.note["en"] != ""
    assert {lang: clauses(app, f"/{lang}/privacy") for lang in LANGUAGES} == before
    assert {lang: unmarked(kept(app, 1, lang)) for lang in LANGUAGES} == before


def test_many_who_start_at_once_publish_one_first_version(workers: list[Flask]) -> None:
    found = _at_once(workers, start)

    assert [version.number for version in found if version] == [1]
    assert numbers(workers[0]) == [1]


@pytest.mark.promise("P14.1")
def test_of_two_who_publish_the_same_text_at_once_one_is_refused(workers: list[Flask]) -> None:
    start(workers[0])
    name(workers[0], "Another")

    def attempt(worker: Flask) -> str:
        try:
            return str(publish(worker).number)
        except rules.NotPublishable as refusal:
            return str(refusal)

    refused = "nothing differs from version 2: there is nothing to publish"
    assert sorted(_at_once(workers, attempt)) == ["2", refused, refused]
    assert numbers(workers[0]) == [1, 2]


def _at_once(workers: list[Flask], attempt: Callable[[Flask], T]) -> list[T]:
    ready = Barrier(len(workers))
    found: list[T] = []

    def run(worker: Flask) -> None:
        ready.wait()
        found.append(attempt(worker))

    threads = [Thread(target=run, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(workers)
    return found


@pytest.mark.promise("P14.1")
def test_what_visitors_read_changes_with_a_version_alone_and_then_in_every_worker(
    workers: list[Flask],
) -> None:
    start(workers[0])
    before = clauses(workers[0])
    name(workers[0], "Another")
    fresh = create_app(workers[0].extensions["flexsmt_settings"])
    assert [clauses(worker) for worker in (*workers, fresh)] == [before] * 4
    dispose(fresh)
    made = publish(workers[1])

    after = unmarked(rendered(workers[0])["en"].html)
    assert before != after
    assert [clauses(worker) for worker in workers] == [after] * 3
    assert [footer(worker) for worker in workers] == [made.number] * 3 == [2] * 3


@pytest.mark.promise("P14.1")
def test_earlier_versions_stay_byte_for_byte_at_their_addresses(app: Flask) -> None:
    start(app)
    texts = {lang: [kept(app, 1, lang)] for lang in LANGUAGES}
    for number in (2, 3):
        name(app, f"Recipient {number}")
        publish(app)
        for lang in LANGUAGES:
            texts[lang].append(kept(app, number, lang))
    later = create_app(app.extensions["flexsmt_settings"])
    try:
        for lang in LANGUAGES:
            assert len(set(texts[lang])) == 3
            for number, text in enumerate(texts[lang], start=1):
                assert kept(later, number, lang) == text
                assert text in visit(later).get(f"/{lang}/privacy/versions/{number}").text
    finally:
        dispose(later)


def test_whatever_is_agreed_to_names_the_version_in_force(app: Flask) -> None:
    start(app)
    name(app, "Another")
    publish(app)

    with app.test_request_context():
        assert (ledger.version().number, ledger.version().sum) == (2, rendered_sum(app))


def rendered_sum(app: Flask) -> str:
    return fragment.sum_of(rendered(app))


@pytest.mark.promise("P14.1")
def test_the_same_text_is_no_new_version(app: Flask) -> None:
    start(app)
    with pytest.raises(rules.NotPublishable, match="nothing differs from version 1"):
        publish(app)

    assert numbers(app) == [1]


def test_who_wants_another_date_for_an_announced_version_is_told_how(lone_app: Flask) -> None:
    start(lone_app)
    name(lone_app, "Another")
    publish(lone_app, "2037-03-01")
    with pytest.raises(rules.NotPublishable, match=r"from version 2: .*; to move its date.* edited on"):
        publish(lone_app, "2038-03-01")
    file_of(lone_app).with_name("processors.toml").unlink()
    assert publish(lone_app).number == 3
    name(lone_app, "Another")
    assert publish(lone_app, "2038-03-01").number == 4

    with lone_app.app_context():
        known = current.shelf(lone_app).newest().versions
    assert [(one.number, one.effective.year) for one in rules.coming(known, clock.now())] == [(4, 2038)]


@pytest.mark.parametrize(
    ("note", "effective", "said"),
    [
        ({**NOTE, "ru": " "}, None, "note in ru is empty"),
        ({**NOTE, "en": "a\nb"}, None, "cannot be seen"),
        ({**NOTE, "en": "a\u2028b"}, None, "cannot be seen"),
        ({**NOTE, "ru": "а\u202eб"}, None, "note in ru holds characters that cannot be seen"),
        ({**NOTE, "en": "x" * 501}, None, "500 have room"),
        (NOTE, "2026-01-01T00:00", "has passed"),
        (NOTE, "tomorrow", "is no moment"),
        (NOTE, "9999-12-31T23:59-10:00", "is no moment"),
    ],
)
def test_a_draft_with_a_fault_is_refused_with_its_reason(
    lone_app: Flask, note: dict[str, str], effective: str | None, said: str
) -> None:
    start(lone_app)
    name(lone_app, "Another")
    with lone_app.app_context(), pytest.raises(rules.NotPublishable, match=said):
        service.draft(note, effective, datetime(2026, 12, 1, tzinfo=UTC), is_material=False)

    assert numbers(lone_app) == [1]


@pytest.mark.promise("P14.1")
def test_languages_that_say_different_things_are_not_published(lone_app: Flask) -> None:
    start(lone_app)
    name(lone_app, "Another", "Delivering mail within 5 days", "Доставка почты за 6 дней")
    with pytest.raises(rules.NotPublishable, match=r"clause 12: numbers differ in ru, missing: 5 day"):
        publish(lone_app)

    assert numbers(lone_app) == [1]


@pytest.mark.promise("P14.1")
def test_words_that_are_not_compiled_are_not_published(
    lone_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(lone_app)
    name(lone_app, "Another")
    monkeypatch.setattr(catalog, "missing", lambda: ["translations/ru/LC_MESSAGES/policy.po"])
    said = r"ru/LC_MESSAGES/policy\.po: not compiled; run: flexsmt catalogs compile"
    with pytest.raises(rules.NotPublishable, match=said):
        publish(lone_app)

    assert numbers(lone_app) == [1]


def test_a_version_that_was_never_published_has_no_text(lone_app: Flask) -> None:
    start(lone_app)
    with lone_app.app_context(), pytest.raises(service.UnknownVersion, match="no version 7"):
        service.get_fragment(7, "en")


def test_without_a_database_the_shipped_text_is_served(tmp_path_factory: pytest.TempPathFactory) -> None:
    lost = create_app(make_settings(tmp_path_factory.mktemp("lost")))
    try:
        with pytest.raises(DatabaseUnavailable):
            start(lost)
        assert clauses(lost) == unmarked(rendered(lost)["en"].html)
        assert footer(lost) == shipped.version().number
        assert visit(lost).get("/en/privacy/versions").status_code == 200
    finally:
        dispose(lost)


def test_where_a_restored_database_has_no_version_the_shipped_one_is_read(lone_app: Flask) -> None:
    start(lone_app)
    name(lone_app, "Another")
    publish(lone_app)
    with lone_app.app_context(), db.engine.execution_options(write=True).begin() as connection:
        connection.execute(delete(PolicyVersion))

    assert [fetch(lone_app), fetch(lone_app)] == [True, False]
    assert not file_of(lone_app).exists()
    assert footer(lone_app) == 1
