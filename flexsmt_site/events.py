"""One JSON line for each event, for operators: it names enquiries and mails, and never a person."""

import contextlib
import json
import logging
import sys

from flask import Flask

from flexsmt_site import clock

log = logging.getLogger("flexsmt")


def say(event: str, **facts: object) -> None:
    """Write one event with its facts: numbers, states, references; no address, no text of anybody's."""
    log.info(json.dumps({"at": clock.now().isoformat(timespec="milliseconds"), "event": event, **facts}))


def init_app(_app: Flask) -> None:
    """Send events to standard error, where whoever keeps the process keeps its words."""
    if not any(isinstance(handler, _Stderr) for handler in log.handlers):
        log.addHandler(_Stderr())
    log.setLevel(logging.INFO)


class _Stderr(logging.Handler):
    """Writes to what is standard error at that moment, not at the start: tests and daemons exchange it."""

    def emit(self, record: logging.LogRecord) -> None:
        # Where the log lies on a disk that is full, the work that it tells of goes on.
        with contextlib.suppress(OSError):
            sys.stderr.write(record.getMessage() + "\n")
