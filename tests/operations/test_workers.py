import gc
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, g, request
from sqlalchemy import event

from flexsmt_site import pagecache, pages
from flexsmt_site.config import LANGUAGES
from flexsmt_site.extensions import db
from flexsmt_site.operations import workers
from tests.ground.test_cli import python
from tests.operations.test_serve import Serve, _children, _get, _until, port, serve

__all__ = ["port", "serve"]

#: Says what is there when the parts would begin to be forked.
SEEN = """
import gc, sys, threading
from flexsmt_site import cli
from flexsmt_site.extensions import db
from flexsmt_site.operations import supervisor
def seen(*_):
    print(gc.isenabled(), gc.get_freeze_count() > 0, threading.active_count(), db.engine.pool.status())
    print({"alembic", "psycopg", "aiosmtpd", "pyrage"} & set(sys.modules))
supervisor.run = seen
sys.argv = ["flexsmt", "serve"]
cli.main()
"""


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_forked_has_no_thread_no_connection_and_nothing_that_is_not_needed(
    tmp_path: Path, sqlite_template: Path, port: int
) -> None:
    shutil.copy(sqlite_template, tmp_path / "site.db")
    ended = python(tmp_path, "-c", SEEN, PORT=str(port))

    *_greeting, state, loaded = ended.stdout.splitlines()
    assert state.startswith("True True 1 Pool"), ended.stderr
    assert "Connections in pool: 0 " in state
    assert state.endswith("Current Checked out connections: 0")
    assert loaded == "set()"


def test_every_public_page_was_made_once_and_the_database_was_not_asked(app: Flask) -> None:
    asked: list[str] = []
    statements: list[str] = []
    app.before_request(lambda: asked.append(request.path))
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    workers.ready(app)

    with app.test_request_context():
        assert sorted(asked) == sorted(
            {pages.url(page, lang) for page in pages.listed() for lang in LANGUAGES}
        )
    assert statements == []


def test_workers_share_no_connection_to_the_database(app: Flask) -> None:
    with app.app_context():
        db.session.connection()
        db.session.remove()
        assert db.engine.pool.checkedin() == 1  # type: ignore[attr-defined]
    workers.ready(app)

    with app.app_context():
        assert db.engine.pool.checkedin() == 0  # type: ignore[attr-defined]


def test_pages_leave_nothing_with_the_command_that_had_them_made(app: Flask) -> None:
    with app.app_context():
        workers.ready(app)
        assert list(g) == []


@pytest.mark.parametrize("where", ["in Flask", "in front of it"])
def test_a_page_that_fails_keeps_no_worker_from_starting(app: Flask, where: str) -> None:
    def fail(*_request: object) -> str:
        raise RuntimeError("out of order")

    if where == "in Flask":
        app.before_request(fail)
    else:
        pagecache.declare(app, fail)
    workers.ready(app)

    assert gc.get_freeze_count() > 0


def test_a_worker_that_is_killed_is_forked_again(serve: Serve, port: int) -> None:
    process = serve()
    assert _until(lambda: _get(port)[0] == 200)
    web = _children(process.pid)["web"]
    children = Path(f"/proc/{web}/task/{web}/children")
    (killed,) = children.read_text().split()
    os.kill(int(killed), signal.SIGKILL)

    assert _until(lambda: children.read_text().split() not in ([], [killed]))
    assert _until(lambda: _get(port, "/en/contact")[0] == 200)
    assert _children(process.pid)["web"] == web
