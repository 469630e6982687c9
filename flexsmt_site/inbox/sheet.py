"""Tables as CSV, written while they are sent: what a stranger typed never becomes a formula."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

Row = Sequence[str]

#: By this mark Excel knows that a file is UTF-8.
_MARK = "\ufeff"
_BATCH = 200
#: Signs that begin a formula, also as programs for East Asian text write them.
_SIGNS = r"=+\-@＝＋－＠﹦﹢﹣﹫−"
#: What a program may skip before it finds such a sign.
_SKIPPED = (
    r'\s\x00-\x20"'
    # Signs of Unicode's category Cf, which show nothing.
    r"\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    r"\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f"
    # Fillers of Hangul and an empty sign of Braille: letters and symbols by name, spaces to the eye.
    r"\u115f\u1160\u2800\u3164\uffa0"
)
#: Also after a semicolon, a tab or a line end: Excel in Russian takes a comma for text, so that our cells
#: are none there, and what it takes for a cell begins where the text has such a sign.
_FORMULA = re.compile(rf"(\A|[;\t\r\n])(?=[{_SKIPPED}]*[{_SIGNS}])|\A(?=[\t\r\n])")


def write(rows: Iterable[Row]) -> Iterator[bytes]:
    """Write rows as CSV: RFC 4180 in UTF-8, each cell in quotes; memory does not grow with the rows."""
    text = StringIO()
    text.write(_MARK)
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    for number, row in enumerate(rows, 1):
        writer.writerow([guarded(cell) for cell in row])
        if number % _BATCH == 0:
            yield _taken(text)
    yield _taken(text)


def guarded(cell: str) -> str:
    """Return the cell with an apostrophe wherever a program would find the beginning of a formula."""
    return _FORMULA.sub(r"\1'", cell) if _FORMULA.search(cell) else cell


def _taken(text: StringIO) -> bytes:
    # A lone surrogate is no text: nothing that is stored holds one.
    written = text.getvalue().encode("utf-8", "replace")
    text.seek(0)
    text.truncate()
    return written
