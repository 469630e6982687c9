from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from flask import Flask

from flexsmt_site import create_app
from flexsmt_site.config import Settings
from flexsmt_site.language import words
from tests.faults.serving import dispose
from tests.policy.publishing import quick


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Publish without a look at all catalogues, to workers that look at the file with every request."""
    monkeypatch.setattr(words, "LOOK_SECONDS", 0.0)
    with quick(monkeypatch):
        yield


@pytest.fixture
def workers(app: Flask, settings: Settings) -> Iterator[list[Flask]]:
    """Three web workers of one host."""
    with ExitStack() as stack:
        others = [create_app(settings) for _ in range(2)]
        for other in others:
            stack.callback(dispose, other)
        yield [app, *others]
