"""Forms that are shut for a declarant: his account is suspended where he means to declare (Article 8), or whoever
he begins one for does not authorise him any more (Article 3(4)).

Asked before something is prepared or sent, so that his draft is kept and nothing is drawn. Whatever comes in the same
moment, and whatever comes by the window, is refused by `services/messages/admission` in the transaction that stores it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from adapter.gateways.store import own_dossiers, suspensions
from adapter.gateways.store.database import Database
from adapter.gateways.store.suspensions import Suspension
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Procedure
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.forms.given import unit_of_gate
from adapter.pipeline.units import gate_before
from adapter.services.door.draft import Draft, GrantEnded, Start
from adapter.services.door.offers import Offers
from adapter.services.door.precheck import Presented, TurnedAway, Why


class AccountShut(TurnedAway):
    """The account is suspended here; with the reason, which is to be stated."""

    def __init__(self, suspension: Suspension) -> None:
        since = suspension.since.astimezone(VIETNAM).strftime("%d/%m/%Y")
        super().__init__(
            Why.SUSPENDED,
            f"This account is suspended since {since}, so that no electronic data are received: {suspension.reason} "
            "(Article 8 of Decision 15/2019/QĐ-TTg). Ask the border unit; you may declare on paper.",
            f"Tài khoản này bị tạm dừng từ {since} nên dữ liệu điện tử không được tiếp nhận: {suspension.reason} "
            "(Điều 8 Quyết định 15/2019/QĐ-TTg). Hãy hỏi đơn vị Biên phòng; bạn làm được thủ tục bằng giấy.",
        )
        self.suspension = suspension


@dataclass(frozen=True)
class ShutForms(Offers):
    """Asks the registers of suspended accounts and of authorisations before a form is begun, prepared or sent."""

    database: Database
    granted: Callable[[str, str, str], bool]
    """Whether a person may act for a principal in a procedure now."""

    def of_draft(self, draft: Draft) -> None:
        """The draft may go on.

        Raises:
            AccountShut: its owner's account, or that of whom he acts for, is suspended at its gate.
            GrantEnded: it was begun for somebody who does not authorise him any more.
        """
        if draft.granted_for and not self.granted(draft.owner, draft.granted_for, draft.fills_in.code):
            raise GrantEnded(draft.granted_for)
        numbers = (draft.owner, draft.acts_for, draft.granted_for)
        for gate in dict.fromkeys((draft.gate or "", self._gate_of(draft.about))):  # it may move its dossier
            self.at_gate(draft.fills_in, gate, numbers)

    def of_start(self, owner: str, start: Start) -> None:
        """The same of a draft about a dossier that is not begun yet.

        Raises:
            AccountShut: as `of_draft`.
        """
        fills_in = start.declared or start.procedure
        stated = start.answers.values.get(fills_in.place.get("gate", "")) or ""
        for gate in dict.fromkeys((stated, self._gate_of(start.key))):
            self.at_gate(fills_in, gate, (owner, *start.acting.values()))

    def of_file(self, owner: str, presented: Presented) -> None:
        """The same of a whole envelope that was made elsewhere.

        Raises:
            AccountShut: as `of_draft`.
        """
        procedure = presented.envelope.procedure
        self.at_gate(procedure, gate_before(procedure, presented.tree) or "", (owner,))

    def _gate_of(self, key: DossierKey | None) -> str:
        """Of a form that states none (a withdrawal): the gate of the dossier that it is about."""
        if key is None:
            return ""
        with self.database.reading() as connection:
            row = own_dossiers.find(connection, key.number, key.year)
        return row.gate or "" if row else ""

    def at_gate(self, procedure: Procedure, gate: str, numbers: Iterable[object]) -> None:
        """Whoever has these numbers may declare at that gate; numbers that are None count nothing.

        Raises:
            AccountShut: an account of theirs is suspended at the gate's unit, or everywhere.
        """
        wanted = {number for number in numbers if isinstance(number, str)}
        place = {procedure.place.get("gate", ""): gate}
        unit = unit_of_gate(procedure, place, self.ground.catalogue.codelists, self.today) if gate else None
        with self.database.reading() as connection:
            found = suspensions.stopping(suspensions.current(connection, wanted), wanted, unit)
        if found:
            raise AccountShut(found[0])
