"""Mails with neutral data, to be looked at and tried in words that nobody has been sent yet.

Features that write mails declare theirs; the data is nobody's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from flask import Flask, current_app
from flask_babel import LazyString


class Rendered(Protocol):
    """A mail as it is written, whatever else its feature knows of it."""

    @property
    def subject(self) -> str:
        """The subject, on one line."""

    @property
    def text(self) -> str:
        """The plain part."""

    @property
    def html(self) -> str:
        """The HTML part, a whole document."""


@dataclass(frozen=True)
class Sample:
    """A mail: its name in addresses, its title for editors, and what writes it in a language."""

    name: str
    title: LazyString
    render: Callable[[str], Rendered]


class UnknownSample(LookupError):
    """No feature has declared a mail of this name."""


_SAMPLES = "flexsmt_language_samples"


def declare(app: Flask, sample: Sample) -> None:
    """Add a mail to those of an app; declaring it again replaces it."""
    app.extensions.setdefault(_SAMPLES, {})[sample.name] = sample


def listed() -> tuple[Sample, ...]:
    """Return every mail of the app at hand."""
    found: dict[str, Sample] = current_app.extensions.get(_SAMPLES, {})
    return tuple(found.values())


def get(name: str) -> Sample:
    """Return a mail; raises ``UnknownSample``."""
    for sample in listed():
        if sample.name == name:
            return sample
    raise UnknownSample(f"no mail is called “{name}”")
