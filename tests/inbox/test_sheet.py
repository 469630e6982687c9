import csv
import re
import sys
import tracemalloc
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO, StringIO
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site.inbox import sheet, workbook

Write = Callable[[Iterable[list[str]]], Iterator[bytes]]
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FORMULAS = [
    *("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx"),
    *(" =1", "\u00a0=1", "\u200b=1", '"=1"', "＝1", "＋1", "－1", "＠1"),
    *("words;=1", "words; =1", 'words;"=1', "words\t@x", "a line\n=1", "a line\r-1"),
]
texts = st.text(max_size=40)
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(texts, min_size=width, max_size=width), min_size=1, max_size=8)
)


def read_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(data.decode("utf-8-sig"), newline=""), strict=True))


def read_sheets(data: bytes) -> dict[str, list[list[str]]]:
    """Sheets by name, read as a program does: through the relations, with escapes resolved."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert archive.testzip() is None
        related = {
            relation.get("Id"): relation.get("Target")
            for relation in parsed(archive.read("xl/_rels/workbook.xml.rels"))
        }
        found = {}
        for entry in parsed(archive.read("xl/workbook.xml")).iter(f"{MAIN}sheet"):
            target = related[next(value for name, value in entry.items() if name.endswith("}id"))]
            found[entry.attrib["name"]] = cells(archive.read(f"xl/{target}"))
        return found


def parsed(part: bytes) -> ET.Element:
    return ET.fromstring(part)  # noqa: S314 (what we have written ourselves)


def cells(part: bytes) -> list[list[str]]:
    rows = parsed(part).iter(f"{MAIN}row")
    return [[unescaped(cell) for cell in row.iter(f"{MAIN}c")] for row in rows]


def unescaped(cell: ET.Element) -> str:
    assert cell.get("t") == "inlineStr"
    (text,) = cell.iter(f"{MAIN}t")
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda sign: chr(int(sign[1], 16)), text.text or "")


@given(tables)
def test_any_text_comes_out_of_csv_as_it_went_in_but_for_the_guard(table: list[list[str]]) -> None:
    assert read_csv(b"".join(sheet.write(table))) == [[sheet.guarded(cell) for cell in row] for row in table]


@given(texts)
def test_the_guard_only_adds_apostrophes(text: str) -> None:
    assert sheet.guarded(text).replace("'", "") == text.replace("'", "")
    assert sheet.guarded(sheet.guarded(text)) == sheet.guarded(text)


@given(st.text(alphabet=' =+-@;\t\r\n\u200b"xＦ＝', max_size=12))
def test_nothing_that_a_program_may_take_for_a_cell_begins_a_formula(text: str) -> None:
    for begun in re.split("[;\t\r\n]", sheet.guarded(text)):
        assert begun.lstrip(' \u200b"')[:1] not in tuple("=+-@＝")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    assert len(sheet.guarded(text)) == len(text) + 1


def test_no_sign_that_cannot_be_seen_hides_a_formula() -> None:
    unseen = [sign for sign in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(sign) == "Cf"]
    fillers = ["HANGUL FILLER", "HALFWIDTH HANGUL FILLER", "HANGUL CHOSEONG FILLER", "BRAILLE PATTERN BLANK"]
    for sign in (*unseen, *map(unicodedata.lookup, fillers)):
        assert sheet.guarded(f"{sign}=1") == f"'{sign}=1"
        assert sheet.guarded(f"words;{sign}@x") == f"words;'{sign}@x"


@pytest.mark.parametrize("text", ["", "a=b", "50-60", "anna@example.com", "ООО «Плата»", "1 + 1", "Köln"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert sheet.guarded(text) == text


def test_csv_is_marked_as_utf_8_quoted_and_ends_its_lines_as_the_standard_says() -> None:
    written = b"".join(sheet.write([["a", "б"], ['"', "x\ny"]]))
    assert written == '\ufeff"a","б"\r\n"""","x\ny"\r\n'.encode()


@given(tables)
def test_any_text_comes_out_of_xlsx_but_for_what_xml_forbids(table: list[list[str]]) -> None:
    forbidden = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
    (sheets,) = read_sheets(b"".join(workbook.write(table, "Enquiries"))).values()
    assert sheets == [[forbidden.sub("", cell) for cell in row] for row in table]


def test_text_that_looks_like_an_escape_of_excel_stays_text() -> None:
    (sheets,) = read_sheets(b"".join(workbook.write([["_x0041_", "_x000D_x0041_"]], "A"))).values()
    assert sheets == [["_x0041_", "_x000D_x0041_"]]


def test_a_formula_is_text_in_xlsx() -> None:
    data = b"".join(workbook.write([["A"], ["=1+1"]], "A"))
    with zipfile.ZipFile(BytesIO(data)) as archive:
        part = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in part
    assert '<c r="A2" t="inlineStr"><is><t xml:space="preserve">=1+1</t></is></c>' in part


@pytest.mark.parametrize(("sign", "kept"), [("я", 32_766), ("🙂", 16_383)])
def test_a_cell_that_is_too_long_is_cut_where_one_sees_it(sign: str, kept: int) -> None:
    fits, longer = sign * (32_767 // (1 if kept > 20_000 else 2)), sign * 40_000
    (sheets,) = read_sheets(b"".join(workbook.write([[fits, longer]], "A"))).values()
    assert sheets == [[fits, sign * kept + "…"]]


def test_more_rows_than_a_sheet_holds_begin_a_further_one_under_the_same_header() -> None:
    rows = [["head"], *([str(number)] for number in range(5))]
    assert read_sheets(b"".join(workbook.write(rows, 'A & "B"', most_rows=3))) == {
        'A & "B"': [["head"], ["0"], ["1"]],
        'A & "B" 2': [["head"], ["2"], ["3"]],
        'A & "B" 3': [["head"], ["4"]],
    }


@pytest.mark.parametrize("rows", [[], [["only", "a header"]]])
def test_an_empty_table_is_a_whole_file(rows: list[list[str]]) -> None:
    assert read_csv(b"".join(sheet.write(rows))) == rows
    assert list(read_sheets(b"".join(workbook.write(rows, "A"))).values()) == [rows or [[]]]


def test_the_header_is_bold_and_stays_in_view() -> None:
    with zipfile.ZipFile(BytesIO(b"".join(workbook.write([["A"] * 28], "A")))) as archive:
        part = archive.read("xl/worksheets/sheet1.xml").decode()
        bold = parsed(archive.read("xl/styles.xml")).findall(f".//{MAIN}b")
    assert 'state="frozen"' in part
    assert '<c r="AB1" s="1"' in part
    assert len(bold) == 1


@pytest.mark.parametrize("write", [sheet.write, lambda rows: workbook.write(rows, "A")])
def test_memory_does_not_grow_with_the_rows(write: Write) -> None:
    def rows(count: int) -> Iterator[list[str]]:
        return ([f"Enquiry {number}", "текст " * 20, "x" * 200] for number in range(count))

    def peak(count: int) -> int:
        tracemalloc.start()
        for _piece in write(rows(count)):
            pass
        _now, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    peak(500)
    assert peak(20_000) < 1.5 * peak(2_000) + 100_000


def test_the_first_bytes_go_out_before_the_last_row_is_asked_for() -> None:
    asked = []

    def rows() -> Iterator[list[str]]:
        for number in range(10_000):
            asked.append(number)
            yield ["x" * 500]

    next(sheet.write(rows()))
    next(workbook.write(rows(), "A"))
    assert len(asked) < 1_000
