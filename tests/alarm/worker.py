"""A relay's process, as far as alarms go: it reports ready, waits for a line, then looks twenty times."""

import sys

from flexsmt_site import clock, create_app
from flexsmt_site.alarm import service
from flexsmt_site.config import Settings
from flexsmt_site.outbox import watch
from flexsmt_site.outbox.chores import Round
from tests.alarm.conftest import unused
from tests.patience import be_patient

if __name__ == "__main__":
    be_patient()
    with create_app(Settings.from_env()).app_context():
        watch.count_untold()
        print("ready", flush=True)  # noqa: T201
        sys.stdin.readline()
        for _ in range(20):
            service.look(Round(clock.now(), "connect", unused))
