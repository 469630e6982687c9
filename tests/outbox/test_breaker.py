from collections.abc import Callable
from datetime import timedelta

import pytest

from flexsmt_site import clock
from flexsmt_site.outbox import heartbeat
from flexsmt_site.outbox.catcher import Catcher
from flexsmt_site.outbox.relay import Pace, Relay
from flexsmt_site.outbox.rules import State
from flexsmt_site.smtp_url import Security, SmtpTarget
from tests.outbox.conftest import Box
from tests.outbox.servers import Script

AT_ONCE = Pace(poll=timedelta(), first_pause=timedelta(), longest_pause=timedelta())
NOWHERE = SmtpTarget(Security.PLAIN, "127.0.0.1", 9)


@pytest.mark.parametrize("target", [NOWHERE, "server"])
def test_a_fault_of_our_own_costs_no_attempt_and_opens_the_breaker(
    box: Box,
    server: Catcher,
    script: Script,
    relay_to: Callable[..., Relay],
    target: SmtpTarget | str,
) -> None:
    script.sender = ["421 Too busy"]
    first, second = box.put("a@example.com"), box.put("b@example.com")
    relay = relay_to(server.target if isinstance(target, str) else target)
    assert not relay.drain()
    for mail_id in (first, second):
        row = box.row(mail_id)
        assert (row.state, row.attempts, row.lease_owner) == (State.QUEUED, 0, None)
    assert box.row(first).not_before > clock.now() + timedelta(minutes=4)
    assert box.row(second).not_before < clock.now()
    assert not relay.round()
    beat = heartbeat.find_beat(box.folder)
    assert beat is not None
    assert beat.is_degraded(clock.now())


def test_a_breaker_closes_when_the_server_is_back(
    box: Box, server: Catcher, script: Script, relay_to: Callable[..., Relay]
) -> None:
    script.sender = ["421 Too busy", "421 Too busy"]
    mail_id = box.put()
    relay = relay_to(server.target, AT_ONCE)
    assert [relay.drain() for _ in range(3)] == [False, False, True]
    assert (relay.faults, relay.trouble) == (0, "")
    assert box.row(mail_id).state is State.ACCEPTED


def test_a_relay_without_mails_finds_out_that_the_server_is_back(
    box: Box, server: Catcher, script: Script, relay_to: Callable[..., Relay]
) -> None:
    script.sender = ["421 Too busy"]
    mail_id = box.put()
    relay = relay_to(server.target, AT_ONCE)
    assert not relay.drain()
    box.change(mail_id, state=State.CANCELLED)
    assert relay.drain()
    assert relay.trouble == ""


def test_a_relay_without_mails_says_so_while_the_server_is_gone(
    box: Box, relay_to: Callable[..., Relay]
) -> None:
    mail_id = box.put()
    relay = relay_to(NOWHERE, AT_ONCE)
    assert not relay.drain()
    box.change(mail_id, state=State.CANCELLED)
    assert not relay.drain()
    assert (relay.trouble, relay.faults) == ("connect", 2)


def test_a_mail_that_opens_the_breaker_again_and_again_holds_up_no_other(
    box: Box, server: Catcher, script: Script, relay_to: Callable[..., Relay]
) -> None:
    urgent = box.put("a@example.com")
    other = box.put("b@example.com", kind="circular")
    script.recipients = {"a@example.com": "421 Too busy"}
    relay = relay_to(server.target, Pace(poll=timedelta(minutes=1), first_pause=timedelta()))
    assert not relay.drain()
    relay.open_until = 0.0
    assert relay.drain()
    assert [box.row(mail_id).state for mail_id in (urgent, other)] == [State.QUEUED, State.ACCEPTED]
