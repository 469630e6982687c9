from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest

from flexsmt_site import clock
from flexsmt_site.alarm import service
from flexsmt_site.outbox.catcher import Catcher
from flexsmt_site.outbox.caught import Caught
from flexsmt_site.outbox.chores import Round
from flexsmt_site.outbox.transport import Connection
from tests.outbox.conftest import Box, box, relay_to, script, server
from tests.outbox.servers import Script

__all__ = ["box", "relay_to", "script", "server"]

OPERATOR = "operator@example.com"


def unused() -> Connection:
    """The way of notices, where an alarm must not take it."""
    raise AssertionError("the alarm took the way of the notices")


@dataclass
class Bell:
    """The operator's own mail server, and rounds of a relay at times after ``start``."""

    script: Script
    port: int
    start: datetime

    @property
    def url(self) -> str:
        return f"smtp+plain://127.0.0.1:{self.port}"

    def look(
        self,
        after: timedelta = timedelta(),
        trouble: str = "",
        connect: Callable[[], Connection] = unused,
    ) -> int:
        """One look at ``after``; returns how many alarms have come altogether."""
        service.look(Round(self.start + after, trouble, connect))
        return len(self.script.got)

    @property
    def mails(self) -> list[EmailMessage]:
        return [Caught("", raw).message for raw in self.script.got]

    @property
    def texts(self) -> list[str]:
        return [Caught("", raw).part("plain").replace("\r\n", "\n") for raw in self.script.got]


@pytest.fixture
def bell() -> Iterator[Bell]:
    answers = Script()
    with Catcher(answers) as running:
        yield Bell(answers, running.port, clock.now())


@pytest.fixture
def variables(bell: Bell) -> dict[str, str]:
    return {"ALERT_TO": OPERATOR, "ALERT_SMTP_URL": bell.url}


@pytest.fixture
def stop(box: Box) -> Callable[..., int]:
    """Put a mail that has stopped; returns its number."""

    def put(subject_key: int = 1, state: str = "failed", code: int | None = 550) -> int:
        mail_id = box.put("someone@example.com", subject_key=subject_key)
        box.change(mail_id, state=state, last_code=code, last_text="5.1.1 <someone@example.com> unknown")
        return mail_id

    return put
