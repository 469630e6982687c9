"""How the pages on publishing, releases and imports say what has happened, and what keeps it back."""

from collections.abc import Mapping
from datetime import datetime

from flask_babel import LazyString, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from flexsmt_site import clock
from flexsmt_site.editor.going_live import Fault, Released
from flexsmt_site.editor.rules import Hindrance
from flexsmt_site.language.import_rules import Row
from flexsmt_site.staff import rules

TRAIL: dict[str, LazyString] = {
    "words.published": _l("Published words (the record is the release)"),
    "words.rolled-back": _l("Went back to an earlier release (the record is the new one)"),
    "words.imported": _l("Imported words as drafts"),
}
#: Why a draft has no box to tick.
WHY: dict[Fault | Hindrance, LazyString] = {
    Fault.ERROR: _l("The check finds an error: it has to be put right first."),
    Fault.GONE: _l("This version of the site has no such text."),
    Hindrance.UNREVIEWED: _l("It is part of a mail: somebody else has to look at it first. Hand it in."),
    Hindrance.OWN: _l("You worked on it: somebody else publishes it."),
}
ROWS: dict[Row, LazyString] = {
    Row.NEW: _l("New: the site has no words for it yet"),
    Row.CHANGED: _l("Changed: the site says something else"),
    Row.CONFLICT: _l("Left alone: somebody is at work on it, or the file is older than what visitors read"),
    Row.FAILING: _l("Refused by the check"),
    Row.UNKNOWN: _l("Unknown: the site has no such text"),
    Row.SAME: _l("Said by the site already"),
}


def who(number: int | None, names: Mapping[int, str], when: datetime) -> str:
    """Name who did something then; who it was long ago is forgotten."""
    if number is None:
        is_kept = when >= rules.kept_since(clock.now())
        return str(_("by a command") if is_kept else _("by a command, or long ago"))
    return names.get(number) or str(_("somebody who has left"))


def told(found: Released, *, is_again: bool) -> str:
    """Say what has become of a release that somebody has just made."""
    values = {"number": found.release.number, "reverts": found.release.reverts}
    if is_again:
        return str(_("This is published already, with release %(number)d.", **values))
    if not found.is_seen:
        return str(
            _(
                "Release %(number)d is published, but this host does not show it yet: it could not store the "
                "words on its disk. It tries again by itself. If this stays, tell whoever runs the site.",
                **values,
            )
        )
    if found.release.reverts is not None:
        return str(
            _(
                "Release %(number)d is in force and undoes release %(reverts)d. Visitors read it with their "
                "next request.",
                **values,
            )
        )
    return str(
        ngettext(
            "Release %(number)d is published: %(num)d text. Visitors read it with their next request.",
            "Release %(number)d is published: %(num)d texts. Visitors read them with their next request.",
            found.texts,
            **values,
        )
    )
