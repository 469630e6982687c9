"""Where enquiries and their mails stand, in the words of the page."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from flexsmt_site import pages
from flexsmt_site.contact import rules as contact
from flexsmt_site.contact.figures import Week
from flexsmt_site.contact.finding import MOST_COUNTED, Shelf
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.contact.rules import Stage
from flexsmt_site.inbox.service import Change, Mails
from flexsmt_site.outbox.rules import State
from flexsmt_site.outbox.service import Standing

SHELVES: dict[Shelf | None, LazyString] = {
    None: _l("All enquiries"),
    Shelf.NEW: _l("New"),
    Shelf.TAKEN: _l("In progress"),
    Shelf.ANSWERED: _l("Answered"),
    Shelf.HELD: _l("Quarantined"),
    Shelf.UNDELIVERED: _l("Mail not delivered"),
}
EMPTY: dict[Shelf | None, LazyString] = {
    None: _l("No enquiry has come in yet."),
    Shelf.NEW: _l("Nobody waits: every enquiry has been taken or answered."),
    Shelf.TAKEN: _l("Nobody is at work on an enquiry."),
    Shelf.ANSWERED: _l("No enquiry has been marked as answered."),
    Shelf.HELD: _l("Nothing is quarantined."),
    Shelf.UNDELIVERED: _l("The mail of every enquiry has arrived."),
}
MAILS: dict[Mails, LazyString] = {
    Mails.DELIVERED: _l("Delivered"),
    Mails.UNDER_WAY: _l("On its way"),
    Mails.LATE: _l("Late"),
    Mails.UNDELIVERED: _l("Not delivered"),
    Mails.HELD: _l("Quarantined"),
    Mails.NONE: _l("No mail"),
}
TRAIL: dict[str, LazyString] = {
    "enquiry.listed": _l("Looked at the inbox"),
    "enquiry.searched": _l("Searched the inbox"),
    "enquiry.viewed": _l("Looked at an enquiry"),
    "enquiry.exported": _l("Exported enquiries"),
    "enquiry.taken": _l("Took an enquiry"),
    "enquiry.given-back": _l("Gave an enquiry back"),
    "enquiry.answered": _l("Marked an enquiry as answered"),
    "enquiry.reopened": _l("Opened an enquiry again"),
    "enquiry.released": _l("Released an enquiry from quarantine"),
    "enquiry.noted": _l("Wrote a note on an enquiry"),
    "mail.resent": _l("Sent the mail of an enquiry again"),
}
#: What is said after each verb.
DONE: dict[str, LazyString] = {
    "take": _l("Done: the enquiry is with you."),
    "give-back": _l("Done: the enquiry waits for somebody again."),
    "answer": _l("Done: the enquiry is marked as answered."),
    "reopen": _l("Done: the enquiry is open again."),
    "release": _l("Done: the enquiry is released, and its mail is on its way."),
    "note": _l("Done: the note is saved."),
    "resend": _l("Done: the mail waits for its turn."),
}

#: What has become of a mail of which no server said a word.
_UNTOLD: dict[State, LazyString] = {
    State.QUEUED: _l("It waits for its turn."),
    State.SENDING: _l("It is being sent at this moment."),
    State.ACCEPTED: _l("Accepted by the mail server."),
    State.FAILED: _l("The server refused it."),
    State.UNCERTAIN: _l("Whether it arrived is unknown, so it was not sent again."),
    State.DEAD: _l("No server took it in time."),
    State.CANCELLED: _l("It was not sent: nobody wanted it any more."),
    State.BOUNCED: _l("It came back."),
}

Names = Mapping[int, str]
#: CLDR's plain "en" writes dates as in America.
_FORMATS = {"en": "en_GB", "ru": "ru"}


def number(value: int) -> str:
    """Write a number as the language groups its digits."""
    return str(format_decimal(value, locale=pages.language()))


def count(value: int) -> str:
    """Write the count of a shelf, which stops at a thousand."""
    return f"{number(MOST_COUNTED)}+" if value > MOST_COUNTED else number(value)


def person(member_id: int | None, names: Names) -> str:
    """Name a member of the staff, also one who is gone."""
    return names.get(member_id or 0) or str(_("somebody who is gone"))


def stage(enquiry: Enquiry, names: Names, me: int) -> str:
    """Say how far the answer has come, and who is at it."""
    if enquiry.is_held:
        return str(_("Quarantined"))
    if enquiry.stage is Stage.TAKEN:
        if enquiry.taken_by == me:
            return str(_("With you"))
        return str(_("With %(who)s", who=person(enquiry.taken_by, names)))
    if enquiry.stage is Stage.ANSWERED:
        if enquiry.answered_by == me:
            return str(_("Answered by you"))
        return str(_("Answered by %(who)s", who=person(enquiry.answered_by, names)))
    return str(_("New"))


def change(last: Change, me: int, when: str) -> str:
    """Say who changed an enquiry last, to whoever wanted to change it too."""
    if last.member_id == me:
        return _own_change(last.action, when)
    if last.member_id is None:
        return str(_("It was released from quarantine: %(when)s.", when=when))
    who = last.name or str(_("somebody who is gone"))
    told = {
        "enquiry.taken": _("%(who)s took it: %(when)s.", who=who, when=when),
        "enquiry.given-back": _("%(who)s gave it back: %(when)s.", who=who, when=when),
        "enquiry.answered": _("%(who)s marked it as answered: %(when)s.", who=who, when=when),
        "enquiry.reopened": _("%(who)s opened it again: %(when)s.", who=who, when=when),
        "enquiry.released": _("%(who)s released it from quarantine: %(when)s.", who=who, when=when),
    }
    return str(told[last.action])


def _own_change(action: str, when: str) -> str:
    told = {
        "enquiry.taken": _("You took it: %(when)s.", when=when),
        "enquiry.given-back": _("You gave it back: %(when)s.", when=when),
        "enquiry.answered": _("You marked it as answered: %(when)s.", when=when),
        "enquiry.reopened": _("You opened it again: %(when)s.", when=when),
        "enquiry.released": _("You released it from quarantine: %(when)s.", when=when),
    }
    return str(told[action])


def story(mail: Standing) -> str:
    """Tell what has become of a mail, with what the server said."""
    said = " ".join(str(part) for part in (mail.code, mail.text) if part)
    # Words of a foreign server: nothing in them may turn the line around.
    answer = contact.cleaned(said, lines=False)
    if mail.state is State.ACCEPTED and mail.accepted:
        time = duration(mail.accepted - mail.created)
        return str(_("Accepted by the mail server %(time)s after it was written.", time=time))
    return str(_told(mail.state, answer) if answer else _UNTOLD[mail.state])


def _told(state: State, answer: str) -> str | LazyString:
    return {
        State.QUEUED: _("It waits for its next try: the server said “%(answer)s”.", answer=answer),
        State.SENDING: _("It is being sent again: before, the server said “%(answer)s”.", answer=answer),
        State.ACCEPTED: _UNTOLD[State.ACCEPTED],
        State.FAILED: _("The server refused it: “%(answer)s”.", answer=answer),
        State.UNCERTAIN: _(
            "Whether it arrived is unknown, so it was not sent again. Before, the server said “%(answer)s”.",
            answer=answer,
        ),
        State.DEAD: _("No server took it in time. The last one said “%(answer)s”.", answer=answer),
        State.CANCELLED: _UNTOLD[State.CANCELLED],
        State.BOUNCED: _("It came back: “%(answer)s”.", answer=answer),
    }[state]


def duration(length: timedelta) -> str:
    """Write a duration in its largest unit, at least a second."""
    shown = max(length, timedelta(seconds=1))
    return str(format_timedelta(shown, threshold=1.5, locale=pages.language()))


def language(code: str) -> str:
    """Name the language of an enquiry in that of the page."""
    return str(Locale.parse(code).get_language_name(pages.language())).capitalize()


def short_moment(moment: datetime, now: datetime) -> str:
    """Write when an enquiry came in, as shortly as is clear: a year is told only where it is another."""
    pattern = "d MMM, HH:mm" if moment.year == now.year else "d MMM y, HH:mm"
    return str(format_datetime(moment, pattern, locale=_FORMATS[pages.language()]))


def day(day: date) -> str:
    """Write a day without its year, as shortly as is clear."""
    return str(format_date(day, "d MMM", locale=_FORMATS[pages.language()]))


def week(figures: Week) -> str:
    """Tell the figures of a week in a line."""
    return ", ".join(
        (
            _("week from %(when)s: %(all)s", when=day(figures.monday), all=number(figures.total)),
            *(f"{language(code)} {number(count)}" for code, count in sorted(figures.languages.items())),
        )
    )
