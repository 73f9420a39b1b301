"""Which right each route of the web needs, and which role has it: a route that is not in the table fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import MagicMock

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from adapter.entrypoints.web.app import create_portal, create_staff
from adapter.entrypoints.web.guard import anybody, right_of
from adapter.model.actor import OFFICE_ROLES, STAFF_ROLES, UNIT_ROLES, Role
from adapter.services.access.rights import TABLE, Right

ANYBODY = "anybody"
OF_BOTH: dict[str, str] = {
    "GET /": ANYBODY,
    "GET /api/docs": ANYBODY,
    "GET /static/{name}": ANYBODY,
    "GET /healthz": ANYBODY,
    "GET /readyz": ANYBODY,
}
OF_PORTAL: dict[str, str] = {
    "GET /feed.atom": ANYBODY,
    "GET /thong-bao/{count}/{year}/{series}.xml": ANYBODY,
    "GET /xac-minh": ANYBODY,
    "GET /ho-so": Right.READ_OWN,
    "GET /ho-so/{year}/{number}": Right.READ_OWN,
    "POST /ho-so/{year}/{number}/tra-loi/{digest}": Right.READ_OWN,
    "GET /ho-so/{year}/{number}/tra-loi/{digest}": Right.READ_OWN,
    "GET /ho-so/{year}/{number}/tra-loi/{digest}.xml": Right.READ_OWN,
    "GET /ho-so/{year}/{number}/tep/{digest}": Right.READ_OWN,
    "POST /ho-so/{year}/{number}/sua": Right.DECLARE,
    "GET /ho-so/{year}/{number}/tra-loi/{digest}.pdf": Right.READ_OWN,
    "GET /hop-thu": Right.READ_OWN,
    "POST /hop-thu/da-doc": Right.READ_OWN,
    "GET /hop-thu/thu-dien-tu": Right.READ_OWN,
    "POST /hop-thu/thu-dien-tu": Right.READ_OWN,
    "POST /hop-thu/thu-dien-tu/ma": Right.READ_OWN,
    "POST /hop-thu/thu-dien-tu/bo": Right.READ_OWN,
    "GET /uy-quyen": Right.GRANT_OWN,
    "POST /uy-quyen": Right.GRANT_OWN,
    "POST /uy-quyen/thay-mat": Right.GRANT_OWN,
    "GET /uy-quyen/{id}/rut": Right.GRANT_OWN,
    "POST /uy-quyen/{id}/rut": Right.GRANT_OWN,
    "POST /uy-quyen/van-ban": Right.GRANT_OWN,
    "POST /uy-quyen/ban-ky": Right.GRANT_OWN,
    "GET /chung-thu-so": Right.CERTIFY_OWN,
    "POST /chung-thu-so": Right.CERTIFY_OWN,
    "POST /chung-thu-so/van-ban": Right.CERTIFY_OWN,
    "GET /chung-thu-so/{id}/tam-dung": Right.CERTIFY_OWN,
    "POST /chung-thu-so/{id}/tam-dung": Right.CERTIFY_OWN,
    "GET /tep-ky-so": ANYBODY,
    "POST /tep-ky-so": ANYBODY,
    "POST /tep-ky-so/van-ban": ANYBODY,
    "GET /tep-ky-so/{value}": ANYBODY,
    "GET /khai-bao": Right.DECLARE,
    "GET /khai-bao/tep": Right.DECLARE,
    "POST /khai-bao/tep": Right.DECLARE,
    "GET /khai-bao/tep/{message}": Right.DECLARE,
    "GET /khai-bao/moi": Right.DECLARE,
    "POST /khai-bao/moi": Right.DECLARE,
    "GET /khai-bao/{id}": Right.DECLARE,
    "GET /khai-bao/{id}/bo": Right.DECLARE,
    "POST /khai-bao/{id}/bo": Right.DECLARE,
    "GET /khai-bao/{id}/muc/{name}": Right.DECLARE,
    "POST /khai-bao/{id}/muc/{name}": Right.DECLARE,
    "GET /khai-bao/{id}/danh-sach/{name}": Right.DECLARE,
    "GET /khai-bao/{id}/danh-sach/{name}/{ordinal}": Right.DECLARE,
    "POST /khai-bao/{id}/danh-sach/{name}/{ordinal}": Right.DECLARE,
    "GET /khai-bao/{id}/danh-sach/{name}/{ordinal}/xoa": Right.DECLARE,
    "POST /khai-bao/{id}/danh-sach/{name}/{ordinal}/xoa": Right.DECLARE,
    "GET /khai-bao/{id}/dinh-kem/{name}": Right.DECLARE,
    "POST /khai-bao/{id}/dinh-kem/{name}": Right.DECLARE,
    "GET /khai-bao/{id}/nhap/{name}": Right.DECLARE,
    "POST /khai-bao/{id}/nhap/{name}": Right.DECLARE,
    "POST /khai-bao/{id}/nhap/{name}/nhan": Right.DECLARE,
    "GET /khai-bao/{id}/nhap/{name}/mau.xlsx": Right.DECLARE,
    "GET /khai-bao/{id}/nhap/{name}/mau.csv": Right.DECLARE,
    "GET /khai-bao/{id}/kiem-tra": Right.DECLARE,
    "POST /khai-bao/{id}/gui": Right.DECLARE,
    "POST /khai-bao/{id}/gui-sau": Right.DECLARE,
    "GET /khai-bao/{id}/cho": Right.DECLARE,
    "POST /khai-bao/{id}/cho": Right.DECLARE,
    "POST /khai-bao/{id}/chuan-bi": Right.DECLARE,
    "GET /khai-bao/{id}/ky": Right.DECLARE,
    "POST /khai-bao/{id}/ky": Right.DECLARE,
    "GET /khai-bao/{id}/tep.xml": Right.DECLARE,
    "GET /khai-bao/{id}/da-gui/{message}": Right.DECLARE,
    "GET /api/v1/window": ANYBODY,
    "POST /api/v1/declarations": Right.DECLARE,
    "POST /api/v1/declarations/dry-run": Right.DECLARE,
    "GET /api/v1/declarations/{id}": Right.READ_OWN,
    "POST /api/v1/files": Right.DECLARE,
    "GET /api/v1/dossiers/{year}/{number}/files/{digest}": Right.READ_OWN,
    "GET /api/v1/declarations/{id}/replies/{digest}": Right.READ_OWN,
}
OF_ADMINISTRATION = (
    *("", "/nguoi", "/nguoi/{id}", "/co-quan", "/don-vi", "/ma-truy-cap", "/chuong-trinh", "/danh-muc"),
    *("/danh-muc/{name}", "/lich", "/tin-cay", "/quy-tac/{code}/{version}", "/lam/{act}", "/de-nghi/{number}"),
)
_FILE = "/can-bo/ho-so/{year}/{number}"


def of_log_in(right: Right) -> dict[str, str]:
    """Log-in and log-out, which each listener has for its own people."""
    anybody_s = ("GET /login", "GET /login/return", "POST /login/backchannel", "GET /logged-out")
    return {**dict.fromkeys(anybody_s, ANYBODY), "POST /logout": right}


OF_STAFF: dict[str, str] = {
    "GET /khan-cap": ANYBODY,
    "POST /khan-cap": ANYBODY,
    "GET /khan-cap/mat-khau": Right.USE_CONSOLE,
    "POST /khan-cap/mat-khau": Right.USE_CONSOLE,
    "GET /can-bo/chung-thu-so": Right.REGISTER_CERTIFICATE,
    "POST /can-bo/chung-thu-so/{id}/dang-ky": Right.REGISTER_CERTIFICATE,
    "POST /can-bo/chung-thu-so/{id}/tu-choi": Right.REGISTER_CERTIFICATE,
    "GET /can-bo": Right.SEE_DOSSIERS,
    "GET /can-bo/moi": Right.SEE_DOSSIERS,
    "GET /can-bo/giay": Right.ENTER_PAPER,
    "GET /can-bo/giay/moi": Right.ENTER_PAPER,
    "POST /can-bo/giay/moi": Right.ENTER_PAPER,
    "GET /can-bo/giay/{number}": Right.ENTER_PAPER,
    "POST /can-bo/giay/{number}/khop": Right.ENTER_PAPER,
    "POST /can-bo/giay/{number}/tra-lai": Right.ENTER_PAPER,
    "POST /can-bo/giay/{number}/ban-quet": Right.ENTER_PAPER,
    "GET /can-bo/giay/{number}/ban-quet/{digest}": Right.ENTER_PAPER,
    "GET /can-bo/xac-nhan": Right.CONFIRM,
    "GET /can-bo/uy-quyen": Right.SEE_REGISTERS,
    "POST /can-bo/uy-quyen": Right.SEE_REGISTERS,
    "GET /can-bo/uy-quyen/{id}/ban-quet": Right.SEE_REGISTERS,
    "GET /can-bo/uy-quyen/moi": Right.GRANT_AUTHORISATION,
    "POST /can-bo/uy-quyen/moi": Right.GRANT_AUTHORISATION,
    "GET /can-bo/uy-quyen/{id}/rut": Right.REVOKE_AUTHORISATION,
    "POST /can-bo/uy-quyen/{id}/rut": Right.REVOKE_AUTHORISATION,
    "GET /can-bo/tai-khoan": Right.SEE_REGISTERS,
    "GET /can-bo/tai-khoan/cap-pho": Right.SEE_REGISTERS,
    "POST /can-bo/tai-khoan/cap-pho": Right.SUSPEND_ACCOUNT,
    "POST /can-bo/tai-khoan/cap-pho/{id}/het": Right.SUSPEND_ACCOUNT,
    "GET /can-bo/tai-khoan/tam-dung": Right.DECIDE_ACCOUNTS,
    "POST /can-bo/tai-khoan/tam-dung": Right.DECIDE_ACCOUNTS,
    "GET /can-bo/tai-khoan/{id}/khoi-phuc": Right.DECIDE_ACCOUNTS,
    "POST /can-bo/tai-khoan/{id}/khoi-phuc": Right.DECIDE_ACCOUNTS,
    "POST /can-bo/xac-nhan": Right.CONFIRM,
    f"GET {_FILE}": Right.SEE_DOSSIERS,
    f"POST {_FILE}/accept": Right.ACCEPT,
    f"POST {_FILE}/complete": Right.CONFIRM,
    f"GET {_FILE}/refuse": Right.REFUSE,
    f"POST {_FILE}/refuse": Right.REFUSE,
    f"GET {_FILE}/request_amendment": Right.REQUEST_AMENDMENT,
    f"POST {_FILE}/request_amendment": Right.REQUEST_AMENDMENT,
    f"GET {_FILE}/tep/{{digest}}": Right.SEE_PERSONAL_VALUES,
    f"GET {_FILE}/tra-loi/{{digest}}.pdf": Right.SEE_PERSONAL_VALUES,
    f"GET {_FILE}/move": Right.REQUEST_AMENDMENT,
    f"POST {_FILE}/move": Right.REQUEST_AMENDMENT,
    f"GET {_FILE}/withdraw_request": Right.WITHDRAW_REQUEST,
    f"POST {_FILE}/withdraw_request": Right.WITHDRAW_REQUEST,
    f"GET {_FILE}/approve": Right.APPROVE_AMENDMENT,
    f"POST {_FILE}/approve": Right.APPROVE_AMENDMENT,
    f"GET {_FILE}/decline": Right.DECLINE_AMENDMENT,
    f"POST {_FILE}/decline": Right.DECLINE_AMENDMENT,
    f"GET {_FILE}/note_papers": Right.NOTE_PAPERS,
    f"POST {_FILE}/note_papers": Right.NOTE_PAPERS,
    f"GET {_FILE}/pairs": Right.SETTLE_PAIRS,
    f"POST {_FILE}/settle_pair": Right.SETTLE_PAIRS,
    f"POST {_FILE}/reopen_pair": Right.SETTLE_PAIRS,
    "GET /hai-quan": Right.LOOK_UP,
    "POST /hai-quan": Right.LOOK_UP,
    "GET /hai-quan/ho-so/{year}/{number}": Right.LOOK_UP,
    "GET /hai-quan/ho-so/{year}/{number}/ket-qua.xml": Right.LOOK_UP,
    "GET /hai-quan/ho-so/{year}/{number}/ket-qua.pdf": Right.LOOK_UP,
    "GET /phan-quyen-tra-cuu": Right.MANAGE_CUSTOMS_PEOPLE,
    "GET /phan-quyen-tra-cuu/{person}": Right.MANAGE_CUSTOMS_PEOPLE,
    "POST /phan-quyen-tra-cuu/{person}": Right.MANAGE_CUSTOMS_PEOPLE,
    "GET /nhat-ky-tra-cuu": Right.READ_JOURNAL,
    "POST /nhat-ky-tra-cuu": Right.READ_JOURNAL,
    "POST /api/v1/lookup/searches": Right.LOOK_UP,
    "GET /van-hanh": Right.BROWSE_MESSAGES,
    **{f"POST /van-hanh/cong/{act}": Right.OVERRIDE_WINDOW for act in ("confirm", "down", "up", "end")},
    "GET /van-hanh/thong-diep": Right.BROWSE_MESSAGES,
    "GET /van-hanh/thong-diep/{id}": Right.BROWSE_MESSAGES,
    "POST /van-hanh/thong-diep/{id}/hien": Right.UNMASK_MESSAGES,
    "GET /van-hanh/tra-loi/{id}": Right.BROWSE_MESSAGES,
    "POST /van-hanh/tra-loi/{id}/gui-lai": Right.RESEND_REPLY,
    "GET /van-hanh/cach-ly": Right.BROWSE_MESSAGES,
    "POST /van-hanh/cach-ly": Right.REPLAY_QUARANTINE,
    "GET /van-hanh/su-co": Right.BROWSE_MESSAGES,
    "GET /van-hanh/su-co/{number}": Right.BROWSE_MESSAGES,
    "GET /van-hanh/cong-hong": Right.ANNOUNCE_FAILURE,
    "POST /van-hanh/cong-hong": Right.ANNOUNCE_FAILURE,
    "POST /van-hanh/cong-hong/het": Right.ANNOUNCE_FAILURE,
    "POST /van-hanh/cong-hong/thu": Right.ANNOUNCE_FAILURE,
    "GET /van-hanh/cong-hong/goi": Right.ANNOUNCE_FAILURE,
    "POST /van-hanh/cong-hong/goi": Right.ANNOUNCE_FAILURE,
    "GET /van-hanh/cong-hong/tep/{name}": Right.ANNOUNCE_FAILURE,
    "GET /van-hanh/su-co/{number}/bao-cao.pdf": Right.BROWSE_MESSAGES,
    "POST /van-hanh/su-co/{number}/bao-cao": Right.REPORT_INCIDENT,
    "GET /van-hanh/so-lieu": Right.BROWSE_MESSAGES,
    "GET /van-hanh/hang-doi": Right.BROWSE_MESSAGES,
    "GET /van-hanh/tien-trinh": Right.BROWSE_MESSAGES,
    "GET /van-hanh/chung-thu": Right.BROWSE_MESSAGES,
    **{f"GET /quan-tri{each}": Right.MANAGE_PEOPLE for each in OF_ADMINISTRATION},
    "POST /quan-tri/lam/{act}": Right.MANAGE_PEOPLE,
    **{
        f"POST /quan-tri/de-nghi/{{number}}/{answer}": Right.MANAGE_PEOPLE
        for answer in ("trinh", "xac-nhan", "tu-choi", "rut")
    },
    "GET /api/v1/lookup/dossiers": Right.LOOK_UP,
    "GET /api/v1/lookup/dossiers/{number}/{year}/reply": Right.LOOK_UP,
    "GET /api/v1/lookup/dossiers/{number}/{year}/reply.pdf": Right.LOOK_UP,
}
ROUTES = {
    "portal": OF_BOTH | of_log_in(Right.READ_OWN) | OF_PORTAL,
    "staff": OF_BOTH | of_log_in(Right.USE_CONSOLE) | OF_STAFF,
}
"""Every route of each listener with what it needs. A route is added here together with its right."""
CREATED = {"portal": create_portal, "staff": create_staff}
OF_AN_OFFICER = {
    Right.SEE_PERSONAL_VALUES,
    *(Right.ACCEPT, Right.CONFIRM, Right.REFUSE, Right.REQUEST_AMENDMENT, Right.WITHDRAW_REQUEST),
    *(Right.APPROVE_AMENDMENT, Right.DECLINE_AMENDMENT, Right.NOTE_PAPERS, Right.ENTER_PAPER),
    Right.SETTLE_PAIRS,
}
OF_REGISTERS = {Right.REGISTER_CERTIFICATE, Right.GRANT_AUTHORISATION, Right.REVOKE_AUTHORISATION}
OF_AN_OPERATOR = {
    Right.BROWSE_MESSAGES,
    Right.UNMASK_MESSAGES,
    Right.RESEND_REPLY,
    Right.OVERRIDE_WINDOW,
    Right.REPLAY_QUARANTINE,
    Right.ANNOUNCE_FAILURE,
    Right.REPORT_INCIDENT,
}
OF_A_ROLE: dict[str, dict[Role, set[Right]]] = {
    "portal": {Role.DECLARANT: {Right.DECLARE, Right.READ_OWN, Right.GRANT_OWN, Right.CERTIFY_OWN}},
    "staff": {
        **{role: {Right.USE_CONSOLE} for role in STAFF_ROLES},
        **{role: {Right.USE_CONSOLE, Right.LOOK_UP} for role in OFFICE_ROLES},
        Role.CUSTOMS_ADMINISTRATOR: {Right.USE_CONSOLE, Right.LOOK_UP, Right.MANAGE_CUSTOMS_PEOPLE},
        Role.AUDITOR: {
            *(Right.USE_CONSOLE, Right.SEE_DOSSIERS, Right.SEE_REGISTERS),
            *(Right.BROWSE_MESSAGES, Right.READ_JOURNAL),
        },
        Role.OPERATOR: {
            *(Right.USE_CONSOLE, Right.SEE_DOSSIERS, Right.SEE_REGISTERS, Right.READ_JOURNAL),
            *OF_REGISTERS,
            *OF_AN_OPERATOR,
        },
        Role.ADMINISTRATOR: {Right.USE_CONSOLE, Right.READ_JOURNAL, Right.MANAGE_PEOPLE},
        **{
            role: {
                Right.USE_CONSOLE,
                Right.SEE_DOSSIERS,
                Right.SEE_REGISTERS,
                *OF_REGISTERS,
                *OF_AN_OFFICER,
            }
            | ({Right.DECIDE_ACCOUNTS} if role is not Role.OFFICER else set())
            | ({Right.SUSPEND_ACCOUNT} if role is Role.COMMANDER else set())
            for role in UNIT_ROLES
        },
    },
}
"""What those who come to a listener may do there; everybody else may do nothing."""


def _asked(of: Dependant) -> Iterator[str]:
    for each in of.dependencies:
        if each.call is anybody:
            yield ANYBODY
        if (right := right_of(each.call)) is not None:
            yield right
        yield from _asked(each)


def _routes(listener: str) -> list[Any]:
    return list(iter_route_contexts(CREATED[listener](MagicMock()).routes))


@pytest.mark.parametrize("listener", ROUTES)
def test_every_route_asks_for_exactly_one_thing_and_stands_in_the_table(listener: str) -> None:
    ours = [route for route in _routes(listener) if getattr(route, "dependant", None) is not None]
    found = {f"{method} {route.path}": list(_asked(route.dependant)) for route in ours for method in route.methods}
    assert found == {route: [wanted] for route, wanted in ROUTES[listener].items()}


@pytest.mark.parametrize("listener", ROUTES)
def test_there_are_no_routes_beside_them_but_the_openapi_document(listener: str) -> None:
    others = [route for route in _routes(listener) if getattr(route, "dependant", None) is None]
    assert [route.path for route in others] == ["/api/openapi.json"]


def test_no_page_or_interface_is_served_by_both_listeners() -> None:
    assert OF_PORTAL.keys() & OF_STAFF.keys() == set()


@pytest.mark.parametrize("listener", ROUTES)
@pytest.mark.parametrize("role", list(Role))
def test_a_role_has_no_more_rights_here_than_it_should(listener: str, role: Role) -> None:
    asked = {right for right in ROUTES[listener].values() if right != ANYBODY}
    granted = {right for right in asked if role in TABLE[Right(right)]}
    assert granted == OF_A_ROLE[listener].get(role, set())
