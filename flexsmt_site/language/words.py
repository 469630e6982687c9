"""The words in force: this version's own, or a release of them that was published while the site serves.

A release lies in one file of DATA_DIR, which is exchanged whole. Workers look at it again and again, and
go on with what they have when a new one cannot be read. The policy's words are in none: they change with its
version.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Generic, TypeVar

from babel.support import NullTranslations, Translations
from flask import Flask, current_app, g, has_request_context
from markupsafe import Markup

from flexsmt_site import again, clock, events, itself, proof
from flexsmt_site.language import packing

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

FILE = "words.zip"
#: A busy worker looks no sooner than after this.
LOOK_SECONDS = 0.02
_SHELF = "flexsmt_language_words"
#: Where a request keeps the words that it is answered in.
PINNED = "flexsmt_language_pinned"
_Catalogue = Translations | NullTranslations
T = TypeVar("T")
#: A quote that stands in no tag: the same text may stand in a paragraph and in an attribute.
_QUOTE = re.compile(r'"(?![^<>]*>)')


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
            return self._finished.setdefault(key, as_html(text))


def as_html(text: str) -> Markup:
    """Return words of a checked catalogue as HTML: their markup stays, and no quote ends an attribute."""
    if '"' in text:
        text = _QUOTE.sub("&#34;", text)
    return Markup(text)  # noqa: S704 (checked words may carry markup)


class Shelf(Generic[T]):
    """Knows what is the newest on this host of something that is published as one file."""

    def __init__(self, file: Path, shipped: T, read: Callable[[bytes], T], about: str) -> None:
        """Watch ``file``; without it ``shipped`` is the newest. ``read`` raises ``ValueError``."""
        self.shipped = shipped
        #: Why the file cannot be read; empty while it can, and while there is none.
        self.fault = ""
        self._file = file
        self._read = read
        self._about = about
        self._next = 0.0
        # One thing, not two: several threads look at it.
        self._known: tuple[tuple[int, ...], T] = ((), shipped)

    def newest(self) -> T:
        """Return the newest that can be read, as of ``LOOK_SECONDS`` ago."""
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
            if state == self._known[0] and not self.fault:
                return
            newest = self._read(self._file.read_bytes())
        except FileNotFoundError:
            pass
        except (OSError, ValueError) as error:
            # The same file is looked at again: what keeps it from being read may pass.
            self._say(str(error))
            return
        self._known, self.fault = (state, newest), ""

    def _say(self, fault: str) -> None:
        if fault != self.fault:
            events.say(f"{self._about}.unreadable", error=fault)
        self.fault = fault


def unpacked(packed: packing.Packed, shipped: Words) -> Words:
    """Return a release as words; what is in none comes from ``shipped``."""
    return Words(
        packed.name,
        lambda domain, lang: packed.catalogues.get((domain, lang)) or shipped.catalogue(domain, lang),
    )


def init_app(app: Flask, file: Path, shipped: Words) -> None:
    """Give an app its words."""
    app.extensions[_SHELF] = Shelf(file, shipped, partial(_unpacked, shipped), "words")


def shelf(app: Flask) -> Shelf[Words]:
    """Return the shelf of an app."""
    found: Shelf[Words] = app.extensions[_SHELF]
    return found


def of_request(app: Flask, environ: "WSGIEnvironment") -> Words:
    """Return the words of a request to ``app``, for Flask and in front of it: the newest at its beginning."""
    pinned: Words | None = environ.get(PINNED)
    if pinned is None:
        pinned = environ[PINNED] = shelf(app).newest()
    return pinned


def pin(environ: "WSGIEnvironment", found: Words) -> None:
    """Have a request that has not begun answered in these words, whatever has been published."""
    environ[PINNED] = found


def wait_for_all() -> None:
    """Wait until every worker of this host has looked, and none repeats what it said before."""
    Event().wait(LOOK_SECONDS + again.MOMENT_SECONDS)


def _unpacked(shipped: Words, raw: bytes) -> Words:
    packed = packing.read(raw)
    # What was made on another version has other texts, or later words of its own.
    return unpacked(packed, shipped) if packed.version == proof.version() else shipped


def at_hand() -> Words:
    """Return the words of the request at hand, which are the same from its beginning to its end."""
    kept = itself.kept()
    pinned: Words | None = kept.get(PINNED)
    if pinned is not None:
        return pinned
    if not has_request_context():
        # A relay's context lasts for days: it has each mail written in the newest words.
        return shelf(itself.app()).newest()
    pinned = of_request(itself.app(), itself.request().environ)
    setattr(kept, PINNED, pinned)
    return pinned


@contextmanager
def using(found: Words) -> Iterator[None]:
    """Use these words inside the block, whatever has been published."""
    before = g.get(PINNED)
    setattr(g, PINNED, found)
    try:
        yield
    finally:
        if before is None:
            g.pop(PINNED)
        else:
            setattr(g, PINNED, before)


@contextmanager
def shipped() -> Iterator[None]:
    """Use this version's own words inside the block, whatever has been published."""
    with using(shelf(current_app).shipped):
        yield
