"""The mail with the code and the link to sign in, and how the outbox treats it."""

from collections.abc import Iterable
from datetime import datetime

from flask import Flask
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from flexsmt_site import clock, web
from flexsmt_site.config import settings
from flexsmt_site.language import catalog, samples
from flexsmt_site.outbox import kinds
from flexsmt_site.outbox import service as outbox
from flexsmt_site.outbox.message import Draft
from flexsmt_site.staff import rules
from flexsmt_site.staff.models import Challenge

KIND = "sign-in"
_FOLDER = "staff/mail/sign-in"


def declare() -> None:
    """Tell the outbox how these mails are treated: before all others, for ten minutes, and at most once."""
    # ``wanted`` ends them after ten minutes: one that the outbox gave up would keep its bytes, and a decoy
    # among those would call the operator.
    kept = rules.CHALLENGES_KEPT
    kinds.declare(kinds.Kind(KIND, priority=0, expires=kept, on_unknown="stop", wanted=_wanted))


def declare_sample(app: Flask) -> None:
    """Let editors see the mail, with a code and a link that open nothing."""

    def sample(language: str) -> Draft:
        return draft("12345678", f"/staff/{language}/sign-in/link/sample", language)

    samples.declare(app, samples.Sample("sign-in", _l("Code and link to sign in"), sample))


def draft(code: str, link: str, language: str) -> Draft:
    """Write the mail; ``link`` is the path of the page that signs in."""
    context = {
        "code": f"{code[:4]} {code[4:]}",
        "link": web.absolute_url(link),
        "minutes": rules.CODE_LIFE.seconds // 60,
        "company": settings().company,
        "lang": language,
    }
    subject, text, html = catalog.render_mail(_FOLDER, language, **context)
    return Draft(subject, text, html)


def queue(session: Session, challenge: Challenge, address: str | None, message: Draft, now: datetime) -> None:
    """Queue the mail within the caller's transaction.

    Without an ``address`` it is a decoy: the same row for nobody, which the relay discards unsent.
    """
    mail = outbox.freeze(
        kind=KIND,
        dedupe_key=f"{KIND}:{challenge.nonce}",
        message=message,
        recipient=address or f"nobody@{settings().mail_domain}",
        now=now,
    )
    outbox.put(session, mail, subject_key=challenge.id)


def erase(session: Session, challenge_ids: Iterable[int]) -> None:
    """Delete the mails of requests within the caller's transaction."""
    for number in challenge_ids:
        outbox.erase(session, KIND, number)


def _wanted(session: Session, challenge_ids: set[int]) -> set[int]:
    """A code is wanted by somebody of the staff, until it is used or has run out."""
    asked = select(Challenge.id).where(
        Challenge.id.in_(challenge_ids),
        Challenge.member_id.is_not(None),
        Challenge.used.is_(None),
        Challenge.expires > clock.now(),
    )
    return set(session.scalars(asked))
