"""The words in force: this version's own, or a release of them that was published while the site serves.

A release lies in one file of DATA_DIR, which is exchanged whole. Workers look at it again and again, and
go on with what they have when a new one cannot be read. The policy's words are in none: they change with its
version.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from babel.support import NullTranslations, Translations
from flask import Flask, current_app, g, has_request_context
from markupsafe import Markup

from flexsmt_site import clock, events, proof
from flexsmt_site.language import packing

FILE = "words.zip"
#: A busy worker looks no sooner than after this; whoever publishes waits as long, and then all have looked.
LOOK_SECONDS = 0.02
_SHELF = "flexsmt_language_words"
_PINNED = "flexsmt_language_pinned"
_Catalogue = Translations | NullTranslations


class Words:
    """Catalogues that belong together, and the texts of pages that were finished from them."""

    def __init__(self, name: str, load: Callable[[str, str], _Catalogue]) -> None:
        """Take a name that no others have, and what loads the catalogue of a domain in a language."""
        self.name = name
        self._load = load
        self._loaded: dict[tuple[str, str], _Catalogue] = {}
        self._finished: dict[tuple[str, str, str], Markup] = {}

    def catalogue(self, domain: str, language: str) -> _Catalogue:
        """Return one catalogue, loaded once."""
        key = (domain, language)
        try:
            return self._loaded[key]
        except KeyError:
            return self._loaded.setdefault(key, self._load(domain, language))

    def finished(self, domain: str, language: str, message: str) -> Markup:
        """Return a text without variables as it stands in a page, made once."""
        key = (domain, language, message)
        try:
            return self._finished[key]
        except KeyError:
            text = self.catalogue(domain, language).ugettext(message) % {}
            # Words of a checked catalogue may carry markup.
            return self._finished.setdefault(key, Markup(text))  # noqa: S704


class Shelf:
    """Knows which words are the newest on this host."""

    def __init__(self, file: Path, shipped: Words) -> None:
        """Watch ``file``; without it ``shipped`` are the newest."""
        self.shipped = shipped
        #: Why the file cannot be read; empty while it can, and while there is none.
        self.fault = ""
        self._file = file
        self._next = 0.0
        # One thing, not two: several threads look at it.
        self._known: tuple[tuple[int, ...], Words] = ((), shipped)

    def newest(self) -> Words:
        """Return the newest words that can be read, as of ``LOOK_SECONDS`` ago."""
        if clock.elapsed() >= self._next:
            self._look()
            # Afterwards: nobody who comes meanwhile goes away with the old ones.
            self._next = clock.elapsed() + LOOK_SECONDS
        return self._known[1]

    def _look(self) -> None:
        state: tuple[int, ...] = ()
        newest = self.shipped
        try:
            found = self._file.stat()
            state = found.st_ino, found.st_mtime_ns, found.st_size
            if state == self._known[0]:
                return
            newest = self._read()
        except FileNotFoundError:
            pass
        except (OSError, packing.BrokenRelease) as error:
            # The same file is looked at again: what keeps it from being read may pass.
            self._say(str(error))
            return
        self._known, self.fault = (state, newest), ""

    def _read(self) -> Words:
        packed = packing.read(self._file.read_bytes())
        if packed.version != proof.version():
            # Made on another version, which has other texts or later words of its own.
            return self.shipped
        return Words(
            packed.name,
            lambda domain, lang: (
                packed.catalogues.get((domain, lang)) or self.shipped.catalogue(domain, lang)
            ),
        )

    def _say(self, fault: str) -> None:
        if fault != self.fault:
            events.say("words.unreadable", error=fault)
        self.fault = fault


def init_app(app: Flask, file: Path, shipped: Words) -> None:
    """Give an app its words."""
    app.extensions[_SHELF] = Shelf(file, shipped)


def shelf(app: Flask) -> Shelf:
    """Return the shelf of an app."""
    found: Shelf = app.extensions[_SHELF]
    return found


def at_hand() -> Words:
    """Return the words of the request at hand, which are the same from its beginning to its end."""
    pinned: Words | None = g.get(_PINNED)
    if pinned is None:
        pinned = shelf(current_app).newest()
        # A relay's context lasts for days: it has each mail written in the newest words.
        if has_request_context():
            setattr(g, _PINNED, pinned)
    return pinned


@contextmanager
def shipped() -> Iterator[None]:
    """Use this version's own words inside the block, whatever has been published."""
    before = g.get(_PINNED)
    setattr(g, _PINNED, shelf(current_app).shipped)
    try:
        yield
    finally:
        if before is None:
            g.pop(_PINNED)
        else:
            setattr(g, _PINNED, before)
