import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from flexsmt_site import database
from flexsmt_site.database import DatabaseUnavailable
from flexsmt_site.outbox import lease, service
from flexsmt_site.outbox.catcher import Catcher
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.rules import Phase, State
from tests.outbox.conftest import PACE, Box
from tests.outbox.servers import Script


@pytest.mark.parametrize("stopping", [False, True])
def test_a_database_that_is_gone_for_a_moment_makes_no_mail_go_twice(
    box: Box, relay: Relay, script: Script, monkeypatch: pytest.MonkeyPatch, *, stopping: bool
) -> None:
    settle, failures = lease.settle, [1, 2]

    def is_gone_twice(*arguments: Any) -> bool:
        if stopping:
            relay.stopping.set()
        if failures:
            failures.pop()
            raise DatabaseUnavailable("gone")
        return settle(*arguments)

    monkeypatch.setattr(lease, "settle", is_gone_twice)
    mail_id = box.put()
    assert relay.drain()
    assert box.row(mail_id).state is State.ACCEPTED
    assert len(script.got) == 1


def test_a_database_that_stays_away_ends_the_round(
    box: Box, server: Catcher, relay_to: Callable[..., Relay], monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_gone(*_arguments: Any) -> bool:
        raise DatabaseUnavailable("gone")

    monkeypatch.setattr(lease, "settle", is_gone)
    mail_id = box.put()
    with pytest.raises(DatabaseUnavailable):
        relay_to(server.target, replace(PACE, insistence=timedelta())).drain()
    assert box.row(mail_id).phase is Phase.IN_DATA


@pytest.mark.parametrize("runs", [True, False])
def test_a_relay_that_fails_gives_back_what_has_not_begun_to_leave(
    box: Box, relay: Relay, monkeypatch: pytest.MonkeyPatch, *, runs: bool
) -> None:
    mark, ids = lease.mark_in_data, [box.put(subject_key=key) for key in range(3)]

    def fails_once(*_arguments: Any) -> None:
        monkeypatch.setattr(lease, "mark_in_data", mark)
        raise DatabaseUnavailable("locked")

    monkeypatch.setattr(lease, "mark_in_data", fails_once)
    if runs:
        relay.wait = lambda *_: relay.stopping.set()
        relay.run()
    else:
        with pytest.raises(DatabaseUnavailable):
            relay.drain()
    assert [box.row(mail_id).state for mail_id in ids] == [State.QUEUED] * 3


def test_an_answer_about_an_erased_mail_is_told_as_such(
    app: Flask, box: Box, relay: Relay, script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "flexsmt")
    mail_id = box.put()

    def erase() -> None:
        with app.app_context(), database.write() as session:
            service.erase(session, "letter", 1)

    script.on_data = erase
    assert relay.drain()
    (line,) = [json.loads(record.message) for record in caplog.records]
    assert (line["event"], line["mail"]) == ("mail.lease_lost", mail_id)
