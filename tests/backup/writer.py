"""A visitor who writes one enquiry after the other, in a process of its own, until its input ends."""

import os
import sys
from itertools import count
from threading import Event, Thread

from flexsmt_site import create_app
from flexsmt_site.config import Settings
from tests.contact.form import Form
from tests.ground.visitors import visit
from tests.patience import be_patient


def main() -> None:
    be_patient()
    app = create_app(Settings.from_env(os.environ))
    ended = Event()
    Thread(target=_wait, args=(ended,), daemon=True).start()
    with app.app_context():
        form = Form(app, visit(app))
        for number in count(1):
            if ended.is_set():
                break
            answer = form.send(
                description=f"Enquiry {number} of many, about boards", email=f"v{number}@example.com"
            )
            print(number, answer.status_code, flush=True)  # noqa: T201 (what the test reads)


def _wait(ended: Event) -> None:
    sys.stdin.read()
    ended.set()


if __name__ == "__main__":
    main()
