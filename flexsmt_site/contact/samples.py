"""The mails to sales staff with data of nobody, for editors of their words."""

from datetime import UTC, datetime

from flask import Flask
from flask_babel import lazy_gettext as _l

from flexsmt_site.config import Recipient
from flexsmt_site.contact import digest, notice, waiting
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.language import samples
from flexsmt_site.language.samples import Sample
from flexsmt_site.outbox.message import Draft

_WHEN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
#: More than are listed, so that the line about the others is there as well.
_MORE = 3


def declare(app: Flask) -> None:
    """Let editors see every mail of this room."""
    samples.declare(app, Sample("notice", _l("An enquiry has come in"), _notice))
    samples.declare(app, Sample("my-data", _l("An enquiry about personal data has come in"), _my_data))
    samples.declare(app, Sample("quarantine", _l("Suspicious enquiries are held"), _quarantine))
    samples.declare(app, Sample("waiting", _l("Enquiries wait for an answer"), _waiting))


def _notice(language: str) -> Draft:
    return notice.draft(_enquiry(language), [], _recipient(language))


def _my_data(language: str) -> Draft:
    enquiry = _enquiry(language)
    enquiry.subject, enquiry.signals, enquiry.description = "my-data", " ".join(notice.REASONS), ""
    return notice.draft(enquiry, ["FX-4T8W-61HZ"], _recipient(language))


def _quarantine(language: str) -> Draft:
    enquiry = _enquiry(language)
    enquiry.subject, enquiry.signals = "my-data", " ".join(notice.REASONS)
    held = digest.Held(ids=range(1 + _MORE), listed=[enquiry], total=1 + _MORE)
    return digest.draft(held, _recipient(language))


def _waiting(language: str) -> Draft:
    taken, fresh = _enquiry(language), _enquiry(language)
    taken.taken, fresh.reference, fresh.subject = _WHEN, "FX-4T8W-61HZ", "my-data"
    listed = [taken, fresh]
    return waiting.draft(waiting.Waiting(listed, len(listed) + _MORE, newest=1), _recipient(language))


def _recipient(language: str) -> Recipient:
    return Recipient(language, "sales@example.com")


def _enquiry(language: str) -> Enquiry:
    """Return an enquiry that no database has."""
    return Enquiry(
        reference="FX-7K3M-92QD",
        received=_WHEN,
        language=language,
        first_name="Anna",
        last_name="Example",
        email="anna@example.com",
        company="Example",
        country="DE",
        city="Berlin",
        description="SMT, 500 × 300 mm.",
        subject="",
        signals="",
        policy_version=1,
    )
