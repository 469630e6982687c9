import re
from html import unescape

import pytest

from flexsmt_site import cookies, pages
from tests.consent.device import Device, device, is_asked, removed, written
from tests.ground.visitors import Visitor

LANGUAGES = ["en", "ru"]
HTTPS = {"BASE_URL": "https://127.0.0.1:8000"}


@pytest.mark.promise("P5.2")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("variables", [{}, HTTPS], ids=["http", "https"])
def test_the_page_lists_every_cookie_by_the_name_that_browsers_show_under_its_purpose(
    lone_chooser: Device, language: str, variables: dict[str, str]
) -> None:
    page = unescape(lone_chooser.get(f"/{language}/settings").text)
    tables = re.findall(r"<caption>(.*?)</caption>.*?<tbody>(.*?)</tbody>", page, re.DOTALL)
    listed = [re.findall(r'<th scope="row"><code>([\w-]+)</code></th>', body) for _, body in tables]

    with lone_chooser.app.test_request_context(), pages.speaking(language):
        purposes = [one for one in cookies.purposes() if cookies.declared(one.key)]
        assert listed == [[one.sent_name for one in cookies.declared(purpose.key)] for purpose in purposes]
        for (caption, body), purpose in zip(tables, purposes, strict=True):
            assert str(purpose.title) in caption
            for cookie in cookies.declared(purpose.key):
                assert all(str(words) in body for words in (cookie.when, cookie.holds, cookie.life_text))
    assert ("__Host-consent" in page) == bool(variables)


@pytest.mark.promise("P5.2")
def test_the_only_cookie_of_a_whole_visit_is_the_one_that_was_asked_for(visitor: Visitor) -> None:
    paths = ("/", "/en/", "/ru/privacy", "/en/contact", "/en/settings", "/en/promises", "/en/nothing")
    answers = [visitor.get(path) for path in paths]
    answers.append(visitor.post("/language", data={"language": "ru", "next": "/en/settings"}))
    seen = [line for answer in answers for line in answer.headers.getlist("Set-Cookie")]

    assert [line.partition("=")[0] for line in seen] == ["lang"]
    assert {cookie.name for cookie in cookies.declared()} >= {"lang"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_language_can_be_chosen_here_and_the_choice_comes_back_here(
    visitor: Visitor, language: str
) -> None:
    page = visitor.get("/en/settings").text
    form = page.partition('action="/language"')[2]
    target = re.search(r'name="next" value="([^"]+)"', form)
    assert target
    answer = visitor.post("/language", data={"language": language, "next": target[1]})

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/{language}/settings")


def test_the_page_leads_to_asking_about_ones_data(visitor: Visitor) -> None:
    assert 'href="/en/contact?subject=my-data"' in visitor.get("/en/settings").text


@pytest.mark.promise("P5.3")
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_ticked_before_a_choice_and_the_page_asks_once(
    lone_chooser: Device, language: str
) -> None:
    page = lone_chooser.get(f"/{language}/settings").text

    assert not is_asked(page)
    assert page.count('type="checkbox"') == len(cookies.register().purposes)
    assert " checked" not in page
    form = page.partition('id="consent-choices"')[2].partition("</form>")[0]
    looks = [re.sub(r' value="\w+"', "", tag) for tag in re.findall(r"<button[^>]*>", form)]
    assert len(looks) == 3
    assert len(set(looks)) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_where_the_choice_stands(lone_chooser: Device, language: str) -> None:
    said = [_state(lone_chooser, language)]
    for decision in ("reject", "accept"):
        lone_chooser.choose(decision)
        said.append(_state(lone_chooser, language))
    signalling = device(lone_chooser.app, Sec_GPC="1")
    said.append(_state(signalling, language))

    assert len(set(said)) == 4
    lone_chooser.headers = signalling.headers
    assert _state(lone_chooser, language) == said[2]


def _state(one: Device, language: str) -> str:
    found = re.search(r'<p class="state">(.*?)</p>', one.get(f"/{language}/settings").text, re.DOTALL)
    assert found
    return found[1].strip()


@pytest.mark.promise("P2.5")
@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_on_the_device_can_be_forgotten_at_once_and_a_consent_ends_with_it(
    chooser: Device, language: str
) -> None:
    chooser.choose("accept")
    number = chooser.holds()["consent_receipt"]
    for name in ("contact_en", "contact_ru", "lang"):
        chooser.keep(name, "x")
    answer = chooser.post(f"/consent/{language}/forget")

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/{language}/settings")
    assert chooser.holds() == {}
    assert [(one.number, one.granted) for one in chooser.receipts()] == [
        (number, ["preferences"]),
        (number, []),
    ]
    assert is_asked(chooser.get(f"/{language}/").text)


@pytest.mark.parametrize("variables", [{}, HTTPS], ids=["http", "https"])
def test_every_cookie_is_removed_under_its_own_name_and_path_whether_it_was_shown_or_not(
    lone_chooser: Device, variables: dict[str, str]
) -> None:
    answer = lone_chooser.post("/consent/en/forget")

    with lone_chooser.app.app_context():
        assert removed(answer) == {(one.sent_name, one.path) for one in cookies.declared()}
    assert written(answer) == {}
    assert lone_chooser.receipts() == []
    secure = [line for line in answer.headers.getlist("Set-Cookie") if "Secure" in line.split("; ")]
    assert len(secure) == (len(removed(answer)) if variables else 0)


def test_the_page_offers_to_forget_and_the_receipt_in_the_language_of_the_page(lone_chooser: Device) -> None:
    page = lone_chooser.get("/ru/settings").text

    assert 'action="/consent/ru/forget"' in page
    assert 'href="/consent/ru/receipt"' in page
