"""Longer patience than the site's own, for tests in which many write at once: a machine may stand still."""

from collections.abc import Callable

import pytest

from flexsmt_site import database, postgres, sqlite

SECONDS = 60.0
_POSTGRES = {"connect_timeout": int(SECONDS), "options": f"-c lock_timeout={SECONDS:.0f}s"}


def be_patient(put: Callable[[object, str, object], None] = setattr) -> None:
    """Let the apps that are made from here on wait longer for a lock; ``put`` sets an attribute."""
    put(sqlite, "PATIENCE_SECONDS", SECONDS)
    put(postgres, "_LONGEST_ANSWER_SECONDS", 2 * SECONDS)
    put(database, "_POSTGRES", {**database._POSTGRES, **_POSTGRES})  # noqa: SLF001 (for tests alone)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many write at once, and wait for each other: to be named by ``usefixtures``, before the app."""
    be_patient(monkeypatch.setattr)
