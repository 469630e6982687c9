"""What the sales staff can fill in: what to do with an enquiry, a note on it, and the kind of an export."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, RadioField, SelectChoice, TextAreaField
from wtforms.validators import StopValidation

from flexsmt_site.contact.handling import LONGEST_NOTE
from flexsmt_site.contact.rules import cleaned, is_visible
from flexsmt_site.inbox.service import Deed
from flexsmt_site.staff.forms import StaffForm, read_number


def _note(_form: StaffForm, field: Field) -> None:
    field.data = cleaned(field.data or "", lines=True)
    if not is_visible(field.data):
        raise StopValidation(_("Write the note first"))
    if len(field.data) > LONGEST_NOTE:
        raise StopValidation(_("Shorten this to at most %(max)d characters", max=LONGEST_NOTE))


class DeedForm(StaffForm):
    """What is done to which version of an enquiry; ``mail`` is the one that is sent again."""

    version = HiddenField()
    mail = HiddenField()
    text = TextAreaField(
        _l("A note for your colleagues"),
        description=_l(
            "At most %(max)d characters. Whoever wrote the enquiry never sees it.", max=LONGEST_NOTE
        ),
        validators=[_note],
    )

    def deed(self, member_id: int) -> Deed:
        """Return what was sent; a number that is none is 0, which fits no version and no mail."""
        version, mail_id = read_number(self.version.data), read_number(self.mail.data)
        return Deed(member_id, version or 0, self.text.data or "", mail_id or 0)


class ExportForm(StaffForm):
    """Which kind of file, and what it shall hold."""

    kind = RadioField(
        _l("Kind of file"),
        choices=[
            SelectChoice("xlsx", _l("XLSX, for Excel and LibreOffice")),
            SelectChoice("csv", _l("CSV, for other programs")),
        ],
        default="xlsx",
    )
    shelf = HiddenField()
    q = HiddenField()
