"""Small regular work that features leave to the relay, such as a daily mail.

Declaring goes downward: the relay runs what is declared about once a minute, and never imports who
declared it. Several relays may run the same chore at once, so a chore makes sure itself that its work is
done only once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flexsmt_site import events
from flexsmt_site.outbox.transport import Connection


@dataclass(frozen=True)
class Round:
    """What a chore gets to know: the time, what keeps this relay from sending, and how it reaches its server.

    ``trouble`` is empty when nothing keeps it.
    """

    now: datetime
    trouble: str
    connect: Callable[[], Connection]


Chore = Callable[[Round], None]
_chores: dict[str, Chore] = {}


def declare(name: str, chore: Chore) -> None:
    """Make a chore known; declaring the name again replaces it."""
    _chores[name] = chore


def run(now: Round) -> None:
    """Run every chore; one that fails keeps no other from its work, and comes again with the next round."""
    for name, chore in _chores.items():
        try:
            chore(now)
        except Exception as error:  # noqa: BLE001 (the outermost loop: the next round may do better)
            events.say("chore.failed", chore=name, error=type(error).__name__)
