"""Tables as XLSX, written while they are sent.

Libraries write the whole file before its first byte goes out; this writes row by row. Every cell is
text, so that nothing is computed from what a stranger typed.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from flexsmt_site.inbox import ooxml
from flexsmt_site.inbox.sheet import Row

#: Excel's limits: signs of a cell as UTF-16 counts them, and rows of a sheet.
LONGEST_CELL = 32_767
MOST_ROWS = 1_048_576
#: A part of a plain zip file ends at 2 GiB.
_LARGEST_SHEET = 1 << 30
_BATCH = 200
#: What XML can not hold, not even escaped.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: Excel reads ``_x0041_`` as the letter A: an underscore that begins such a thing is written so itself.
_LIKE_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


def write(rows: Iterable[Row], name: str, *, most_rows: int = MOST_ROWS) -> Iterator[bytes]:
    """Write rows as a workbook; the first is the header, bold and always in view.

    ``name`` is that of the sheet. Rows beyond ``most_rows`` begin a further sheet under the same header.
    Control characters are left out, and a cell that is too long ends in "…".
    """
    sink = _Sink()
    left = iter(rows)
    header = next(left, ())
    with ZipFile(sink, "w") as archive:  # type: ignore[call-overload]
        for path, text in ooxml.FRAME:
            archive.writestr(_part(path), text)
        sheet = _Sheet(archive, 1, header)
        try:
            for row in left:
                if sheet.rows >= most_rows or sheet.size >= _LARGEST_SHEET:
                    sheet.close()
                    sheet = _Sheet(archive, sheet.number + 1, header)
                sheet.add(row)
                if sheet.rows % _BATCH == 0:
                    yield sink.taken()
        finally:
            # Also where nobody reads on: a zip file with an open part can not be closed.
            sheet.close()
        for path, text in ooxml.book(quoteattr(_kept(name)), sheet.number):
            archive.writestr(_part(path), text)
    yield sink.taken()


class _Sink:
    """Takes what the zip file writes; it has no positions, so each size is written after its part."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        """Hold on: what is written is taken, not flushed."""

    def taken(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


class _Sheet:
    """One sheet while it is written: ``size`` in bytes before they are packed."""

    def __init__(self, archive: ZipFile, number: int, header: Row) -> None:
        self.number, self.rows, self.size = number, 0, 0
        self._file: Any = archive.open(_part(ooxml.sheet_path(number)), "w")
        self._put(ooxml.OPENING)
        self.add(header, style=ooxml.BOLD)

    def add(self, row: Row, style: str = "") -> None:
        self.rows += 1
        cells = (
            f'<c r="{ooxml.letters(place)}{self.rows}"{style} t="inlineStr"><is>'
            f'<t xml:space="preserve">{_escaped(cell)}</t></is></c>'
            for place, cell in enumerate(row)
        )
        self._put(f'<row r="{self.rows}">{"".join(cells)}</row>')

    def close(self) -> None:
        self._put(ooxml.CLOSING)
        self._file.close()

    def _put(self, text: str) -> None:
        self.size += self._file.write(text.encode())


def _part(path: str) -> ZipInfo:
    part = ZipInfo(path)
    part.compress_type = ZIP_DEFLATED
    return part


def _escaped(cell: str) -> str:
    return _LIKE_ESCAPE.sub("_x005F_", _kept(_cut(cell))).translate(_ESCAPED)


def _kept(text: str) -> str:
    return _FORBIDDEN.sub("", text)


def _cut(cell: str) -> str:
    if 2 * len(cell) <= LONGEST_CELL:
        return cell
    units = cell.encode("utf-16-le", "replace")
    if len(units) <= 2 * LONGEST_CELL:
        return cell
    # A sign of two units that is cut in half falls away.
    return units[: 2 * (LONGEST_CELL - 1)].decode("utf-16-le", "ignore") + "…"
