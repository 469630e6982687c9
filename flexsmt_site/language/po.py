"""A PO file as it was written: read it, and change translations without touching another byte.

Pure. Libraries write a file anew, and differently. Here a scanner knows where each ``msgstr`` begins and
ends, and only these places are exchanged; all else, byte order mark and line ends included, stays.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from flexsmt_site.language.edit_rules import Strings, key_of
from flexsmt_site.language.po_lines import lines_of, newline_at, width_of

_BOM = "\ufeff"
_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n\f\v]+)|(?P<comment>\#[^\n]*)"
    r"|(?P<word>msgctxt|msgid_plural|msgid|msgstr)(?![\w])(?:[ \t]*\[[ \t]*(?P<number>\d{1,3})[ \t]*\])?"
    r'|"(?P<text>(?:[^"\\\n]|\\.)*)"'
)
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_CHARSET = re.compile(rb"charset=([\w.:-]+)", re.IGNORECASE)
_FUZZY = re.compile(r",[ \t]*fuzzy[ \t]*(?=,|\r?$)")
#: The last is what a template has in place of a name.
_UTF8 = {"utf-8", "utf8", "us-ascii", "ascii", "charset"}
#: Where something begins and ends among the characters of a file.
Span = tuple[int, int]


class BrokenPo(ValueError):
    """The bytes are no PO file in UTF-8; the message names the line."""


@dataclass
class _Field:
    word: str
    number: int | None
    start: int
    end: int
    flags: frozenset[str]
    marks: tuple[Span, ...]
    parts: list[str] = field(default_factory=list)
    #: Comments between its strings.
    comments: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.parts)


@dataclass
class _About:
    """What comments say of the field that follows."""

    comments: list[str] = field(default_factory=list)
    flags: set[str] = field(default_factory=set)
    #: The characters of the comments in which it is marked as fuzzy.
    marks: list[Span] = field(default_factory=list)

    def add(self, token: re.Match[str]) -> None:
        comment = token["comment"]
        self.comments.append(comment.rstrip())
        if comment.startswith("#~"):
            # What stands before an obsolete entry is about that one.
            self.flags.clear()
            self.marks.clear()
        elif comment.startswith("#,"):
            flags = {flag.strip() for flag in comment[2:].split(",")}
            self.flags.update(flags)
            if "fuzzy" in flags:
                self.marks.append(token.span())


@dataclass(frozen=True)
class Form:
    """One ``msgstr`` of an entry: its text, and the characters of the file that it takes."""

    number: int | None
    text: str
    start: int
    end: int
    comments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One entry that is in use."""

    context: str | None
    msgid: str
    plural: str | None
    forms: tuple[Form, ...]
    flags: frozenset[str]
    #: The comments that mark it as fuzzy.
    marks: tuple[Span, ...] = ()

    @property
    def key(self) -> str:
        """The key of its text."""
        return key_of(self.context, self.msgid, self.plural)

    @property
    def strings(self) -> Strings:
        """Its translation, form by form."""
        return tuple(form.text for form in self.forms)


def decoded(raw: bytes) -> str:
    """Return the characters of a file, a byte order mark included; raises ``BrokenPo``."""
    declared = _CHARSET.search(raw[:10_000])
    name = declared[1].decode("ascii", "replace") if declared else "utf-8"
    if name.lower() not in _UTF8:
        raise BrokenPo(f"it says that it is written in {name}: save it as UTF-8")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BrokenPo(f"line {line} is not UTF-8: save the file as UTF-8") from error


def scan(text: str) -> list[Entry]:
    """Return the entries of a file in its order, the header with its empty msgid included.

    Raises ``BrokenPo``.
    """
    entries: list[list[_Field]] = []
    has_msgid = True
    for found in _fields(text):
        if found.word == "msgctxt" or (found.word == "msgid" and has_msgid):
            entries.append([])
            has_msgid = False
        if not entries:
            raise _broken(text, found.start, f"{found.word} without a msgid")
        has_msgid = has_msgid or found.word == "msgid"
        entries[-1].append(found)
    return [_entry(text, fields) for fields in entries]


def _fields(text: str) -> Iterator[_Field]:
    at, open_field, about = len(_BOM) if text.startswith(_BOM) else 0, None, _About()
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise _broken(text, at, "this is no line of a PO file")
        at = token.end()
        if token["comment"] is not None:
            about.add(token)
        elif token["word"] is not None:
            if open_field:
                yield open_field
            number = int(token["number"]) if token["number"] else None
            flags, marks = frozenset(about.flags), tuple(about.marks)
            open_field = _Field(token["word"], number, token.start(), token.end(), flags, marks)
            about = _About()
        elif token["text"] is not None:
            if open_field is None:
                raise _broken(text, token.start(), "a string that belongs to nothing")
            open_field.parts.append(_unescaped(token["text"]))
            open_field.end = token.end()
            open_field.comments += about.comments
            # They move with the strings that they stand between.
            about.comments, about.marks = [], []
    if open_field:
        yield open_field


def _entry(text: str, fields: list[_Field]) -> Entry:
    one = {found.word: found for found in fields if found.word != "msgstr"}
    forms = [found for found in fields if found.word == "msgstr"]
    plural = one.get("msgid_plural")
    if "msgid" not in one or not forms or len(one) + len(forms) != len(fields):
        raise _broken(text, fields[0].start, "an entry has one msgid and its msgstr")
    if [form.number for form in forms] != ([None] if plural is None else [*range(len(forms))]):
        raise _broken(text, forms[0].start, "the forms of an entry are not numbered as they have to be")
    if not all(found.parts for found in fields):
        raise _broken(text, fields[0].start, "an entry without a string")
    return Entry(
        one["msgctxt"].text if "msgctxt" in one else None,
        one["msgid"].text,
        plural.text if plural else None,
        tuple(Form(form.number, form.text, form.start, form.end, tuple(form.comments)) for form in forms),
        frozenset().union(*(found.flags for found in fields)),
        tuple(mark for found in fields for mark in found.marks),
    )


def _broken(text: str, at: int, what: str) -> BrokenPo:
    return BrokenPo(f"line {text.count(chr(10), 0, at) + 1}: {what}")


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_letter, text) if "\\" in text else text


def _letter(found: re.Match[str]) -> str:
    octal, hexadecimal, letter = found.groups()
    if letter:
        return _LETTERS.get(letter, letter)
    return chr(int(octal, 8) if octal else int(hexadecimal, 16))


def splice(raw: bytes, wanted: Mapping[str, Strings]) -> bytes:
    """Return the file with other translations, by the keys of their texts.

    Only the ``msgstr`` lines of what differs are written anew, and what was marked as fuzzy is no more, for
    it would not be shown; a text that the file has not is passed over. Raises ``BrokenPo``.
    """
    text = decoded(raw)
    made, at = [], 0
    for (start, end), string in _replacements(text, wanted):
        made += [text[at:start], string]
        at = end
    return "".join([*made, text[at:]]).encode("utf-8")


def _replacements(text: str, wanted: Mapping[str, Strings]) -> Iterator[tuple[Span, str]]:
    width = width_of(text)
    for entry in scan(text):
        strings = wanted.get(entry.key, ()) if entry.msgid else ()
        if strings:
            unmarked = (_unmarked(text, mark) for mark in entry.marks)
            yield from sorted([*unmarked, *_forms(text, entry, strings, width)])


def _forms(text: str, entry: Entry, strings: Strings, width: int) -> Iterator[tuple[Span, str]]:
    newline = newline_at(text, entry.forms[0].start)
    for form, string in zip(entry.forms, strings, strict=False):
        if form.text != string:
            lines = [*lines_of(form.number, string, width), *form.comments]
            yield (form.start, form.end), newline.join(lines)
    if entry.plural is not None and len(strings) > len(entry.forms):
        end = entry.forms[-1].end
        more = range(len(entry.forms), len(strings))
        lines = ["", *(line for n in more for line in lines_of(n, strings[n], width))]
        yield (end, end), newline.join(lines)


def _unmarked(text: str, mark: Span) -> tuple[Span, str]:
    """Take the mark off a comment, and the comment away where it says nothing else."""
    start, end = mark
    left = _FUZZY.sub("", text[start:end])
    if left.strip() != "#":
        return mark, left
    line = text.rfind("\n", 0, start) + 1
    if text[line:start].strip():
        return mark, left.strip("#")
    return (line, min(end + 1, len(text))), ""
