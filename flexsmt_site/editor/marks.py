"""Marks around texts: private characters, which the gate lets into no text.

Pure. What is made of marked words has to go through ``markup`` or ``strip`` before anybody reads it.
"""

import re

_BEGIN, _MIDDLE, END = "\ue000", "\ue001", "\ue002"
_DIGITS = "".join(map(chr, range(0xE010, 0xE01A)))
_TO_DIGITS = str.maketrans("0123456789", _DIGITS)
_FROM_DIGITS = str.maketrans(_DIGITS, "0123456789")
#: The beginning or the end of a text; ``number`` says of which.
MARK = re.compile(f"{_BEGIN}([{_DIGITS}]+){_MIDDLE}|{END}")
_OURS = re.compile(f"[{_BEGIN}{_MIDDLE}{END}{_DIGITS}]")


def put(number: int, text: str) -> str:
    """Return a text with marks around it; what looks like one in it is dropped."""
    return f"{_BEGIN}{str(number).translate(_TO_DIGITS)}{_MIDDLE}{strip(text)}{END}"


def number(mark: re.Match[str]) -> int | None:
    """Return the number of the text that begins with a mark; None where one ends."""
    return int(mark[1].translate(_FROM_DIGITS)) if mark[1] else None


def numbers(made: str) -> list[int]:
    """Return the numbers of the texts in what was made, in order, each once."""
    found = (number(mark) for mark in MARK.finditer(made))
    return list(dict.fromkeys(one for one in found if one is not None))


def strip(made: str) -> str:
    """Return what was made without any mark, whole or broken."""
    return _OURS.sub("", made)


def is_clean(made: str) -> bool:
    """Tell whether nothing of a mark stands in it."""
    return _OURS.search(made) is None
