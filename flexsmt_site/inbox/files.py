"""What an export holds, and as which kind of file."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from flask_babel import gettext as _

from flexsmt_site import clock, pages
from flexsmt_site.contact import finding
from flexsmt_site.contact.finding import Shelf
from flexsmt_site.contact.models import Enquiry
from flexsmt_site.contact.notice import reasons
from flexsmt_site.inbox import service, sheet, words, workbook
from flexsmt_site.inbox.service import Wanted
from flexsmt_site.inbox.sheet import Row
from flexsmt_site.language.countries import country_name

#: Enquiries whose mails and names are read at once.
_AT_ONCE = 500


@dataclass(frozen=True)
class Kind:
    """A kind of file; ``write`` turns rows into its bytes while they come."""

    ending: str
    mimetype: str
    write: Callable[[Iterable[Row]], Iterator[bytes]]


def _workbook(rows: Iterable[Row]) -> Iterator[bytes]:
    return workbook.write(rows, _("Enquiries"))


KINDS = {
    "csv": Kind("csv", "text/csv", sheet.write),
    "xlsx": Kind("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _workbook),
}


def name(kind: Kind, now: datetime) -> str:
    """Return the name under which a file is saved: with the day, in UTC."""
    return f"enquiries-{now:%Y-%m-%d}.{kind.ending}"


def rows(wanted: Wanted) -> Iterator[Row]:
    """Give a header in the language of the page, and a row for each enquiry, newest first.

    No transaction is open between the rows.
    """
    yield _header()
    # Looked up once: a translation takes longer than the rest of its row.
    stages = {shelf: str(label) for shelf, label in words.SHELVES.items()}
    mails = {standing: str(label) for standing, label in words.MAILS.items()}
    found = finding.walk(wanted.shelf, wanted.words, _AT_ONCE)
    while batch := list(islice(found, _AT_ONCE)):
        notices, names = finding.notices(batch), service.names_of(batch)
        for enquiry in batch:
            stage = Shelf.HELD if enquiry.is_held else Shelf(enquiry.stage.value)
            standing = service.mails(enquiry, notices[enquiry.id], clock.now())
            yield _row(enquiry, names, stages[stage], mails[standing])


def _header() -> Row:
    return (
        *(_("Reference"), _("Received (UTC)"), _("Language"), _("Stage")),
        *(_("Taken by"), _("Taken (UTC)"), _("Answered by"), _("Answered (UTC)"), _("Mail")),
        *(_("Company"), _("First name"), _("Last name"), _("E-mail"), _("Country"), _("City")),
        *(_("Text"), _("Suspicious")),
    )


def _row(enquiry: Enquiry, names: words.Names, stage: str, mails: str) -> Row:
    taken, answered = (
        words.person(number, names) if number else "" for number in (enquiry.taken_by, enquiry.answered_by)
    )
    return (
        *(enquiry.reference, _moment(enquiry.received), enquiry.language, stage),
        *(taken, _moment(enquiry.taken), answered, _moment(enquiry.answered), mails),
        *(enquiry.company, enquiry.first_name, enquiry.last_name, enquiry.email),
        *(country_name(enquiry.country, pages.language()), enquiry.city),
        *(enquiry.description, " ".join(str(reason) for reason in reasons(enquiry))),
    )


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""
