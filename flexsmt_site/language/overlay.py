"""The texts of the repository, and the catalogues that come of them with published edits laid over."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError

from flexsmt_site.language import catalog, extract, gate_entry, packing
from flexsmt_site.language.edit_rules import Strings, Text, digest

_NO_DAY = datetime(1970, 1, 1, tzinfo=UTC)


class UnknownText(LookupError):
    """No catalogue of this version has the text."""


class BrokenCatalogue(ValueError):
    """A ``.po`` file of the project is not there or can not be read.

    ``file`` is its path below the catalogues' folder.
    """

    def __init__(self, source: Path, error: Exception) -> None:
        super().__init__(f"{source} can not be read ({error})")
        self.file = "/".join(source.parts[-3:])


@dataclass(frozen=True)
class Value:
    """What the repository says for a text, with its notes for translators and the files that use it.

    A text that is marked as fuzzy is not shown, and has empty strings here.
    """

    text: Text
    strings: Strings
    comments: tuple[str, ...]
    places: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The sum of its strings, which an edit names as its base."""
        return digest(self.strings)

    def entry(self, strings: Strings) -> gate_entry.Entry:
        """Return the text with other strings, as the gate takes it."""
        text = self.text
        return gate_entry.Entry(
            text.locale, text.domain, text.msgid, strings, plural=text.plural, comments=self.comments
        )


def values(domain: str, locale: str) -> Mapping[str, Value]:
    """Return every text of a catalogue by its key, in the order of the file; do not change it."""
    source = source_of(domain, locale)
    if source is None or not source.is_file():
        return {}
    return _values(source, _state(source))


def find(text: Text) -> Value | None:
    """Return what the repository says for a text; None where it is gone."""
    return values(text.domain, text.locale).get(text.key)


def get(text: Text) -> Value:
    """Return what the repository says for a text; raises ``UnknownText``."""
    found = find(text)
    if found is None:
        raise UnknownText(f"{text.locale}/{text.domain}: no text of this version is “{text.msgid[:70]}”")
    return found


def source_of(domain: str, locale: str) -> Path | None:
    """Return the ``.po`` file of a catalogue."""
    paths = (path for path in catalog.sources() if (path.stem, path.parent.parent.name) == (domain, locale))
    return next(paths, None)


def check_files() -> None:
    """Read every catalogue; raises ``BrokenCatalogue``."""
    for source in catalog.sources():
        values(source.stem, source.parent.parent.name)


def published_sources() -> list[Path]:
    """Return the ``.po`` files whose words may be published while the site serves."""
    return [source for source in catalog.sources() if source.stem in packing.DOMAINS]


def base() -> str:
    """Return the sum of the files that releases are made of; raises ``BrokenCatalogue``."""
    found = sha256()
    for source in published_sources():
        try:
            found.update(sha256(source.read_bytes()).digest())
        except OSError as error:
            raise BrokenCatalogue(source, error) from error
    return found.hexdigest()


def compiled(
    edits: Mapping[Text, Strings], domains: Collection[str] = packing.DOMAINS
) -> dict[tuple[str, str], bytes]:
    """Compile the catalogues of these domains, with ``edits`` over what the repository says.

    Edits of texts that are gone are left out. Raises ``BrokenCatalogue``.
    """
    sources = (source for source in catalog.sources() if source.stem in domains)
    return {(source.stem, source.parent.parent.name): _compiled(source, edits) for source in sources}


def _state(source: Path) -> tuple[int, ...]:
    """Return what changes whenever a file does."""
    found = source.stat()
    return found.st_ino, found.st_mtime_ns, found.st_size


def _compiled(source: Path, edits: Mapping[Text, Strings]) -> bytes:
    domain, locale = source.stem, source.parent.parent.name
    over = {
        text.key: strings for text, strings in edits.items() if (text.domain, text.locale) == (domain, locale)
    }
    try:
        return _with_edits(source, over) if over else _unedited(source, _state(source))
    except OSError as error:
        raise BrokenCatalogue(source, error) from error


@lru_cache(maxsize=16)
def _unedited(source: Path, _state: tuple[int, ...]) -> bytes:
    return _with_edits(source, {})


def _with_edits(source: Path, over: Mapping[str, Strings]) -> bytes:
    out, found = BytesIO(), _read(source)
    domain, locale = source.stem, source.parent.parent.name
    for message in found if over else ():
        strings = over.get(_text(message, domain, locale).key)
        if strings is not None and message.id:
            message.string = strings if message.pluralizable else strings[0]
            message.flags.discard("fuzzy")
    # Babel would write the minute: the same words are the same release whenever they are published.
    found.creation_date = _NO_DAY
    write_mo(out, found)
    return out.getvalue()


@lru_cache(maxsize=16)
def _values(source: Path, _state: tuple[int, ...]) -> Mapping[str, Value]:
    domain, locale = source.stem, source.parent.parent.name
    made = (_value(message, domain, locale) for message in _read(source) if message.id)
    return {value.text.key: value for value in made}


def _read(source: Path) -> Catalog:
    try:
        return extract.read(source)
    except (PoFileError, UnicodeDecodeError, OSError) as error:
        raise BrokenCatalogue(source, error) from error


def _value(message: Message, domain: str, locale: str) -> Value:
    text = _text(message, domain, locale)
    strings = ("",) * text.forms if "fuzzy" in message.flags else extract.forms_of(message)
    places = tuple(dict.fromkeys(name for name, _line in message.locations))
    return Value(text, strings, tuple(message.auto_comments), places)


def _text(message: Message, domain: str, locale: str) -> Text:
    one, many = (message.id, None) if isinstance(message.id, str) else message.id
    return Text(domain, locale, one, many, message.context)
