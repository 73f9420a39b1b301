"""Every error as application/problem+json (RFC 9457), in English and Vietnamese. Must never quote what was sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from adapter.entrypoints.web.headers import SECURE
from adapter.model.errors import NotAllowed, Unavailable
from adapter.model.events import Event, Observe
from adapter.model.finding import StatedFinding
from adapter.services.access.rates import TooOften
from adapter.services.customs.assertions import AssertionRefused
from adapter.services.customs.search import NotASearch
from adapter.services.customs.searches import TooManyNames
from adapter.services.door.draft import DraftTooLarge
from adapter.services.door.precheck import TurnedAway, Why
from adapter.services.door.reception import WindowSuspected, WindowUnknown
from adapter.services.messages.judging import broken

MEDIA_TYPE = "application/problem+json"
_KIND = "urn:nsw-adapter:problem:"
_RETRY_S = 10
HUNG_UP = 499
"""The caller closed the connection before he had sent everything; no status of HTTP's own, but the usual one for it."""
_STATUS = {
    Why.ROLE: HTTPStatus.FORBIDDEN,
    Why.CLOSED: HTTPStatus.CONFLICT,
    Why.SEALED: HTTPStatus.BAD_REQUEST,
    Why.UNREADABLE: HTTPStatus.UNPROCESSABLE_ENTITY,
    Why.UNKNOWN: HTTPStatus.UNPROCESSABLE_ENTITY,
    Why.STRANGER: HTTPStatus.FORBIDDEN,
    Why.NUMBER: HTTPStatus.FORBIDDEN,
    Why.SUSPENDED: HTTPStatus.FORBIDDEN,
    Why.STATEMENT: HTTPStatus.UNPROCESSABLE_ENTITY,
}
_VI = {
    400: "Yêu cầu không hợp lệ.",
    401: "Cần mã truy cập (bearer token) còn hiệu lực.",
    403: "Mã truy cập không có quyền này.",
    404: "Không tìm thấy.",
    405: "Phương thức không được phép ở đây.",
    408: "Nội dung yêu cầu đến quá chậm.",
    411: "Cần nêu độ dài của yêu cầu (Content-Length).",
    413: "Nội dung yêu cầu vượt quá giới hạn.",
    415: "Chỉ nhận application/xml hoặc text/xml, UTF-8, không nén.",
    422: "Yêu cầu thiếu hoặc sai tham số.",
    429: "Yêu cầu quá nhiều lần trong một phút; hãy thử lại sau.",
    500: "Lỗi của hệ thống; đã được ghi lại.",
    503: "Hệ thống tạm thời chưa phục vụ được; hãy thử lại.",
}


class FindingShape(BaseModel):
    """One fault or warning in a message."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    code: str
    """Its number in the public error catalogue."""
    pointer: str
    """XPath of the place."""
    line: int
    """Line in the message as it was sent, from 1; 0 where there is none."""
    severity: str
    """reject, refuse or warn."""
    vi: str
    en: str


class Problem(BaseModel):
    """What is wrong, and what to do (RFC 9457)."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    type: str
    """What kind of problem: a URN that never changes, or about:blank where the status says it all."""
    title: str
    """The kind in words; the same for every problem of this type."""
    status: int
    """The HTTP status."""
    detail: str
    """This problem, in English: what is wrong and what to do."""
    vi: str
    """The same in Vietnamese."""
    findings: list[FindingShape] = []
    """What was found in the message, where it was read."""


class NotServed(Exception):
    """The web layer itself turns a request away."""

    def __init__(
        self, status: int, detail: str, headers: Mapping[str, str] | None = None, *, vi: str | None = None
    ) -> None:
        """`vi`: the same in Vietnamese, where the status does not say enough."""
        super().__init__(detail)
        self.status, self.detail, self.vi, self.headers = HTTPStatus(status), detail, vi, dict(headers or {})


def problem(
    status: int,
    detail: str,
    *,
    vi: str | None = None,
    kind: str | None = None,
    findings: Sequence[FindingShape] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The response for a problem."""
    body = Problem(
        type=_KIND + kind if kind else "about:blank",
        title=kind.replace("-", " ").capitalize() if kind else HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        vi=vi or _VI.get(status, detail),
        findings=list(findings),
    )
    content = body.model_dump(exclude_defaults=True)
    return JSONResponse(content, status, {**SECURE, **(headers or {})}, MEDIA_TYPE)


def ambiguous() -> Response:
    """To a request whose headers mean two things; the connection ends, so that nothing behind it is a request."""
    detail = "Content-Length beside Transfer-Encoding, or Authorization more than once: state one of them, once."
    return problem(400, detail, headers={"Connection": "close"})


def handlers(observe: Observe) -> Mapping[type[Exception], Callable[[Request, Any], Response]]:
    """What answers each kind of error with a problem."""

    def failed(_: Request, error: Exception) -> Response:
        # The places only: the text of an exception may quote a person's data.
        observe(Event.REQUEST_FAILED, reason=broken(error).reason)
        return problem(500, "This is our fault. It has been recorded; sending the same again does no harm.")

    return {
        NotServed: _refused,
        TurnedAway: turned_away,
        DraftTooLarge: _too_large,
        NotASearch: _no_search,
        AssertionRefused: _not_believed,
        TooManyNames: _too_many_names,
        TooOften: _too_often,
        NotAllowed: _not_allowed,
        Unavailable: _unavailable,
        RequestValidationError: _invalid,
        HTTPException: _http,
        ClientDisconnect: _hung_up,
        Exception: failed,
    }


def _hung_up(_: Request, error: Exception) -> Response:
    """Nobody reads this answer; its status stands in the log, where it is no fault of ours."""
    del error
    return Response(status_code=HUNG_UP)


def _refused(_: Request, error: NotServed) -> Response:
    return problem(error.status, error.detail, vi=error.vi, headers=error.headers)


def turned_away(_: Request, error: TurnedAway) -> Response:
    """The problem for what was turned away at the door."""
    found = [finding_shape(finding) for finding in error.findings]
    return problem(_STATUS[error.why], error.en, vi=error.vi, kind=error.why.value, findings=found)


def _not_believed(_: Request, error: AssertionRefused) -> Response:
    challenge = {"WWW-Authenticate": 'Bearer realm="nsw-adapter", error="invalid_token"'}
    return problem(401, error.en, vi=error.vi, kind="assertion", headers=challenge)


def _no_search(_: Request, error: NotASearch) -> Response:
    return problem(422, error.en, vi=error.vi, kind="search")


def _too_many_names(_: Request, error: TooManyNames) -> Response:
    return problem(429, str(error), vi=error.vi, kind="too-many-names", headers={"Retry-After": str(error.retry_s)})


def _not_allowed(_: Request, error: NotAllowed) -> Response:
    return problem(403, str(error))


def _too_large(_: Request, error: DraftTooLarge) -> Response:
    return problem(413, str(error))


def _too_often(_: Request, error: TooOften) -> Response:
    return problem(429, str(error), kind="too-often", headers={"Retry-After": str(error.retry_s)})


def _unavailable(_: Request, error: Unavailable) -> Response:
    if isinstance(error, WindowSuspected):
        return problem(
            503,
            "The national single window seems to be down. This door opens when that is confirmed, or has lasted; send "
            "the same again after Retry-After seconds. Nothing was stored.",
            vi="Cổng thông tin một cửa quốc gia có dấu hiệu gián đoạn. Cổng này sẽ nhận bản khai khi sự cố được xác "
            "nhận hoặc kéo dài; hãy gửi lại sau. Chưa có gì được lưu.",
            kind="window-suspected",
            headers={"Retry-After": str(max(1, round(error.retry_s)))},
        )
    if isinstance(error, WindowUnknown):
        return problem(
            503,
            "It cannot be told now whether the national single window works, so this door stays shut. Try again after "
            "Retry-After seconds; if it lasts, tell the operator, who can open the door by hand.",
            vi="Hiện chưa biết Cổng thông tin một cửa quốc gia có hoạt động hay không nên chưa nhận bản khai tại đây. "
            "Hãy thử lại sau; nếu kéo dài, báo cho đơn vị vận hành để mở cổng.",
            kind="window-unknown",
            headers={"Retry-After": str(max(1, round(error.retry_s)))},
        )
    detail = "Something this service needs cannot be reached now. Nothing was stored; send the same again later."
    return problem(503, detail, kind="unavailable", headers={"Retry-After": str(_RETRY_S)})


def _invalid(_: Request, error: RequestValidationError) -> Response:
    # Where and what is wrong; what was sent is not repeated.
    faults = "; ".join(f"{(fault['loc'] or ('it',))[-1]}: {fault['msg']}" for fault in error.errors())
    return problem(422, f"The request does not fit: {faults}", kind="parameters")


def _http(_: Request, error: HTTPException) -> Response:
    return problem(error.status_code, str(error.detail), headers=error.headers)


def finding_shape(finding: StatedFinding) -> FindingShape:
    """A finding that was stated just now."""
    return FindingShape(
        code=finding.code,
        pointer=finding.pointer,
        line=finding.line,
        severity=finding.severity.value,
        vi=finding.vi,
        en=finding.en,
    )
