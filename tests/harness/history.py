"""The history of a case: what was sent and decided about its dossier before its own message comes.

Earlier messages are fixtures themselves, told again under the case's dossier number and with ids of their own, so that
many cases can start from the same declaration in one store. Nothing here may expect anything.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lxml import etree
from sqlalchemy import select

from adapter.bootstrap import Components
from adapter.gateways.store.tables import amendment, amendment_request, dossier
from adapter.model.identifiers import DossierKey
from adapter.pipeline.compose import AmendmentItem
from tests.harness.fixtures import Act, Case, load_cases, submission
from tests.harness.people import anybody
from tests.harness.pki import shared_pki

OFFICER = anybody("o-7", name="TRAN VAN BINH", rank="Thiếu tá")
REQUEST = b"@REQUEST@"
"""Stands in a message for the number of the request to amend, which nobody knows before it is made."""
REASON = "Nội dung khai báo chưa chính xác"
ITEMS = (AmendmentItem("Số giấy tờ không khớp với hộ chiếu", "Khai lại theo hộ chiếu"),)


def dossier_of(message: bytes) -> DossierKey:
    """The dossier that a fixture's message is about."""
    subject = {str(child.tag): child.text or "" for child in etree.fromstring(message).iterfind("Header/Subject/*")}
    if subject["type"] == "11" and subject.get("preReference"):
        return DossierKey(subject["preReference"], int(subject.get("preDocumentYear") or subject["documentYear"]))
    return DossierKey(subject["reference"], int(subject["documentYear"]))


def told_again(case: Case, step: int, cases: Mapping[str, Case]) -> Case:
    """The fixture that a step of a case sends, about the case's dossier."""
    earlier = cases[str(case.before[step].send)]
    name = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{case.id}:{step}"))
    message = earlier.message.replace(
        dossier_of(earlier.message).number.encode(), dossier_of(case.message).number.encode()
    )
    message_id = etree.fromstring(message).findtext("Header/Reference/messageId")
    if message_id:
        message = message.replace(message_id.encode(), name.encode())
    return replace(earlier, id=f"{case.id} before {step + 1}", message=message)


@dataclass(frozen=True, slots=True)
class Desk:
    """The officer of a history, at an installation's desk."""

    components: Components

    def act(self, case: Case, act: Act) -> None:
        """Do it to the case's dossier."""
        key, completion, amendments = dossier_of(case.message), self.components.completion, self.components.amendments
        match act:
            case Act.ACCEPT:
                completion.accept(key, OFFICER)
            case Act.COMPLETE:
                completion.complete(key, OFFICER)
            case Act.REFUSE:
                completion.refuse(key, OFFICER, reason=REASON)
            case Act.REQUEST:
                amendments.request(key, OFFICER, reason=REASON, items=ITEMS)
            case Act.APPROVE:
                amendments.approve(self.waiting(key), OFFICER)
            case Act.DECLINE:
                amendments.decline(self.waiting(key), OFFICER, reason=REASON)

    def waiting(self, key: DossierKey) -> str:
        """Number of the amendment that waits for the officer."""
        query = select(amendment.c.number).join(dossier, dossier.c.id == amendment.c.dossier_id)
        mine = (dossier.c.number == key.number, dossier.c.year == key.year, amendment.c.state == "waiting")
        with self.components.database.transaction() as connection:
            return str(connection.execute(query.where(*mine)).scalar_one())

    def filled(self, case: Case) -> Case:
        """The case with the number of the request that it answers, if it answers one."""
        if REQUEST not in case.message:
            return case
        key = dossier_of(case.message)
        query = select(amendment_request.c.number).join(dossier, dossier.c.id == amendment_request.c.dossier_id)
        mine = (dossier.c.number == key.number, dossier.c.year == key.year, amendment_request.c.closed_at.is_(None))
        with self.components.database.transaction() as connection:
            number = str(connection.execute(query.where(*mine)).scalar_one())
        return replace(case, message=case.message.replace(REQUEST, number.encode()))


def play(components: Components, case_id: str, **gates: str) -> DossierKey:
    """A fixture with all that is told before it; gives the dossier. `gates`: another gate in place of its own."""
    cases = {case.id: case for case in load_cases()}
    case, desk = cases[case_id], Desk(components)
    for own, other in gates.items():
        case = replace(case, message=case.message.replace(own.encode(), other.encode()))
    for step, told in enumerate(case.before):
        if told.act is not None:
            desk.act(case, told.act)
        else:
            components.intake.receive([submission(told_again(case, step, cases), shared_pki())])
    components.intake.receive([submission(desk.filled(case), shared_pki())])
    return dossier_of(case.message)
