"""The demonstration world: a few dossiers for everybody who can log in, as `make run` has them and walks look at them.

The dossiers are fixtures whose times are moved to now, sealed with the keys of `simulate pki`.
"""

from __future__ import annotations

import hashlib

from lxml import etree

from adapter.bootstrap import Components
from adapter.cli.check_messages import move_times
from adapter.model.identifiers import Digest
from adapter.model.stages import Channel, Submission
from adapter.pipeline.xml import reparsed
from adapter.simulator.pki import Pki
from adapter.simulator.sign import sign_message
from tests.harness.fixtures import Case, load_cases
from tests.harness.history import ITEMS, OFFICER, REASON, dossier_of
from tests.harness.registered import register_declarants
from tests.harness.staff import REGISTERED, register

FRESH = (
    *("BQP0100001/accepted-tour-group-entering", "BQP0100001/accepted-two-leaders-are-flagged"),
    *("BQP0100002/accepted-citizen-unsigned", "BQP0100002/accepted-with-children"),
    *("BQP0100001/accepted-official-delegation-by-public-ca", "BQP0100001/asked-leader-with-another-paper"),
    *("BQP0100007/accepted-arrival-with-passengers", "BQP0100001/accepted-single-foreigner"),
)
"""The last is confirmed, of the fourth an amendment is asked for; the ship is yet to be accepted."""


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


def _now(whole: Components, case: Case, pki: Pki) -> Submission:
    """The case's message as the window would send it now."""
    at, tree = whole.legal_clock(), reparsed(case.message)
    move_times(tree, at)
    system, declarant = (pki.party(name) if name else None for name in (case.signers.system, case.signers.declarant))
    body = sign_message(etree.tostring(tree, encoding="UTF-8"), system=system, declarant=declarant)
    return Submission(body, Channel.WINDOW, at, Digest(hashlib.sha256(body).hexdigest()))
