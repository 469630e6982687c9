"""What a publisher of the policy fills in: what changes, how much, from when, and with which edits."""

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, RadioField, SelectChoice, StringField
from wtforms.validators import DataRequired, Length, StopValidation

from flexsmt_site import clock
from flexsmt_site.editor.policy_desk import Wish
from flexsmt_site.policy import rules
from flexsmt_site.policy.rules import LONGEST_NOTE, NotPublishable
from flexsmt_site.staff.forms import StaffForm, read_number


def _seen(_form: StaffForm, field: Field) -> None:
    try:
        rules.checked_note("", field.data)
    except NotPublishable:
        raise StopValidation(_("Write it on one line, without signs that cannot be seen")) from None


_NOTE = (
    DataRequired(_l("Say in a sentence what changes for readers")),
    Length(max=LONGEST_NOTE, message=_l("Shorten this to at most %(max)d characters")),
    _seen,
)


class VersionForm(StaffForm):
    """A version that somebody wants; ``seen`` is the sum of what was shown of it."""

    note_en = StringField(
        _l("What changes for readers, in English"),
        description=_l("One sentence. It stands in the list of versions and above the policy."),
        validators=_NOTE,
    )
    note_ru = StringField(_l("What changes for readers, in Russian"), validators=_NOTE)
    weight = RadioField(
        _l("Kind of change"),
        choices=[
            SelectChoice("editorial", _l("Editorial: the wording alone")),
            SelectChoice("material", _l("Material: what is done with data")),
        ],
        default="editorial",
    )
    effective = StringField(
        _l("It takes effect on (UTC)"), description=_l("Leave this empty to have it in force at once.")
    )
    seen = HiddenField()

    def validate_effective(self, field: Field) -> None:
        """Refuse what is no moment, or has passed."""
        try:
            rules.effective_from((field.data or "").strip() or None, clock.now())
        except NotPublishable:
            message = _("Give a day and a time that has not passed, such as 2027-03-01 00:00")
            raise StopValidation(message) from None

    @staticmethod
    def ticked() -> tuple[int, ...]:
        """Return the numbers of the chosen edits, each once; what is none is left out."""
        numbers = (read_number(written) for written in request.values.getlist("edit"))
        return tuple(dict.fromkeys(number for number in numbers if number))

    def wish(self) -> Wish:
        """Return what was filled in."""
        return Wish(
            {"en": self.note_en.data.strip(), "ru": self.note_ru.data.strip()},
            self.weight.data == "material",
            (self.effective.data or "").strip(),
            self.ticked(),
        )
