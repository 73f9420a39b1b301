"""Lists from spreadsheets: genuine ones lose nothing, hostile ones end with a reason, faults are told by cell."""

from __future__ import annotations

import ast
import io
import zipfile
from datetime import date, datetime
from functools import cache

import pytest
import xlsxwriter
from openpyxl import Workbook, load_workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from adapter.gateways.spreadsheets.reading import cells_of_xlsx
from adapter.gateways.spreadsheets.templates import TemplateColumn, csv_template, harmless, xlsx_template
from adapter.pipeline.forms.importing import ImportedRows, heading, rows_of
from adapter.pipeline.forms.layout import FormGroup
from adapter.pipeline.forms.sheet import Cell, CellKind, Cells, Unreadable, cells_of_csv, column_name
from tests.harness.drawn_forms import TOUR, catalogue, drawn
from tests.harness.source import nodes


@cache
def persons() -> FormGroup:
    found = drawn(TOUR).group("persons")
    assert found is not None
    return found


HEAD = ("Họ và tên", "Giới tính", "Ngày sinh", "Quốc tịch", "Loại giấy tờ", "Số giấy tờ", "Vai trò trong đoàn")
ROW = ("Nguyễn Thị Đào", "Nữ", "5/6/1985", "Việt Nam", "HC_PHO_THONG", "0012345", "LEADER")


def taken(cells: Cells) -> ImportedRows:
    return rows_of(persons(), cells, {}, catalogue().codelists)


def book(*rows: tuple[object, ...]) -> bytes:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    return saved(made)


def saved(made: Workbook) -> bytes:
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def csv_of(*rows: tuple[str, ...], delimiter: str = ";") -> str:
    return "".join(delimiter.join(row) + "\r\n" for row in rows)


def test_a_list_from_excel_loses_no_zero_no_day_and_no_accent() -> None:
    found = taken(cells_of_xlsx(book(HEAD, ROW)))
    assert found.faults == ()
    (row,) = found.rows
    assert (row["fullName"], row["documentNumber"]) == ("NGUYEN THI DAO", "0012345")
    assert (row["dateOfBirth"], row["nationality"], row["sex"]) == ("1985-06-05", "VNM", "F")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_a_list_from_csv_is_read_in_each_encoding_and_with_each_delimiter(encoding: str, delimiter: str) -> None:
    found = taken(cells_of_csv(csv_of(HEAD, ROW, delimiter=delimiter).encode(encoding)))
    assert found.faults == ()
    assert found.rows[0]["documentNumber"] == "0012345"


def test_windows_1258_is_read_and_its_tones_are_put_on_their_letters() -> None:
    head = ("Full name", "Place of birth", "Number of the paper")
    written = csv_of(head, ("A", "Thừa Thiên Huế", "1"))
    raw = _as_1258(written)
    (row,) = taken(cells_of_csv(raw)).rows
    assert row["placeOfBirth"] == "Thừa Thiên Huế"


def _as_1258(text: str) -> bytes:
    """As Windows writes Vietnamese: letters of the page as they are, tones behind them."""
    tones = {"ừ": "ư\u0300", "ế": "ê\u0301"}
    return "".join(tones.get(letter, letter) for letter in text).encode("cp1258")


def test_tcvn3_is_refused_with_a_reason_and_not_taken_for_another_encoding() -> None:
    """`Nguyễn Thị` in TCVN3, as whoever believes it to be Western sees it: NguyÔn ThÞ."""
    raw = csv_of(("Full name", "Number of the paper"), ("NguyÔn ThÞ", "1")).encode("cp1252")
    with pytest.raises(Unreadable) as told:
        cells_of_csv(raw)
    assert told.value.why == "tcvn3"


def test_all_faults_are_told_at_once_by_row_and_column() -> None:
    wrong = ("Trần Văn Bốn", "X?", "31/2/1990", "Nowhere", "HC_PHO_THONG", "", "MEMBER")
    found = taken(cells_of_csv(csv_of(HEAD, ROW, wrong).encode()))
    places = {(f"{fault.column}{fault.row}", fault.what) for fault in found.faults}
    assert {("B3", "finding"), ("C3", "finding"), ("D3", "finding"), ("F3", "missing")} <= places
    assert all(fault.row == 3 for fault in found.faults)


@pytest.mark.parametrize(
    ("cell", "what"),
    [
        (Cell("12345", CellKind.NUMBER), "number"),
        (Cell("", CellKind.FORMULA), "formula"),
        (Cell("", CellKind.ERROR), "error"),
        (Cell("", CellKind.MERGED), "merged"),
    ],
)
def test_what_excel_has_made_of_a_number_is_a_fault_of_the_cell(cell: Cell, what: str) -> None:
    cells = [[Cell(name) for name in HEAD], [*(Cell(text) for text in ROW[:5]), cell, Cell(ROW[6])]]
    found = taken(cells)
    assert [(fault.column, fault.row, fault.what) for fault in found.faults] == [("F", 2, what)]


def test_formulas_numbers_and_merged_cells_are_seen_in_a_real_file() -> None:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.append(list(HEAD))
    sheet.append([*ROW[:5], 12345, ROW[6]])
    sheet.append(["=A2", *ROW[1:]])
    sheet.append(list(ROW))
    sheet.merge_cells("A4:B4")
    kinds = {
        (row, column): cell.kind
        for row, cells in enumerate(cells_of_xlsx(saved(made)), start=1)
        for column, cell in enumerate(cells, start=1)
    }
    assert kinds[2, 6] is CellKind.NUMBER
    assert kinds[3, 1] is CellKind.FORMULA
    assert kinds[4, 2] is CellKind.MERGED


@pytest.mark.parametrize("epoch", ["1900", "1904"])
def test_a_day_is_the_same_in_files_of_either_calendar(epoch: str) -> None:
    made = Workbook()
    if epoch == "1904":
        made.epoch = CALENDAR_MAC_1904
    sheet = made.active
    assert sheet is not None
    sheet.append(["Họ và tên", "Ngày sinh"])
    sheet.append(["A", date(1985, 6, 5)])
    sheet.append(["B", datetime(1985, 6, 5, 7, 15)])  # noqa: DTZ001  a cell has no zone
    cells = cells_of_xlsx(saved(made))
    assert [row[1].text for row in cells[1:]] == ["05/06/1985", "05/06/1985 07:15:00"]


def test_headings_are_known_by_label_in_either_language_by_name_and_as_the_template_has_them() -> None:
    field = next(each for each in persons().asked if each.name == "documentNumber")
    for name in (field.label.vi, field.label.en.upper(), field.name, heading(field), f"{heading(field)} *"):
        cells = [[Cell("Họ và tên"), Cell(name)], [Cell("A"), Cell("X1")]]
        assert taken(cells).rows[0]["documentNumber"] == "X1", name


def test_columns_that_are_missing_twice_or_of_no_field_are_told() -> None:
    cells = [[Cell("Họ và tên"), Cell("Giới tính"), Cell("Giới tính"), Cell("Màu mắt"), Cell("Số thứ tự")]]
    what = {fault.what for fault in taken(cells).faults}
    assert what == {"twice", "unknown_column", "missing_column", "no_rows"}


def test_a_list_without_a_heading_is_none() -> None:
    assert [fault.what for fault in taken([[Cell("a"), Cell("b")]]).faults] == ["no_heading"]


def test_more_rows_than_the_form_takes_are_told() -> None:
    cells = [[Cell(name) for name in HEAD], *([[Cell(text) for text in ROW]] * 501)]
    assert "too_many" in {fault.what for fault in taken(cells).faults}


def test_the_template_is_read_back_with_every_column_as_text() -> None:
    fields = persons().asked
    columns = [TemplateColumn(heading(field), "hint", ("Việt Nam", "Lào"), field.required) for field in fields]
    raw = xlsx_template("Danh sách đoàn", columns)
    found = taken(cells_of_xlsx(raw))
    assert {fault.what for fault in found.faults} == {"no_rows"}
    sheet = load_workbook(io.BytesIO(raw)).worksheets[0]
    as_text = [each for each in sheet.column_dimensions.values() if each.number_format == "@"]
    assert {n for each in as_text for n in range(each.min, each.max + 1)} == set(range(1, len(fields) + 1))
    assert {fault.what for fault in taken(cells_of_csv(csv_template(columns))).faults} == {"no_rows"}


@pytest.mark.parametrize("text", ["=1+1", "+84", "-1", "@x", "\tx", "\rx"])
def test_nothing_that_is_written_runs_as_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert harmless("Họ và tên") == "Họ và tên"
    assert b"'=1+1" in csv_template([TemplateColumn("=1+1", "", (), False)])


def test_whatever_writes_csv_makes_its_cells_harmless() -> None:
    writing = {place: node for place, node in nodes() if isinstance(node, ast.Attribute) and node.attr == "writerow"}
    writing |= {place: node for place, node in nodes() if isinstance(node, ast.Attribute) and node.attr == "writerows"}
    named = {place for place, node in nodes() if isinstance(node, ast.Name) and node.id == "harmless"}
    assert len(writing) >= 3
    assert sorted(writing.keys() - named) == []


# hostile files --------------------------------------------------------------------------------------------------------


def _far_cell() -> bytes:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    book.add_worksheet().write_string(1_048_575, 16_383, "far")
    book.close()
    return made.getvalue()


def _zip(parts: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return made.getvalue()


HOSTILE = {
    "far-cell": (_far_cell, "too_large"),
    "zip-bomb": (lambda: _zip({"xl/a.xml": b"\0" * 60_000_000}), "too_large"),
    "many-parts": (lambda: _zip({f"{n}": b"" for n in range(300)}), "too_large"),
    "no-zip": (lambda: b"PK\x03\x04 and nothing more", "no_xlsx"),
    "zip-without-a-book": (lambda: _zip({"a": b"b"}), "no_xlsx"),
    "entities": (
        lambda: _zip({"[Content_Types].xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "xl/workbook.xml": b"<a/>"}),
        "no_xlsx",
    ),
    "over-five-megabytes": (lambda: b"PK" + b"\0" * 5_000_001, "too_large"),
}


@pytest.mark.parametrize("attack", sorted(HOSTILE))
def test_a_hostile_file_ends_with_a_reason(attack: str) -> None:
    make, why = HOSTILE[attack]
    with pytest.raises(Unreadable) as told:
        cells_of_xlsx(make())
    assert told.value.why == why


def test_a_csv_file_is_bounded() -> None:
    for raw in (b"a;b\n" * 1100, b";" * 100 + b"\n"):
        with pytest.raises(Unreadable):
            cells_of_csv(raw)


def test_columns_have_their_letters() -> None:
    assert [column_name(number) for number in (1, 26, 27, 52, 53, 702, 703)] == [
        "A",
        "Z",
        "AA",
        "AZ",
        "BA",
        "ZZ",
        "AAA",
    ]
