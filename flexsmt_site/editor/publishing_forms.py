"""What is filled in to publish and to undo: which drafts, and a note; and what is said about a file."""

from flask import request
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectChoice, SelectField, TextAreaField
from wtforms.validators import Optional

from flexsmt_site.editor.forms import BESIDE_WORDS
from flexsmt_site.language.edit_rules import LONGEST_REASON
from flexsmt_site.pages import NAMES
from flexsmt_site.staff.forms import StaffForm, read_number


def _plain(typed: str | None) -> str:
    return (typed or "").replace("\r\n", "\n").strip()


class ReleaseForm(StaffForm):
    """A note on a release; ``seen`` is the newest that whoever publishes has seen."""

    text = TextAreaField(
        _l("A note on this release"),
        description=_l(
            "At most %(max)d characters. Your colleagues read it; visitors do not.", max=LONGEST_REASON
        ),
        filters=[_plain],
        validators=BESIDE_WORDS,
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
