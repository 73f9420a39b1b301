"""Admission: checks of signer and declarant that need the store, inside the intake's transaction.

Checks: is the certificate registered and not suspended (Article 6(3)), is the account suspended (Article 8), may the
signer change this dossier. One query a table for a batch: a committed suspension holds in the next transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from adapter.gateways.store import authorisations, certificates, suspensions, version_keys
from adapter.gateways.store.authorisations import Grant, Pair
from adapter.gateways.store.certificates import CertificateState, Name, Registered
from adapter.gateways.store.database import Connection
from adapter.gateways.store.suspensions import Suspension
from adapter.model.dossier import ACTS, Act, Dossier
from adapter.model.finding import Finding, Severity
from adapter.model.outcomes import Accepted, Outcome, Refused
from adapter.model.stages import Channel, Declaration, Signer
from adapter.pipeline.converters import write
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.judge import reconsidered
from adapter.pipeline.mapping import named
from adapter.pipeline.principal import Representation
from adapter.pipeline.rules.view import is_under
from adapter.pipeline.trust.holder import plain

_SIGNATURE = "/Envelope/Body/Signature"
_ALONE = (Act.REPLACE, Act.WITHDRAW)
"""Acts that change a dossier directly. An amendment is checked later, against the version that it amends."""


class Unlisted(StrEnum):
    """What happens on channel WINDOW with a certificate that is not in our register: the window has its own."""

    ATTESTED = "attested"
    """Accepted: the window has signed the message too."""
    FLAG = "flag"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Register:
    """What the store says of one batch."""

    certificates: Mapping[Name, Registered] = field(default_factory=dict)
    suspensions: Mapping[str, Sequence[Suspension]] = field(default_factory=dict)
    grants: frozenset[Grant] = frozenset()

    def principals(self, holders: Iterable[str], procedure: str) -> list[str]:
        """For whom these holders are authorised in this procedure."""
        own = set(holders)
        return [grant.principal for grant in self.grants if grant.holder in own and grant.covers(procedure)]


@dataclass(frozen=True, slots=True)
class Admission:
    """The rules of admission, as configured."""

    unknown_on_window: Unlisted
    representation: Representation

    def ask(self, connection: Connection, outcomes: Iterable[Outcome], at: datetime) -> Register:
        """Read certificates, suspensions and authorisations of a batch: at most three queries, whatever its size."""
        declarations = [outcome.declaration for outcome in outcomes if isinstance(outcome, Accepted | Refused)]
        signers = [signer for each in declarations if (signer := each.verified.declarant_signer) is not None]
        found = certificates.find(connection, map(certificates.name_of, signers))
        accounts = {number for one in declarations for number in _accounts(one, found)}
        changing = [each for each in declarations if ACTS.get(each.verified.meaning) is not Act.DECLARE]
        holders = {number for each in changing for number in _speakers(each, found)}
        holders |= {pair[0] for each in declarations if (pair := _acts_for(each)) is not None}
        grants = frozenset(authorisations.grants(connection, holders, at))
        by_number: dict[str, list[Suspension]] = {}
        for each in suspensions.current(connection, accounts | {grant.principal for grant in grants}):
            by_number.setdefault(each.number, []).append(each)
        return Register(found, by_number, grants)

    def within(self, register: Register) -> Representation:
        """Who may act for another, by the rows read in this transaction: a second transaction would wait for it."""

        def entitled(signer: Signer, number: str, at: datetime, procedure: str) -> bool:
            known = register.certificates.get(certificates.name_of(signer))
            registered = known.numbers(at) if known is not None else []
            authorised = register.principals([*signer.numbers, *registered], procedure)
            return self.representation.speaks([*registered, *authorised], number)

        return replace(self.representation, entitled=entitled)

    def admit(self, register: Register, outcome: Outcome, dossier: Dossier | None, at: datetime) -> Outcome:
        """The outcome after these checks; `dossier` is the one that the message would change."""
        if not isinstance(outcome, Accepted | Refused):
            return outcome
        declaration = outcome.declaration
        found = [
            *suspended(register, declaration, dossier),
            *self._certificate(register, declaration, at),
            *self._stranger(register, declaration, dossier),
            *_unauthorised(register, declaration),
        ]
        return reconsidered(outcome, found) if found else outcome

    def _certificate(self, register: Register, declaration: Declaration, at: datetime) -> Iterator[Finding]:
        signer = declaration.verified.declarant_signer
        if signer is None:
            return
        known = register.certificates.get(certificates.name_of(signer))
        if known is not None and known.state is CertificateState.SUSPENDED:
            yield Finding("registration_suspended", _SIGNATURE, words={"reason": known.reason or ""})
        elif known is None or known.since > at:
            on_portal = declaration.verified.envelope.submission.channel is Channel.PORTAL
            if on_portal or self.unknown_on_window is Unlisted.REJECT:
                yield Finding("certificate_unregistered", _SIGNATURE)
            elif self.unknown_on_window is Unlisted.FLAG:
                yield Finding("certificate_unregistered", _SIGNATURE, Severity.WARN)

    def _stranger(self, register: Register, declaration: Declaration, dossier: Dossier | None) -> Iterator[Finding]:
        """A dossier is changed only by its declarant or principal, or by who may act for them (Articles 3(4), 11)."""
        if dossier is None or ACTS[declaration.verified.meaning] not in _ALONE:
            return
        speakers = _speakers(declaration, register.certificates)
        own = [*speakers, *register.principals(speakers, dossier.procedure)]
        if speakers and not any(self.representation.speaks(own, number) for number in dossier.identities):
            yield Finding("not_of_the_dossier", "/Envelope/Header/Subject/reference", words={"key": str(dossier.key)})


def _signed_numbers(declaration: Declaration, found: Mapping[Name, Registered]) -> set[str]:
    """The numbers of the signer: those in the certificate, and the one that it was registered with."""
    signer = declaration.verified.declarant_signer
    if signer is None:
        return set()
    known = found.get(certificates.name_of(signer))
    return {*signer.numbers, *([known.number] if known is not None and known.number else [])}


def _speakers(declaration: Declaration, found: Mapping[Name, Registered]) -> set[str]:
    """The party that a message acts for: its signer; else the authenticated caller; else the declared identities."""
    envelope = declaration.verified.envelope
    bound = envelope.submission.bound_to
    return (
        _signed_numbers(declaration, found)
        or ({plain(bound)} if bound else set())
        or {
            plain(number)
            for number in version_keys.identities(envelope.procedure, declaration.values, declaration.rows)
        }
    )


def _accounts(declaration: Declaration, found: Mapping[Name, Registered]) -> set[str]:
    """Every account that a message uses: the declared ones, the caller's, the signer's."""
    envelope = declaration.verified.envelope
    stated = (declaration.values.get(name) for name in envelope.procedure.accounts)
    declared = {plain(write(value)) for value in stated if value is not None}
    bound = envelope.submission.bound_to
    return declared | ({plain(bound)} if bound else set()) | _signed_numbers(declaration, found)


def suspended(
    register: Register, declaration: Declaration, dossier: Dossier | None, *, by: Declaration | None = None
) -> Iterator[Finding]:
    """The refusal names the reason (QĐ 15/2019/QĐ-TTg Article 8), never the number.

    Asked of the unit that the message states and of the one that has the dossier: what changes a dossier there may
    state another, and another principal. `by`: the amendment that makes this version, whose accounts count: another
    may have declared before.
    """
    sender = by or declaration
    envelope = declaration.verified.envelope
    stated = declaration.values.get(envelope.procedure.place.get("unit", ""))
    unit = stated if isinstance(stated, str) and stated else envelope.header.recipient.unit_code
    accounts = _accounts(sender, register.certificates) | _acted_for(register, sender, dossier)
    found = [each for number in sorted(accounts) for each in register.suspensions.get(number, ())]
    units = dict.fromkeys((unit, dossier.unit if dossier is not None else unit))
    stopping = [each for at in units for each in suspensions.stopping(found, accounts, at)]
    for reason, since in dict.fromkeys((each.reason, each.since) for each in stopping):
        words = {"reason": reason, "since": since.astimezone(VIETNAM).strftime("%d/%m/%Y")}
        pointer = f"/Envelope/Body/Content/{envelope.spec.root}"
        yield Finding("account_suspended", pointer, Severity.REFUSE, words=words)


def _acted_for(register: Register, declaration: Declaration, dossier: Dossier | None) -> set[str]:
    """The parties of the dossier for whom its sender may act by an authorisation, whomever the message states."""
    if dossier is None:
        return set()
    speakers = _speakers(declaration, register.certificates)
    return set(register.principals(speakers, dossier.procedure)) & set(dossier.identities)


def _acts_for(declaration: Declaration) -> Pair | None:
    """Who declares and for whom, where that is another person and no letter of authorisation is stated.

    What nobody has signed at the portal is proved by no letter that is only named.
    """
    spec, values = declaration.verified.envelope.procedure.on_behalf, declaration.values
    if spec is None or (values.get(spec.letter) is not None and not _is_unproved(declaration)):
        return None
    declarant, of = values.get(spec.declarant), values.get(spec.of)
    if declarant is None or of is None:
        return None
    received = declaration.verified.envelope.submission.received_at
    if spec.born is not None and is_under(values.get(spec.born), spec.under, received.astimezone(VIETNAM).date()):
        return None  # a child's parents or guardian represent it by law
    pair = plain(write(declarant)), plain(write(of))
    return pair if pair[0] != pair[1] else None


def _is_unproved(declaration: Declaration) -> bool:
    """Whether it came by the portal without a declarant signature: then the declarant is known by log-in alone."""
    on_portal = declaration.verified.envelope.submission.channel is Channel.PORTAL
    return on_portal and declaration.verified.declarant_signer is None


def _unauthorised(register: Register, declaration: Declaration) -> Iterator[Finding]:
    """A citizen declares for himself or authorises a person (Article 3(4)(a), which names no consequence).

    At the portal the register says whom; the window vouches for those who declare there.
    """
    pair, envelope = _acts_for(declaration), declaration.verified.envelope
    spec = envelope.procedure.on_behalf
    if pair is None or spec is None or pair[1] in register.principals([pair[0]], envelope.procedure.code):
        return
    field = envelope.procedure.field(spec.declarant)
    assert field is not None, "the check at start has seen it"
    pointer = f"/Envelope/Body/Content/{envelope.spec.root}/{field.path}"
    severity = Severity.REJECT if _is_unproved(declaration) else Severity.WARN
    yield Finding("authorisation_missing", pointer, severity, words=named(field.label), basis=spec.basis)
