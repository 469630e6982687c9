"""Translations that somebody brings become drafts, and nothing else changes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site import clock
from flexsmt_site.language import edits, import_rules, importing, words
from flexsmt_site.language.edit_rules import BadStrings, Text
from flexsmt_site.language.import_rules import Known, Row
from tests.language import remembered
from tests.language.brought import po, zipped
from tests.language.editing import ANN, BEN, LINK, RUSSIAN, Editors
from tests.language.publishing import SKIP, Desk, copied


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(words, "LOOK_SECONDS", 0.0)
    remembered.trials(monkeypatch)
    with copied(tmp_path / "desk", monkeypatch) as made:
        yield made


@pytest.fixture
def editors(app: Flask) -> Editors:
    return Editors(app)


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


def test_a_page_that_looks_again_before_it_applies_sees_what_has_changed(editors: Editors) -> None:
    raw = po((SKIP, "К тексту"), ("City", "Город или село"))

    def look() -> importing.Table:
        with editors.app.app_context():
            return importing.preview("messages.po", raw)

    shown = look()
    assert look() == shown
    assert look().sum == shown.sum
    editors.save("К словам", text=RUSSIAN, author=ANN)
    again = look()
    assert again.sum != shown.sum
    for table in (again, shown):
        with editors.app.app_context():
            late = importing.apply(table, author=BEN, reason="", now=clock.now())
        assert [line.text for line in late] == ([RUSSIAN] if table is shown else [])

    assert editors.states(RUSSIAN) == [("К словам", "draft")]
    assert editors.states(Text("messages", "ru", "City")) == [("Город или село", "draft")]


@pytest.mark.parametrize("published", [True, False])
def test_what_somebody_publishes_after_the_table_was_made_is_left_alone(
    editors: Editors, *, published: bool
) -> None:
    with editors.app.app_context():
        table = importing.preview("messages.po", po((SKIP, "К тексту")))
    live = editors.show("К словам", text=RUSSIAN)
    if not published:
        editors.publish(ended=(live.id,))
    with editors.app.app_context():
        assert len(importing.apply(table, author=BEN, reason="", now=clock.now())) == 1

    assert editors.states(RUSSIAN) == [("К словам", "published" if published else "withdrawn")]


def test_a_text_that_a_new_version_says_otherwise_is_not_gone_over(editors: Editors, desk: Desk) -> None:
    with editors.app.app_context():
        table = importing.preview("messages.po", po((SKIP, "К тексту")))
        desk.change("К словам", language="ru")
        (late,) = importing.apply(table, author=BEN, reason="", now=clock.now())

    assert (late.row, late.text) == (Row.CONFLICT, RUSSIAN)
    assert editors.states(RUSSIAN) == []


def test_a_reason_that_can_not_be_stored_is_refused(editors: Editors) -> None:
    with editors.app.app_context():
        table = importing.preview("messages.po", po((SKIP, "К тексту")))
        with pytest.raises(BadStrings, match="a reason of 501 characters"):
            importing.apply(table, author=BEN, reason="x" * 501, now=clock.now())

    assert editors.states(RUSSIAN) == []


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


def test_a_text_in_two_files_of_an_archive_counts_once(editors: Editors) -> None:
    files = {"ru/messages.po": po((SKIP, "К тексту")), "more/ru/messages.po": po((SKIP, "К словам"))}
    with editors.app.app_context():
        table = importing.preview("all.zip", zipped(**files))
        assert importing.apply(table, author=BEN, reason="", now=clock.now()) == []

    assert [(line.row, line.strings) for line in table.lines] == [(Row.CHANGED, ("К тексту",))]
    assert editors.states(RUSSIAN) == [("К тексту", "draft")]


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("mail/policy/messages/ru/LC_MESSAGES/messages.po", "messages"),
        ("policy/ours/mail/x/ru.po", "mail"),
        ("policy\\mail\\ours\\ru\\messages.po", "messages"),
        ("policy/mail/ours/x/ru.po", "messages"),
    ],
)
def test_a_file_is_of_the_domain_that_the_end_of_its_path_names(
    editors: Editors, name: str, domain: str
) -> None:
    with editors.app.app_context():
        (line,) = importing.preview("all.zip", zipped(**{name: po((SKIP, "К тексту"))})).lines

    assert line.text.domain == domain


def test_what_a_file_holds_does_nothing_to_a_terminal(editors: Editors, tmp_path: Path) -> None:
    run = editors.app.test_cli_runner().invoke
    for name, raw in (
        ("ru.po", po(("\x1b[2J\u202ea\nb", "К тексту"), ("Country", "<b\x1b[31m>"))),
        ("a.zip", zipped(**{"../\x1b]0;a\x07.po": b""})),
    ):
        (tmp_path / name).write_bytes(raw)
        output = run(args=["catalogs", "import", str(tmp_path / name)]).output
        assert all(line.isprintable() for line in output.splitlines()), output
        assert output.count("\n") in {2, 5}


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
