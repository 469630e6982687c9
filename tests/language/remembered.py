"""What the same bytes came to before is not worked out again: in the site each publishing does that anew."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import pytest
from flask import current_app

from flexsmt_site.language import audit, gate, overlay, trial
from flexsmt_site.language.edit_rules import Strings
from flexsmt_site.language.gate_entry import Entry, Finding, Term

T = TypeVar("T")
_check, _judge, _try = gate.check, audit.judge, trial.faults
_compile, _read = overlay._with_edits, overlay._values  # noqa: SLF001 (what takes its time is not public)
#: By what it is of. Nothing of this changes what it is given, nor is that changed by whoever gets it.
_files: dict[Hashable, object] = {}
_trials: dict[Hashable, tuple[str, ...]] = {}


def files(patched: pytest.MonkeyPatch) -> None:
    """Judge each text once, and read and compile each file once, wherever copies of it lie."""
    patched.setattr(gate, "check", _checked)
    patched.setattr(audit, "judge", _judged_file)
    patched.setattr(overlay, "_with_edits", _compiled)
    patched.setattr(overlay, "_values", _values)


def trials(patched: pytest.MonkeyPatch) -> None:
    """Try each release once: not for tests of what a trial leaves behind in an app."""
    patched.setattr(trial, "faults", _tried)


def _checked(entry: Entry, glossary: Iterable[Term] = ()) -> list[Finding]:
    return list(_judged(entry, tuple(glossary)))


@cache
def _judged(entry: Entry, glossary: tuple[Term, ...]) -> tuple[Finding, ...]:
    return tuple(_check(entry, glossary))


def _judged_file(source: Path, terms: tuple[Term, ...]) -> Iterator[audit.Judged]:
    for found in _of_file(source, terms, lambda: tuple(_judge(source, terms))):
        yield replace(found, source=source)


def _compiled(source: Path, over: Mapping[str, Strings]) -> bytes:
    return _of_file(source, tuple(sorted(over.items())), lambda: _compile(source, over))


def _values(source: Path, state: tuple[int, ...]) -> Mapping[str, overlay.Value]:
    return _of_file(source, "values", lambda: _read(source, state))


def _of_file(source: Path, what: Hashable, make: Callable[[], T]) -> T:
    key = (source.parts[-3:], sha256(source.read_bytes()).digest(), what)
    if key not in _files:
        _files[key] = make()
    found: T = _files[key]  # type: ignore[assignment]
    return found


def _tried(raw: bytes) -> Iterator[str]:
    key = (sha256(raw).digest(), *current_app.extensions["flexsmt_language_probes"])
    if key not in _trials:
        _trials[key] = tuple(_try(raw))
    yield from _trials[key]
