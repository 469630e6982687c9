"""Pages and mails with drafts, and the way from a text to its row."""

import re
from html import unescape

import pytest
from flask import Flask

from flexsmt_site import clock, proof
from flexsmt_site.config import LANGUAGES
from flexsmt_site.editor import visit
from flexsmt_site.language import edits, words
from flexsmt_site.language.edit_rules import Text
from flexsmt_site.staff.rules import Role
from tests.consent.device import Device
from tests.editor.words_desk import LINK, WordsDesk
from tests.ground.visitors import visit as visited
from tests.staff.members import Staff

PRIVATE = re.compile("[\ue000-\uf8ff]")
ROW = re.compile(r'<site-text data-text="([^"]+)"(?: class="(\w+)")?>(.*?)</site-text>')
#: The first sentences of the policy, which are a promise.
PROMISED = (
    "This privacy policy applies to Flex SMT and to this website. Every page links to it, in English and in "
    "Russian, and its version and date stand at the top of this page."
)
PATHS = ("/", "/contact", "/privacy", "/privacy/versions", "/promises", "/settings")


def write(*strings: str, text: Text = LINK) -> None:
    edits.save(edits.Proposal(text, strings, 0, author=1), clock.now())


def main_of(html: str) -> str:
    main = html.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", "", main)).split())


@pytest.fixture(autouse=True)
def _attentive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "LOOK_SECONDS", 0.0)


def test_a_draft_stands_in_the_preview_and_nowhere_else(editor: WordsDesk) -> None:
    write("Go to the content")

    assert "Go to the content" in editor.get("preview/").text
    page = visited(editor.app).get("/en/").text
    assert "Go to the content" not in page
    assert "site-text" not in page
    assert not PRIVATE.search(page)


def test_a_change_of_the_draft_stands_in_the_next_preview(editor: WordsDesk) -> None:
    write("Go to the content")
    editor.get("preview/")

    editor.sends("Straight to the content")

    assert "Straight to the content" in editor.get("preview/").text


def test_a_draft_with_an_error_is_left_out_and_named(editor: WordsDesk) -> None:
    write("%(nothing)s")

    page = editor.get("preview/").text

    assert "Skip to the content</site-text>" in page
    assert "1 draft is not shown: it has an error" in page
    assert 'class="refused">' in page
    assert editor.place(LINK) in page.partition('class="refused"')[2].partition("</details>")[0]


def test_a_draft_in_one_language_leaves_the_other_as_it_is(lone_editor: WordsDesk) -> None:
    write("Сразу к тексту", text=Text("messages", "ru", LINK.msgid))

    assert "1 draft on this page" not in lone_editor.get("preview/").text
    assert "Сразу к тексту" in lone_editor.get("preview/", "ru").text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_without_drafts_a_preview_reads_as_the_page(lone_editor: WordsDesk, path: str, lang: str) -> None:
    shown = lone_editor.get(f"preview{path}", lang)

    assert shown.status_code == 200
    assert main_of(shown.text) == main_of(visited(lone_editor.app).get(f"/{lang}{path}").text)
    assert not PRIVATE.search(shown.text)


def test_every_listed_page_has_a_preview(lone_app: Flask) -> None:
    with lone_app.app_context():
        assert visit.paths() == PATHS


def test_nobody_keeps_or_finds_a_preview(lone_editor: WordsDesk) -> None:
    headers = lone_editor.get("preview/").headers

    assert headers["Cache-Control"] == "private, no-store"
    assert headers["X-Robots-Tag"] == "noindex"


def test_a_text_leads_to_its_row(lone_editor: WordsDesk) -> None:
    rows = ROW.findall(lone_editor.get("preview/").text)

    address = next(address for address, _, text in rows if text == "Open the contact form")
    assert "Open the contact form" in lone_editor.browser.get(address).text


def test_a_text_with_a_draft_is_told_from_others(lone_editor: WordsDesk) -> None:
    write("Go to the content")

    kinds = {text: kind for _, kind, text in ROW.findall(lone_editor.get("preview/").text)}

    assert kinds["Go to the content"] == "draft"
    assert kinds["Open the contact form"] == ""


def test_texts_that_nobody_can_click_on_are_listed(lone_editor: WordsDesk) -> None:
    write("All main pages", text=Text("messages", "en", "Main pages"))

    page = lone_editor.get("preview/").text

    listed = page.partition('id="preview-texts"')[2].partition("</section>")[0]
    assert 'aria-label="All main pages"' in page
    assert re.search(r"<li><a [^>]*>All main pages</a> <b>Draft</b></li>", listed)
    assert listed.index("All main pages") < listed.index("Skip to the content")


def test_a_plural_text_is_shown_by_its_number(lone_editor: WordsDesk) -> None:
    text = Text(
        "messages",
        "en",
        "We keep the enquiry for %(num)d month after the last activity and then delete it.",
        "We keep the enquiry for %(num)d months after the last activity and then delete it.",
    )
    write("It goes %(num)d month later.", "It goes %(num)d months later.", text=text)

    assert re.search(r">It goes \d+ months later\.</site-text>", lone_editor.get("preview/contact").text)


def test_nothing_in_a_preview_acts_on_the_site(lone_editor: WordsDesk) -> None:
    for path in PATHS:
        page = lone_editor.get(f"preview{path}").text

        assert re.findall(r"<script[^>]*src=\"/static/js/(\w+)", page) == ["preview"]
        assert page.count("<script") == 1
        assert not re.search(r"<[^>]*\s(action|method|formaction|form|data-hx-\w+|autofocus)[=\s>]", page)
        assert all('type="button"' in button for button in re.findall(r"<button[^>]*>", page))


def test_links_of_a_preview_lead_to_previews_or_nowhere(lone_editor: WordsDesk) -> None:
    shown = lone_editor.get("preview/privacy").text

    body = shown.partition("</section>")[2]
    led = {address for address in re.findall(r'<a [^>]*href="(/[^"]*)"', body) if "/words/" not in address}
    assert led
    assert all(address.startswith(("/staff/preview/en/", "/staff/preview/ru/")) for address in led)
    assert {"/staff/preview/ru/privacy", "/staff/preview/en/promises"} <= led


def test_only_listed_pages_have_a_preview(lone_editor: WordsDesk) -> None:
    for path in ("nothing", "privacy/versions/1", "contact/received/FX-0000-0000", "mail/nothing"):
        assert lone_editor.get(f"preview/{path}").status_code == 404
    assert lone_editor.browser.post("/staff/preview/en/contact", data={"x": "y"}).status_code == 405


def test_a_preview_knows_nothing_of_who_looks_at_it(lone_editor: WordsDesk) -> None:
    asks = 'id="consent-banner"'
    Device(lone_editor.app, lone_editor.browser).choose("reject")

    assert asks not in lone_editor.browser.get("/en/").text
    assert asks in lone_editor.get("preview/").text


def test_the_policy_is_shown_as_a_new_version_would_say_it(editor: WordsDesk) -> None:
    write("What this policy is", text=Text("policy", "en", "About this policy"))

    page = editor.get("preview/privacy").text

    assert page.count(">What this policy is</site-text>") == 2
    assert "Visitors read the version that is published." in page
    assert "What this policy is" not in visited(editor.app).get("/en/privacy").text


def test_a_proven_promise_has_its_mark_unless_a_draft_changes_it(
    editor: WordsDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "is_proven", lambda _promise: True)
    mark, promised = 'class="kept"', Text("policy", "en", PROMISED)
    before = visited(editor.app).get("/en/privacy").text.count(mark)
    assert editor.get("preview/privacy").text.count(mark) == before > 1

    write(PROMISED.replace("Every page", "Each page"), text=promised)

    assert editor.get("preview/privacy").text.count(mark) == before - 1


def test_a_mail_shows_its_drafts_in_every_part(editor: WordsDesk) -> None:
    write("Code: %(code)s", text=Text("mail", "en", "Your code to sign in: %(code)s"))
    write("Type this:", text=Text("mail", "en", "Your code to sign in to the pages of the staff:"))

    page = editor.get("preview/mail/sign-in").text

    assert re.search(r'mail-subject"><site-text[^>]*>Code: 1234 5678</site-text>', page)
    assert page.count(">Type this:</site-text>") == 2
    assert "2 drafts in this mail" in page
    assert not PRIVATE.search(page)


@pytest.mark.parametrize("name", ["sign-in", "notice", "my-data", "quarantine", "waiting"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_mail_has_a_preview_with_data_of_nobody(lone_editor: WordsDesk, name: str, lang: str) -> None:
    answer = lone_editor.get(f"preview/mail/{name}", lang)

    assert answer.status_code == 200
    mail = answer.text.partition('class="mail-subject"')[2]
    assert not re.search(r'href="(?!/staff/)', mail)
    assert set(re.findall(r"@([\w.]+)", mail)) <= {"example.com"}


def test_the_list_counts_the_drafts_of_each_page(editor: WordsDesk) -> None:
    write("Read the promises", text=Text("messages", "en", "Promises and their proof"))
    write("%(nothing)s", text=Text("messages", "en", "Your settings"))

    page = editor.get("previews").text

    assert re.search(r'href="/staff/preview/en/promises">.*?</a>\s*<small>1 draft</small>', page)
    assert not re.search(r'href="/staff/preview/ru/promises">[^\n]*</a>\s*<small>', page)
    assert "1 draft is not shown: it has an error" in page
    assert 'href="/staff/preview/ru/mail/quarantine"' in page


def test_sales_have_no_preview(lone_staff: Staff) -> None:
    sales = lone_staff.signed_in(Role.SALES)

    assert {sales.get(f"/staff/{path}").status_code for path in ("en/previews", "preview/en/")} == {403}
