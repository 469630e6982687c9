"""A worker that dies at a named point while it takes one enquiry, as by ``kill -9``."""

import json
import os
import signal
import sys
from typing import Any

from sqlalchemy import event

from flexsmt_site import create_app
from flexsmt_site.config import Settings
from flexsmt_site.extensions import db
from tests.ground.visitors import visit


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(point: str, filled_in: dict[str, str]) -> None:
    app = create_app(Settings.from_env(os.environ))
    notices: list[str] = []

    def before(_connection: object, _cursor: object, statement: str, *_rest: Any) -> None:
        if statement.startswith("INSERT INTO outbox"):
            notices.append(statement)
            if point == f"before notice {len(notices)}":
                die()

    def commit(_connection: object) -> None:
        if point == "before commit" and notices:
            die()

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", before)
        event.listen(db.engine, "commit", commit)
    if point == "before the answer":
        app.after_request(lambda _response: die())
    print(visit(app).post("/en/contact", data=filled_in).status_code)  # noqa: T201 (what the test reads)


if __name__ == "__main__":
    main(sys.argv[1], json.loads(sys.argv[2]))
