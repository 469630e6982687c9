from html import unescape

import pytest

from tests.browser.conftest import MakeVisitor
from tests.browser.live import SALES, LiveSite, text_of
from tests.browser.visitor import LANGUAGES, TYPED

pytestmark = pytest.mark.browser

SUBJECTS = {
    SALES["ru"]: "Обращение {}: ООО «Монтаж & Co», Россия",
    SALES["en"]: "Enquiry {}: ООО «Монтаж & Co», Russia",
}


def long_text(letters: int = 3000) -> str:
    """A Russian text with what mails and forms like to spoil."""
    hard = (
        "Съешь ещё этих «французских» булок — да выпей чаю № 5.\n.\n"
        "From here on: =3D <b>не тег</b> & \"кавычки\" 'апострофы' 100 % + 50 × 0,5 мм²…\n\n"
        "-- \n  отступ, табуляция\tи 🙂 знак; "
    )
    line = "превысокомногорассмотрительствующий "
    text = hard + line * (letters // len(line) + 1)
    return text[: letters - 1] + "ё"


@pytest.mark.promise("P7.5")
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_enquiry_goes_from_the_home_page_to_both_mailboxes_letter_for_letter(
    visitor: MakeVisitor, site: LiveSite, language: str, *, script: bool
) -> None:
    one = visitor(language, script=script)
    text = long_text()

    one.opens("/")
    one.page.click(f'main .button[href="/{language}/contact"]')
    one.page.fill("#city", TYPED["city"])
    one.page.fill("#description", text)
    one.meets_errors()
    assert one.page.title().startswith({"en": "Error: ", "ru": "Ошибка: "}[language])
    assert one.focused() == "error-summary"
    assert (one.value("city"), one.value("description")) == (TYPED["city"], text)
    one.fills_in(text)
    one.sends()
    reference = one.is_received()

    notices = site.notices(reference)
    assert set(notices) == set(SALES.values())
    for address, message in notices.items():
        assert str(message["Subject"]).endswith(SUBJECTS[address].format(reference))
        assert f"\n{text}\n" in text_of(message)
        assert f">{text}<" in unescape(text_of(message, "html"))
        assert all(value in text_of(message) for value in TYPED.values())
        assert TYPED["email"] in str(message["Reply-To"])


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_error_stands_in_the_summary_as_a_link_and_again_at_its_field(
    visitor: MakeVisitor, language: str, *, script: bool
) -> None:
    one = visitor(language, script=script)
    one.opens("/contact")
    one.page.fill("#email", "not an address")
    one.meets_errors()

    links = one.page.locator("#error-summary a")
    targets = [str(link.get_attribute("href")) for link in links.all()]
    assert targets == [f"#{name}" for name in (*list(TYPED)[:4], "country", "city", "agree")]
    for link in links.all():
        name = str(link.get_attribute("href"))[1:]
        field = one.page.locator(f"#{name}")
        assert field.get_attribute("aria-invalid") == "true"
        described = str(field.get_attribute("aria-describedby")).split()
        assert f"{name}-error" in described
        assert one.page.inner_text(f"#{name}-error") == link.inner_text()
    links.first.click()
    assert one.focused() == "first_name"


def test_two_clicks_send_one_enquiry(visitor: MakeVisitor, site: LiveSite) -> None:
    one = visitor()
    one.opens("/contact")
    one.fills_in()
    before = site.enquiries()

    one.page.dblclick("#contact-form button.button")
    one.is_received()

    assert len(one.posts()) == 1
    assert site.enquiries() == before + 1


def test_two_clicks_without_script_send_one_enquiry_too(visitor: MakeVisitor, site: LiveSite) -> None:
    one = visitor(script=False)
    one.opens("/contact")
    one.fills_in()
    before = site.enquiries()

    one.page.dblclick("#contact-form button.button")
    reference = one.is_received()

    assert site.enquiries() == before + 1
    assert set(site.notices(reference)) == set(SALES.values())


def test_the_page_as_it_was_left_asks_before_it_sends_a_further_enquiry(visitor: MakeVisitor) -> None:
    one = visitor()
    one.opens("/contact")
    token = one.page.input_value("[name=form_token]")
    one.fills_in()
    one.sends()
    first = one.is_received()

    # What a browser shows that keeps the page whole when the visitor goes back.
    one.opens("/contact")
    one.page.eval_on_selector("[name=form_token]", "(field, token) => { field.value = token }", token)
    one.fills_in("Something else")
    one.expects("/en/contact", "422")
    one.sends()
    one.page.wait_for_selector("#form-notice")

    assert first in one.page.inner_text("#form-notice")
    assert one.focused() == "form-notice"
    assert one.value("description") == "Something else"
    one.sends()
    assert one.is_received() != first
