"""A web worker of its own: says when it is ready, and at a word sends as many forms as it was told."""

import sys

from flexsmt_site import create_app
from flexsmt_site.config import Settings
from tests.contact.form import PUBLIC, Form
from tests.ground.visitors import visit
from tests.patience import be_patient


def main(count: int) -> None:
    be_patient()
    app = create_app(Settings.from_env())
    with app.app_context():
        form = Form(app, visit(app), address=PUBLIC)
        print("ready", flush=True)  # noqa: T201 (what the test reads)
        sys.stdin.readline()
        print(*(form.send().status_code for _ in range(count)))  # noqa: T201 (the same)


if __name__ == "__main__":
    main(int(sys.argv[1]))
