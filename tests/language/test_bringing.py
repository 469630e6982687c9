"""What somebody brings is opened within limits, or refused in one line."""

import zipfile
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site.language import bringing, import_rules
from flexsmt_site.language.bringing import BadImport
from flexsmt_site.language.edit_rules import Text
from tests.language.brought import po, zipped
from tests.language.editing import LINK, RUSSIAN, Editors
from tests.language.publishing import SKIP

_ONE, _FEW = "n%10==1 && n%100!=11", "n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20)"
_THREE = f"nplurals=3; plural=({_ONE} ? 0 : {_FEW} ? 1 : 2);"
_TURNED = f"nplurals=3; plural={_ONE} ? 2 : {_FEW} ? 1 : 0;"
_ONE_ALONE = f"nplurals=4; plural=(n==1 ? 3 : {_ONE} ? 0 : {_FEW} ? 1 : 2);"
_FOUR = (
    f"nplurals=4; plural=({_ONE} ? 0 : {_FEW} ? 1 : "
    "n%10==0 || (n%10>=5 && n%10<=9) || (n%100>=11 && n%100<=14) ? 2 : 3);"
)
_METHODS = (zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
HOURS = Text("messages", "ru", "%(num)d hour", "%(num)d hours")


@pytest.mark.parametrize(
    ("rule", "forms", "wanted"),
    [
        (_THREE, "abc", "abc"),
        (_FOUR, "abcd", "abc"),
        (_ONE_ALONE, "abcd", "abc"),
        ("", "abcd", "abc"),
        ("nplurals=4; plural=import", "abcd", "abc"),
        (_TURNED, "abc", "cba"),
        ("nplurals=2; plural=n!=1;", "ab", None),
        ("nplurals=1; plural=0;", "a", None),
        ("nplurals=3; plural=7/n;", "abc", "abc"),
    ],
)
def test_the_forms_of_a_file_are_brought_to_those_of_the_site(
    rule: str, forms: str, wanted: str | None
) -> None:
    found = import_rules.strings_for(HOURS, tuple(forms), rule)
    assert found == (None if wanted is None else tuple(wanted))


def test_english_forms_stay_two() -> None:
    text = Text("messages", "en", "%(num)d hour", "%(num)d hours")
    assert import_rules.strings_for(text, ("a", "b"), "nplurals=2; plural=(n != 1);") == ("a", "b")
    assert import_rules.strings_for(LINK, ("a",), "") == ("a",)


def _bomb() -> bytes:
    return zipped(**{f"{number}.po": b" " * 4_000_000 for number in range(6)})


def _renamed(name: bytes) -> bytes:
    """An archive in which the name of its one file has these bytes and is said to be in UTF-8."""
    raw = bytearray(zipped(**{"x" * len(name): po((SKIP, "x"))}).replace(b"x" * len(name), name))
    for start in (6, raw.index(b"PK\x01\x02") + 8):
        raw[start : start + 2] = b"\x00\x08"
    return bytes(raw)


def _nameless() -> bytes:
    """An archive whose central directory gives its one file a name without letters."""
    raw = bytearray(zipped(x=b""))
    central = raw.index(b"PK\x01\x02")
    raw[central + 28 : central + 30] = b"\0\0"
    del raw[central + 46]
    end = raw.index(b"PK\x05\x06")
    raw[end + 12 : end + 16] = (end - central).to_bytes(4, "little")
    return bytes(raw)


def _damaged(method: int) -> bytes:
    """An archive whose one file can not be unpacked."""
    raw = bytearray(zipped(method, **{"ru.po": po((SKIP, "К тексту"))}))
    start = 30 + len("ru.po")
    raw[start + 8 : start + 40] = b"\xff" * 32
    return bytes(raw)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (po((SKIP, "x" * 100_000)), "a text of 100000 characters: at most 20000"),
        (po((SKIP, "К тексту")).replace(b"UTF-8", b"KOI8-R"), "written in KOI8-R: save it as UTF-8"),
        (po((SKIP, "К тексту")).decode().encode("cp1251"), "is not UTF-8"),
        (b"", "holds no texts"),
        (b"\x89PNG\r\n", "no PO file that can be read: line 1"),
        (b"<html></html>", "no PO file that can be read: line 1"),
        (po((SKIP, "a\\0b")), "a NUL"),
        (po((SKIP, "x")).replace(b"Language: ru", b"Language: de"), "in no language of the site"),
        (b" " * (5 * 2**20 + 1), "5.0 MB: at most 5 MB"),
        (zipped(**{"../ru.po": po((SKIP, "x"))}), "leads out of it: ../ru.po"),
        (zipped(**{"a\\..\\..\\ru.po": po((SKIP, "x"))}), "leads out of it"),
        (zipped(**{"/etc/ru.po": po((SKIP, "x"))}), "leads out of it"),
        (zipped(**{"readme.txt": b"x"}), "holds no .po file"),
        (zipped(**{f"{n}.txt": b"x" for n in range(101)}), "holds 101 files"),
        (zipped(**{"ru.po": po((SKIP, "x"))})[:60], "can not be unpacked"),
        (_bomb(), "unpacks to more than 20 MB"),
        (zipped(**{".": po((SKIP, "x"))}), "a file without a name: “.”"),
        (_nameless(), "a file without a name: “”"),
        (_renamed(b"ru\xff.po"), "can not be unpacked ('utf-8' codec"),
        *((_damaged(method), "can not be unpacked (") for method in _METHODS),
        (po((SKIP, "x"), plurals=f"nplurals={'9' * 5000}; plural=0;"), "more plural forms than any language"),
    ],
    # An archive holds the moment at which it was made, and those who share the tests have to agree on names.
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_what_can_not_be_taken_is_refused_in_one_line_and_nothing_is_stored(
    lone_app: Flask, tmp_path: Path, raw: bytes, says: str
) -> None:
    file = tmp_path / "messages.po"
    file.write_bytes(raw)
    result = lone_app.test_cli_runner().invoke(args=["catalogs", "import", str(file), "--apply"])

    assert result.exit_code == 1
    assert says in result.output
    assert result.output.endswith("nothing was stored\n")
    assert Editors(lone_app).states(RUSSIAN) == []


def test_an_archive_that_lies_about_its_sizes_is_refused() -> None:
    raw = bytearray(zipped(**{"ru.po": b" " * 21_000_000}))
    small = (100).to_bytes(4, "little")
    raw = bytearray(bytes(raw).replace((21_000_000).to_bytes(4, "little"), small))

    with pytest.raises(BadImport):
        bringing.opened("a.zip", bytes(raw))
