"""How a translation is laid out in the lines of a PO file, as the program that wrote the file would.

Pure.
"""

import re
import unicodedata
from collections.abc import Iterator

#: The columns that gettext fills.
_WIDTH = 79
_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\t": r"\t", "\r": r"\r"})
_HEADER = re.compile(r'"[A-Z][\w-]+: ')


def width_of(text: str) -> int:
    """Return the columns that the file's strings keep to; 0 where each text has one line."""
    strings = (line.strip() for line in text.split("\n") if line[:1] in {"m", '"'})
    long = (line for line in strings if _columns(line) > _WIDTH + 1 and " " in line[8:])
    # Many programs leave the lines of the header whole, whatever they do with the rest.
    return _WIDTH if all(_HEADER.match(line) for line in long) else 0


def newline_at(text: str, at: int) -> str:
    """Return what ends a line of the file there."""
    end = max(text.find("\n", at), 0) or text.rfind("\n")
    return "\r\n" if text[end - 1 : end] == "\r" else "\n"


def lines_of(number: int | None, string: str, width: int) -> list[str]:
    """Return a ``msgstr`` of that number as lines of at most ``width`` columns; 0 for one line each text."""
    name = "msgstr" if number is None else f"msgstr[{number}]"
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
