from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from flexsmt_site import clock, database
from flexsmt_site.outbox import service
from flexsmt_site.outbox.catcher import Catcher
from flexsmt_site.outbox.message import Draft
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.rules import State
from flexsmt_site.smtp_url import Security, SmtpTarget
from tests.faults.postfix import Postfix, until
from tests.outbox.conftest import Box
from tests.outbox.servers import Script

pytestmark = pytest.mark.proof

GONE = "550 5.1.1 No such user here"
WORDS = "Нужна линия поверхностного монтажа.\n.\n\nFrom here on: 3 × 0,5 мм\n" + "слово " * 400


@pytest.fixture
def onward() -> Iterator[tuple[Script, int]]:
    """The server behind Postfix, and its port: it refuses one recipient after Postfix has taken the mail."""
    script = Script(recipients={"gone@elsewhere.example": GONE})
    with Catcher(script) as server:
        yield script, server.port


@pytest.fixture
def postfix(onward: tuple[Script, int]) -> Iterator[Postfix]:
    with Postfix(["sales", "late", "bounces"], onward[1]) as running:
        yield running


@pytest.fixture
def variables(postfix: Postfix) -> dict[str, str]:
    return {"MAIL_FROM": "Flex SMT <site@example.com>", "BOUNCES": str(postfix.maildir("bounces"))}


@pytest.fixture
def relay(postfix: Postfix, relay_to: Callable[..., Relay]) -> Relay:
    return relay_to(SmtpTarget(Security.PLAIN, "127.0.0.1", postfix.port))


def put(number: int) -> int:
    draft = Draft(f"Запрос № {number} — линия", WORDS, f"<p>{WORDS}</p>")
    mail = service.freeze(
        kind="letter",
        dedupe_key=f"letter:{number}",
        message=draft,
        recipient="sales@example.com",
        now=clock.now(),
    )
    with database.write() as session:
        service.put(session, mail, subject_key=number)
        return session.scalars(select(Mail.id).where(Mail.dedupe_key == mail["dedupe_key"])).one()


def test_what_postfix_takes_arrives_letter_for_letter(box: Box, relay: Relay, postfix: Postfix) -> None:
    ids = [put(number) for number in range(20)]
    frozen = sorted(box.row(mail_id).raw or b"" for mail_id in ids)
    assert relay.drain()
    assert Counter(box.row(mail_id).state for mail_id in ids) == {State.ACCEPTED: 20}
    until(lambda: len(postfix.delivered("sales")) >= 20, "20 mails arrive")
    arrived = [mail.replace(b"\n", b"\r\n") for mail in postfix.delivered("sales")]
    # Postfix writes its trace above a mail; from our first header on nothing may differ.
    assert sorted(mail[mail.index(b"\r\nFrom: ") + 2 :] for mail in arrived) == frozen
    assert all(mail.startswith(b"Return-Path: <bounces@example.com>\r\n") for mail in arrived)
    assert postfix.delivered("bounces") == []


def test_what_postfix_defers_waits_with_its_code_and_arrives_once(
    box: Box, relay: Relay, postfix: Postfix
) -> None:
    postfix.defers({"late@example.com": "450 4.7.1 Come back later"})
    late, sales = box.put("late@example.com"), box.put("sales@example.com")
    assert relay.drain()
    row = box.row(late)
    assert (row.state, row.attempts, row.last_code) == (State.QUEUED, 1, 450)
    assert "Come back later" in (row.last_text or "")
    assert box.row(sales).state is State.ACCEPTED
    postfix.defers({})
    box.change(late, not_before=clock.now())
    assert relay.drain()
    assert (box.row(late).state, box.row(late).attempts) == (State.ACCEPTED, 2)
    until(lambda: bool(postfix.delivered("late")), "the mail arrives")
    assert [len(postfix.delivered(name)) for name in ("late", "sales")] == [1, 1]


def test_what_postfix_takes_and_cannot_hand_on_comes_back_as_bounced(
    app: Flask, box: Box, relay: Relay, postfix: Postfix, onward: tuple[Script, int]
) -> None:
    gone, here = box.put("gone@elsewhere.example"), box.put("here@elsewhere.example")
    assert relay.drain()
    assert [box.row(mail_id).state for mail_id in (gone, here)] == [State.ACCEPTED] * 2
    until(lambda: bool(postfix.delivered("bounces")), "the report arrives")
    until(lambda: bool(onward[0].got), "the other mail arrives")
    assert bounces(app) == {"recorded": 1, "noted": 0, "unknown": 0, "left": 0}
    row = box.row(gone)
    assert (row.state, row.last_code, row.last_text) == (State.BOUNCED, 550, GONE[4:])
    assert box.row(here).state is State.ACCEPTED
    assert onward[0].envelopes == [("bounces@example.com", ["here@elsewhere.example"])]
    folder = postfix.maildir("bounces")
    assert list(folder.glob("new/*")) == []
    assert [path.name[-4:] for path in folder.glob("cur/*")] == [":2,S"]
    assert bounces(app) == {"recorded": 0, "noted": 0, "unknown": 0, "left": 0}


def bounces(app: Flask) -> dict[str, int]:
    result = app.test_cli_runner().invoke(args=["mail", "bounces"])
    assert result.exit_code == 0, result.output
    return {name: int(count) for name, count in map(str.split, result.stdout.splitlines())}
