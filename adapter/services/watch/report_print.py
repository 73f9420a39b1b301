"""The report of an incident as a printed page (PDF), by the layout `report` of `prints/`. The signed XML counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from adapter.model.procedure import Label
from adapter.pipeline.envelope import hour_and_day
from adapter.pipeline.pairs import PairVerdict
from adapter.services.dossiers.pairs import DossierPair
from adapter.services.dossiers.printing import TypesetsPdf
from adapter.services.watch.cases import Settlement
from adapter.services.watch.deadlines import DeadlineState
from adapter.services.watch.reconciliation import OpenFor, PaperLine, Report, ReportLine

LAYOUT = "report"
MOST = 2000
"""So many rows of each table are printed, what is open first; the signed XML has all of them."""
_DAY = {
    DeadlineState.RUNNING: Label("còn hạn", "it runs"),
    DeadlineState.NEAR: Label("sắp hết hạn", "it ends soon"),
    DeadlineState.OVERDUE: Label("quá hạn", "overdue"),
    DeadlineState.MET: Label("đúng hạn", "met"),
    DeadlineState.LATE: Label("xong muộn", "done late"),
}
_SETTLED = {
    Settlement.TRANSFER: Label("Chuyển 40/01", "Transferred (40/01)"),
    Settlement.ORIGINAL: Label("Gửi chính trả lời", "The answer itself"),
    Settlement.INSTEAD: Label("Đã mở ở cổng, chuyển 40/01", "Opened on the portal, transferred (40/01)"),
    Settlement.AGAIN: Label("Gửi lại, cùng mã", "Sent again under its id"),
    Settlement.NOTHING: Label("Không phải làm gì", "Nothing to do"),
}
_OPEN = {
    OpenFor.AWAITS_KEY: Label("chờ khóa của đơn vị", "awaits its unit's key"),
    OpenFor.TO_TRANSFER: Label("sắp lập bản chuyển", "to be transferred"),
    OpenFor.GIVEN_BACK: Label("máy chủ thông điệp trả lại", "given back by the broker"),
    OpenFor.WAITS: Label("chờ gửi", "waits to leave"),
    OpenFor.UNANSWERED: Label("Cổng chưa xác nhận", "not confirmed by the window"),
    OpenFor.REFUSED: Label("Cổng báo lỗi", "the window answered an error"),
}
_SAME = {
    PairVerdict.SAME: Label("là một hồ sơ", "one dossier"),
    PairVerdict.DIFFERENT: Label("là hai hồ sơ", "two dossiers"),
}
_NO_DAY = Label("không có gì phải chuyển", "nothing had to be transferred")
_GOES_ON = Label("chưa khắc phục", "not repaired yet")


@dataclass(frozen=True)
class ReportPrints:
    """Prints reports. `authority`: who reports."""

    layouts: TypesetsPdf
    authority: Label

    def pdf(self, report: Report) -> bytes:
        """The PDF. The same report gives the same bytes.

        Raises:
            Misconfigured: the layout is missing or cannot be typeset.
        """
        return self.layouts.pdf([LAYOUT], printed(report, authority=self.authority), report.made_at)


def printed(report: Report, *, authority: Label) -> dict[str, object]:
    """What the layout gets: texts in both languages, times as people write them. Keys: docs/prints.md."""
    left = len(report.open) + len(_unchecked(report)) + len(report.open_pairs)
    return {
        "authority": _both(authority),
        "title": _both(
            Label(
                f"Báo cáo đối soát sự cố {report.called.vi} (Điều 17(5) Nghị định 85/2019/NĐ-CP)",
                f"Reconciliation of the incident {report.called.en} (Decree 85/2019/NĐ-CP Article 17(5))",
            )
        ),
        "made_at": hour_and_day(report.made_at),
        "clean": not left,
        "standing": _both(
            Label(f"Còn {left} việc chưa xong.", f"{left} open.")
            if left
            else Label("Đã đối soát xong.", "Everything is reconciled.")
        ),
        "facts": list(_facts(report)),
        "tables": [each for each in (_answers(report), _papers(report), _pairs(report)) if each["rows"]],
    }


def _facts(report: Report) -> Iterable[dict[str, object]]:
    day = report.working_day
    ended = _plain(hour_and_day(report.ended_at)) if report.ended_at else _GOES_ON
    due = _NO_DAY
    if day is not None:
        stands, until = _DAY.get(day.standing), hour_and_day(day.due_at)
        due = Label(f"{until}: {stands.vi}", f"{until}: {stands.en}") if stands else _plain(until or "–")
    unchecked = len(_unchecked(report))
    waits = Label(f"{unchecked} chờ cán bộ thứ hai kiểm tra", f"{unchecked} wait for a second officer")
    for label, text in (
        (Label("Bắt đầu", "Began"), _plain(hour_and_day(report.started_at))),
        (Label("Khắc phục", "Repaired"), ended),
        (Label("Hạn một ngày làm việc", "One working day"), due),
        (Label("Trả lời trong sự cố", "Answers of the incident"), _plain(str(len(report.lines)))),
        *([(Label("Hồ sơ giấy", "On paper"), waits)] if unchecked else []),
        (Label("Lập lúc", "Made at"), _plain(hour_and_day(report.made_at))),
    ):
        yield {"label": _both(label), "text": _both(text)}


def _answers(report: Report) -> dict[str, object]:
    heads = (
        *(Label("Hồ sơ", "Dossier"), Label("Trả lời", "Answer"), Label("Cách chuyển", "How")),
        *(Label("Gửi lúc", "Left at"), Label("Cổng nhận lúc", "Received by the window")),
        *(Label("Giờ", "Hours"), Label("Còn vướng", "Open because")),
    )
    lines = sorted(report.lines, key=lambda line: line.open_for is None)
    return _table(Label("Hồ sơ và trả lời", "Dossiers and answers"), heads, (5, 3, 4, 3, 3, 1, 4), map(_answer, lines))


def _answer(line: ReportLine) -> Sequence[str | None]:
    where = f"{line.procedure} · {line.gate}" if line.gate else line.procedure
    return (
        f"{line.dossier}\n{where}",
        f"{line.pair}\n{hour_and_day(line.made_at)}",
        _SETTLED[line.settlement].vi,
        hour_and_day(line.left_at) or None,
        hour_and_day(line.received_at) or None,
        f"{line.hours:.1f}",
        _OPEN[line.open_for].vi if line.open_for else None,
    )


def _papers(report: Report) -> dict[str, object]:
    heads = (
        *(Label("Hồ sơ", "Dossier"), Label("Nhận bản giấy lúc", "Received on paper")),
        *(Label("Xác nhận lúc", "Confirmed at"), Label("Số xác nhận", "Confirmation")),
    )
    note = Label(
        "Hồ sơ giấy không có thông điệp: đơn vị quản lý Cổng nhận danh sách này.",
        "No message carries what was done on paper: the window's manager gets this list.",
    )
    checked = (each for each in report.papers if each.checked_at is not None)
    title = Label("Làm thủ tục bằng giấy", "Done on paper")
    return _table(title, heads, (4, 3, 3, 3), map(_paper, checked), note)


def _paper(line: PaperLine) -> Sequence[str | None]:
    where = f"{line.procedure} · {line.gate}" if line.gate else line.procedure
    times = hour_and_day(line.received_at), hour_and_day(line.confirmed_at) or None
    return (f"{line.dossier}\n{where}", *times, line.confirmation)


def _unchecked(report: Report) -> Sequence[PaperLine]:
    """What a second officer has not compared with the paper yet. What he has, this very page reports."""
    return [each for each in report.open_papers if each.checked_at is None]


def _pairs(report: Report) -> dict[str, object]:
    heads = (
        *(Label("Ở cổng Biên phòng", "Portal"), Label("Ở Cổng một cửa", "Window")),
        *(Label("Kết luận", "What they are"), Label("Hồ sơ kết thúc", "Ended")),
    )
    title = Label("Khai ở hai cửa", "Declared by both doors")
    pairs = sorted(report.pairs, key=lambda pair: pair.verdict is not None)
    return _table(title, heads, (3, 3, 3, 3), map(_pair, pairs))


def _pair(pair: DossierPair) -> Sequence[str | None]:
    said = _SAME[pair.verdict].vi if pair.verdict else "chờ cán bộ kết luận"
    return str(pair.portal), str(pair.window), said, str(pair.ended) if pair.ended else None


def _table(
    title: Label,
    heads: Sequence[Label],
    widths: Sequence[int],
    rows: Iterable[Sequence[str | None]],
    note: Label | None = None,
) -> dict[str, object]:
    every = [list(row) for row in rows]
    if len(every) > MOST:
        more = Label(
            f"In {MOST} trong {len(every)} dòng; tệp XML đã ký có đủ.",
            f"{MOST} of {len(every)} rows are printed; the signed XML has all of them.",
        )
        note = more if note is None else Label(f"{note.vi} {more.vi}", f"{note.en} {more.en}")
    return {
        "title": _both(title),
        "note": _both(note) if note else None,
        "heads": [_both(each) for each in heads],
        "widths": list(widths),
        "rows": every[:MOST],
    }


def _plain(text: str) -> Label:
    return Label(text, text)


def _both(label: Label) -> Mapping[str, str]:
    return {"vi": label.vi, "en": label.en}
