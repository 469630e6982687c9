"""The contact form: its fields, why each is asked, and what it says when something is wrong."""

from collections.abc import Callable

from email_validator import EmailNotValidError, validate_email
from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, StopValidation

from flexsmt_site.config import settings
from flexsmt_site.contact.rules import LIMITS, Submission, cleaned, is_sendable, is_visible
from flexsmt_site.language import countries
from flexsmt_site.ledger import keeps

Validator = Callable[[FlaskForm, Field], None]


class Sendable:
    """Refuse what nobody can type, and put the rest in order before other validators see it."""

    def __init__(self, *, lines: bool = False) -> None:
        """Allow line ends where ``lines`` is true."""
        self.lines = lines

    def __call__(self, _form: FlaskForm, field: Field) -> None:
        """Clean the field's text; raises ``StopValidation``."""
        text = field.data or ""
        if not is_sendable(text, lines=self.lines):
            raise StopValidation(_("Take out the line breaks and invisible characters, please"))
        field.data = cleaned(text, lines=self.lines)


class Required(InputRequired):
    """Refuse a field that is empty after cleaning, and a box that is not ticked."""

    @keeps("P7.2")
    def __call__(self, _form: FlaskForm, field: Field) -> None:
        """Raise ``StopValidation`` when nothing is left that can be seen."""
        if not field.data or (isinstance(field.data, str) and not is_visible(field.data)):
            raise StopValidation(self.message)


def _email_address(_form: FlaskForm, field: Field) -> None:
    demo = settings().is_demo
    try:
        validate_email(field.data, check_deliverability=False, allow_smtputf8=False, test_environment=demo)
    except EmailNotValidError:
        raise StopValidation(_("Enter an e-mail address such as name@example.com")) from None
    if "=?" in field.data:
        # Allowed by the letter, but mail programs read it as encoded text: no reply would arrive.
        raise StopValidation(_("Enter an e-mail address such as name@example.com"))


def _known_country(_form: FlaskForm, field: Field) -> None:
    if field.data not in countries.codes():
        raise StopValidation(_("Choose a country from the list"))


def _text(
    label: LazyString, missing: LazyString | None, hint: LazyString | None, *more: Validator, limit: int
) -> StringField:
    """Make a field; what is compulsory follows from the validator alone."""
    lines = missing is None
    too_long = Length(max=limit, message=_l("Shorten this to at most %(max)d characters"))
    required = [] if missing is None else [Required(missing)]
    kind = TextAreaField if lines else StringField
    return kind(label, description=hint or "", validators=[Sendable(lines=lines), *required, too_long, *more])


class ContactForm(FlaskForm):
    """An enquiry as it is typed."""

    class Meta:
        """A public page has no session, so the form token of ours stands in for Flask-WTF's."""

        csrf = False

    first_name = _text(
        _l("First name"),
        _l("Enter your first name"),
        _l("So that we can address you."),
        limit=LIMITS["first_name"],
    )
    last_name = _text(
        _l("Last name"),
        _l("Enter your last name"),
        _l("So that we can address you."),
        limit=LIMITS["last_name"],
    )
    email = _text(
        _l("E-mail address"),
        _l("Enter your e-mail address"),
        _l("So that our answer reaches you. It is used for nothing else."),
        _email_address,
        limit=LIMITS["email"],
    )
    company = _text(
        _l("Company"),
        _l("Enter your company"),
        _l("So that we know for whom we answer."),
        limit=LIMITS["company"],
    )
    country = _text(
        _l("Country"),
        _l("Choose your country"),
        _l("So that the right colleague answers."),
        _known_country,
        limit=2,
    )
    city = _text(
        _l("City"), _l("Enter your city"), _l("So that we know who is near you."), limit=LIMITS["city"]
    )
    description = _text(
        _l("What is it about?"),
        None,
        _l("Please leave out details about other people unless they know that you send them."),
        limit=LIMITS["description"],
    )
    agree = BooleanField(
        _l("I have read the privacy policy and agree to my details being used to answer this enquiry."),
        validators=[Required(_l("Tick the box if you agree; without it we may not take your enquiry"))],
    )
    contact_time = StringField(_l("Leave this empty"))
    form_token = HiddenField()

    @keeps("P7.5")
    def submission(self, subject: str) -> Submission:
        """Return what was typed, once it has been validated."""
        return Submission(
            **{name: getattr(self, name).data for name in (*LIMITS, "country")}, subject=subject
        )
