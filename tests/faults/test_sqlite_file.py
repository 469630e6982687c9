import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.faults.serving import Books, Visitors, received, refusal, site_on
from tests.ground.visitors import Visitor, visit
from tests.outbox.servers import Script

Forms = list[dict[str, str]]


@pytest.fixture
def folder(tmp_path: Path, sqlite_template: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    shutil.copy(sqlite_template, made / "site.db")
    return made


@pytest.fixture
def app(folder: Path) -> Iterator[Flask]:
    with site_on(folder) as made:
        yield made


@pytest.fixture
def client(app: Flask) -> Visitor:
    return visit(app)


@pytest.fixture
def books(folder: Path) -> Books:
    return Books(f"sqlite:///{folder / 'site.db'}", Script())


@pytest.fixture
def forms(tmp_path: Path) -> Forms:
    visitors = Visitors(tmp_path / "forms")
    return [visitors.form(language) for language in ("en", "ru", "en")]


def _backup(folder: Path) -> Path:
    """Copy the database as an operator should, while the site runs."""
    with (
        sqlite3.connect(folder / "site.db") as source,
        sqlite3.connect(folder.parent / "backup.db") as target,
    ):
        source.backup(target)
    source.close()
    target.close()
    return folder.parent / "backup.db"


def _clear(folder: Path) -> Path:
    """Take away the database with the files that belong to it."""
    for left in folder.glob("site.db*"):
        if left.is_dir():
            left.rmdir()
        else:
            left.unlink()
    return folder / "site.db"


#: What may stand where the database stood.
DAMAGES: dict[str, Callable[[Path, bytes], object]] = {
    "gone": lambda _database, _was: None,
    "cut": lambda database, was: database.write_bytes(was[:20_000]),
    "empty": lambda database, _was: database.write_bytes(b""),
    "spoilt": lambda database, _was: database.write_bytes(b"no database" * 2000),
    "a folder": lambda database, _was: database.mkdir(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_takes_no_enquiry_and_a_backup_is_used_at_once(
    folder: Path, client: Visitor, books: Books, forms: Forms, damage: str
) -> None:
    page = received(client.post("/en/contact", data=forms[0]))
    backup = _backup(folder)

    DAMAGES[damage](_clear(folder), backup.read_bytes())
    assert refusal(client.post("/ru/contact", data=forms[1]), forms[1], "ru") == []
    assert [client.get(path).status_code for path in (page, "/readyz", "/ru/privacy")] == [503, 503, 200]
    shutil.copy(backup, _clear(folder))

    assert client.get(page).status_code == 200
    received(client.post("/ru/contact", data=forms[1]))
    assert books.counts() == (2, 4)


def test_enquiries_go_to_the_file_that_stands_under_the_name(
    folder: Path, client: Visitor, books: Books, forms: Forms
) -> None:
    pages = [received(client.post("/en/contact", data=forms[0]))]
    backup = _backup(folder)
    pages += [received(client.post("/en/contact", data=forms[1]))]

    shutil.copy(backup, _clear(folder))
    pages += [received(client.post("/en/contact", data=forms[2]))]

    assert [client.get(page).status_code for page in pages] == [200, 404, 200]
    assert books.counts() == (2, 4)
