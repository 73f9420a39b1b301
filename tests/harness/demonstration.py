"""The demonstration world: a few dossiers for everybody who can log in, as `make run` has them and walks look at them.

The dossiers are fixtures whose times are moved to now, sealed with the keys of `simulate pki`.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace

from lxml import etree

from adapter.bootstrap import Components
from adapter.cli.check_messages import move_times
from adapter.model.actor import Role
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from adapter.pipeline.pairs import PairVerdict
from adapter.pipeline.xml import reparsed
from adapter.services.access.people import Facts
from adapter.services.dossiers.paper_values import PaperForm
from adapter.simulator.pki import Pki
from adapter.simulator.sign import sign_message
from tests.harness.fixtures import Case, load_cases
from tests.harness.history import ITEMS, OFFICER, REASON, Desk, dossier_of, told_again
from tests.harness.people import TESTER, person
from tests.harness.registered import register_declarants
from tests.harness.staff import OFFICE, REGISTERED, register
from tests.harness.units import HUUNGHI
from tests.servers.identity import STAFF

FRESH = (
    *("BQP0100001/accepted-tour-group-entering", "BQP0100001/accepted-two-leaders-are-flagged"),
    *("BQP0100002/accepted-citizen-unsigned", "BQP0100002/accepted-with-children"),
    *("BQP0100001/accepted-official-delegation-by-public-ca", "BQP0100001/asked-leader-with-another-paper"),
    *("BQP0100007/accepted-arrival-with-passengers", "BQP0100001/accepted-single-foreigner"),
)
"""The last is confirmed, of the fourth an amendment is asked for; the ship is yet to be accepted."""


PLAYED = {
    "BQP0100003/accepted-own-discovery-waits-for-approval": "BQP2026000401",
    "BQP0100003/accepted-on-request": "BQP2026000402",
    "BQP0100003/accepted-on-request-citizen-unsigned": "BQP2026000403",
    "BQP0100007/accepted-withdrawn-before-acceptance": "BQP2026000404",
}
"""An amendment waits for a decision; amended; amended and confirmed; withdrawn. Each about a dossier of its own."""
TWICE, NUMBERS = "BQP0100002/accepted-entering", ("BQP2026000405", "BQP2026000406", "BQP2026000407")
"""Refused; declared by the window's door, and the same by the portal's."""
CUSTOMS = {"hai-quan-quan-tri": Facts("NGUYEN THI TRUONG", ("customs_administrator",), office=OFFICE)}


def fill(whole: Components, pki: Pki) -> None:
    """The demonstration world, in an empty store."""
    register_declarants(whole, pki, since=whole.legal_clock())
    cases = {case.id: case for case in load_cases()}
    for name in FRESH:
        whole.intake.receive([_now(whole, cases[name], pki)])
    whole.completion.complete(dossier_of(cases[FRESH[-1]].message), OFFICER)
    children = dossier_of(cases[FRESH[3]].message)
    whole.amendments.request(children, OFFICER, reason=REASON, items=ITEMS)
    register(whole, REGISTERED)


def fill_states(whole: Components, pki: Pki) -> None:
    """A dossier more in each state that the others are not in, and whoever gives customs officers their rights."""
    again = [_played(whole, name, pki) for name in PLAYED][2]
    whole.completion.complete(again, OFFICER)
    cases = {case.id: case for case in load_cases()}
    refused, once, twice = (replace(cases[TWICE], message=_renamed(cases[TWICE], number)) for number in NUMBERS)
    for case in (refused, once):
        whole.intake.receive([_now(whole, case, pki)])
    whole.completion.refuse(dossier_of(refused.message), OFFICER, reason=REASON)
    portal = replace(twice, signers=replace(twice.signers, system="portal"))
    whole.intake.receive([replace(_now(whole, portal, pki), channel=Channel.PORTAL)])
    pair = [dossier_of(each.message) for each in (once, twice)]
    whole.pairs.settle(*pair, PairVerdict.SAME, OFFICER, reason="cùng người, cùng chuyến")
    whole.paper_records.check(entered_from_paper(whole), actor=person("can-bo", Role.OFFICER, unit=HUUNGHI))
    for code, facts in CUSTOMS.items():
        whole.people.add(code, replace(facts, login=STAFF[code].login), actor=TESTER)


def _played(whole: Components, name: str, pki: Pki) -> DossierKey:
    """A fixture with all that is told before it, now; gives the dossier."""
    cases = {case.id: case for case in load_cases()}
    case, desk = cases[name], Desk(whole)
    case = replace(case, message=_renamed(case, PLAYED[name]))
    for step, told in enumerate(case.before):
        if told.act is not None:
            desk.act(case, told.act)
        else:
            whole.intake.receive([_now(whole, told_again(case, step, cases), pki)])
    whole.intake.receive([_now(whole, desk.filled(case), pki)])
    return dossier_of(case.message)


def _renamed(case: Case, number: str) -> bytes:
    """The case's message about another dossier, with an id of its own."""
    message = case.message.replace(dossier_of(case.message).number.encode(), number.encode())
    known = etree.fromstring(message).findtext("Header/Reference/messageId") or ""
    return message.replace(known.encode(), str(uuid.uuid5(uuid.NAMESPACE_OID, number)).encode())


def entered_from_paper(whole: Components) -> int:
    """What was done by hand, as an officer has entered it; another one has to compare it."""
    now = whole.legal_clock()
    values = {"gate": "HUUNGHI", "direction": "XC", "declarantName": "Nguyễn Văn Giấy", "fullName": "NGUYEN VAN GIAY"}
    values |= {"expectedArrival": f"{now:%Y-%m-%d} 09:00:00", "documentNumber": "B7654321", "dateOfBirth": "1985-06"}
    form = PaperForm("BQP0100002", "045/BPCK", now.year, now, now, "XN-7", values, {})
    return whole.paper_records.enter(form, actor=person("can-bo-2", Role.OFFICER, unit=HUUNGHI))


def _now(whole: Components, case: Case, pki: Pki) -> Submission:
    """The case's message as the window would send it now."""
    at, tree = whole.legal_clock(), reparsed(case.message)
    move_times(tree, at)
    system, declarant = (pki.party(name) if name else None for name in (case.signers.system, case.signers.declarant))
    body = sign_message(etree.tostring(tree, encoding="UTF-8"), system=system, declarant=declarant)
    return Submission(body, Channel.WINDOW, at, Digest(hashlib.sha256(body).hexdigest()))
