"""The table of rights: which role may do what. Every use case checks it, whether a page or a command called it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from adapter.model.actor import EVERYWHERE, OFFICE_ROLES, STAFF_ROLES, UNIT_ROLES, Actor, Role
from adapter.model.errors import NoRight
from adapter.model.procedure import Label
from adapter.model.units import BorderUnit, BorderUnits


class Right(StrEnum):
    """The rights. Each member is checked by a use case."""

    USE_CONSOLE = "use_console"
    """Log in at the pages of staff, and log out; the pages themselves need other rights."""
    DECLARE = "declare"
    READ_OWN = "read_own"
    GRANT_OWN = "grant_own"
    """Authorise a person to declare for oneself or one's organisation, and withdraw that."""
    CERTIFY_OWN = "certify_own"
    """Register certificates of one's own or one's organisation, and suspend them."""
    SEE_DOSSIERS = "see_dossiers"
    """List and read dossiers; personal values stay masked."""
    SEE_PERSONAL_VALUES = "see_personal_values"
    FIND_DOSSIERS = "find_dossiers"
    """Find dossiers by a key: a paper, a plate, a ship, a tax code, a confirmation."""
    ACCEPT = "accept"
    CONFIRM = "confirm"
    REFUSE = "refuse"
    REQUEST_AMENDMENT = "request_amendment"
    WITHDRAW_REQUEST = "withdraw_request"
    APPROVE_AMENDMENT = "approve_amendment"
    DECLINE_AMENDMENT = "decline_amendment"
    NOTE_PAPERS = "note_papers"
    ENTER_PAPER = "enter_paper"
    """Enter what was done by hand while nothing else worked, and check what a colleague has entered."""
    SETTLE_PAIRS = "settle_pairs"
    """Say whether two dossiers that declare the same, one by each door, are one."""
    SUSPEND_ACCOUNT = "suspend_account"
    RESTORE_ACCOUNT = "restore_account"
    DECIDE_ACCOUNTS = "decide_accounts"
    """Come to where accounts are suspended and restored; a deputy decides there by delegation only (dự thảo)."""
    GRANT_AUTHORISATION = "grant_authorisation"
    REVOKE_AUTHORISATION = "revoke_authorisation"
    SEE_REGISTERS = "see_registers"
    """List certificates, authorisations and suspended accounts, which name declarants."""
    REGISTER_CERTIFICATE = "register_certificate"
    SUSPEND_CERTIFICATE = "suspend_certificate"
    RESTORE_CERTIFICATE = "restore_certificate"
    LOOK_UP = "look_up"
    """Look results up as customs, from the dossiers of the office."""
    GRANT_LOOKUP = "grant_lookup"
    """State which procedures a customs officer may look up."""
    READ_JOURNAL = "read_journal"
    BROWSE_MESSAGES = "browse_messages"
    """Find messages and answers and read them; personal values stay masked."""
    UNMASK_MESSAGES = "unmask_messages"
    RESEND_REPLY = "resend_reply"
    TAKE_PAYLOAD = "take_payload"
    REPLAY_QUARANTINE = "replay_quarantine"
    OVERRIDE_WINDOW = "override_window"
    """State that the window is up or down, end that, or end a notice of its manager."""
    ANNOUNCE_FAILURE = "announce_failure"
    """Announce that the portal itself has failed and that it works again, and see whom to call."""
    REPORT_INCIDENT = "report_incident"
    """Make the signed report of an incident for the window's manager."""
    MANAGE_TOKENS = "manage_tokens"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_CUSTOMS_PEOPLE = "manage_customs_people"
    """Say at a page what officers of an office and its sub-offices look up; manage these people by command only."""


RIGHT_NAMES = {
    Right.USE_CONSOLE: Label("vào trang nghiệp vụ", "use the pages of staff"),
    Right.DECLARE: Label("khai báo", "declare"),
    Right.READ_OWN: Label("xem hồ sơ của mình", "read own declarations"),
    Right.GRANT_OWN: Label("ủy quyền cho người khác khai", "authorise somebody to declare"),
    Right.CERTIFY_OWN: Label("đăng ký chứng thư số của mình", "register own certificates"),
    Right.SEE_DOSSIERS: Label("xem hồ sơ", "see dossiers"),
    Right.SEE_PERSONAL_VALUES: Label("xem dữ liệu cá nhân", "see personal values"),
    Right.FIND_DOSSIERS: Label("tìm hồ sơ", "find dossiers"),
    Right.ACCEPT: Label("tiếp nhận", "accept a declaration"),
    Right.CONFIRM: Label("xác nhận hoàn thành", "confirm that a declaration is complete"),
    Right.REFUSE: Label("từ chối", "refuse a declaration"),
    Right.REQUEST_AMENDMENT: Label("yêu cầu sửa đổi, bổ sung", "request an amendment"),
    Right.WITHDRAW_REQUEST: Label("rút yêu cầu sửa đổi, bổ sung", "withdraw a request to amend"),
    Right.APPROVE_AMENDMENT: Label("đồng ý sửa đổi, bổ sung", "approve an amendment"),
    Right.DECLINE_AMENDMENT: Label("không đồng ý sửa đổi, bổ sung", "decline an amendment"),
    Right.NOTE_PAPERS: Label("ghi nhận giấy tờ đã nộp", "note papers that were brought"),
    Right.ENTER_PAPER: Label("nhập và kiểm tra hồ sơ giấy", "enter and check what was done on paper"),
    Right.SETTLE_PAIRS: Label("kết luận hồ sơ khai ở hai cửa", "say whether what both doors brought is one dossier"),
    Right.SUSPEND_ACCOUNT: Label("tạm dừng tài khoản", "suspend an account"),
    Right.RESTORE_ACCOUNT: Label("khôi phục tài khoản", "restore an account"),
    Right.DECIDE_ACCOUNTS: Label("vào trang tạm dừng, khôi phục tài khoản", "come to where accounts are suspended"),
    Right.GRANT_AUTHORISATION: Label("ghi nhận ủy quyền", "register an authorisation"),
    Right.REVOKE_AUTHORISATION: Label("hủy ủy quyền", "revoke an authorisation"),
    Right.SEE_REGISTERS: Label("xem sổ chứng thư số, ủy quyền, tài khoản", "see the registers of declarants"),
    Right.REGISTER_CERTIFICATE: Label("đăng ký chứng thư số", "register certificates"),
    Right.SUSPEND_CERTIFICATE: Label("tạm dừng chứng thư số", "suspend a certificate"),
    Right.RESTORE_CERTIFICATE: Label("khôi phục chứng thư số", "restore a certificate"),
    Right.LOOK_UP: Label("tra cứu kết quả", "look results up as customs"),
    Right.GRANT_LOOKUP: Label("phân quyền tra cứu", "say what customs officers look up"),
    Right.READ_JOURNAL: Label("xem nhật ký", "read the journal"),
    Right.BROWSE_MESSAGES: Label("tra cứu thông điệp", "browse messages"),
    Right.UNMASK_MESSAGES: Label("xem dữ liệu cá nhân trong thông điệp", "see personal values in a message"),
    Right.RESEND_REPLY: Label("gửi lại trả lời", "send an answer again"),
    Right.TAKE_PAYLOAD: Label("lấy nội dung thông điệp bị giữ", "take a message's bytes out of quarantine"),
    Right.REPLAY_QUARANTINE: Label("xử lý lại thông điệp bị giữ", "replay messages from quarantine"),
    Right.OVERRIDE_WINDOW: Label("xác định trạng thái Cổng", "say whether the window is up or down"),
    Right.ANNOUNCE_FAILURE: Label("báo sự cố của Cổng", "announce a failure of the portal"),
    Right.REPORT_INCIDENT: Label("lập báo cáo sự cố có ký", "make the signed report of an incident"),
    Right.MANAGE_TOKENS: Label("cấp và thu hồi mã truy cập", "issue and revoke tokens"),
    Right.MANAGE_PEOPLE: Label("quản lý người dùng", "manage people"),
    Right.MANAGE_CUSTOMS_PEOPLE: Label("quản lý người dùng hải quan", "manage people of customs"),
}
"""The rights in words."""

_UNIT = UNIT_ROLES
_HEADS = frozenset({Role.COMMANDER, Role.DEPUTY})

TABLE: Mapping[Right, frozenset[Role]] = {
    Right.USE_CONSOLE: STAFF_ROLES,
    Right.DECLARE: frozenset({Role.DECLARANT}),
    Right.READ_OWN: frozenset({Role.DECLARANT}),
    Right.GRANT_OWN: frozenset({Role.DECLARANT}),
    Right.CERTIFY_OWN: frozenset({Role.DECLARANT}),
    Right.SEE_DOSSIERS: _UNIT | {Role.OPERATOR, Role.AUDITOR},
    Right.SEE_PERSONAL_VALUES: _UNIT,
    Right.FIND_DOSSIERS: _UNIT | {Role.OPERATOR, Role.AUDITOR},
    Right.ACCEPT: _UNIT,
    Right.CONFIRM: _UNIT,
    Right.REFUSE: _UNIT,
    Right.REQUEST_AMENDMENT: _UNIT,
    Right.WITHDRAW_REQUEST: _UNIT,
    Right.APPROVE_AMENDMENT: _UNIT,
    Right.DECLINE_AMENDMENT: _UNIT,
    Right.NOTE_PAPERS: _UNIT,
    Right.ENTER_PAPER: _UNIT,
    Right.SETTLE_PAIRS: _UNIT,
    # Article 8 names the head of the border post; a deputy by delegation is of the draft only.
    Right.SUSPEND_ACCOUNT: frozenset({Role.COMMANDER}),
    Right.RESTORE_ACCOUNT: frozenset({Role.COMMANDER}),
    Right.DECIDE_ACCOUNTS: _HEADS,
    Right.GRANT_AUTHORISATION: _UNIT | {Role.OPERATOR},
    Right.REVOKE_AUTHORISATION: _UNIT | {Role.OPERATOR},
    Right.SEE_REGISTERS: _UNIT | {Role.OPERATOR, Role.AUDITOR},
    Right.REGISTER_CERTIFICATE: _UNIT | {Role.OPERATOR},
    Right.SUSPEND_CERTIFICATE: _HEADS,
    Right.RESTORE_CERTIFICATE: _HEADS,
    Right.LOOK_UP: OFFICE_ROLES,
    Right.GRANT_LOOKUP: frozenset({Role.ADMINISTRATOR, Role.CUSTOMS_ADMINISTRATOR}),
    Right.READ_JOURNAL: frozenset({Role.OPERATOR, Role.ADMINISTRATOR, Role.AUDITOR}),
    Right.BROWSE_MESSAGES: frozenset({Role.OPERATOR, Role.AUDITOR}),
    Right.UNMASK_MESSAGES: frozenset({Role.OPERATOR}),
    Right.RESEND_REPLY: frozenset({Role.OPERATOR}),
    Right.TAKE_PAYLOAD: frozenset({Role.OPERATOR}),
    Right.REPLAY_QUARANTINE: frozenset({Role.OPERATOR}),
    Right.OVERRIDE_WINDOW: frozenset({Role.OPERATOR}),
    Right.ANNOUNCE_FAILURE: frozenset({Role.OPERATOR}),
    Right.REPORT_INCIDENT: frozenset({Role.OPERATOR}),
    Right.MANAGE_TOKENS: frozenset({Role.ADMINISTRATOR}),
    Right.MANAGE_PEOPLE: frozenset({Role.ADMINISTRATOR}),
    Right.MANAGE_CUSTOMS_PEOPLE: frozenset({Role.CUSTOMS_ADMINISTRATOR}),
}
"""The roles that have each right."""


def has(actor: Actor, right: Right) -> bool:
    """Whether one of the actor's roles grants the right, wherever that is."""
    return not TABLE[right].isdisjoint(actor.roles)


def needs(actor: Actor, right: Right) -> None:
    """Check that the actor has the right, in any unit.

    Raises:
        NoRight: none of its roles grants it; names those that do.
    """
    if not has(actor, right):
        roles = ", ".join(role.value for role in Role if role in TABLE[right])
        raise NoRight(f"{actor.id} has no right to {RIGHT_NAMES[right].en}; roles that have it: {roles}")


def is_of_unit(actor: Actor, right: Right) -> bool:
    """Whether the actor has the right only in roles of a unit."""
    return TABLE[right] & actor.roles <= UNIT_ROLES


def is_its(actor: Actor, unit: BorderUnit | None) -> bool:
    """Whether the actor is of that unit, or of every unit: what an officer decides on, and whose persons he sees."""
    return unit is not None and actor.unit in (unit.code, EVERYWHERE)


def unit_within(actor: Actor, right: Right, units: BorderUnits) -> BorderUnit | None:
    """The unit whose data a list shows to the actor; None: all units.

    Raises:
        NoRight: none of its roles grants the right, or it is of a unit that is none of ours.
    """
    needs(actor, right)
    if not is_of_unit(actor, right) or actor.unit == EVERYWHERE:
        return None
    unit = units.by_code(actor.unit)
    if unit is None:
        raise NoRight(f"{actor.id} is of unit {actor.unit}, which is not among units: state it there")
    return unit


def needs_in_unit(actor: Actor, right: Right, unit: BorderUnit | None, what: str) -> None:
    """Check that the actor has the right over data of a border unit; `what` names the data, as `dossier 1/2026`.

    `unit` None: the data belong to a gate that no unit of ours has (any more), and to no officer.

    A role of a unit reaches its own unit only, any other role that grants the right reaches every unit.

    Raises:
        NoRight: none of its roles grants the right there.
    """
    needs(actor, right)
    if not is_of_unit(actor, right) or actor.unit == EVERYWHERE:
        return
    if unit is None:
        raise NoRight(f"{what} is of a gate that none of units has: state it there")
    if actor.unit != unit.code:
        raise NoRight(f"{what} is of unit {unit.code}; {actor.id} is of unit {actor.unit}")
