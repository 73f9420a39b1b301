"""The version from which an amendment starts: read from the store. Decides nothing."""

from __future__ import annotations

from datetime import datetime

from lxml import etree

from adapter.gateways.store import amendments, deadlines, suspensions
from adapter.gateways.store.database import Connection
from adapter.gateways.store.records import StoredRequest, VersionWithSource
from adapter.gateways.store.standing import pauses
from adapter.model.dossier import Dossier, DossierState
from adapter.model.duties import Unit
from adapter.model.errors import Misconfigured
from adapter.model.identifiers import Digest
from adapter.model.procedure import Procedure
from adapter.model.stages import Channel, Submission
from adapter.pipeline.amendment.amend import AmendmentBase, document_of
from adapter.pipeline.envelope import open_envelope
from adapter.pipeline.judge import Ground
from adapter.pipeline.terms import Terms, with_pauses
from adapter.pipeline.xml import reparsed
from adapter.services.ledger.ledger import Ledger


def amendment_base(ledger: Ledger, dossier: Dossier, ground: Ground) -> AmendmentBase:
    """The version in force of a dossier, with its open request and pending amendment.

    Raises:
        Misconfigured: the mapping that read the version is not installed any more.
    """
    connection = ledger.connection
    assert dossier.id is not None, "whatever can be amended is stored or held"
    request = None
    if dossier.state is DossierState.AMENDMENT_REQUESTED:
        request = amendments.open_request(connection, dossier.id)
    procedure, document = declared_as(connection, dossier.id, dossier.version, ground)
    return AmendmentBase(
        procedure=procedure,
        document=document,
        identities=frozenset(dossier.identities),
        request=request.number if request else None,
        items=tuple(each.get("pointer") for each in request.items) if request else (),
        answer_before=_answer_before(ledger, dossier, request, ground) if request else None,
        pending=amendments.is_pending(connection, dossier.id),
        closed=amendments.closed(connection, dossier.id),
    )


def declared_as(
    connection: Connection, dossier_id: int, version: int, ground: Ground
) -> tuple[Procedure, etree._Element]:
    """A version of a dossier: the mapping that read it, and the whole envelope as its XSD sees it.

    Raises:
        Misconfigured: that mapping is not installed any more.
    """
    row = amendments.version(connection, dossier_id, version)
    procedure = _procedure(row.mapping, ground)
    return procedure, reparsed(row.document) if row.document else _declared(row, ground)


def _answer_before(ledger: Ledger, dossier: Dossier, request: StoredRequest, ground: Ground) -> datetime | None:
    """An hour from when the declarant has the request (Article 11(3)(b)); None where that is not known."""
    connection, terms = ledger.connection, Terms.of(ground.catalogue)
    limit = deadlines.answer_of(connection, request.dossier_id, request.outbox_id) if request.outbox_id else None
    if limit is None or limit.delivered_at is None:
        return None
    due = terms.due(limit.amount, Unit(limit.unit), limit.delivered_at)
    if due is None or not terms.hour_stands:
        return due
    found = suspensions.of_numbers(connection, dossier.identities)
    return with_pauses(limit.delivered_at, due, pauses(found, dossier.identities, dossier.unit), ledger.now)


def _procedure(mapping: str, ground: Ground) -> Procedure:
    procedure = ground.catalogue.version(mapping)
    if procedure is None:
        raise Misconfigured(f"mapping {mapping}, under which the dossier was read, is not installed any more")
    return procedure


def _declared(row: VersionWithSource, ground: Ground) -> etree._Element:
    """The declaration read again from the stored message, which was verified when it came."""
    submission = Submission(row.raw, Channel(row.channel), row.received_at, Digest(row.raw_digest))
    return document_of(open_envelope(submission, catalogue=ground.catalogue, limits=ground.limits))
