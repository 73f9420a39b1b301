"""The printed answer: data are never markup, nothing is fetched, the same data give the same bytes; how it looks."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import segno
from pypdf import PdfReader

from adapter.gateways.typesetting.layouts import Layouts
from adapter.model.errors import Misconfigured
from adapter.model.procedure import Label, ReplyKind
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.readable import ReadableLine
from adapter.services.dossiers.own_records import OpenedAnswer, OwnAnswer
from adapter.services.dossiers.printing import layouts_of, printed, qr_rows
from tests.harness.prints import AUTHORITY, PRINTS, assert_looks_as_kept

SEEN = Path(__file__).parent / "prints"
AT = datetime(2026, 11, 30, 9, 12, tzinfo=VIETNAM)
DIGEST = "6bd7f489f340847c" + "0" * 48
HOSTILE = (
    '#import "@preview/cetz:0.3.4"',
    '#read("/etc/passwd")',
    "*đậm* _x_ $a$ `m`",
    "<a> // /* #sys.inputs",
    "\\ \" ' [ ] { }",
)
"""What a text field may hold: typst markup that would load, read or change something."""


def line(vi: str, text: str, en: str = "") -> ReadableLine:
    return ReadableLine(Label(vi, en or vi), Label(text, text), 1)


def opened(
    kind: ReplyKind = ReplyKind.COMPLETION, *, lines: tuple[ReadableLine, ...] = (), **more: object
) -> OpenedAnswer:
    answer = OwnAnswer(kind, DIGEST, AT, AT + timedelta(minutes=4), None, None)
    shown = lines or (
        line("Số xác nhận", "XN202600000017K", "Confirmation number"),
        line("Thời điểm xác nhận", "09:12, 30/11/2026", "Time of confirmation"),
        ReadableLine(Label("Đơn vị xác nhận", "Confirming unit"), None, 0),
        line("Đơn vị", "Đồn Biên phòng cửa khẩu quốc tế Hữu Nghị", "Unit"),
        line("Cán bộ", "Thiếu tá Trần Văn Bình", "Officer"),
        ReadableLine(Label("Người được xác nhận", "Persons"), None, 0),
        *(line("Họ và tên", f"NGUYEN THI ĐÀO {place}", "Full name") for place in range(3)),
    )
    title = Label("Xác nhận hoàn thành khai báo", "Confirmation of completed declaration")
    made = OpenedAnswer(answer, "BPTT2026000000123", 2026, title, shown, b"", "BQP0100001", "XN202600000017K")
    return replace(made, **more)  # type: ignore[arg-type]


def pdf(of: OpenedAnswer, folder: Path = PRINTS, site: str | None = "https://portal.example") -> bytes:
    data = printed(of, site=site, authority=AUTHORITY)
    return Layouts(folder).pdf(layouts_of(of), data, of.answer.created_at)


def text_of(made: bytes) -> str:
    reader = PdfReader(io.BytesIO(made))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def test_it_says_what_it_is_and_what_it_is_not() -> None:
    told = text_of(pdf(opened()))
    for each in (
        "Trình bày của hệ thống, không phải mẫu chính thức.",
        "không phải cho phép qua cửa khẩu",
        "no permission to cross",
        "XN202600000017K",
        "6BD7 F489 F340 847C",
        "BPTT2026000000123/2026",
        "NGUYEN THI ĐÀO 2",
        "https://portal.example/xac-minh",
    ):
        assert each in told, each


def test_an_answer_that_confirms_nothing_has_no_code_to_check_and_speaks_of_no_permission() -> None:
    told = text_of(pdf(opened(ReplyKind.REFUSAL, confirmation=None)))
    assert "cho phép" not in told
    assert "xac-minh" not in told


def test_a_withdrawn_request_says_so() -> None:
    answer = replace(opened().answer, kind=ReplyKind.AMENDMENT_REQUEST, withdrawn_at=AT, withdrawal_reason="Nhầm hồ sơ")
    told = text_of(pdf(opened(answer=answer, confirmation=None)))
    assert "Biên phòng đã rút yêu cầu này lúc 09:12, 30/11/2026." in told
    assert "Nhầm hồ sơ" in told


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_value_is_never_read_as_markup(hostile: str) -> None:
    label = Label(hostile, hostile)
    made = pdf(opened(lines=(ReadableLine(label, None, 0), ReadableLine(label, label, 1)), title=label, number="N1"))
    told = text_of(made).replace(" ", "")
    assert told.count(hostile.replace(" ", "")) >= 3
    assert "root:" not in told


def test_the_same_answer_is_the_same_file() -> None:
    assert pdf(opened()) == pdf(opened())
    assert pdf(opened()) != pdf(opened(number="BPTT2026000000124"))


def test_it_is_marked_for_screen_readers() -> None:
    reader = PdfReader(io.BytesIO(pdf(opened())))
    assert reader.metadata is not None
    assert reader.metadata.title == "Xác nhận hoàn thành khai báo BPTT2026000000123/2026"
    root = reader.trailer["/Root"]
    assert root["/Lang"].lower().startswith("vi")
    assert "/StructTreeRoot" in root
    assert b"pdfuaid" in root["/Metadata"].get_data()


def test_a_list_of_two_hundred_goes_on_over_pages() -> None:
    lines = tuple(line("Họ và tên", f"NGUYEN VAN {place}") for place in range(200))
    made = pdf(opened(lines=lines))
    assert len(PdfReader(io.BytesIO(made)).pages) > 1
    assert "NGUYEN VAN 199" in text_of(made)


@pytest.mark.parametrize(
    "source", ['#import "@preview/cetz:0.3.4": *', '#let n = "@pre" + "view/x:0.1.0"\n#import n: *']
)
def test_a_layout_that_would_load_something_is_refused(tmp_path: Path, source: str) -> None:
    (tmp_path / "answer.typ").write_text(source, encoding="utf-8")
    with pytest.raises(Misconfigured, match=r"answer\.typ"):
        pdf(opened(), tmp_path)


@pytest.mark.parametrize("file", ["/etc/passwd", "../secret.txt"])
def test_a_layout_reads_nothing_outside_its_folder(tmp_path: Path, file: str) -> None:
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    folder = tmp_path / "prints"
    folder.mkdir()
    (folder / "answer.typ").write_text(f'#read("{file}")', encoding="utf-8")
    with pytest.raises(Misconfigured):
        pdf(opened(), folder)


@pytest.mark.parametrize("name", ["BQP0100001.completion", "completion"])
def test_a_layout_is_replaced_by_a_file_beside_it(tmp_path: Path, name: str) -> None:
    head = '#set document(title: "t")\n#set text(font: "Source Sans 3", lang: "vi")\n'
    for each in ("answer", name):
        (tmp_path / f"{each}.typ").write_text(f"{head}This is {each}", encoding="utf-8")
    assert f"This is {name}" in text_of(pdf(opened(), tmp_path))
    assert "This is answer" in text_of(pdf(opened(ReplyKind.REFUSAL), tmp_path))


def test_without_a_layout_the_operator_is_told_which(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"folders\.prints: .* holds no answer\.typ"):
        pdf(opened(), tmp_path)


def test_the_squares_are_those_of_a_qr_code_with_its_finders() -> None:
    rows = qr_rows("https://portal.example/xac-minh?so=XN1&ma=6BD7")
    finder = ["1111111", "1000001", "1011101", "1011101", "1011101", "1000001", "1111111"]
    assert [row[:7] for row in rows[:7]] == [row[-7:] for row in rows[:7]] == [row[:7] for row in rows[-7:]] == finder
    assert {len(row) for row in rows} == {len(rows)}
    again = segno.make_qr("https://portal.example/xac-minh?so=XN1&ma=6BD7", error="m", boost_error=False)
    assert len(rows) == again.symbol_size(border=0)[0]


LOOKS = {
    "completion": opened(),
    "refusal": opened(ReplyKind.REFUSAL, confirmation=None, title=Label("Từ chối hồ sơ", "Refusal of the dossier")),
}


@pytest.mark.parametrize("name", LOOKS)
def test_it_looks_as_it_was_looked_at(name: str, tmp_path: Path) -> None:
    """Picture by picture. One that differs is written beside: look at it, and keep it in tests/unit/prints if good."""
    assert_looks_as_kept(name, LOOKS[name], SEEN, tmp_path)
