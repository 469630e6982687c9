"""From the source to the ``.po`` files and on to ``.mo``: the same source gives the same bytes.

Dates and tool versions stay out of the files, so that only a changed text changes them.
"""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from threading import get_ident

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from flexsmt_site.config import ROOT
from flexsmt_site.language import catalog

KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "_l": None,
    "lazy_gettext": None,
    "lazy_ngettext": (1, 2),
    "lazy_pgettext": ((1, "c"), 2),
    "lazy_npgettext": ((1, "c"), 2, 3),
}
COMMENT_TAGS = ("NOTE:",)
#: Strings, for Jinja's extractor reads them as text; they must equal what the running site does.
JINJA_OPTIONS = {"trimmed": "true", "silent": "false", "newstyle_gettext": "true"}
_TEMPLATES = (".html", ".txt", ".xml")


class PlainCatalog(Catalog):
    """A catalogue whose header says only what a program needs."""

    def _get_mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", str(self.locale)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms),
        ]

    mime_headers = property(_get_mime_headers, Catalog._set_mime_headers)  # noqa: SLF001 (no public setter)


def domain_of(template: Path) -> str:
    """Return the domain that a template's words belong to; the path is below ``templates/``."""
    parts = template.parts
    if parts[:2] == ("policy", "clauses"):
        return "policy"
    return "mail" if len(parts) > 2 and parts[1] == "mail" else "messages"  # noqa: PLR2004


def extracted(root: Path = ROOT) -> dict[str, Catalog]:
    """Read every text from the code and the templates below ``root``, by domain."""
    found = {domain: Catalog(charset="utf-8") for domain in catalog.DOMAINS}
    for path in sorted((root / "flexsmt_site").rglob("*.py")):
        _read(path, root, "python", found["messages"])
    for path in sorted((root / "templates").rglob("*")):
        if path.suffix in _TEMPLATES:
            _read(path, root, "jinja2", found[domain_of(path.relative_to(root / "templates"))])
    return found


def _read(path: Path, root: Path, method: str, into: Catalog) -> None:
    options = JINJA_OPTIONS if method == "jinja2" else {"encoding": "utf-8"}
    name = path.relative_to(root).as_posix()
    for line, message, comments, context in extract_from_file(
        method, path, KEYWORDS, COMMENT_TAGS, options, strip_comment_tags=True
    ):
        into.add(message, None, [(name, line)], auto_comments=comments, context=context)


def updated(source: Path, texts: Catalog) -> bytes:
    """Return what a ``.po`` file should hold: the extracted texts with the translations it has.

    Texts that are gone are dropped; English that nobody has reworded repeats its msgid.
    """
    language = source.parent.parent.name
    old = read(source) if source.is_file() else Catalog(locale=language)
    made = PlainCatalog(locale=language, charset="utf-8", header_comment="", fuzzy=False)
    for message in texts:
        if message.id:
            kept = old.get(message.id, message.context)
            made.add(
                message.id,
                _strings(message, kept, language, made.num_plurals),
                message.locations,
                flags=message.flags | ({"fuzzy"} & kept.flags if kept else set()),
                auto_comments=message.auto_comments,
                user_comments=kept.user_comments if kept else (),
                context=message.context,
            )
    return dumped(made)


def _strings(message: Message, kept: Message | None, language: str, forms: int) -> str | tuple[str, ...]:
    if isinstance(message.id, str):
        text = kept.string if kept and isinstance(kept.string, str) else ""
        return text or (message.id if language == "en" else "")
    texts = forms_of(kept) if kept and not isinstance(kept.string, str) else ()
    blank = tuple(message.id) if language == "en" else ("",) * forms
    filled = (*texts, *blank[len(texts) :])[:forms]
    return tuple(text or other for text, other in zip(filled, blank, strict=True))


def forms_of(message: Message) -> tuple[str, ...]:
    """Return the translated forms of a text: one, or one for each plural form."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def dumped(made: Catalog) -> bytes:
    """Return a catalogue as the bytes of its file: one line a text, so that differences read well."""
    out = BytesIO()
    write_po(out, made, width=0, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
    return out.getvalue().strip(b"\n") + b"\n"


def read(source: Path) -> Catalog:
    """Read a ``.po`` file; raises ``PoFileError`` on what is none."""
    with source.open("rb") as file:
        return read_po(file, locale=source.parent.parent.name, abort_invalid=True)


def changes(root: Path = ROOT) -> Iterator[tuple[Path, bytes]]:
    """Yield each ``.po`` file that a fresh extraction would change, with what it should hold."""
    texts = extracted(root)
    for source in catalog.sources():
        fresh = updated(source, texts[source.stem])
        if not source.is_file() or source.read_bytes() != fresh:
            yield source, fresh


def compile_one(source: Path) -> bool:
    """Write the ``.mo`` file beside a ``.po`` file if that is newer; tell whether it was."""
    target = catalog.built(source)
    if target.is_file() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
        return False
    out = BytesIO()
    write_mo(out, read(source))
    replace(target, out.getvalue())
    return True


def replace(target: Path, content: bytes) -> None:
    """Write a file so that a reader finds the old one or the new one, never a half."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.{get_ident()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
