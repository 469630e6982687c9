"""The versions of the policy as one file on each host, from which visitors are answered.

It lists every version, and holds the texts of the one in force and of those to come: they take effect by
themselves, also while the database is out. Earlier texts stand in the database alone.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from flexsmt_site.config import LANGUAGES
from flexsmt_site.policy import fragment, rules
from flexsmt_site.policy.fragment import Fragment
from flexsmt_site.policy.rules import Version

FILE = "policy.json"
Text = Mapping[str, Fragment]
_MOMENTS = ("published", "effective")


class BrokenBook(ValueError):
    """The bytes are no book, or a text in them is not the one that was published."""


@dataclass
class _Term:
    """For how long a version is known to be in force."""

    version: Version
    edition: str
    begins: datetime
    ends: datetime


@dataclass(frozen=True)
class Book:
    """Versions by rising number; ``texts`` has those of some. ``name`` is the same for the same versions."""

    name: str
    versions: tuple[Version, ...]
    texts: Mapping[int, Text]
    _known: list[_Term] = field(default_factory=list)

    def at(self, now: datetime) -> Version:
        """Return the version in force at a moment."""
        return self._term(now).version

    def edition_at(self, now: datetime) -> str:
        """Return what pages that are made at a moment are kept by; asked for with every request."""
        return self._term(now).edition

    def find(self, number: int) -> Version | None:
        """Return the version of a number."""
        return next((version for version in self.versions if version.number == number), None)

    def _term(self, now: datetime) -> _Term:
        # One thing, not two: several threads look at it.
        known = self._known[0] if self._known else None
        if known is None or not known.begins <= now < known.ends:
            known = self._look_up(now)
            self._known[:] = [known]
        return known

    def _look_up(self, now: datetime) -> _Term:
        found = rules.in_force(self.versions, now)
        changes = [version.effective for version in self.versions]
        begins = max((moment for moment in changes if moment <= now), default=_FIRST)
        return _Term(
            found,
            edition(self.name, found),
            begins,
            min((moment for moment in changes if moment > now), default=_LAST),
        )


_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def edition(name: str, version: Version) -> str:
    """Return what pages are kept by that are made of a book while a version of it is in force."""
    return f"{name} {version.number}"


def name_of(versions: Sequence[Version]) -> str:
    """Return the name of a book of these versions, of all that is said of them; empty without any.

    None is ever changed, but a backup that is restored may have others.
    """
    facts = json.dumps([_facts(version) for version in versions], sort_keys=True)
    return sha256(facts.encode("ascii")).hexdigest() if versions else ""


def write(versions: Sequence[Version], texts: Mapping[int, Text]) -> bytes:
    """Return a book as the bytes of its file."""
    data = {
        "versions": [_facts(version) for version in versions],
        "texts": {
            number: {lang: vars(some) for lang, some in text.items()} for number, text in texts.items()
        },
    }
    return json.dumps(data, ensure_ascii=False).encode()


def read(raw: bytes) -> Book:
    """Read a book; raises ``BrokenBook``."""
    try:
        data = json.loads(raw)
        versions = tuple(_version(row) for row in data["versions"])
        texts = {
            int(number): {lang: _fragment(text[lang]) for lang in LANGUAGES}
            for number, text in data["texts"].items()
        }
        sums = {version.number: version.sum for version in versions}
        if any(fragment.sum_of(text) != sums[number] for number, text in texts.items()):
            raise BrokenBook("a text is not the one that was published")
        if not versions:
            raise BrokenBook("there are no versions")
        return Book(name_of(versions), versions, texts)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise BrokenBook(f"the versions of the policy can not be read ({error})") from error


def _facts(version: Version) -> dict[str, object]:
    moments = {name: getattr(version, name).isoformat() for name in _MOMENTS}
    return {**vars(version), **moments}


def _version(row: dict[str, str | bool]) -> Version:
    moments = {name: datetime.fromisoformat(str(row[name])) for name in _MOMENTS}
    return Version(**{**row, **moments})  # type: ignore[arg-type]


def _fragment(row: Mapping[str, object]) -> Fragment:
    contents = row["contents"]
    if not isinstance(contents, list):
        raise BrokenBook("no contents")
    return Fragment(str(row["html"]), tuple((int(number), str(title)) for number, title in contents))
