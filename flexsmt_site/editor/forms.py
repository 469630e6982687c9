"""What an editor fills in: the words of one text, a form for each number, and what for."""

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, StringField
from wtforms.validators import Length, StopValidation

from flexsmt_site.editor.service import Desk, Typed
from flexsmt_site.language.edit_rules import LONGEST, LONGEST_REASON, Strings, is_storable
from flexsmt_site.staff.forms import StaffForm, read_number

#: Browsers send the end of a line as two characters, whatever was typed.
_END = "\r\n"


def _storable(_form: StaffForm, field: Field) -> None:
    if not is_storable(field.data or ""):
        raise StopValidation(_("This holds a character that no text has; type it again"))


#: What may be said beside words: why they were written, or what a release is for.
BESIDE_WORDS = (
    Length(max=LONGEST_REASON, message=_l("Shorten this to at most %(max)d characters")),
    _storable,
)


class TextForm(StaffForm):
    """The words of a text; ``parent`` and ``base`` say what they were typed over."""

    parent = HiddenField()
    base = HiddenField()
    reason = StringField(
        _l("What for"),
        description=_l("May stay empty. Your colleagues read it in the history."),
        validators=BESIDE_WORDS,
    )

    def strings(self, now: Strings) -> Strings:
        """Return what was typed for each plural form; one that was not sent stays as it is now."""
        sent = (request.form.get(f"form{number}", string) for number, string in enumerate(now))
        return tuple(string.replace(_END, "\n") for string in sent)

    def faults(self, strings: Strings) -> dict[int, str]:
        """Say by form why it can not even be kept as a draft."""
        made = {}
        for number, string in enumerate(strings):
            if not is_storable(string):
                made[number] = _("This holds a character that no text has; type it again")
            elif len(string) > LONGEST:
                made[number] = _("Shorten this to at most %(max)d characters", max=LONGEST)
        return made

    def typed(self, desk: Desk, member_id: int) -> Typed:
        """Return what was sent; who names no edit has seen none."""
        return Typed(
            self.strings(desk.side.strings),
            read_number(self.parent.data) or 0,
            (self.base.data or "")[:64],
            member_id,
            (self.reason.data or "").strip(),
        )
