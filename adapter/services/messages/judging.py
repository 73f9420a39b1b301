"""Judging, with errors sorted: our own faults and unexpected errors give Parked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter

from lxml import etree

from adapter.gateways.store.records import StoredMessage
from adapter.model.dossier import Dossier
from adapter.model.errors import Misconfigured, Unavailable, defect
from adapter.model.identifiers import Digest
from adapter.model.outcomes import Outcome, Parked, ParkedFor
from adapter.model.stages import Channel, Declaration, Stage, Submission
from adapter.pipeline.amendment.amend import Amended
from adapter.pipeline.compose import AmendmentItem
from adapter.pipeline.decide import decide
from adapter.pipeline.judge import Ground, Mark, judge, unmarked
from adapter.services.dossiers.amendment_requests import Asking


@dataclass
class Stopwatch:
    """How long each stage took, in milliseconds, by the stage's name. Judging reports its stages here."""

    ms: dict[str, float] = field(default_factory=dict)
    _last: float = field(default_factory=perf_counter)

    def __call__(self, stage: str) -> None:
        now = perf_counter()
        self.ms[str(stage)] = round((now - self._last) * 1000, 2)
        self._last = now


def stored(row: StoredMessage) -> Submission:
    """A stored message as a Submission, to be judged again."""
    return Submission(
        raw=row.raw,
        channel=Channel(row.channel),
        received_at=row.received_at,
        digest=Digest(row.digest),
        bound_to=row.bound_to,
        pressed_at=row.pressed_at,
    )


def judged(
    submission: Submission, ground: Ground, mark: Mark = unmarked, tree: etree._Element | None = None
) -> Outcome:
    """The outcome without the store; `tree` is the tree that the bytes were written from, if the portal has it.

    Raises:
        Unavailable: something judging needs cannot be reached now; the message is to be tried again.
    """
    passed: set[str] = set()

    def passing(stage: str) -> None:
        passed.add(stage)
        mark(stage)

    try:
        return judge(submission, ground, passing, tree)
    except Unavailable:
        raise
    except Exception as error:  # noqa: BLE001
        # A defect or a wrong configuration: the message is kept for the operator, and its sender gets no wrong answer.
        return broken(error, next(stage for stage in Stage if stage not in passed))


@dataclass(frozen=True, slots=True)
class Answered:
    """An outcome, and what form 13 asks for that follows its acceptance at once; nothing: none follows."""

    outcome: Outcome
    asked: tuple[AmendmentItem, ...] = ()


def answered(submission: Submission, outcome: Outcome, asking: Asking, *, now: datetime) -> Answered:
    """The outcome once its answers are written as the intake would write them, without a store and unsigned.

    An answer that does not agree with our own schema is our fault; the intake parks such a message, so it is Parked
    here too.
    """
    decision = decide(
        outcome,
        None,
        now=now,
        may_wait=True,
        amend=_unasked,
        evidence_may_come=True,
        amendable=lambda dossier: asking.is_possible(dossier, now),
    )
    if decision.answer is None:
        return Answered(outcome)
    try:
        asking.correspondence.written(decision.answer, submission, decision.outcome, now=now)
        return Answered(outcome, asking.drafted(submission, decision, now))
    except Exception as error:  # noqa: BLE001  as in the intake: an error while answering parks the message
        return Answered(broken(error))


def _unasked(form: Declaration, dossier: Dossier) -> Amended:
    raise AssertionError("there is no dossier to amend without a store")


def broken(error: Exception, stage: Stage | None = None) -> Parked:
    """Why a message could not be handled, for the operator; `stage`: the stage that failed, if one did.

    Texts of exceptions may quote personal values: of an unexpected error only type and places in the code are kept.
    """
    if isinstance(error, Misconfigured):
        return Parked(stage, str(error), ParkedFor.CONFIGURATION)
    return Parked(stage, defect(error), ParkedFor.DEFECT)
