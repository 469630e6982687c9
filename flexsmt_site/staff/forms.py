"""The forms of the staff pages: each carries a token that is bound to who was shown it."""

from email_validator import EmailNotValidError, validate_email
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, StopValidation

from flexsmt_site.config import settings
from flexsmt_site.staff import form_token, rules

_LONGEST_ADDRESS = 254
_LONGEST_NUMBER = len(str(rules.LARGEST_NUMBER))


class StaffForm(FlaskForm):
    """A form with its token; ``guard`` has checked it before the view runs."""

    class Meta:
        """The token is ours: there is no session of Flask's to bind one to."""

        csrf = False

    csrf_token = HiddenField(default=form_token.issue)


def _email_address(_form: FlaskForm, field: Field) -> None:
    try:
        validate_email(
            field.data.strip(),
            check_deliverability=False,
            allow_smtputf8=False,
            test_environment=settings().is_demo,
        )
    except EmailNotValidError:
        raise StopValidation(_("Enter an e-mail address such as name@example.com")) from None


class AddressForm(StaffForm):
    """Who wants to sign in."""

    address = StringField(
        _l("E-mail address"),
        description=_l("The one under which you are on the staff."),
        validators=[
            InputRequired(_l("Enter your e-mail address")),
            Length(max=_LONGEST_ADDRESS, message=_l("Enter an e-mail address such as name@example.com")),
            _email_address,
        ],
    )
    next = HiddenField()


class CodeForm(StaffForm):
    """The code from the mail."""

    code = StringField(
        _l("Code"),
        description=_l("Eight digits. It is good for ten minutes, and once."),
        validators=[InputRequired(_l("Enter the code from the mail"))],
    )
    ticket = HiddenField()
    next = HiddenField()

    def validate_code(self, field: Field) -> None:
        """Refuse what is no code, before it counts as a try."""
        if rules.read_code(field.data) is None:
            raise StopValidation(_("Enter the eight digits of the code"))


def _printable(written: str | None) -> str:
    return "".join(sign for sign in written or "" if sign.isprintable()).strip()


class PasskeyForm(StaffForm):
    """What a passkey answered."""

    ticket = HiddenField()
    answer = HiddenField()
    next = HiddenField()


class NewPasskeyForm(PasskeyForm):
    """A new passkey and what its owner calls it."""

    name = StringField(
        _l("Name of the passkey"),
        description=_l("So that you know it again, such as “office laptop”."),
        filters=[_printable],
        validators=[
            DataRequired(_l("Give the passkey a name")),
            Length(max=rules.LONGEST_KEY_NAME, message=_l("Shorten this to at most %(max)d characters")),
        ],
    )


def read_number(written: str | None) -> int | None:
    """Read a number of the database from a form or an address; None for what is none."""
    text = written or ""
    is_number = text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER
    return int(text) if is_number and int(text) <= rules.LARGEST_NUMBER else None
