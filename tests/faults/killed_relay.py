"""A relay that dies at a named point of the first mail it carries, as by ``kill -9``."""

import os
import signal
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from flexsmt_site import create_app
from flexsmt_site.config import Settings, settings
from flexsmt_site.outbox import lease
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.rules import Answer
from flexsmt_site.outbox.transport import Connection, Limits
from flexsmt_site.smtp_url import parse_smtp_url

#: Points that lie directly after a step of the lease is committed.
COMMITTED = {"after the claim": "claim", "before DATA": "mark_in_data", "after the mark": "settle"}
P = ParamSpec("P")
R = TypeVar("R")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Dying(Connection):
    """A connection that its process does not survive at the points within the conversation."""

    point = ""

    def deliver(self, sender: str, recipient: str, raw: bytes, before_data: Callable[[], None]) -> Answer:
        def agreed() -> None:
            if self.point == "after RCPT":
                die()
            before_data()
            if self.point == "in DATA":
                self._say_half(raw)
                die()

        answer = super().deliver(sender, recipient, raw, agreed)
        if self.point == "after 250" and answer.is_accepted:
            die()
        return answer

    def _say_half(self, raw: bytes) -> None:
        assert self.host is not None
        assert self.host.docmd("DATA")[0] == 354
        self.host.send(raw[: len(raw) // 2])


def dying_after(verb: Callable[P, R]) -> Callable[P, R]:
    def deadly(*args: P.args, **kwargs: P.kwargs) -> R:
        result = verb(*args, **kwargs)
        die()
        return result

    return deadly


def main(point: str) -> None:
    if point in COMMITTED:
        setattr(lease, COMMITTED[point], dying_after(getattr(lease, COMMITTED[point])))
    Dying.point = point
    with create_app(Settings.from_env(os.environ)).app_context():
        target = parse_smtp_url(settings().smtp_url)
        Relay(lambda: Dying(target, "localhost", Limits()), settings().data_dir).drain()


if __name__ == "__main__":
    main(sys.argv[1])
