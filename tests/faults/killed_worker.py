"""A web worker that dies at a named point while it takes one enquiry, as by ``kill -9``."""

import os
import signal
import sys
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import PoolProxiedConnection
from werkzeug.serving import make_server

from flexsmt_site import create_app
from flexsmt_site.config import Settings
from flexsmt_site.extensions import db


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(point: str) -> None:
    app = create_app(Settings.from_env(os.environ))
    notices: list[str] = []

    def before(_connection: object, _cursor: object, statement: str, *_rest: Any) -> None:
        if statement.startswith("INSERT INTO outbox"):
            notices.append(statement)
            if point == f"before notice {len(notices)}":
                die()

    def at(here: str) -> None:
        if point == here and notices:
            die()

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", before)
        event.listen(db.engine, "commit", lambda _connection: at("before COMMIT"))
        dialect = db.engine.dialect
        commit = dialect.do_commit

    def committed(link: PoolProxiedConnection) -> None:
        commit(link)
        at("after COMMIT")

    dialect.do_commit = committed  # type: ignore[assignment,method-assign]
    if point == "before the answer":
        app.after_request(lambda _response: die())
    server = make_server("127.0.0.1", 0, app)
    print(server.port, flush=True)  # noqa: T201 (what the test reads)
    server.handle_request()


if __name__ == "__main__":
    main(sys.argv[1])
