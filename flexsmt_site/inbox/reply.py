"""The answer to an enquiry, begun in the mail program of whoever answers: a ``mailto:`` (RFC 6068)."""

from bisect import bisect_right
from urllib.parse import quote

from flask_babel import gettext as _

from flexsmt_site import pages
from flexsmt_site.contact.models import Enquiry

#: Mail programs on Windows take little more than 2,000 characters, and cut the rest off anywhere.
LONGEST = 1800
_CUT = "…"


def link(enquiry: Enquiry) -> str:
    """Return the address of an answer in the enquiry's language, with as much of its text as fits."""
    with pages.speaking(enquiry.language):
        subject = _("Your enquiry %(reference)s", reference=enquiry.reference)
        opening = _("You wrote to us:")
    head = f"mailto:{quote(enquiry.email, safe='@')}?subject={quote(subject, safe='')}&body="
    text = enquiry.description

    def written(length: int) -> str:
        return head + quote(_body(opening, _shortened(text, length)), safe="")

    fitting = bisect_right(range(1, len(text) + 1), LONGEST, key=lambda length: len(written(length)))
    return written(fitting)


def _body(opening: str, text: str) -> str:
    if not text:
        return ""
    quoted = "\r\n".join(f"> {line}".rstrip() for line in text.split("\n"))
    return f"\r\n\r\n{opening}\r\n{quoted}"


def _shortened(text: str, length: int) -> str:
    """Return the text, or its beginning of at most that length, ended where one sees it."""
    return text if length >= len(text) else f"{text[:length].rstrip()} {_CUT}"
