"""A dossier (hồ sơ) and its life, as one transition table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Label, Meaning
from adapter.model.stages import Channel


class DossierState(StrEnum):
    """The state of a dossier, for its next step. People see `shown_state`: completed in law is later."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    AMENDMENT_REQUESTED = "amendment_requested"
    AMENDED = "amended"
    COMPLETED = "completed"
    COMPLETED_AMENDED = "completed_amended"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    RECORDED = "recorded"
    """Done by hand on paper and entered afterwards: nothing is done to it any more."""
    MERGED = "merged"
    """The same was declared by the other door too, and that dossier goes on: by an officer's word alone."""


class ConfirmationWay(StrEnum):
    """How far the newest confirmation of a dossier has come."""

    SIGNED = "signed"
    SENT = "sent"
    DELIVERED = "delivered"
    """The declarant has it."""


class ShownState(StrEnum):
    """The words for a dossier's state that people see, and by which they look for dossiers: of a confirmed one by what
    became of its confirmation."""

    RECEIVED = "received"
    ACCEPTED = "accepted"
    AMENDMENT_REQUESTED = "amendment_requested"
    AMENDED = "amended"
    CONFIRMATION_SIGNED = "confirmation_signed"
    CONFIRMATION_SENT = "confirmation_sent"
    COMPLETED = "completed"
    AMENDMENT_CONFIRMATION_SIGNED = "amendment_confirmation_signed"
    AMENDMENT_CONFIRMATION_SENT = "amendment_confirmation_sent"
    COMPLETED_AMENDED = "completed_amended"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    RECORDED = "recorded"
    MERGED = "merged"


class Act(StrEnum):
    """Acts on a dossier, by a declarant's message or by an officer."""

    DECLARE = "declare"
    REPLACE = "replace"
    WITHDRAW = "withdraw"
    ACCEPT = "accept"
    REQUEST_AMENDMENT = "request_amendment"
    AMEND = "amend"
    ANSWER = "answer"
    APPROVE = "approve"
    DECLINE = "decline"
    WITHDRAW_REQUEST = "withdraw_request"
    COMPLETE = "complete"
    COMPLETE_AMENDMENT = "complete_amendment"
    REFUSE = "refuse"


_S, _A = DossierState, Act

CONFIRMED = {
    _S.COMPLETED: ("confirmation_signed", "confirmation_sent", "completed"),
    _S.COMPLETED_AMENDED: ("amendment_confirmation_signed", "amendment_confirmation_sent", "completed_amended"),
}
"""The shown states of a confirmed dossier: confirmation signed, sent, and with the declarant."""

ENDED = (_S.REFUSED, _S.WITHDRAWN, _S.MERGED)
"""States in which nothing is left to be done, and no deadline to be met."""
OVER = (*ENDED, _S.RECORDED)
"""The same, and what was done by hand and is only recorded."""

TRANSITIONS: dict[tuple[DossierState | None, Act], DossierState] = {
    (None, _A.DECLARE): _S.RECEIVED,
    (_S.RECEIVED, _A.REPLACE): _S.RECEIVED,
    (_S.RECEIVED, _A.WITHDRAW): _S.WITHDRAWN,
    (_S.RECEIVED, _A.ACCEPT): _S.ACCEPTED,
    # An automatic acceptance does not prevent corrections: until the confirmation was sent, a new version corrects it.
    (_S.ACCEPTED, _A.REPLACE): _S.RECEIVED,
    (_S.ACCEPTED, _A.WITHDRAW): _S.WITHDRAWN,
    (_S.AMENDMENT_REQUESTED, _A.REPLACE): _S.RECEIVED,
    (_S.AMENDMENT_REQUESTED, _A.WITHDRAW): _S.WITHDRAWN,
    (_S.AMENDED, _A.REPLACE): _S.RECEIVED,
    (_S.AMENDED, _A.WITHDRAW): _S.WITHDRAWN,
    # A ship whose voyage changes is cancelled after its confirmation too (TT 49/2017/TT-BQP Article 16): `after`.
    (_S.COMPLETED, _A.WITHDRAW): _S.WITHDRAWN,
    (_S.COMPLETED_AMENDED, _A.WITHDRAW): _S.WITHDRAWN,
    (_S.ACCEPTED, _A.COMPLETE): _S.COMPLETED,
    # Article 11(1)(b): the border guard may ask at any time after acceptance, and ask again.
    (_S.ACCEPTED, _A.REQUEST_AMENDMENT): _S.AMENDMENT_REQUESTED,
    (_S.AMENDMENT_REQUESTED, _A.REQUEST_AMENDMENT): _S.AMENDMENT_REQUESTED,
    (_S.AMENDED, _A.REQUEST_AMENDMENT): _S.AMENDMENT_REQUESTED,
    (_S.COMPLETED, _A.REQUEST_AMENDMENT): _S.AMENDMENT_REQUESTED,
    (_S.COMPLETED_AMENDED, _A.REQUEST_AMENDMENT): _S.AMENDMENT_REQUESTED,
    (_S.AMENDMENT_REQUESTED, _A.ANSWER): _S.AMENDMENT_REQUESTED,
    # Back to where the dossier was before it was asked for; `Desk` knows it (accepted represents all of them here).
    (_S.AMENDMENT_REQUESTED, _A.WITHDRAW_REQUEST): _S.ACCEPTED,
    # What the request named was declared correctly.
    (_S.AMENDMENT_REQUESTED, _A.COMPLETE): _S.COMPLETED,
    # Article 11(1)(a): on own discovery only after the confirmation, and only with the border guard's approval.
    (_S.COMPLETED, _A.AMEND): _S.COMPLETED,
    (_S.COMPLETED_AMENDED, _A.AMEND): _S.COMPLETED_AMENDED,
    # Article 11(1) has amendments on request and others: while one amendment is asked for or waits for its
    # confirmation, the declarant may find something else. It leaves what is asked as it is, also when it is approved.
    (_S.AMENDMENT_REQUESTED, _A.AMEND): _S.AMENDMENT_REQUESTED,
    (_S.AMENDED, _A.AMEND): _S.AMENDED,
    # An amendment has its effect when it is approved: by an officer, or at once where the procedure says so.
    (_S.AMENDMENT_REQUESTED, _A.APPROVE): _S.AMENDED,
    (_S.AMENDED, _A.APPROVE): _S.AMENDED,
    (_S.COMPLETED, _A.APPROVE): _S.AMENDED,
    (_S.COMPLETED_AMENDED, _A.APPROVE): _S.AMENDED,
    (_S.AMENDMENT_REQUESTED, _A.DECLINE): _S.AMENDMENT_REQUESTED,
    (_S.AMENDED, _A.DECLINE): _S.AMENDED,
    (_S.COMPLETED, _A.DECLINE): _S.COMPLETED,
    (_S.COMPLETED_AMENDED, _A.DECLINE): _S.COMPLETED_AMENDED,
    (_S.AMENDED, _A.COMPLETE_AMENDMENT): _S.COMPLETED_AMENDED,
    # A refusal needs no acceptance before it: NĐ 85/2019 Article 19(2)(b) names it beside acceptance, not after it.
    (None, _A.REFUSE): _S.REFUSED,
    (_S.RECEIVED, _A.REFUSE): _S.REFUSED,
    (_S.ACCEPTED, _A.REFUSE): _S.REFUSED,
    (_S.AMENDMENT_REQUESTED, _A.REFUSE): _S.REFUSED,
    (_S.AMENDED, _A.REFUSE): _S.REFUSED,
    # What was refused may be declared again under its number, as a new version; what was withdrawn may not.
    (_S.REFUSED, _A.DECLARE): _S.RECEIVED,
}
"""Every lawful step; any other step is refused."""

ONLY_UNCONFIRMED = (Act.COMPLETE, Act.REFUSE, Act.REPLACE, Act.WITHDRAW)
"""Not once the declaration was confirmed: a confirmation that the declarant holds is amended, not taken back. A
withdrawal is possible then too where the mapping says so (`after_confirmation`)."""

ACTS = {
    Meaning.DECLARATION: Act.DECLARE,
    Meaning.REPLACEMENT: Act.REPLACE,
    Meaning.WITHDRAWAL: Act.WITHDRAW,
    Meaning.AMENDMENT_OWN: Act.AMEND,
    Meaning.AMENDMENT_REQUESTED: Act.ANSWER,
}
"""The act that a declarant's message asks for; every other act is an officer's."""

STATE_NAMES = {
    _S.RECEIVED: Label("đã nhận, chờ tiếp nhận", "received, waiting for acceptance"),
    _S.ACCEPTED: Label("đã tiếp nhận", "accepted"),
    _S.AMENDMENT_REQUESTED: Label("đã yêu cầu sửa đổi, bổ sung", "amendment requested"),
    _S.AMENDED: Label("đã sửa đổi, bổ sung, chờ xác nhận", "amended, waiting for confirmation"),
    _S.COMPLETED: Label("đã xác nhận hoàn thành", "confirmed"),
    _S.COMPLETED_AMENDED: Label("đã xác nhận hoàn thành sau sửa đổi, bổ sung", "confirmed after amendment"),
    _S.REFUSED: Label("đã từ chối", "refused"),
    _S.WITHDRAWN: Label("đã rút", "withdrawn"),
    _S.RECORDED: Label("hồ sơ giấy đã nhập", "done on paper and entered"),
    _S.MERGED: Label("đã gộp vào hồ sơ khai ở cửa kia", "ended: the same as the dossier of the other door"),
}
"""The states in words, as findings and pages say them."""

SHOWN_NAMES = {
    "confirmation_signed": Label("đã ký xác nhận hoàn thành, chưa gửi", "confirmed: signed, not sent yet"),
    "confirmation_sent": Label(
        "đã gửi xác nhận hoàn thành, chưa rõ người khai đã nhận", "confirmed: sent, not known to be delivered"
    ),
    "completed": Label("đã xác nhận hoàn thành, người khai đã nhận", "completed: the declarant has the confirmation"),
    "amendment_confirmation_signed": Label(
        "đã ký xác nhận hoàn thành sau sửa đổi, bổ sung, chưa gửi", "confirmed after amendment: signed, not sent yet"
    ),
    "amendment_confirmation_sent": Label(
        "đã gửi xác nhận hoàn thành sau sửa đổi, bổ sung, chưa rõ người khai đã nhận",
        "confirmed after amendment: sent, not known to be delivered",
    ),
    "completed_amended": Label(
        "đã xác nhận hoàn thành sau sửa đổi, bổ sung, người khai đã nhận",
        "completed after amendment: the declarant has the confirmation",
    ),
}
"""The words of CONFIRMED in sentences."""

ACT_NAMES = {
    _A.DECLARE: Label("khai báo", "declare"),
    _A.REPLACE: Label("thay thế bản khai", "replace"),
    _A.WITHDRAW: Label("rút bản khai", "withdraw"),
    _A.ACCEPT: Label("tiếp nhận", "accept"),
    _A.REQUEST_AMENDMENT: Label("yêu cầu sửa đổi, bổ sung", "request an amendment"),
    _A.AMEND: Label("tự sửa đổi, bổ sung", "amend on own discovery"),
    _A.ANSWER: Label("sửa đổi, bổ sung theo yêu cầu", "amend on request"),
    _A.APPROVE: Label("đồng ý sửa đổi, bổ sung", "approve an amendment"),
    _A.DECLINE: Label("không đồng ý sửa đổi, bổ sung", "decline an amendment"),
    _A.WITHDRAW_REQUEST: Label("rút yêu cầu sửa đổi, bổ sung", "withdraw a request to amend"),
    _A.COMPLETE: Label("xác nhận hoàn thành", "complete"),
    _A.COMPLETE_AMENDMENT: Label("xác nhận hoàn thành sửa đổi, bổ sung", "complete an amendment"),
    _A.REFUSE: Label("từ chối", "refuse"),
}
"""The acts in words."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """A dossier as the store knows it at one moment. `id` is None until it is stored; times are aware."""

    key: DossierKey
    procedure: str
    state: DossierState
    channel: Channel
    version: int
    """The version in force. What an officer has not approved yet, or has declined, is kept beside it."""
    received_at: datetime
    accepted_at: datetime | None = None
    confirmed_at: datetime | None = None
    """When a confirmation was signed last; the dossier is complete only once the declarant has it."""
    id: int | None = None
    identities: tuple[str, ...] = ()
    """The personal numbers and tax codes of those who may read and change it."""
    gate: str | None = None
    unit: str | None = None
    """Codes of the gate and the unit that the version in force states."""
    last_sent: datetime | None = None
    """`sendDate` of the newest version, so that an older one that arrives late is known."""
    transferred: bool = False
    """The window has receipted the transfer of what was decided directly: later replies go to it normally."""
    versions: int = 1
    """How many versions are kept, those included that never came into force; the next one's number follows."""
    replies: int = 0
    """How many replies it has had; the next one's place in their order."""
    journal: int = 0
    """How many journal entries it has; `journal_head` is the hash (hexadecimal) of the last."""
    journal_head: str = ""

    def after(self, act: Act, *, though_confirmed: bool = False) -> DossierState | None:
        """The state after an act, or None where it is not possible now.

        `though_confirmed`: the procedure allows the act after the confirmation as well.
        """
        is_confirmed = self.confirmed_at is not None or self.state in CONFIRMED
        if act in ONLY_UNCONFIRMED and is_confirmed and not though_confirmed:
            return None
        return step(self.state, act)

    @property
    def unconfirmed(self) -> Dossier:
        """The dossier as it was before its confirmation was signed."""
        return replace(self, state=DossierState.ACCEPTED, confirmed_at=None)

    @property
    def possible(self) -> tuple[Act, ...]:
        """The acts that are possible now."""
        return tuple(act for act in Act if self.after(act) is not None)


def step(state: DossierState | None, act: Act) -> DossierState | None:
    """The state after an act, or None where the table has no such step."""
    return TRANSITIONS.get((state, act))


def shown_state(state: DossierState, *, is_sent: bool, is_delivered: bool) -> str:
    """The word for a state that people are shown, by what became of the newest confirmation.

    Completion in law is that the declarant has it (Article 10): before that no dossier is called completed.
    """
    if state not in CONFIRMED:
        return state.value
    signed, sent, completed = CONFIRMED[state]
    return completed if is_delivered else sent if is_sent else signed


def stored_state(shown: ShownState | None) -> tuple[DossierState | None, ConfirmationWay | None]:
    """The state that is stored where people see this word, and how far the confirmation has come; None: there is none.
    Of no word neither: any is meant.

    The inverse of `shown_state`: whoever looks for a word finds those that bear it.
    """
    if shown is None:
        return None, None
    for state, words in CONFIRMED.items():
        if shown.value in words:
            return state, tuple(ConfirmationWay)[words.index(shown.value)]
    return DossierState(shown.value), None


def in_words(acts: tuple[Act, ...]) -> Label:
    """Acts as a list for people."""
    names = [ACT_NAMES[act] for act in acts]
    return Label(
        "; ".join(name.vi for name in names) or "không còn gì", "; ".join(name.en for name in names) or "nothing"
    )
