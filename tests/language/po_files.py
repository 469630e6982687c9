"""PO files as several programs write them, and what must be true after a translation in one was exchanged."""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from hypothesis import strategies as st

from flexsmt_site.language import po
from flexsmt_site.language.edit_rules import Strings, key_of

_LETTERS = 'ab я—ё%"\\\n\t\r  \u00a0漢é{}<>#~msgstr[0]'
TEXTS = st.text(st.sampled_from(_LETTERS), max_size=200)
_NAMES = st.text(st.sampled_from(_LETTERS), min_size=1, max_size=90)


@dataclass(frozen=True)
class Texts:
    """What a file is made of: translations by context, msgid and plural, and some that are obsolete."""

    used: Mapping[tuple[str | None, str, str | None], Strings]
    obsolete: Mapping[str, str]


@st.composite
def texts(draw: st.DrawFn) -> Texts:
    ids = draw(st.lists(st.tuples(st.none() | _NAMES, _NAMES), min_size=1, max_size=6, unique=True))
    used = {}
    for context, msgid in ids:
        plural = draw(st.none() | _NAMES)
        count = 1 if plural is None else 3
        used[context, msgid, plural] = tuple(draw(st.lists(TEXTS, min_size=count, max_size=count)))
    return Texts(used, draw(st.dictionaries(_NAMES, TEXTS, max_size=2)))


def by_babel(found: Texts, width: int = 76) -> bytes:
    catalog = Catalog(locale="ru", charset="utf-8")
    for (context, msgid, plural), strings in found.used.items():
        catalog.add(
            msgid if plural is None else (msgid, plural),
            strings[0] if plural is None else strings,
            [("a/b.py", 3)],
            auto_comments=["a note"],
            user_comments=["by hand: msgstr"],
            context=context,
        )
    out = BytesIO()
    write_po(out, catalog, width=width)
    return out.getvalue()


def by_hand(found: Texts) -> bytes:
    """One line for each text, indented by nobody, with what other programs leave behind."""
    lines = ['msgid ""', 'msgstr "Content-Type: text/plain; charset=UTF-8\\n"', ""]
    for (context, msgid, plural), strings in found.used.items():
        lines += ["# by hand", '#| msgid "as it was"', "#, python-format"]
        lines += [f"msgctxt {_quoted(context)}"] if context is not None else []
        lines += [f"msgid {_quoted(msgid)}"]
        if plural is None:
            lines += [f"msgstr {_quoted(strings[0])}", ""]
        else:
            lines += [f"msgid_plural {_quoted(plural)}"]
            lines += [f"msgstr[{number}] {_quoted(text)}" for number, text in enumerate(strings)] + [""]
    for msgid, text in found.obsolete.items():
        lines += ["#, fuzzy", f"#~ msgid {_quoted(msgid)}", f"#~ msgstr {_quoted(text)}", ""]
    return "\n".join(lines).encode()


def by_polib(found: Texts) -> bytes:
    """Wrapped at 78 columns, after every end of a line and between words."""
    made = []
    for line in by_hand(found).decode().split("\n"):
        word, _, rest = line.partition(" ")
        if len(line) > 78 and word.startswith("msg"):
            parts = [f'"{part}"' for part in _cut(rest[1:-1])]
            made += [f'{word} ""', *parts]
        else:
            made.append(line)
    return "\n".join(made).encode()


def _cut(text: str) -> list[str]:
    parts = [""]
    for word in text.replace(" ", " \0").replace("\\n", "\\n\0").split("\0"):
        if len(parts[-1] + word) > 76:
            parts.append("")
        parts[-1] += word
    return parts


def _quoted(text: str) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return f'"{"".join(escapes.get(letter, letter) for letter in text)}"'


STYLES: dict[str, Callable[[Texts], bytes]] = {
    "Babel": by_babel,
    "Babel without wrapping": lambda found: by_babel(found, 0),
    "one line a text": by_hand,
    "polib": by_polib,
}


def gettext(program: str, *arguments: str | Path, cwd: Path) -> bytes:
    """What a program of GNU gettext writes; skips the test where the machine has none."""
    if shutil.which(program) is None:
        pytest.skip(f"GNU gettext's {program} is not installed")
    return subprocess.run([program, *map(str, arguments)], cwd=cwd, check=True, capture_output=True).stdout


@lru_cache(maxsize=4)
def _by_babel(raw: bytes) -> Catalog:
    """A catalogue as Babel reads it; nobody changes it, and reading takes its time."""
    return read_po(BytesIO(raw.removeprefix(b"\xef\xbb\xbf")), locale="ru", abort_invalid=True)


def read(raw: bytes) -> dict[str, Strings]:
    """Every translation as Babel reads it, obsolete ones included.

    The header is none: where it names no time of creation, Babel makes up the present minute.
    """
    found, catalog = {}, _by_babel(raw)
    for message in (*(message for message in catalog if message.id), *catalog.obsolete.values()):
        one, many = (message.id, None) if isinstance(message.id, str) else message.id
        strings = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        found[key_of(message.context, one, many)] = strings
    return found


def fuzzy(raw: bytes) -> set[str]:
    """The keys of the texts that Babel would not show."""
    messages = (message for message in _by_babel(raw) if message.id and message.fuzzy)
    return {
        key_of(message.context, *((message.id, None) if isinstance(message.id, str) else message.id))
        for message in messages
    }


def _cleared(raw: bytes, entry: po.Entry) -> bytes:
    """The file without the mark of an entry that is fuzzy, as gettext writes it."""
    if "fuzzy" not in entry.flags:
        return raw
    text = raw.decode()
    at = text.rindex("#, fuzzy", 0, entry.forms[0].start)
    comment, end, rest = text[at:].partition("\n")
    flags = comment.removeprefix("#, fuzzy").removeprefix(", ")
    return (text[:at] + (f"#, {flags}{end}" if flags else "") + rest).encode()


def check_splice(raw: bytes, entry: po.Entry, strings: Strings) -> bytes:
    """Exchange one translation: Babel reads it and all others as they were, and no other line is touched.

    Only the mark of a fuzzy one goes.
    """
    after = po.splice(raw, {entry.key: strings})
    assert read(after) == {**read(raw), entry.key: strings}
    assert po.splice(after, {entry.key: strings}) == after
    assert fuzzy(after) == fuzzy(raw) - {entry.key}
    raw = _cleared(raw, entry)
    old, new = raw.split(b"\n"), after.split(b"\n")
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    assert all(line.lstrip().startswith((b"msgstr", b'"')) for line in (*old, *new))
    assert all(line.endswith(b"\r") for line in new) or b"\r\n" not in raw
    return after
