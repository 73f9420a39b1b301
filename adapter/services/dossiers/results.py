"""A dossier's result in words, and whether customs may ask paper for it (letter of 27/5/2022).

Pure: makes sentences from state and confirmations. A confirmation is no permission to cross (Article 3(10)).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store.dossier_records import ConfirmationWithReply
from adapter.model.dossier import DossierState
from adapter.model.outcomes import Route
from adapter.model.procedure import Label, Procedure
from adapter.pipeline.envelope import hour_and_day


@dataclass(frozen=True, slots=True)
class ConfirmationTimes:
    """A confirmation (forms 08, 10, 12, 15, 17 and the ship's) with its three times; a time that is not known is None.

    `sent_at` is when it left for the declarant by whichever way; `left_window_at` when the window's broker had it.
    """

    number: str
    version: int
    signed_at: datetime
    sent_at: datetime | None
    left_window_at: datetime | None
    delivered_at: datetime | None


def times(row: ConfirmationWithReply) -> ConfirmationTimes:
    """The times of a confirmation as the store has it with its reply."""
    return ConfirmationTimes(
        number=row.number,
        version=row.version,
        signed_at=row.created_at,
        sent_at=row.sent_in_law,
        left_window_at=row.sent_at if row.route == Route.WINDOW.value else None,
        delivered_at=row.delivered_at,
    )


@dataclass(frozen=True, slots=True)
class Paper:
    """Whether paper may still be asked for, and on what ground."""

    value: bool
    ground: Label


_AMENDING = (DossierState.AMENDMENT_REQUESTED, DossierState.AMENDED)
_WAITING = {
    DossierState.RECEIVED: Label("Đã nhận bản khai, chưa có kết quả", "Received; no result yet"),
    DossierState.ACCEPTED: Label(
        "Đã tiếp nhận bản khai, chưa xác nhận hoàn thành khai báo", "Accepted; completion is not confirmed yet"
    ),
    DossierState.AMENDMENT_REQUESTED: Label(
        "Đã yêu cầu người khai sửa đổi, bổ sung", "The declarant was asked for an amendment"
    ),
    DossierState.AMENDED: Label(
        "Đã sửa đổi, bổ sung, chưa xác nhận hoàn thành", "Amended; completion is not confirmed yet"
    ),
    DossierState.REFUSED: Label("Không tiếp nhận bản khai", "Refused"),
    DossierState.WITHDRAWN: Label("Người khai đã rút bản khai", "Withdrawn by the declarant"),
    DossierState.RECORDED: Label(
        "Làm thủ tục bằng giấy, Biên phòng đã nhập lại; không có xác nhận điện tử",
        "Done by hand on paper and entered afterwards; there is no electronic confirmation",
    ),
    DossierState.MERGED: Label(
        "Cùng một hồ sơ khai ở hai cửa; kết quả ở hồ sơ kia",
        "The same was declared by both doors; the result is that of the other dossier",
    ),
}
_STANDS = Label(
    "; xác nhận số {number} của phiên bản {version} vẫn còn hiệu lực",
    "; the confirmation {number} of version {version} stands",
)
_SIGNED = Label(
    "Đã ký xác nhận hoàn thành {what}{after} số {number}, chưa gửi cho người khai",
    "The confirmation {number} that {what} is complete{after} is signed and has not been sent yet",
)
_SENT = Label(
    "Đã gửi xác nhận hoàn thành {what}{after} lúc {sent}, chưa có thông tin người khai đã nhận; "
    "không phải cho phép qua cửa khẩu",
    "The confirmation that {what} is complete{after} was sent at {sent}; it is not known that the declarant has it; "
    "this is no permission to cross",
)
_DELIVERED = Label(
    "Xác nhận hoàn thành {what}{after}, người khai đã nhận lúc {delivered}; không phải cho phép qua cửa khẩu",
    "Confirmed that {what} is complete{after}; the declarant has had it since {delivered}; "
    "this is no permission to cross",
)
_AFTER = Label(" sau sửa đổi, bổ sung", " after amendment")
_COMPLETED = {
    "declaration": Label("khai báo", "the declaration"),
    "procedure": Label("thủ tục", "the procedure"),
}
"""What a completion completes: Article 10 says khai báo, Article 13 (ships) says thủ tục."""

_LETTER = Label(
    "Công văn của Tổng cục Hải quan ngày 27/5/2022, mục 2: không yêu cầu doanh nghiệp phải nộp bản giấy đối với "
    "kết quả xử lý đã được cấp thông qua Cơ chế một cửa quốc gia",
    "General Department of Customs, letter of 27/5/2022, section 2: enterprises are not asked for paper of results "
    "that were issued through the national single window",
)
_NO_RESULT = Label("chưa có kết quả", "there is no result yet")
_NOT_SENT = Label("xác nhận chưa được gửi qua Cơ chế một cửa", "the confirmation has not left through the window yet")
_REFUSED = Label("hồ sơ bị từ chối tiếp nhận, không có kết quả", "the dossier was refused, there is no result")
_WITHDRAWN = Label("người khai đã rút hồ sơ, không có kết quả", "the dossier was withdrawn, there is no result")
_ON_PAPER = Label("thủ tục được làm bằng giấy", "the procedure was done by hand, on paper")
_MERGED = Label(
    "kết quả ở hồ sơ kia, khai cùng nội dung", "the result is that of the other dossier, which declares the same"
)
_CHANGING = Label("hồ sơ đang được sửa đổi, bổ sung", "the dossier is being amended")
_OUTSIDE = Label(
    "kết quả được xử lý ngoài Cơ chế một cửa{transfer}", "the result was decided outside the window{transfer}"
)
_TRANSFERRED = Label(", đã chuyển dữ liệu lên Cơ chế một cửa", ", its data have been transferred to the window")
_NOT_TRANSFERRED = Label(", chưa chuyển dữ liệu lên Cơ chế một cửa", ", its data are not transferred to the window yet")
_UNKNOWN = Label(
    "không xác định được thủ tục của hồ sơ có thuộc 05 thủ tục nêu trong công văn hay không",
    "it cannot be told whether the procedure is one of the five that the letter names",
)
_NOT_COVERED = Label(
    "thủ tục không thuộc 05 thủ tục nêu trong công văn", "the procedure is not one of the five that the letter names"
)


def result(state: DossierState, procedure: Procedure | None, confirmations: Sequence[ConfirmationTimes]) -> Label:
    """The state of the dossier, in words. `confirmations` are those not taken back, in the order they were signed."""
    if state in _WAITING:
        last_sent = _last_sent(confirmations) if state in _AMENDING else None
        return _joined(_WAITING[state], _filled(_STANDS, last_sent) if last_sent else None)
    what = _COMPLETED[procedure.result if procedure else "declaration"]
    after = _AFTER if state is DossierState.COMPLETED_AMENDED else Label("", "")
    newest = confirmations[-1] if confirmations else None
    text = _DELIVERED if newest and newest.delivered_at else _SENT if newest and newest.sent_at else _SIGNED
    sentence = Label(
        text.vi.format(what=what.vi, after=after.vi, **_words(newest)),
        text.en.format(what=what.en, after=after.en, **_words(newest)),
    )
    earlier = _last_sent(confirmations[:-1]) if text is _SIGNED else None
    return _joined(sentence, _filled(_STANDS, earlier) if earlier else None)


def paper(
    state: DossierState, procedure: Procedure | None, confirmations: Sequence[ConfirmationTimes], *, transferred: bool
) -> Paper:
    """Whether paper may be asked: not of a result of the five procedures that left through the window."""
    if state is DossierState.RECORDED:
        return _may(_ON_PAPER)
    if procedure is None:
        return _may(_UNKNOWN)
    if not procedure.paperless:
        return _may(_NOT_COVERED)
    newest = confirmations[-1] if confirmations else None
    match state:
        case DossierState.REFUSED:
            return _may(_REFUSED)
        case DossierState.WITHDRAWN:
            return _may(_WITHDRAWN)
        case DossierState.MERGED:
            return _may(_MERGED)
        case DossierState.AMENDMENT_REQUESTED | DossierState.AMENDED:
            last_sent = _last_sent(confirmations)
            return _may(_joined(_CHANGING, _filled(_STANDS, last_sent)) if last_sent else _NO_RESULT)
        case DossierState.RECEIVED | DossierState.ACCEPTED:
            return _may(_NO_RESULT)
        case DossierState.COMPLETED | DossierState.COMPLETED_AMENDED:
            if newest is not None and newest.left_window_at is not None:
                return Paper(False, _LETTER)
            if newest is not None and newest.sent_at is None:
                return _may(_NOT_SENT)
            done = _TRANSFERRED if transferred else _NOT_TRANSFERRED
            return _may(Label(_OUTSIDE.vi.format(transfer=done.vi), _OUTSIDE.en.format(transfer=done.en)))


def _may(why: Label) -> Paper:
    """Paper may be asked: the letter does not cover it, and why not."""
    return Paper(
        True,
        Label(
            f"Công văn của Tổng cục Hải quan ngày 27/5/2022, mục 2 (đối với doanh nghiệp) không áp dụng: {why.vi}",
            f"General Department of Customs, letter of 27/5/2022, section 2 (for enterprises) does not apply: {why.en}",
        ),
    )


def _last_sent(confirmations: Sequence[ConfirmationTimes]) -> ConfirmationTimes | None:
    """The confirmation that the declarant may rely on: the newest that was sent."""
    return next((each for each in reversed(confirmations) if each.sent_at is not None), None)


def _filled(text: Label, confirmed: ConfirmationTimes) -> Label:
    words = {"number": confirmed.number, "version": str(confirmed.version)}
    return Label(text.vi.format(**words), text.en.format(**words))


def _joined(first: Label, then: Label | None) -> Label:
    return first if then is None else Label(first.vi + then.vi, first.en + then.en)


def _words(confirmed: ConfirmationTimes | None) -> dict[str, str]:
    """Numbers and times for a sentence; a dash where old data have none."""

    def written(moment: datetime | None) -> str:
        return "–" if moment is None else hour_and_day(moment)

    if confirmed is None:
        return {"number": "–", "sent": "–", "delivered": "–"}
    return {
        "number": confirmed.number,
        "sent": written(confirmed.sent_at),
        "delivered": written(confirmed.delivered_at),
    }
