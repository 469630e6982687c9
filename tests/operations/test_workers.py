import gc
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, request
from sqlalchemy import event

from flexsmt_site import pagecache, pages
from flexsmt_site.config import LANGUAGES, ROOT
from flexsmt_site.extensions import db
from flexsmt_site.operations import workers
from tests.operations.test_serve import Serve, _children, _get, _until, port, serve

__all__ = ["port", "serve"]

#: Says what is there when granian would begin to fork.
SEEN = """
import gc, sys, threading
from flexsmt_site.operations import workers
workers.entrypoint = lambda: print("wsgi" in sys.modules, gc.isenabled(), threading.active_count())
workers.main()
"""


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_the_site_is_loaded_before_workers_are_forked_and_no_thread_with_it(tmp_path: Path) -> None:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("FLEXSMT_")}
    ended = subprocess.run(
        [sys.executable, "-c", SEEN],
        cwd=ROOT,
        env={**plain, "FLEXSMT_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert ended.stdout.split() == ["True", "True", "1"], ended.stderr


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
