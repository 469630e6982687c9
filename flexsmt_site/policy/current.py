"""The version of the policy that visitors read: the one in force at this minute, as this host knows it.

Without any that was published it is the one that the running code ships.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from pathlib import Path

from flask import Flask, g, has_app_context, has_request_context

from flexsmt_site import clock, itself, ledger, pagecache
from flexsmt_site.config import LANGUAGES
from flexsmt_site.language.words import Shelf
from flexsmt_site.policy import book, fragment, shipped
from flexsmt_site.policy.book import Book
from flexsmt_site.policy.fragment import Fragment
from flexsmt_site.policy.rules import Version

_SHELF = "flexsmt_policy_shelf"
_PINNED = "flexsmt_policy_pinned"
_TRIED = "flexsmt_policy_tried"


def init_app(app: Flask, file: Path) -> None:
    """Give an app its book; pages and what is agreed to go by the version in force."""
    watched = app.extensions[_SHELF] = Shelf(file, _unpublished(), book.read, "policy")
    pagecache.declare(app, lambda _environ: watched.newest().edition_at(clock.now()))
    ledger.put_in_force(in_force)
    app.context_processor(lambda: {"current_version": in_force()})


def shelf(app: Flask) -> Shelf[Book]:
    """Return what knows the newest book of an app's host."""
    found: Shelf[Book] = app.extensions[_SHELF]
    return found


def at_hand() -> tuple[Book, Version]:
    """Return the book and the version in force, the same from a request's beginning to its end."""
    kept = itself.kept()
    pinned: tuple[Book, Version] | None = kept.get(_PINNED)
    if pinned is None:
        pinned = _now(itself.app())
        if has_request_context():
            setattr(kept, _PINNED, pinned)
    return pinned


def in_force() -> ledger.Version:
    """Return the version in force as others name it; outside of an app the shipped one."""
    if not has_app_context():
        return shipped.version()
    _, version = at_hand()
    return ledger.Version(version.number, version.effective.date(), version.sum)


def edition() -> str:
    """Return the name of the versions at hand, with the one in force: pages made of them are kept by it."""
    known, version = at_hand()
    return book.edition(known.name, version)


def try_out(text: Mapping[str, Fragment]) -> None:
    """Show other clauses in the request at hand, whichever version is asked for; see ``find_fragment``."""
    setattr(g, _TRIED, text)


def find_fragment(number: int, lang: str) -> Fragment | None:
    """Return the clauses of a version that is in force or to come; None where this host has them not."""
    tried: Mapping[str, Fragment] | None = g.get(_TRIED)
    if tried:
        return tried[lang]
    known, _ = at_hand()
    if not known.name and number == shipped.version().number:
        return fragment.shipped(lang)
    return known.texts[number][lang] if number in known.texts else None


def _now(app: Flask) -> tuple[Book, Version]:
    known = shelf(app).newest()
    return known, known.at(clock.now())


def _unpublished() -> Book:
    """Return the book of a site that has published nothing: the shipped version, without its text."""
    found = shipped.version()
    since = datetime.combine(found.date, time(), UTC)
    return Book(
        "",
        (
            Version(
                found.number,
                since,
                since,
                is_material=False,
                note=dict.fromkeys(LANGUAGES, ""),
                sum=found.sum,
            ),
        ),
        {},
    )
