"""Takes signed statements: each once, for its purpose, from its account, by a certificate that may sign.

Done where messages are judged: a process of the web has neither the evidence of revocation nor the right to write.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import certificates, suspensions
from adapter.gateways.store import statement_values as store
from adapter.gateways.store.certificates import CertificateState, Registered
from adapter.gateways.store.database import Connection, Database
from adapter.model.errors import Fault, Misconfigured
from adapter.model.finding import Finding, FindingCatalogue
from adapter.model.statement import Purpose, SignedStatement
from adapter.pipeline.envelope import VIETNAM, hour_and_day
from adapter.pipeline.signature.statement import StatementGround, verify_statement
from adapter.services.door.precheck import TurnedAway, Why
from adapter.services.statements.issuing import VALID, hash_of

_CONTENT, _SIGNATURE = "/SignedStatement/Content", "/SignedStatement/Signature"


@dataclass(frozen=True)
class StatementProofs:
    """`host` is the portal's own; `clock` gives the legal time (aware)."""

    database: Database
    ground: Callable[[], StatementGround | None]
    findings: Callable[[], FindingCatalogue]
    host: str
    clock: Callable[[], datetime]

    def read(self, raw: bytes, purpose: Purpose, account: str = "") -> SignedStatement:
        """A statement whose signature holds, for this purpose, from this portal, for this account. Not used yet.

        Raises:
            TurnedAway: with what stands against it.
            Unavailable: it cannot be told now whether the certificate is revoked.
            Misconfigured: these mappings have no statements.
        """
        ground = self.ground()
        if ground is None:
            raise Misconfigured("messages.yaml has no `statements`; take it from the delivered mappings")
        try:
            signed = verify_statement(raw, self.clock(), ground)
        except Fault as fault:
            raise self.refused(*fault.findings) from None
        said = signed.statement
        for name, is_other in (
            ("statement_purpose", said.purpose is not purpose or _is_mixed(signed)),
            ("statement_host", said.host != self.host),
            ("statement_account", said.account != account),
        ):
            if is_other:
                raise self.refused(Finding(name, f"{_CONTENT}/{name.partition('_')[2].capitalize()}"))
        return signed

    def use(
        self, connection: Connection, signed: SignedStatement, *, number: str | None = None, body: str | None = None
    ) -> None:
        """Use its value, in the transaction of what it is used for: undone, it may be brought again.

        Raises:
            TurnedAway: it is none of ours, of another purpose or account, has ended, or was used.
        """
        said, now = signed.statement, self.clock()
        digest = hash_of(said.value)
        kept = store.find(connection, digest)
        if kept is None:
            raise self.refused(Finding("statement_unknown", f"{_CONTENT}/Value"))
        if kept.purpose != said.purpose.value:
            raise self.refused(Finding("statement_purpose", f"{_CONTENT}/Purpose"))
        if (kept.account or "") != said.account:
            raise self.refused(Finding("statement_account", f"{_CONTENT}/Account"))
        if kept.used_at is not None:
            raise self.refused(Finding("statement_used", f"{_CONTENT}/Value"))
        # An end later than any that is given now: the clock was set back since.
        if not now < kept.ends_at <= now + VALID:
            words = {"until": hour_and_day(kept.ends_at)}
            raise self.refused(Finding("statement_expired", f"{_CONTENT}/ValidUntil", words=words))
        if not store.use(connection, digest, at=now, number=number, body=body):
            raise self.refused(Finding("statement_used", f"{_CONTENT}/Value"))

    def holder(self, connection: Connection, signed: SignedStatement) -> Registered:
        """The registered certificate that has signed; its holder's number is known and not suspended everywhere.

        Raises:
            TurnedAway: it is not registered, or it or its holder is suspended (QĐ 15/2019/QĐ-TTg Articles 6(3), 8).
        """
        now, name = self.clock(), certificates.name_of(signed.signer)
        found = certificates.find(connection, [name]).get(name)
        if found is None or found.since > now or found.number is None:
            raise self.refused(Finding("certificate_unregistered", _SIGNATURE))
        if found.state is CertificateState.SUSPENDED:
            raise self.refused(Finding("registration_suspended", _SIGNATURE, words={"reason": found.reason or ""}))
        self.unsuspended(connection, {found.number, *signed.signer.numbers})
        return found

    def unsuspended(self, connection: Connection, numbers: set[str]) -> None:
        """Check that none of these accounts is suspended everywhere.

        Raises:
            TurnedAway: one is; with the reason.
        """
        stopped = suspensions.stopping(suspensions.current(connection, numbers), numbers, None)
        if stopped:
            since = stopped[0].since.astimezone(VIETNAM).strftime("%d/%m/%Y")
            words = {"reason": stopped[0].reason, "since": since}
            raise self.refused(Finding("account_suspended", _SIGNATURE, words=words))

    def refused(self, *found: Finding) -> TurnedAway:
        """The refusal in words; the first finding is its text."""
        stated = tuple(self.findings().state(finding) for finding in found)
        return TurnedAway(Why.STATEMENT, stated[0].en, stated[0].vi, stated, found=found)


def _is_mixed(signed: SignedStatement) -> bool:
    """Whether it says something that its purpose does not go with, or lacks what it must say."""
    said = signed.statement
    return (said.terms is not None) != (said.purpose is Purpose.AUTHORISATION) or bool(said.digest) != (
        said.purpose is Purpose.FILE
    )
