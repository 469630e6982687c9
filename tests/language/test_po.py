"""Translations are exchanged in a PO file, and nothing else is."""

from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po, write_po
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site.language import catalog, extract, po
from tests.language.po_files import STYLES, TEXTS, Texts, check_splice, gettext, texts

_PROJECT = catalog.sources()
_SAMPLE = """\
# by hand
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=3; plural=n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 ? 1 : 2;\\n"

#, fuzzy
#| msgid "Old"
msgid "New"
msgstr   "Старое" # behind it

msgctxt "menu"
  msgid "File"
  msgstr ""
  # between
  "Фа"
  "йл"
msgid "%d thing" msgid_plural "%d things" msgstr[0] "a" msgstr[1] "b"
msgstr[2] "c"
#~ msgid "Gone"
#~ msgstr "Нет"
"""


def entries(raw: bytes) -> list[po.Entry]:
    return [entry for entry in po.scan(po.decoded(raw)) if entry.msgid]


@given(found=texts(), style=st.sampled_from(sorted(STYLES)), data=st.data())
def test_in_a_file_of_any_program_one_translation_is_exchanged_and_nothing_else(
    found: Texts, style: str, data: st.DataObject
) -> None:
    raw = STYLES[style](found)
    if data.draw(st.booleans(), "CRLF"):
        raw = raw.replace(b"\n", b"\r\n")
    if data.draw(st.booleans(), "BOM"):
        raw = b"\xef\xbb\xbf" + raw
    entry = data.draw(st.sampled_from(entries(raw)))
    count = len(entry.forms)

    check_splice(raw, entry, tuple(data.draw(st.lists(TEXTS, min_size=count, max_size=count))))


def _pieces(raw: bytes) -> Iterator[bytes]:
    """Small files that hold all of a large one, each with its header."""
    header, *others = raw.split(b"\n\n")
    for at in range(0, len(others), 5):
        yield b"\n\n".join([header, *others[at : at + 5]]).rstrip(b"\n") + b"\n"


def _check_splices(raw: bytes, chosen: list[po.Entry]) -> None:
    for entry in chosen:
        assert entry.strings == tuple(form.text for form in entry.forms)
        check_splice(raw, entry, tuple(f"другое {number}" for number, _form in enumerate(entry.forms)))
        check_splice(raw, entry, tuple("long words " * 20 for _form in entry.forms))


@pytest.mark.parametrize("source", _PROJECT, ids=lambda path: "-".join(path.parts[-3::2]))
def test_each_file_of_the_project_can_be_spliced_anywhere(source: Path) -> None:
    raw = source.read_bytes()
    assert po.splice(raw, {}) == raw
    every, pieces = entries(raw), [*_pieces(raw)]
    _check_splices(raw, [every[0], every[len(every) // 2], every[-1]])
    assert [entry.key for piece in pieces for entry in entries(piece)] == [entry.key for entry in every]
    for number, piece in enumerate(pieces):
        _check_splices(piece, entries(piece)[number % 5 :: 5])


def test_what_is_spliced_into_the_project_is_as_extraction_writes_it(tmp_path: Path) -> None:
    texts_of = extract.extracted()
    for source in _PROJECT:
        raw = source.read_bytes()
        wanted = {entry.key: tuple(f"{text}\nи ещё" for text in entry.strings) for entry in entries(raw)}
        copy = tmp_path / source.relative_to(catalog.FOLDER)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(po.splice(raw, wanted))
        assert copy.read_bytes() != raw
        assert extract.updated(copy, texts_of[source.stem]) == copy.read_bytes()


def test_what_gettext_merges_can_be_spliced_and_compiled(tmp_path: Path) -> None:
    older = STYLES["Babel"](
        Texts({(None, f"Sentence {n} " * 9, None): ("Слово " * 20,) for n in range(8)}, {})
    )
    newer = Texts(
        {(None, f"Sentence {n} " * 8 + "changed", None): ("",) for n in range(4)}
        | {("menu", "%d thing", "%d things"): ("", "", "")},
        {},
    )
    (tmp_path / "old.po").write_bytes(older)
    out = BytesIO()
    write_po(out, read_po(BytesIO(STYLES["Babel"](newer)), locale="ru"), width=76)
    (tmp_path / "new.pot").write_bytes(out.getvalue())
    raw = gettext("msgmerge", "-q", "--previous", "old.po", "new.pot", cwd=tmp_path)
    assert b"#| msgid" in raw
    assert b"#~ msgid" in raw

    for entry in entries(raw):
        raw = check_splice(raw, entry, tuple("Совсем другое слово " * 7 for _form in entry.forms))
    (tmp_path / "after.po").write_bytes(raw)
    gettext("msgfmt", "-o", "after.mo", "after.po", cwd=tmp_path)
    again = gettext("msgcat", "after.po", cwd=tmp_path)
    assert again == raw


def test_comments_and_odd_spaces_stay() -> None:
    raw = _SAMPLE.encode()
    new, menu, things = entries(raw)
    assert [sorted(new.flags), sorted(menu.flags)] == [["fuzzy"], []]
    assert (menu.context, menu.strings, things.plural) == ("menu", ("Файл",), "%d things")

    after = po.splice(
        raw, {new.key: ("Новое",), menu.key: ("Меню",), things.key: ("a", "B", "c", "d")}
    ).decode()
    assert after == _SAMPLE.replace('msgstr   "Старое"', 'msgstr "Новое"').replace(
        'msgstr ""\n  # between\n  "Фа"\n  "йл"', 'msgstr "Меню"\n# between'
    ).replace('msgstr[1] "b"', 'msgstr[1] "B"').replace(
        'msgstr[2] "c"', 'msgstr[2] "c"\nmsgstr[3] "d"'
    ).replace("#, fuzzy\n", "")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("#, fuzzy\n", ""),
        ('# by hand\n#, fuzzy\n#| msgid "b"\n', '# by hand\n#| msgid "b"\n'),
        ("#, fuzzy, python-format\n", "#, python-format\n"),
        ("#,python-format,fuzzy\n", "#,python-format\n"),
        ("#, a, fuzzy , b\n", "#, a, b\n"),
        ("#, fuzzy\n#, fuzzy, fuzzy\n", ""),
        ("  #, fuzzy\n", ""),
        ("#, not-fuzzy\n", "#, not-fuzzy\n"),
        ("# , fuzzy\n", "# , fuzzy\n"),
        ('msgid "c"\nmsgstr "d" #, fuzzy\n', 'msgid "c"\nmsgstr "d" \n'),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("words", ["x", "y"])
def test_what_is_exchanged_is_fuzzy_no_more(before: str, after: str, newline: str, words: str) -> None:
    """Also where the words stay as they are: marked as fuzzy they would not be shown."""
    others = '\n#, fuzzy\nmsgid "e"\nmsgstr "f"\n#, fuzzy\n#~ msgid "a"\n#~ msgstr "g"\n'
    whole = [
        f'{about}msgid "a"\nmsgstr "{text}"\n{others}' for about, text in ((before, "x"), (after, words))
    ]
    raw, wanted = (text.replace("\n", newline).encode() for text in whole)
    (key,) = (entry.key for entry in entries(raw) if entry.msgid == "a")

    assert po.splice(raw, {key: (words,)}) == wanted
    assert po.splice(raw, {}) == raw


def test_a_mark_between_msgid_and_msgstr_goes_too() -> None:
    raw = b'msgid "a"\n#, fuzzy\nmsgid_plural "b"\nmsgstr[0] "c"\n#, fuzzy\nmsgstr[1] "d"\n'
    (entry,) = entries(raw)
    wanted = b'msgid "a"\nmsgid_plural "b"\nmsgstr[0] "C"\nmsgstr[1] "D"\n'

    assert po.splice(raw, {entry.key: ("C", "D")}) == wanted


def test_to_read_a_file_takes_no_longer_for_what_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is handled is counted: flags that are copied, and looks at the parts of an entry."""
    handled: Counter[str] = Counter()

    class Flags(frozenset[str]):
        def __or__(self, other: AbstractSet[Any]) -> "Flags":
            handled["copied"] += len(self) + len(other)
            return Flags({*self, *other})

    def look(self: object, name: str) -> object:
        handled[name] += 1
        return object.__getattribute__(self, name)

    monkeypatch.setattr(po, "frozenset", Flags, raising=False)
    monkeypatch.setattr(po._Field, "__getattribute__", look, raising=False)  # noqa: SLF001
    many = 300
    flags = "".join(f"#, flag-{number}\n" for number in range(many))
    forms = "".join(f'msgstr[{number}] "a"\n' for number in range(many))
    (entry,) = po.scan(f'{flags}msgid "a"\nmsgid_plural "b"\n{forms}')

    assert (len(entry.flags), len(entry.forms)) == (many, many)
    assert handled["copied"] <= many
    assert max(handled.values()) <= 10 * many


@pytest.mark.parametrize(
    ("text", "strings"),
    [(r"a\tb\\n\"", 'a\tb\\n"'), (r"\101\x41\a\v\q", "AA\a\vq"), ("", "")],
)
def test_escapes_are_read_as_gettext_reads_them(text: str, strings: str) -> None:
    (entry,) = po.scan(f'msgid "a"\nmsgstr "{text}"')
    assert entry.strings == (strings,)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'msgid "a"\nmsgstr "b', "line 2: this is no line"),
        (b'msgid "a"\n\nmsgid "b"\nmsgstr ""', "line 1: an entry has one msgid"),
        (b'"a"', "line 1: a string that belongs to nothing"),
        (b'msgstr "a"', "line 1: msgstr without a msgid"),
        (b'msgid "a"\nmsgid_plural "b"\nmsgstr "c"', "line 3: the forms"),
        (b'msgid "a"\nmsgstr', "line 1: an entry without a string"),
        (b"<html>", "line 1: this is no line"),
        (b'msgid ""\nmsgstr "Content-Type: text/plain; charset=KOI8-R\\n"', "written in KOI8-R"),
        (b'msgid "\xff"\nmsgstr ""', "line 1 is not UTF-8"),
    ],
)
def test_what_is_no_po_file_is_refused_with_its_line(raw: bytes, reason: str) -> None:
    with pytest.raises(po.BrokenPo, match=reason):
        po.splice(raw, {})
