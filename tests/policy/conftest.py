from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from flask import Flask

from flexsmt_site import create_app
from flexsmt_site.config import Settings
from tests.faults.serving import dispose
from tests.patience import patient
from tests.policy.publishing import quick

#: For tests in which many write at once.
__all__ = ["patient"]


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Publish without a look at all catalogues, to workers that look at the file with every request."""
    quick(monkeypatch)


@pytest.fixture
def workers(app: Flask, settings: Settings) -> Iterator[list[Flask]]:
    """Three web workers of one host."""
    with ExitStack() as stack:
        others = [create_app(settings) for _ in range(2)]
        for other in others:
            stack.callback(dispose, other)
        yield [app, *others]
