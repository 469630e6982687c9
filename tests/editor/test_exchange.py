"""Words are brought back as files: a table of what they would do, then drafts; hostile files; who may."""

import re
from io import BytesIO

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse

from flexsmt_site import tokens
from flexsmt_site.editor import carrying, comparing
from flexsmt_site.language import bringing, edits
from flexsmt_site.staff.rules import Role
from tests.editor.press import Press, send_file
from tests.editor.words_desk import LINK, RUSSIAN, words_of
from tests.ground.visitors import visit
from tests.language.brought import po, zipped
from tests.language.publishing import SKIP, Desk
from tests.staff.members import Staff, token_on


def counts(page: TestResponse) -> dict[str, int]:
    """The table of an import: how many texts there are of each kind."""
    found = re.findall(r'<th scope="row">([^<:]+)[^<]*</th>\s*<td>(\d+)</td>', page.text)
    return {kind: int(number) for kind, number in found}


def test_a_file_is_looked_at_first_and_nothing_is_written(writer: Press) -> None:
    raw = po((SKIP, "К тексту"), ("Never written", "Слово"), ("Country", "<b>"), ("City", ""))
    page = writer.brings(raw)
    assert page.status_code == 200
    assert counts(page) == {
        "Changed": 1,
        "Unknown": 1,
        "Refused by the check": 1,
        "Without words in the file": 1,
    }
    assert "<ins>" in page.text
    assert "Write 1 draft" in words_of(page)
    assert writer.states(RUSSIAN) == []
    assert writer.trail() == []


def test_what_the_check_refuses_says_why(writer: Press) -> None:
    page = writer.brings(po(("Country", "<b>")))
    assert counts(page) == {"Refused by the check": 1}
    assert "not in the source: &lt;b&gt;" in page.text
    fuzzy = po().decode() + f'#, fuzzy\nmsgid "{SKIP}"\nmsgstr "К тексту"\n'
    assert "marked as fuzzy" in words_of(writer.brings(fuzzy.encode()))


def test_of_many_texts_of_a_kind_the_first_are_listed(writer: Press) -> None:
    page = writer.brings(po(*((f"Thing {number}", "Вещь") for number in range(comparing.MOST + 3))))
    assert counts(page) == {"Unknown": comparing.MOST + 3}
    assert "and 3 more" in words_of(page)


def test_what_was_looked_at_becomes_drafts(writer: Press) -> None:
    table = writer.brings(po((SKIP, "К тексту")), name="from the office\u202e.po")
    page = writer.confirms(table)
    assert page.status_code == 200
    assert "1 draft is written." in words_of(page)
    (draft,) = edits.history(RUSSIAN)
    assert (draft.strings, draft.author, draft.state) == (("К тексту",), writer.number(), "draft")
    assert draft.reason == "Imported from from the office.po"
    assert writer.trail() == [("words.imported", None)]


def test_a_second_click_writes_nothing_further(writer: Press) -> None:
    table = writer.brings(po((SKIP, "К тексту")))
    for _click in range(2):
        assert "1 draft is written." in words_of(writer.confirms(table))
    assert writer.states(RUSSIAN) == [("К тексту", "draft")]


def test_what_somebody_wrote_meanwhile_is_left_alone_and_shown(writer: Press, press: Press) -> None:
    table = writer.brings(po((SKIP, "К тексту"), ("City", "Гор.")))
    press.writes("К словам", text=RUSSIAN)
    page = writer.confirms(table)
    said = words_of(page)
    assert "1 draft is written." in said
    assert "1 text was changed meanwhile." in said
    assert writer.states(RUSSIAN) == [("К словам", "draft")]


def test_what_a_deploy_changed_meanwhile_is_left_alone_and_shown(writer: Press, catalogues: Desk) -> None:
    table = writer.brings(po((SKIP, "К тексту"), ("City", "Гор.")))
    catalogues.change("К основному тексту", language="ru")
    page = writer.confirms(table)
    said = words_of(page)
    assert "1 draft is written." in said
    assert "1 text was changed meanwhile." in said
    assert '<p class="why" lang="en">' in page.text
    assert writer.states(RUSSIAN) == []


def test_a_text_that_goes_between_table_and_drafts_is_counted(writer: Press, catalogues: Desk) -> None:
    table = writer.brings(po((SKIP, "К тексту"), ("City", "Гор.")))
    source = catalogues.folder / "ru" / "LC_MESSAGES" / "messages.po"
    source.write_text(source.read_text("utf-8").replace(f'msgid "{SKIP}"', 'msgid "Another one"'), "utf-8")
    said = words_of(writer.confirms(table))
    assert "1 draft is written." in said
    assert "1 text was left out: this version of the site has it no more." in said


def test_an_archive_of_both_languages_is_taken_at_once(writer: Press) -> None:
    files = {
        "ru/messages.po": po((SKIP, "К тексту")),
        "en/messages.po": po((SKIP, "Skip it")).replace(b"Language: ru", b"Language: en"),
    }
    table = writer.brings(zipped(**files), name="words.zip")
    assert counts(table) == {"Changed": 2}
    assert "2 drafts are written." in words_of(writer.confirms(table))
    assert writer.states(LINK) == [("Skip it", "draft")]


def test_what_the_site_says_already_is_counted_and_not_listed(writer: Press) -> None:
    with writer.app.app_context():
        said = edits.list_texts("messages", "ru")[0]
    page = writer.brings(po((said.text.msgid, said.shown[0])))
    assert counts(page) == {"Said by the site already": 1}
    assert "There is nothing to write." in words_of(page)
    assert 'name="proposals"' not in page.text


def test_the_language_is_asked_for_where_the_file_names_none(writer: Press) -> None:
    nameless = re.sub(rb'"Language: ru\\n"\n?|Language: ru\\n', b"", po((SKIP, "К тексту")))
    assert b"Language" not in nameless
    refused = writer.brings(nameless, name="messages.po")
    assert refused.status_code == 422
    assert "The file does not name its language" in words_of(refused)
    assert 'id="of-error"' in refused.text
    assert 'id="file-error"' not in refused.text
    assert counts(writer.brings(nameless, of="ru")) == {"Changed": 1}


@pytest.mark.parametrize("of", ["", "ru"])
@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "holds no texts"),
        (b"\x89PNG", "is no PO file that can be read"),
        (b"PK\x03\x04 nothing", "the archive can not be unpacked"),
        (zipped(**{"../ru/messages.po": po((SKIP, "x"))}), "leads out of it"),
        (zipped(**{"notes.txt": b"x"}), "holds no .po file"),
        (b"x" * (bringing.MOST + 1), "at most 5 MB are taken"),
    ],
)
def test_what_can_not_be_taken_is_told_at_the_field(writer: Press, raw: bytes, said: str, of: str) -> None:
    refused = writer.brings(raw, of=of)
    assert refused.status_code == 422
    assert said in words_of(refused)
    assert 'id="file-error"' in refused.text
    assert 'aria-invalid="true"' in refused.text
    assert "<title>Error: " in refused.text


def test_the_detail_of_a_refusal_is_marked_as_english(writer: Press) -> None:
    refused = writer.brings(b"")
    assert re.search(r'The file can not be taken: <span lang="en">[^<]*holds no texts', refused.text)


def test_no_file_and_no_language_of_the_site_are_told(writer: Press) -> None:
    assert "Choose a file" in words_of(writer.brings(b"", name=""))
    refused = writer.brings(po((SKIP, "x")), of="fr")
    assert refused.status_code == 422


def test_a_file_that_is_far_too_large_is_told_at_the_field_and_not_read(writer: Press) -> None:
    refused = writer.brings(b"x" * (bringing.MOST + 70_000))
    assert refused.status_code == 413
    assert "The file is too large: at most 5 MB are taken." in words_of(refused)
    assert 'id="file-error"' in refused.text
    assert refused.headers["Cache-Control"] == "private, no-store"


def test_more_changes_than_a_form_carries_are_to_be_brought_in_parts(
    writer: Press, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "LONGEST", 64)
    refused = writer.brings(po((SKIP, "К тексту")))
    assert refused.status_code == 422
    assert "bring it in parts" in words_of(refused)


@pytest.mark.parametrize("forged", ["", "x", "e30.x", "." * 1000])
def test_a_table_that_nobody_was_shown_writes_nothing(writer: Press, forged: str) -> None:
    refused = writer.confirms(writer.brings(po((SKIP, "К тексту"))), proposals=forged)
    assert refused.status_code == 422
    assert "choose the file again" in words_of(refused)
    assert writer.states(RUSSIAN) == []


def test_a_table_is_good_for_who_was_shown_it(writer: Press, press: Press) -> None:
    (field,) = re.findall(r'name="proposals" value="([^"]*)"', writer.brings(po((SKIP, "К тексту"))).text)
    mine = press.brings(po((SKIP, "К тексту")))
    assert press.confirms(mine, proposals=field).status_code == 422
    with press.app.app_context():
        other = tokens.sign("staff form", {"member": press.number(), "name": "x", "lines": []})
    assert press.confirms(mine, proposals=other).status_code == 422
    assert writer.states(RUSSIAN) == []


@pytest.mark.parametrize("size", [10, 200_000, bringing.MOST])
def test_nobody_else_s_file_is_read(writer: Press, staff: Staff, size: int) -> None:
    sales = staff.signed_in(Role.SALES)
    for browser, status in ((visit(writer.app), 401), (sales, 403)):
        data = {
            "csrf_token": token_on(writer.get("exchange").text),
            "file": FileStorage(BytesIO(b"x" * size), "a.po"),
        }
        assert send_file(browser, data).status_code == status


def test_without_the_form_s_token_nothing_happens(writer: Press) -> None:
    data = {"csrf_token": "x", "file": FileStorage(BytesIO(po((SKIP, "x"))), "ru.po")}
    assert send_file(writer.browser, data).status_code == 400


def test_a_plain_form_of_any_size_is_refused_as_everywhere(writer: Press) -> None:
    assert writer.browser.post("/staff/en/exchange", data={"x": "y" * 70_000}).status_code == 413
    body = "Content of another kind"
    assert writer.browser.post("/staff/en/exchange", data=body, content_type="text/plain").status_code == 415
    files = {"file": FileStorage(BytesIO(b"x"), "a.po")}
    assert send_file(writer.browser, files, "/staff/en/publish").status_code == 415


def test_what_a_file_says_is_text(writer: Press) -> None:
    page = writer.brings(po(("<script>alert(1)</script>", "x")), name="<b>a.po")
    assert "<script>alert" not in page.text
    assert "<b>a.po" not in page.text
