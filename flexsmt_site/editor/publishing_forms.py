"""What is filled in to publish and to undo: which drafts, and a note; and what is said about a file."""

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, SelectChoice, SelectField, TextAreaField
from wtforms.validators import Optional, StopValidation

from flexsmt_site.language.edit_rules import LONGEST_REASON, BadStrings, check_reason
from flexsmt_site.pages import NAMES
from flexsmt_site.staff.forms import StaffForm, read_number


def _note(_form: StaffForm, field: Field) -> None:
    field.data = (field.data or "").replace("\r\n", "\n").strip()
    try:
        check_reason(field.data)
    except BadStrings:
        if len(field.data) > LONGEST_REASON:
            raise StopValidation(
                _("Shorten this to at most %(max)d characters", max=LONGEST_REASON)
            ) from None
        raise StopValidation(_("This holds a character that no text has; type it again")) from None


class ReleaseForm(StaffForm):
    """A note on a release; ``seen`` is the newest that whoever publishes has seen."""

    text = TextAreaField(
        _l("A note on this release"),
        description=_l(
            "At most %(max)d characters. Your colleagues read it; visitors do not.", max=LONGEST_REASON
        ),
        validators=[_note],
    )
    seen = HiddenField()


class PublishForm(ReleaseForm):
    """Which drafts go live: those that are ticked, or all that were there to be seen."""

    @property
    def is_for_all(self) -> bool:
        """The button was pressed that publishes all that passes."""
        return "all" in request.form

    @property
    def last_seen(self) -> int:
        """The newest draft that there was when the page was shown."""
        return read_number(self.seen.data) or 0

    @staticmethod
    def ticked() -> list[int]:
        """Return the numbers of drafts, each once; what is none is left out."""
        numbers = (read_number(written) for written in request.values.getlist("edit"))
        return list(dict.fromkeys(number for number in numbers if number))


class ImportForm(StaffForm):
    """Which language a file is in, where it does not say so itself."""

    of = SelectField(
        _l("Language of the file"),
        choices=[SelectChoice("", _l("As the file says")), *(SelectChoice(*one) for one in NAMES.items())],
        validators=[Optional()],
    )
