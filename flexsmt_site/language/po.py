"""A PO file as it was written: read it, and change translations without touching another byte.

Pure. Libraries write a file anew, and differently. Here a scanner knows where each ``msgstr`` begins and
ends, and only these places are exchanged; all else, byte order mark and line ends included, stays.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from flexsmt_site.language.edit_rules import Strings, key_of

#: The columns that gettext fills.
_WIDTH = 79
_BOM = "\ufeff"
_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n\f\v]+)|(?P<comment>\#[^\n]*)"
    r"|(?P<word>msgctxt|msgid_plural|msgid|msgstr)(?![\w])(?:[ \t]*\[[ \t]*(?P<number>\d{1,3})[ \t]*\])?"
    r'|"(?P<text>(?:[^"\\\n]|\\.)*)"'
)
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\t": r"\t", "\r": r"\r"})
_HEADER = re.compile(r'"[A-Z][\w-]+: ')
_CHARSET = re.compile(rb"charset=([\w.:-]+)", re.IGNORECASE)
#: The last is what a template has in place of a name.
_UTF8 = {"utf-8", "utf8", "us-ascii", "ascii", "charset"}


class BrokenPo(ValueError):
    """The bytes are no PO file in UTF-8; the message names the line."""


@dataclass
class _Field:
    word: str
    number: int | None
    start: int
    end: int
    flags: frozenset[str]
    parts: list[str] = field(default_factory=list)
    #: Comments between its strings.
    comments: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.parts)


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
    for found in _fields(text):
        words = {one.word for one in entries[-1]} if entries else {"msgid"}
        if found.word == "msgctxt" or (found.word == "msgid" and "msgid" in words):
            entries.append([])
        if not entries:
            raise _broken(text, found.start, f"{found.word} without a msgid")
        entries[-1].append(found)
    return [_entry(text, fields) for fields in entries]


def _fields(text: str) -> Iterator[_Field]:
    at, open_field, flags, comments = len(_BOM) if text.startswith(_BOM) else 0, None, frozenset[str](), []
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise _broken(text, at, "this is no line of a PO file")
        at = token.end()
        if token["comment"] is not None:
            comments.append(token["comment"].rstrip())
            flags = _flags(token["comment"], flags)
        elif token["word"] is not None:
            if open_field:
                yield open_field
            number = int(token["number"]) if token["number"] else None
            open_field = _Field(token["word"], number, token.start(), token.end(), flags)
            flags, comments = frozenset[str](), []
        elif token["text"] is not None:
            if open_field is None:
                raise _broken(text, token.start(), "a string that belongs to nothing")
            open_field.parts.append(_unescaped(token["text"]))
            open_field.end = token.end()
            open_field.comments += comments
            comments = []
    if open_field:
        yield open_field


def _flags(comment: str, before: frozenset[str]) -> frozenset[str]:
    if comment.startswith("#~"):
        # What stands before an obsolete entry is about that one.
        return frozenset()
    return before | {flag.strip() for flag in comment[2:].split(",") if comment.startswith("#,")}


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

    Only the ``msgstr`` lines of what differs are written anew; a text that the file has not is passed over.
    Raises ``BrokenPo``.
    """
    text = decoded(raw)
    made, at = [], 0
    for start, end, lines in _replacements(scan(text), wanted, _width(text)):
        made += [text[at:start], _newline(text, start).join(lines)]
        at = end
    return "".join([*made, text[at:]]).encode("utf-8")


def _replacements(
    entries: Iterable[Entry], wanted: Mapping[str, Strings], width: int
) -> Iterator[tuple[int, int, list[str]]]:
    for entry in entries:
        strings = wanted.get(entry.key, ()) if entry.msgid else ()
        for form, string in zip(entry.forms, strings, strict=False):
            if form.text != string:
                lines = [*_lines(_name(form.number), string, width), *form.comments]
                yield form.start, form.end, lines
        if entry.plural is not None and len(strings) > len(entry.forms):
            end = entry.forms[-1].end
            more = range(len(entry.forms), len(strings))
            yield end, end, ["", *(line for n in more for line in _lines(_name(n), strings[n], width))]


def _name(number: int | None) -> str:
    return "msgstr" if number is None else f"msgstr[{number}]"


def _width(text: str) -> int:
    """Return the columns that the file's strings keep to; 0 where each text has one line."""
    strings = (line.strip() for line in text.split("\n") if line[:1] in {"m", '"'})
    long = (line for line in strings if _columns(line) > _WIDTH + 1 and " " in line[8:])
    # Many programs leave the lines of the header whole, whatever they do with the rest.
    return _WIDTH if all(_HEADER.match(line) for line in long) else 0


def _newline(text: str, at: int) -> str:
    end = max(text.find("\n", at), 0) or text.rfind("\n")
    return "\r\n" if text[end - 1 : end] == "\r" else "\n"


def _lines(name: str, string: str, width: int) -> list[str]:
    paragraphs = [part.translate(_ESCAPED) for part in re.findall(r"[^\n]*\n|[^\n]+", string)] or [""]
    whole = f'{name} "{paragraphs[0]}"'
    if len(paragraphs) == 1 and (not width or _columns(whole) <= width):
        return [whole]
    lines = (line for part in paragraphs for line in (_wrapped(part, width) if width else (part,)))
    return [f'{name} ""', *(f'"{line}"' for line in lines)]


def _wrapped(paragraph: str, width: int) -> Iterator[str]:
    line = ""
    for word in re.findall(r"[^ ]+ *| +", paragraph):
        if line and _columns(line + word) > width - 2:
            yield line
            line = ""
        line += word
    yield line


def _columns(line: str) -> int:
    if line.isascii():
        return len(line)
    wide = sum(unicodedata.east_asian_width(letter) in {"W", "F"} for letter in line)
    return len(line) + wide - sum(unicodedata.combining(letter) > 0 for letter in line)
