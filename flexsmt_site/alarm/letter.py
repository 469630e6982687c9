"""The alarm as a mail: reasons, counts and numbers of mails, and nothing about anybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from flexsmt_site.alarm import words
from flexsmt_site.config import settings
from flexsmt_site.language import catalog
from flexsmt_site.outbox.message import Draft
from flexsmt_site.outbox.service import Status, Stopped
from flexsmt_site.outbox.watch import Untold

_FOLDER = "alarm/mail/alarm"


@dataclass(frozen=True)
class Sight:
    """What is known when an alarm is written; ``stopped`` may list fewer mails than ``untold`` counts."""

    reasons: tuple[str, ...]
    queue: Status
    stopped: Sequence[Stopped]
    untold: Untold


def draft(sight: Sight) -> Draft:
    """Write the alarm, in English like every command: who reads it runs the site."""
    base_url = settings().base_url
    context = {
        "advices": [words.advice(reason) for reason in sight.reasons],
        "age": words.age(sight.queue.oldest_waiting) if sight.queue.oldest_waiting else "",
        "base_url": base_url,
        "host": urlsplit(base_url).netloc,
        "more": sight.untold.count - len(sight.stopped),
        "sight": sight,
    }
    subject, text, html = catalog.render_mail(_FOLDER, "en", **context)
    return Draft(subject, text, html)
