"""Translations that somebody brings become drafts, and nothing else changes."""

import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site import clock
from flexsmt_site.language import bringing, edits, import_rules, importing, words
from flexsmt_site.language.bringing import BadImport
from flexsmt_site.language.edit_rules import Text
from flexsmt_site.language.import_rules import Known, Row
from tests.language.editing import ANN, BEN, LINK, RUSSIAN, Editors
from tests.language.publishing import SKIP, Desk, copied

_HEAD = 'msgid ""\nmsgstr "Language: ru\\nContent-Type: text/plain; charset=UTF-8\\n{}"\n\n'
_ONE, _FEW = "n%10==1 && n%100!=11", "n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20)"
_THREE = f"nplurals=3; plural=({_ONE} ? 0 : {_FEW} ? 1 : 2);"
_TURNED = f"nplurals=3; plural={_ONE} ? 2 : {_FEW} ? 1 : 0;"
_ONE_ALONE = f"nplurals=4; plural=(n==1 ? 3 : {_ONE} ? 0 : {_FEW} ? 1 : 2);"
_FOUR = (
    f"nplurals=4; plural=({_ONE} ? 0 : {_FEW} ? 1 : "
    "n%10==0 || (n%10>=5 && n%10<=9) || (n%100>=11 && n%100<=14) ? 2 : 3);"
)
HOURS = Text("messages", "ru", "%(num)d hour", "%(num)d hours")


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(words, "LOOK_SECONDS", 0.0)
    with copied(tmp_path / "desk", monkeypatch) as made:
        yield made


@pytest.fixture
def editors(app: Flask) -> Editors:
    return Editors(app)


def po(*entries: tuple[str, str], plurals: str = "") -> bytes:
    body = "".join(f'msgid "{msgid}"\nmsgstr "{text}"\n\n' for msgid, text in entries)
    return (_HEAD.format(f"Plural-Forms: {plurals}\\n" if plurals else "") + body).encode()


def zipped(**files: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, body in files.items():
            made.writestr(name, body)
    return out.getvalue()


def rows(editors: Editors, raw: bytes, name: str = "messages.po") -> dict[str, str]:
    with editors.app.app_context():
        return {line.text.msgid: line.row.value for line in importing.preview(name, raw).lines}


def test_a_table_says_what_would_happen_and_nothing_does(editors: Editors, desk: Desk) -> None:
    city, contact = editors.repository(Text("messages", "ru", "City"))[0], "Open the contact form"
    desk.change("", of=contact, language="ru")
    raw = po(
        (SKIP, "К тексту"),
        ("City", city),
        (contact, "Открыть форму"),
        ("Never written", "Слово"),
        ("Country", "<b>"),
    )

    assert rows(editors, raw) == {
        SKIP: "changed",
        "City": "same",
        contact: "new",
        "Never written": "unknown",
        "Country": "failing",
    }
    assert editors.states(RUSSIAN) == []


def test_what_is_new_or_changed_becomes_drafts(editors: Editors) -> None:
    raw = po((SKIP, "К тексту"), ("Never written", "Слово"), ("City", ""))
    with editors.app.app_context():
        table = importing.preview("messages.po", raw)
        assert importing.apply(table, author=BEN, reason="from the office", now=clock.now()) == []
        (draft,) = edits.history(RUSSIAN)

    assert (draft.strings, draft.author, draft.reason, draft.state) == (
        ("К тексту",),
        BEN,
        "from the office",
        "draft",
    )
    assert table.untranslated == 1
    assert rows(editors, raw) == {SKIP: "same", "Never written": "unknown"}


def test_somebody_elses_draft_and_a_published_edit_are_not_gone_over(editors: Editors) -> None:
    repository = editors.repository(RUSSIAN)[0]
    editors.save("К словам", text=RUSSIAN)
    assert rows(editors, po((SKIP, "К тексту"))) == {SKIP: "conflict"}
    editors.show("К словам и к делу", text=RUSSIAN)
    assert rows(editors, po((SKIP, repository))) == {SKIP: "conflict"}
    assert rows(editors, po((SKIP, "К словам и к делу"))) == {SKIP: "same"}
    assert rows(editors, po((SKIP, "К тексту"))) == {SKIP: "changed"}


def test_whoever_was_quicker_between_table_and_drafts_is_named(editors: Editors) -> None:
    with editors.app.app_context():
        table = importing.preview("messages.po", po((SKIP, "К тексту")))
    editors.save("К словам", text=RUSSIAN, author=ANN)
    with editors.app.app_context():
        (late,) = importing.apply(table, author=BEN, reason="", now=clock.now())

    assert (late.row, late.text) == (Row.CONFLICT, RUSSIAN)
    assert editors.states(RUSSIAN) == [("К словам", "draft")]


@pytest.mark.parametrize(
    ("rule", "forms", "wanted"),
    [
        (_THREE, "abc", "abc"),
        (_FOUR, "abcd", "abc"),
        (_ONE_ALONE, "abcd", "abc"),
        ("", "abcd", "abc"),
        ("nplurals=4; plural=import", "abcd", "abc"),
        (_TURNED, "abc", "cba"),
        ("nplurals=2; plural=n!=1;", "ab", None),
        ("nplurals=1; plural=0;", "a", None),
        ("nplurals=3; plural=7/n;", "abc", "abc"),
    ],
)
def test_the_forms_of_a_file_are_brought_to_those_of_the_site(
    rule: str, forms: str, wanted: str | None
) -> None:
    found = import_rules.strings_for(HOURS, tuple(forms), rule)
    assert found == (None if wanted is None else tuple(wanted))


def test_english_forms_stay_two() -> None:
    text = Text("messages", "en", "%(num)d hour", "%(num)d hours")
    assert import_rules.strings_for(text, ("a", "b"), "nplurals=2; plural=(n != 1);") == ("a", "b")
    assert import_rules.strings_for(LINK, ("a",), "") == ("a",)


@pytest.mark.parametrize(
    ("known", "row"),
    [
        (Known(("",)), Row.NEW),
        (Known(("old",)), Row.CHANGED),
        (Known(("mine",)), Row.SAME),
        (Known(("old",), live=("mine",)), Row.SAME),
        (Known(("mine",), live=("live",)), Row.CONFLICT),
        (Known(("old",), live=("live",)), Row.CHANGED),
        (Known(("mine",), draft=("draft",)), Row.CONFLICT),
        (Known(("old",), draft=("mine",)), Row.SAME),
    ],
)
def test_words_are_held_against_repository_edit_and_draft(known: Known, row: Row) -> None:
    assert import_rules.classify(("mine",), known) is row


def test_an_archive_holds_both_languages(editors: Editors) -> None:
    english = po((SKIP, "To the text")).replace(b"Language: ru", b"Language: en_GB")
    raw = zipped(**{"x/ru/messages.po": po((SKIP, "К тексту")), "x/en.po": english, "readme.txt": b"no"})
    with editors.app.app_context():
        lines = importing.preview("all.zip", raw).lines

    assert [(line.text, line.row) for line in lines] == [(RUSSIAN, Row.CHANGED), (LINK, Row.CHANGED)]


def _bomb() -> bytes:
    return zipped(**{f"{number}.po": b" " * 4_000_000 for number in range(6)})


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (po((SKIP, "x" * 100_000)), "a text of 100000 characters: at most 20000"),
        (po((SKIP, "К тексту")).replace(b"UTF-8", b"KOI8-R"), "written in KOI8-R: save it as UTF-8"),
        (po((SKIP, "К тексту")).decode().encode("cp1251"), "is not UTF-8"),
        (b"", "holds no texts"),
        (b"\x89PNG\r\n", "no PO file that can be read: line 1"),
        (b"<html></html>", "no PO file that can be read: line 1"),
        (po((SKIP, "a\\0b")), "a NUL"),
        (po((SKIP, "x")).replace(b"Language: ru", b"Language: de"), "in no language of the site"),
        (b" " * (5 * 2**20 + 1), "5.0 MB: at most 5 MB"),
        (zipped(**{"../ru.po": po((SKIP, "x"))}), "leads out of it: ../ru.po"),
        (zipped(**{"a\\..\\..\\ru.po": po((SKIP, "x"))}), "leads out of it"),
        (zipped(**{"/etc/ru.po": po((SKIP, "x"))}), "leads out of it"),
        (zipped(**{"readme.txt": b"x"}), "holds no .po file"),
        (zipped(**{f"{n}.txt": b"x" for n in range(101)}), "holds 101 files"),
        (zipped(**{"ru.po": po((SKIP, "x"))})[:60], "can not be unpacked"),
        (_bomb(), "unpacks to more than 20 MB"),
    ],
)
def test_what_can_not_be_taken_is_refused_in_one_line_and_nothing_is_stored(
    lone_app: Flask, tmp_path: Path, raw: bytes, says: str
) -> None:
    file = tmp_path / "messages.po"
    file.write_bytes(raw)
    result = lone_app.test_cli_runner().invoke(args=["catalogs", "import", str(file), "--apply"])

    assert result.exit_code == 1
    assert says in result.output
    assert result.output.endswith("nothing was stored\n")
    assert Editors(lone_app).states(RUSSIAN) == []


def test_an_archive_that_lies_about_its_sizes_is_refused() -> None:
    raw = bytearray(zipped(**{"ru.po": b" " * 21_000_000}))
    small = (100).to_bytes(4, "little")
    raw = bytearray(bytes(raw).replace((21_000_000).to_bytes(4, "little"), small))

    with pytest.raises(BadImport):
        bringing.opened("a.zip", bytes(raw))


def test_the_command_prints_the_table_and_writes_drafts_when_told(editors: Editors, tmp_path: Path) -> None:
    file = tmp_path / "ours.po"
    file.write_bytes(po((SKIP, "К тексту"), ("Country", "<b>"), ("City", "")))
    run = editors.app.test_cli_runner().invoke
    lines = run(args=["catalogs", "import", str(file)]).output.splitlines()

    assert lines[0] == f"changed   ru/messages “{SKIP}”"
    assert lines[1].startswith("failing   ru/messages “Country”: ")
    assert lines[2:] == [
        "0 new, 1 changed, 0 same, 0 unknown, 1 failing, 0 conflict",
        "1 without a translation are left as they are",
        "nothing was stored: --apply writes drafts",
    ]
    assert run(args=["catalogs", "import", str(file), "--apply"]).output.endswith("1 drafts written\n")
    assert editors.states(RUSSIAN) == [("К тексту", "draft")]
