"""A page of answers as CSV, for a spreadsheet: UTF-8 with its mark, semicolons, no cell that a program would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import datetime

from adapter.gateways.spreadsheets.templates import harmless
from adapter.pipeline.envelope import VIETNAM
from adapter.services.customs.answer import CustomsAnswer
from adapter.services.customs.people_shown import ShownRow

HEADS = (
    *("Mã số hồ sơ", "Năm", "Thủ tục", "Mẫu", "Cửa khẩu", "Đơn vị", "Hướng", "Trạng thái", "Kết quả"),
    *("Số xác nhận", "Xác nhận lúc", "Dự kiến đến", "Yêu cầu bản giấy", "Căn cứ", "Kênh", "Phiên bản", "Thay bằng"),
    *("Cơ quan, doanh nghiệp", "Người làm thủ tục", "Người", "Phương tiện"),
)


def table(answers: Sequence[CustomsAnswer]) -> bytes:
    """The answers, one a line, in Vietnamese."""
    made = io.StringIO()
    writer = csv.writer(made, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADS)
    for answer in answers:
        writer.writerow([harmless(cell) for cell in _cells(answer)])
    return b"\xef\xbb\xbf" + made.getvalue().encode()


def _cells(answer: CustomsAnswer) -> Iterator[str]:
    found = answer.dossier
    yield from (found.reference, str(found.year), found.title.vi if found.title else found.procedure)
    yield from (found.form or "", found.gate or "", found.unit or "", answer.direction.vi if answer.direction else "")
    yield from (found.state, found.result.vi, found.confirmation or "", _time(found.confirmed_at))
    yield from (_time(found.crossing_at), "có thể" if found.paper_may_be_asked.value else "không")
    yield from (found.paper_may_be_asked.ground.vi, found.channel, str(found.version), str(found.replaced_by or ""))
    yield from (answer.principal or "", answer.declarant or "")
    yield from ("; ".join(map(_row, answer.persons)), "; ".join(map(_row, answer.vehicles)))


def _row(row: ShownRow) -> str:
    return ", ".join(each.meaning.vi if each.meaning else each.value for each in row.values)


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M")
