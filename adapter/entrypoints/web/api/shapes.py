"""The JSON of the HTTP interface: what its callers rely on, described where it is declared."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from adapter.entrypoints.web.problems import FindingShape, finding_shape
from adapter.model.procedure import Label
from adapter.pipeline.envelope import VIETNAM
from adapter.services.attachments.keeping import LookedAt
from adapter.services.door.declarations import Progress
from adapter.services.door.reception import Admitted, ForeseenAnswer
from adapter.services.dossiers.lookup import Found
from adapter.services.watch.mode import Sight
from adapter.services.watch.state import WindowState
from adapter.services.watch.way import PortalTakes, way

API = "/api/v1"


class _Shape(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class Words(_Shape):
    """A text in both languages."""

    vi: str
    en: str


class AdmittedShape(_Shape):
    """What became of a declaration that was taken in."""

    id: str
    reference: str | None
    """The dossier's number: the one given, or one of our own series."""
    year: int | None
    state: str
    """The dossier's (docs/reference/dossier.md). The message's: waiting, parked, rejected."""
    outcome: str | None
    """accepted, refused, rejected or parked."""


class FileShape(_Shape):
    """A file that was uploaded: what a declaration states of it."""

    sha256: str
    """In hexadecimal digits, as the declaration names it."""
    name: str
    """As it is kept: without folders, and without signs that cannot be seen."""
    kind: str
    """pdf, png or jpeg."""
    size: int
    """Bytes."""
    scan: str
    """clean, or not_scanned while no scanner could be asked."""


def file_shape(kept: LookedAt) -> FileShape:
    return FileShape(
        sha256=kept.digest,
        name=kept.name,
        kind=kept.kind.value,
        size=len(kept.raw),
        scan=kept.verdict.scan.value,
    )


class ForeseenShape(_Shape):
    """What a declaration would be answered now; nothing of it was kept."""

    outcome: str
    """accepted, refused, rejected or parked."""
    findings: list[FindingShape]
    duplicate: bool
    """The same was sent before: it would get the stored answer again."""


class ReplyShape(_Shape):
    """One signed reply."""

    kind: str
    type: str
    function: str
    digest: str
    """SHA-256 of the exact bytes, hexadecimal."""
    href: str
    """Where the exact bytes are, as application/xml."""
    created_at: datetime
    delivered_at: datetime
    """When it was first read: a confirmation has its effect from then on."""
    withdrawn_at: datetime | None
    """Of a request to amend: since when the border guard asks for nothing any more. No answer is due."""
    withdrawal_reason: str | None
    base64: str
    """The same exact bytes."""


class DeclarationShape(_Shape):
    """Where a declaration stands."""

    id: str
    state: str
    """The dossier's (docs/reference/dossier.md). The message's: waiting, parked, rejected."""
    outcome: str | None
    procedure: str | None
    reference: str | None
    year: int | None
    received_at: datetime
    findings: list[FindingShape]
    replies: list[ReplyShape]
    """In the order they were given; the last one counts."""


class Confirmation(_Shape):
    """The confirmation that the declaration is complete: its number and time."""

    number: str
    time: datetime | None


class PaperShape(_Shape):
    """Whether paper may still be asked for, and on what ground."""

    value: bool
    ground: Words


class DecisionShape(_Shape):
    """The newest signed decision."""

    kind: str
    digest: str
    """SHA-256 of the exact bytes, hexadecimal."""
    href: str
    created_at: datetime
    sent_at: datetime | None
    """When it left; absent while it waits for the window."""
    delivered_at: datetime | None
    """When the declarant had it (Article 10): the window's receipt, or his first look on the portal."""


class VersionShape(_Shape):
    """A version of what was declared; both are kept, before and after an amendment (Article 11(2)(b))."""

    version: int
    standing: str
    """in force, earlier, waiting (for an officer's approval) or declined."""
    received_at: datetime
    amendment: str | None
    """Number of the amendment that brought it."""


class ChangeShape(_Shape):
    """A value that differs between versions, in their order; a personal value is masked."""

    place: str
    label: Words
    values: list[Any]


class DossierShape(_Shape):
    """A dossier as customs see it. Times are ISO 8601 in Vietnam's time."""

    reference: str
    window_reference: str | None
    """The window's own number for what was entered directly, once it has given one."""
    year: int
    procedure: str
    title: Words | None
    form: str | None
    state: str
    """As the words in reference/dossier.md; completed only once the declarant has the confirmation."""
    result: Words
    """What the state means. A confirmation says that the declaration is complete, never that one may cross."""
    confirmation: Confirmation | None
    channel: str
    """window or portal: the door it came by."""
    gate: str | None
    unit: str | None
    version: int
    """The one in force."""
    replaced_by: int | None
    """What was asked for stands in an older version only: the number of the version that has replaced it."""
    versions: list[VersionShape]
    """All that are kept; empty for a dossier that was never changed."""
    changes: list[ChangeShape]
    late: bool
    """Declared later than the Decision asks for."""
    expected_crossing: datetime | None
    received_at: datetime | None
    accepted_at: datetime | None
    confirmed_at: datetime | None
    """When the newest confirmation was signed."""
    sent_at: datetime | None
    """When it was sent."""
    completed_at: datetime | None
    """When the declarant had it: completion in law (Article 10); null while that is not known."""
    issued_through_window: bool
    """The newest confirmation has left through the window."""
    transferred: bool
    """What was decided outside the window has been transferred to it."""
    paper_may_be_asked: PaperShape
    reply: DecisionShape | None


class WindowShape(_Shape):
    """Whether the national single window works."""

    mode: str
    """up, down or unknown: `stage` in three words."""
    stage: str
    """never_heard, normal, suspect, direct, reconciling, maintenance or unknown."""
    since: datetime | None
    expected_end: datetime | None
    """While it is down: when its manager expects it to work again; null where nobody has said so."""
    second_door: bool
    """Whether declarations of procedures that the window carries may be sent here now."""
    declare_at: str
    """Where to declare while it works."""


def admitted_shape(admitted: Admitted) -> AdmittedShape:
    """The answer to a POST."""
    return AdmittedShape(
        id=admitted.public_id,
        reference=admitted.reference,
        year=admitted.year,
        state=admitted.state,
        outcome=admitted.outcome,
    )


def foreseen_shape(foreseen: ForeseenAnswer) -> ForeseenShape:
    """The answer to a dry run."""
    found = [finding_shape(finding) for finding in foreseen.findings]
    return ForeseenShape(outcome=foreseen.outcome.value, findings=found, duplicate=foreseen.duplicate)


def declaration_shape(standing: Progress) -> DeclarationShape:
    """A declaration with its replies."""
    place = f"{API}/declarations/{standing.public_id}"
    return DeclarationShape(
        id=standing.public_id,
        state=standing.state,
        outcome=standing.outcome,
        procedure=standing.procedure,
        reference=standing.reference,
        year=standing.year,
        received_at=_local(standing.received_at),
        findings=[FindingShape(**finding) for finding in standing.findings],
        replies=[
            ReplyShape(
                kind=answer.kind,
                type=answer.type,
                function=answer.function,
                digest=answer.digest,
                href=f"{place}/replies/{answer.digest}",
                created_at=_local(answer.created_at),
                delivered_at=_local(answer.delivered_at),
                withdrawn_at=answer.withdrawn_at and _local(answer.withdrawn_at),
                withdrawal_reason=answer.withdrawal_reason,
                base64=b64encode(answer.body).decode(),
            )
            for answer in standing.answers
        ],
    )


def dossier_shape(found: Found) -> DossierShape:
    """A dossier that was looked up."""
    paper, decision = found.paper_may_be_asked, found.decision
    values: dict[str, Any] = {name: getattr(found, name) for name in DossierShape.model_fields if hasattr(found, name)}
    values |= {
        "window_reference": found.alias,
        "title": found.title and _words(found.title),
        "result": _words(found.result),
        "confirmation": found.confirmation and Confirmation(number=found.confirmation, time=found.confirmed_at),
        "expected_crossing": found.crossing_at,
        "paper_may_be_asked": PaperShape(value=paper.value, ground=_words(paper.ground)),
        "reply": decision
        and DecisionShape(
            kind=decision.kind,
            digest=decision.digest,
            href=f"{API}/lookup/dossiers/{found.reference}/{found.year}/reply",
            created_at=_local(decision.created_at),
            sent_at=decision.sent_at and _local(decision.sent_at),
            delivered_at=decision.delivered_at and _local(decision.delivered_at),
        ),
        "versions": [
            VersionShape(
                version=each.version,
                standing=each.standing,
                received_at=_local(each.received_at),
                amendment=each.amendment,
            )
            for each in found.versions
        ],
        "changes": [
            ChangeShape(place=each.place, label=_words(each.label), values=list(each.values)) for each in found.changes
        ],
    }
    return DossierShape(**values)


def window_shape(state: WindowState, declare_at: str) -> WindowShape:
    """The window's mode for a caller."""
    down = state.condition is Sight.DOWN
    return WindowShape(
        mode=state.condition.value,
        stage=state.mode.value,
        since=state.since and _local(state.since),
        expected_end=_local(state.expected_end) if down and state.expected_end else None,
        second_door=way(state.mode, linked=True).takes is PortalTakes.ALL,
        declare_at=declare_at,
    )


def _words(label: Label) -> Words:
    return Words(vi=label.vi, en=label.en)


def _local(moment: datetime) -> datetime:
    return moment.astimezone(VIETNAM)
