"""Representation: the signer must be the principal of the declaration, or authorised by the principal.

QĐ 15/2019/QĐ-TTg Articles 3(4) and 7(3). Which declared field names the principal is the mapping's; here numbers are
compared. What needs the store is a port, which is called where the numbers differ and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from adapter.model.finding import Finding, Severity
from adapter.model.stages import Declaration, Signer
from adapter.pipeline.converters import write
from adapter.pipeline.trust.holder import head_of, plain

Entitled = Callable[[Signer, str, datetime, str], bool]
"""Whether a register says that this signer may act for this number at this time (aware), in this procedure."""


def nobody(signer: Signer, number: str, at: datetime, procedure: str) -> bool:
    """The port without a register, such as for the command `judge`."""
    del signer, number, at, procedure
    return False


@dataclass(frozen=True, slots=True)
class Representation:
    """Who may act for another."""

    entitled: Entitled = nobody
    head_for_branches: bool = True
    """An enterprise speaks for its branches, which are no legal persons (Civil Code 2015 Article 84); never the other
    way round without an authorisation."""

    def speaks(self, numbers: Sequence[str], principal: str) -> bool:
        """Whether one of a certificate's numbers is the principal's own, or its head's."""
        head = head_of(principal) if self.head_for_branches else None
        return any(number in (principal, head) for number in numbers)


def check(declaration: Declaration, representation: Representation, found: Sequence[Finding]) -> Iterator[Finding]:
    """Findings about signer and principal; `found`: findings of the rules. A missing principal is reported by the rules
    only.
    """
    verified = declaration.verified
    spec = verified.envelope.procedure.principal
    signer, at = verified.declarant_signer, verified.envelope.submission.received_at
    if spec is None or signer is None:
        return
    name, number = _principal(declaration, spec.fields)
    field = verified.envelope.procedure.field(name)
    assert field is not None, "the check at start has seen it"
    pointer = f"/Envelope/Body/Content/{verified.envelope.spec.root}/{field.path}"
    if number is not None:
        procedure = verified.envelope.procedure.code
        if representation.speaks(signer.numbers, number) or representation.entitled(signer, number, at, procedure):
            return
        if signer.numbers:
            yield Finding("principal_mismatch", pointer)
            return
    elif any(finding.pointer == pointer for finding in found):
        return
    flagged = signer.store in spec.unproved_in
    yield Finding("principal_unproved", pointer, Severity.WARN if flagged else Severity.REJECT)


def _principal(declaration: Declaration, names: Sequence[str]) -> tuple[str, str | None]:
    """The first of the fields that is declared, with its number; else the first field, with None."""
    for name in names:
        value = declaration.values.get(name)
        if value is not None:
            return name, plain(write(value))
    return names[0], None
