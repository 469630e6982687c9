from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask

from flexsmt_site import clock
from flexsmt_site.contact import desk
from flexsmt_site.outbox import lease
from flexsmt_site.outbox import service as outbox
from flexsmt_site.outbox.catcher import Catcher
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.rules import State
from flexsmt_site.outbox.transport import Connection, Limits
from tests.contact.form import Form, take


@dataclass
class Server:
    """A mail server in whose conversation something happens before it agrees to a recipient."""

    app: Flask
    happens: Callable[[], object]
    got: list[bytes] = field(default_factory=list)
    agreed: int = 0

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if not self.agreed:
            with self.app.app_context():
                self.happens()
        self.agreed += 1
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.got.append(envelope.original_content or b"")
        return "250 OK"


def test_an_erasure_takes_the_enquiry_and_its_notices_whatever_their_state(form: Form) -> None:
    gone, stays = take(clock.now()), take(clock.now())
    (claimed, *_rest) = lease.claim("relay", clock.now(), limit=1)

    assert desk.erase(desk.get_entry(gone)) == 2
    assert [stored.reference for stored in form.enquiries()] == [stays]
    assert {mail.subject_key for mail in form.mails()} == {2}
    assert claimed.id not in {mail.id for mail in form.mails()}


def test_an_erasure_of_what_is_held_leaves_nothing(form: Form) -> None:
    reference = take(clock.now(), trap="x")

    assert desk.erase(desk.get_entry(reference)) == 0
    assert form.is_empty()


def test_a_relay_that_holds_notices_of_an_erased_enquiry_sends_none_of_them(
    form: Form, tmp_path: Path
) -> None:
    gone, stays = desk.get_entry(take(clock.now())), desk.get_entry(take(clock.now()))
    server = Server(form.app, lambda: desk.erase(gone))
    with Catcher(server) as catcher:
        relay = Relay(lambda: Connection(catcher.target, "localhost", Limits()), tmp_path)
        assert relay.drain()

    # The server had agreed to the first; the second was asked for and given up alike.
    assert len(server.got) == 2
    assert server.agreed == 4
    assert {mail.subject_key for mail in form.mails()} == {stays.enquiry.id}
    states = [mail.state for mail in outbox.list_mails("sales-notice", stays.enquiry.id)]
    assert states == [State.ACCEPTED] * 2
