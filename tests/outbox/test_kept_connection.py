"""What the relay keeps a connection for, and what becomes of it when that is lost."""

from collections import Counter
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DataError

from flexsmt_site import clock, database
from flexsmt_site.database import DatabaseUnavailable
from flexsmt_site.extensions import db
from flexsmt_site.outbox import lease
from flexsmt_site.outbox.lease import LeaseLost
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.rules import Answer, Fate, Phase, State, Step
from tests.outbox.conftest import Box
from tests.outbox.servers import Script

_OTHERS = """FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""


def _is_postgres(engine: Engine) -> bool:
    return engine.dialect.name == "postgresql"


def _cut(engine: Engine) -> None:
    with engine.connect() as link:
        link.execute(text(f"SELECT pg_terminate_backend(pid) {_OTHERS}"))


@pytest.fixture
def engine(box: Box) -> Engine:
    assert box.unwanted == set()
    return db.engine


@pytest.fixture
def counted(engine: Engine) -> Counter[str]:
    """Count how often connections are taken out of the pool, and what is committed."""
    found: Counter[str] = Counter()
    event.listen(engine, "checkout", lambda *_: found.update(["checkouts"]))
    event.listen(engine, "commit", lambda _: found.update(["commits"]))
    return found


def test_a_mail_is_two_commits_and_on_postgresql_no_further_connection(
    box: Box, engine: Engine, relay: Relay, counted: Counter[str]
) -> None:
    spent = []
    for mails in (1, 11):
        for key in range(mails):
            box.put(f"{key}@{mails}.example.com", subject_key=key)
        counted.clear()
        assert relay.drain()
        spent.append(counted.copy())

    few, many = spent
    assert many["commits"] - few["commits"] == 2 * 10
    assert many["checkouts"] - few["checkouts"] == (0 if _is_postgres(engine) else 2 * 10)


def test_no_transaction_is_open_while_the_server_is_spoken_to_and_the_mark_is_there_for_all(
    box: Box, engine: Engine, relay: Relay, script: Script
) -> None:
    mail_id, seen = box.put(), list[object]()

    def look() -> None:
        # A link of its own: what it finds is committed.
        with engine.connect() as link:
            seen.append(link.scalar(text("SELECT phase FROM outbox WHERE id = :mail"), {"mail": mail_id}))
            if _is_postgres(engine):
                open_ones = f"SELECT count(*) {_OTHERS} AND state <> 'idle'"
                seen.append(link.scalar(text(open_ones)))

    script.on_data = look
    assert relay.drain()
    assert seen == ([Phase.IN_DATA, 0] if _is_postgres(engine) else [Phase.IN_DATA])


@pytest.mark.parametrize("database_variables", ["postgresql"], indirect=True)
def test_a_connection_that_is_lost_while_the_text_is_on_its_way_makes_no_mail_go_twice(
    box: Box, engine: Engine, relay: Relay, script: Script
) -> None:
    ids = [box.put(subject_key=key) for key in range(3)]

    def cut() -> None:
        script.on_data = list
        _cut(engine)

    script.on_data = cut
    assert relay.drain()
    assert [box.row(mail_id).state for mail_id in ids] == [State.ACCEPTED] * 3
    assert len(script.got) == 3


@pytest.mark.parametrize("database_variables", ["postgresql"], indirect=True)
def test_a_connection_that_is_lost_between_two_mails_costs_a_round_and_no_mail(
    box: Box, engine: Engine, relay: Relay, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [box.put(subject_key=key) for key in range(3)]
    settle = lease.settle

    def settle_and_cut(*arguments: Any) -> bool:
        monkeypatch.setattr(lease, "settle", settle)
        is_mine = settle(*arguments)
        _cut(engine)
        return is_mine

    monkeypatch.setattr(lease, "settle", settle_and_cut)
    with pytest.raises(DatabaseUnavailable):
        relay.drain()
    assert [box.row(mail_id).state for mail_id in ids] == [State.ACCEPTED, State.QUEUED, State.QUEUED]
    assert relay.drain()
    assert len(script.got) == 3


def test_a_mail_that_is_no_longer_ours_leaves_nothing_open(box: Box, engine: Engine) -> None:
    mail_id = box.put()
    with database.single_writes() as begin:
        with pytest.raises(LeaseLost):
            lease.mark_in_data(mail_id, "a", clock.now(), begin)
        lease.claim("a", clock.now())
        lease.mark_in_data(mail_id, "a", clock.now(), begin)
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_a_database_that_is_gone_at_the_beginning_is_told_as_such(engine: Engine) -> None:
    def is_gone(*_arguments: Any) -> None:
        raise engine.dialect.loaded_dbapi.OperationalError("gone")

    event.listen(engine, "checkout", is_gone)
    with pytest.raises(DatabaseUnavailable), database.single_writes() as begin, begin():
        pass


@pytest.mark.parametrize("database_variables", ["postgresql"], indirect=True)
def test_a_value_that_the_database_refuses_is_no_trouble_of_the_database(box: Box) -> None:
    mail_id = box.put()
    lease.claim("a", clock.now())
    fate = Fate(State.FAILED, answer=Answer(Step.DATA, 10**12))
    with database.single_writes() as begin:
        with pytest.raises(DataError):
            lease.settle(mail_id, "a", fate, clock.now(), begin)
        lease.mark_in_data(mail_id, "a", clock.now(), begin)
    assert box.row(mail_id).phase is Phase.IN_DATA
