"""Declarations as declarants hand them in at the portal: without a number and without a seal."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from adapter.model.catalogue import Catalogue
from adapter.model.procedure import Procedure
from adapter.model.stages import Channel
from adapter.simulator.pki import Pki
from adapter.simulator.sign import sign_message
from tests.harness.attached import letter
from tests.harness.expectations import Answer, expected
from tests.harness.fixtures import CLOCK, Case
from tests.harness.qualified import qualified

_NUMBERS = ("DossierNumber", "DossierYear")
"""What Content repeats of the number that is yet to be given."""


@dataclass(frozen=True, slots=True)
class Direct:
    """One declaration for the portal, who hands it in, and the answer that must come."""

    label: str
    body: bytes
    declarant: str
    """Tax code or personal number: what the caller's token must be bound to."""
    wanted: Answer
    carried: bool
    """The window carries its procedure; of another it never hears."""
    file: bytes | None
    """What has to be on the portal before it: the letter that its attachments name."""

    @property
    def decided(self) -> bool:
        """Accepted or refused: the window must hear of it later."""
        return self.carried and self.wanted.type == "20"


def directs(cases: Sequence[Case], *, catalogue: Catalogue, pki: Pki) -> list[Direct]:
    """The portal's fixtures (sealed by it), and of the window's one of each kind of answer: the doors judge alike."""
    # An amendment needs a dossier, and has an act of its own; what form 13 follows has been shown by the window.
    alone = [case for case in cases if not case.before and not case.expect.request and _fits_the_door(case)]
    chosen = [case for case in alone if case.channel is Channel.PORTAL and case.signers.system == "portal"]
    procedures = {case.procedure: _procedure(case, catalogue) for case in alone}
    carried = {code for code, each in procedures.items() if each.identities and each.on_window and not each.amends}
    chosen += _one_of_each([case for case in alone if case.procedure in carried])
    return [_direct(case, catalogue, pki) for case in chosen]


def _fits_the_door(case: Case) -> bool:
    """No token is bound to a tax code that cannot be, and the door gives its own numbers."""
    found = case.expect.findings
    if b"CONG_VU" in case.message and case.channel is Channel.WINDOW:
        return False  # nobody's token is bound to a body without a number
    return all(each.name != "tax_code_wrong" and each.pointer.rpartition("/")[2] not in _NUMBERS for each in found)


def _direct(case: Case, catalogue: Catalogue, pki: Pki) -> Direct:
    wanted, procedure = expected(case, catalogue.findings.texts), _procedure(case, catalogue)
    root = etree.fromstring(case.message)
    file = _attached(root, procedure) if case.channel is Channel.WINDOW else None
    return Direct(case.id, _body(case, root, pki), _declarant(case, catalogue), wanted, procedure.on_window, file)


def _attached(root: etree._Element, procedure: Procedure) -> bytes | None:
    """Name a letter by its digest in each row of attached files, as the portal wants it (the window has a link)."""
    spec = procedure.attached
    group = procedure.group(spec.group) if spec is not None else None
    rows = root.findall(f"Body/Content/*/{group.path}") if group is not None else []
    if spec is None or group is None or not rows:
        return None
    file = letter()
    stated = {spec.size: str(len(file)), spec.digest: hashlib.sha256(file).hexdigest()}
    order = [field.path for field in group.fields]
    for row in rows:
        values = {child.tag: child for child in row}
        for field in group.fields:
            if field.name in stated:
                element = values.setdefault(field.path, etree.Element(field.path))
                element.text = stated[field.name]
        row[:] = sorted(values.values(), key=lambda child: order.index(child.tag))
    return file


def _one_of_each(cases: Sequence[Case]) -> list[Case]:
    """Faults that do not lie in the number, the window's seal or the way of the message."""
    first: dict[tuple[str, str], Case] = {}
    for case in cases:
        reply, stage = case.expect.reply, case.expect.stage or "check"
        plain = case.channel is Channel.WINDOW and case.attack is None
        if plain and reply is not None and stage in ("validate", "check"):
            first.setdefault((case.procedure, reply.content), case)
    return list(first.values())


def _body(case: Case, root: etree._Element, pki: Pki) -> bytes:
    identifier = root.find("Header/Reference/messageId")
    assert identifier is not None, case.id
    identifier.text = str(uuid.uuid4())
    for path in ("reference", "documentYear", "preReference", "preDocumentYear"):
        for element in root.iterfind(f"Header/Subject/{path}"):
            element.text = None
    for name in _NUMBERS:
        for element in root.findall(f"Body/Content/*/{name}"):
            _parent(element).remove(element)
    declarant = None if case.signers.declarant is None else pki.party(case.signers.declarant)
    unsigned = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return sign_message(unsigned, system=None, declarant=declarant, form=case.form, qualified=qualified(pki))


def _parent(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    assert parent is not None
    return parent


def _declarant(case: Case, catalogue: Catalogue) -> str:
    """The first of the identities that the procedure knows and the declaration states."""
    root = etree.fromstring(case.message)
    stated = (root.findtext(f"Body/Content/*/{path}") for path in _paths(_procedure(case, catalogue)))
    return next(value for value in stated if value)


def _procedure(case: Case, catalogue: Catalogue) -> Procedure:
    """The procedure of a fixture's folder; its message may name another on purpose."""
    procedure = catalogue.find(case.procedure, CLOCK.date())
    assert procedure is not None, case.id
    return procedure


def _paths(procedure: Procedure) -> list[str]:
    fields = (procedure.field(name) for name in procedure.identities)
    return [field.path for field in fields if field is not None]


def by_declarant(found: Sequence[Direct]) -> Mapping[str, list[Direct]]:
    """The declarations by who hands them in."""
    grouped: dict[str, list[Direct]] = {}
    for each in found:
        grouped.setdefault(each.declarant, []).append(each)
    return grouped
