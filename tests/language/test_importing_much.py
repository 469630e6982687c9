"""An import asks the database once however many texts it has, and whatever its file is called."""

import os
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import event

from flexsmt_site import clock
from flexsmt_site.extensions import db
from flexsmt_site.language import edits, importing
from flexsmt_site.language.import_rules import Row
from tests.language.brought import po
from tests.language.editing import BEN, RUSSIAN
from tests.language.publishing import SKIP


def test_however_many_texts_there_are_the_database_is_asked_once(lone_app: Flask) -> None:
    asked = []
    for msgids in ([SKIP, "City"], ["Country", "Reference", "Cookies", "Name", "Message"]):
        sent: list[str] = []

        def note(*arguments: Any, sent: list[str] = sent) -> None:
            sent.append(arguments[2])

        with lone_app.app_context():
            raw = po(*((msgid, f"{msgid} по-русски") for msgid in msgids))
            table = importing.preview("ru/messages.po", raw)
            event.listen(db.engine, "before_cursor_execute", note)
            importing.apply(table, author=BEN, reason="", now=clock.now())
            event.remove(db.engine, "before_cursor_execute", note)
        asked.append((table.counts[Row.CHANGED] > 1, sum("SELECT" in statement for statement in sent)))

    assert asked[0] == asked[1] == (True, 1)


def test_a_name_that_is_no_text_is_written_with_marks_in_its_place(lone_app: Flask, tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"ru-\xff.po")
    file.write_bytes(po((SKIP, "К тексту")))
    run = lone_app.test_cli_runner().invoke
    answer = run(args=["catalogs", "import", "--apply", "--locale", "ru", str(file)])

    assert (answer.exit_code, answer.output.splitlines()[-1]) == (0, "1 drafts written")
    with lone_app.app_context():
        assert [found.reason for found in edits.history(RUSSIAN)] == ["import of ru-\ufffd.po"]
