"""Whatever a stranger can send is either refused or stored and mailed exactly as cleaned."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flexsmt_site.contact import rules
from flexsmt_site.contact.models import Enquiry
from tests.contact.form import FILLED_IN, Form, body_of, parsed, reference_of, value_of

#: Every character that UTF-8 can say, with those that break things more often.
ANY_TEXT = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from("\0\r\n\t\x0b\x1b\x85\u2028\u202e\ufeff<>&\"'=?,;:@ё😀\u0301\u0958"),
    ),
    max_size=130,
)
HEADERS = {
    *("From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Reply-To"),
    *("MIME-Version", "Content-Type"),
}
OFTEN = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _stored(form: Form, reference: str) -> Enquiry:
    (found,) = (enquiry for enquiry in form.enquiries() if enquiry.reference == reference)
    return found


@pytest.mark.promise("P7.5")
@pytest.mark.parametrize("name", ["first_name", "last_name", "company", "city", "description"])
def test_any_text_is_refused_or_stored_exactly_as_cleaned(form: Form, name: str) -> None:
    lines = name == "description"

    @OFTEN
    @given(ANY_TEXT)
    def holds(text: str) -> None:
        answer = form.send(**{name: text})
        cleaned = rules.cleaned(text, lines=lines)
        is_long_enough = lines or rules.is_visible(cleaned)
        if rules.is_sendable(text, lines=lines) and is_long_enough and len(cleaned) <= rules.LIMITS[name]:
            assert getattr(_stored(form, reference_of(answer)), name) == cleaned
        else:
            assert answer.status_code == 422

    holds()


@pytest.mark.parametrize(
    "name", ["email", "country", "form_token", "contact_time", "subject", "next", "agree"]
)
def test_any_text_in_any_other_field_is_never_our_fault(lone_form: Form, name: str) -> None:
    @OFTEN
    @given(ANY_TEXT | st.emails())
    def holds(text: str) -> None:
        answer = lone_form.send(**{name: text})
        assert answer.status_code in (303, 422)
        if answer.status_code == 303 and name in ("email", "country"):
            assert getattr(_stored(lone_form, reference_of(answer)), name) == rules.cleaned(text, lines=False)

    holds()


@pytest.mark.promise("P7.5")
def test_no_text_adds_a_header_to_the_notice_or_breaks_a_line_of_it(lone_form: Form) -> None:
    @OFTEN
    @given(st.fixed_dictionaries(dict.fromkeys(("first_name", "last_name", "company", "city"), ANY_TEXT)))
    def holds(typed: dict[str, str]) -> None:
        before = len(lone_form.mails())
        lone_form.send(**typed)
        for mail in lone_form.mails()[before:]:
            message = parsed(mail)
            assert sorted(message.keys()) == sorted(HEADERS)
            assert not message.defects
            assert mail.raw is not None
            assert max(len(line) for line in mail.raw.split(b"\r\n")) <= 998
            addresses = [address.addr_spec for address in message["Reply-To"].addresses]
            assert addresses == [FILLED_IN["email"]]

    holds()


def test_any_description_arrives_letter_for_letter(lone_form: Form) -> None:
    @OFTEN
    @given(ANY_TEXT.filter(lambda text: "\0" not in text and bool(rules.cleaned(text, lines=True))))
    def holds(text: str) -> None:
        reference = reference_of(lone_form.send(description=text))
        for mail in lone_form.mails()[-2:]:
            assert rules.cleaned(text, lines=True) in body_of(mail)
            assert reference in body_of(mail)

    holds()


def test_three_thousand_russian_letters_arrive_letter_for_letter(form: Form) -> None:
    text = ("Съешь же ещё этих мягких французских булок, да выпей чаю\n" * 60)[:3000].strip()
    reference_of(form.send("ru", description=text))

    for mail in form.mails():
        assert text in body_of(mail)
        assert text in body_of(mail, "html")
        assert mail.raw is not None
        assert max(len(line) for line in mail.raw.split(b"\r\n")) <= 998


def test_any_text_comes_back_into_its_field(lone_form: Form) -> None:
    @OFTEN
    @given(ANY_TEXT.filter(lambda text: "\0" not in text))
    def holds(text: str) -> None:
        answer = lone_form.send(description=text, agree=None)
        assert answer.status_code == 422
        assert value_of(answer, "description") == rules.cleaned(text, lines=True)

    holds()
