"""A message that was judged and is not stored yet, and the result of storing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapter.gateways.store import dossiers
from adapter.gateways.store.messages import MessageIdentity
from adapter.model.finding import StatedFinding
from adapter.model.identifiers import DossierKey
from adapter.model.outcomes import Accepted, MessageState, Outcome, ParkedFor, Refused, Word, verified_of
from adapter.model.procedure import Meaning
from adapter.model.stages import Submission, VerifiedDocument
from adapter.pipeline.decide import Wait
from adapter.pipeline.passing import Passing, passing
from adapter.pipeline.sameness import same_key
from adapter.pipeline.search_keys import PAPER
from adapter.services.messages.incoming import identify


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that messages wait: for their predecessor, for evidence of their signer, and between two tries."""

    overtaken_s: float
    evidence_s: float
    retry_s: float

    def until(self, wait: Wait, since: datetime, now: datetime) -> tuple[Wait, datetime, datetime]:
        """A wait: for what, when the next try is, and since when. No wait begins in the future."""
        since = min(since, now)
        if wait is Wait.PREDECESSOR:
            return wait, since + timedelta(seconds=self.overtaken_s), since
        # An outage of hours leaves thousands waiting: the longer one waits, the less often it is tried again.
        pause = max(timedelta(seconds=self.retry_s), (now - since) / 8)
        return wait, min(now + pause, since + timedelta(seconds=self.evidence_s)), since

    def longest(self) -> timedelta:
        """The longest time from now that any row waits, whatever the clock was when the wait began."""
        return timedelta(seconds=max(self.overtaken_s, self.evidence_s))


@dataclass(frozen=True, slots=True)
class Settled:
    """The result of one submission, once its transaction has committed."""

    public_id: str
    state: MessageState
    outcome: Word
    findings: tuple[StatedFinding, ...]
    duplicate: bool = False
    parked_for: ParkedFor | None = None
    """Why it is parked, where it is."""
    ms: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds each step took; empty for a duplicate."""


@dataclass(frozen=True, slots=True)
class Item:
    """A message that was judged, to be kept."""

    submission: Submission
    outcome: Outcome
    identity: MessageIdentity
    key: DossierKey | None
    replaces: int | None = None
    """The inbox row of an earlier try that did not settle."""
    same: str | None = None
    """What a new declaration has in common with another that declares the same (`pipeline/sameness`)."""
    passing: Passing | None = None
    """Persons with gate and time, of a declared version."""
    may_wait: bool = True
    released: bool = False
    """Judged again by an operator or the clock: it is not held any more."""
    since: datetime | None = None
    """Since when it waits; None: it has not waited yet."""
    ms: Mapping[str, float] = field(default_factory=dict)
    """Milliseconds each stage of judging took."""

    @property
    def names(self) -> list[MessageIdentity]:
        """The message's own name, and the one it is kept under where that was used for other content before."""
        verified = verified_of(self.outcome)
        return [self.identity] if verified is None else [self.identity, reused_name(self.identity, verified)]

    @property
    def lock_names(self) -> list[str]:
        """The names to lock while it is stored."""
        return [
            *([dossiers.lock_name(self.key)] if self.key is not None else []),
            self.identity.lock_name,
            *([f"same:{self.same}"] if self.same else []),
            *([self.passing.lock_name] if self.passing else []),
        ]

    @property
    def procedure(self) -> str | None:
        """The code of the procedure that its signature covers; None where nothing was verified."""
        verified = verified_of(self.outcome)
        return str(verified.envelope.procedure.code) if verified is not None else None

    @property
    def waiting_since(self) -> datetime:
        return self.since or self.submission.received_at

    @property
    def actor(self) -> str:
        return actor_of(self.outcome, self.submission)


def item_of(submission: Submission, outcome: Outcome, ms: Mapping[str, float] | None = None) -> Item:
    verified = verified_of(outcome)
    key = same = expected = None
    if isinstance(outcome, Accepted | Refused):
        key = outcome.declaration.verified.key
        meaning = outcome.declaration.verified.meaning
        if meaning in (Meaning.DECLARATION, Meaning.REPLACEMENT):
            expected = passing(outcome.declaration)
        if meaning is Meaning.DECLARATION:
            papers = expected.rows if expected is not None and expected.once.key == PAPER else None
            same = same_key(outcome.declaration, papers)
    return Item(submission, outcome, identify(submission, verified), key, same=same, passing=expected, ms=ms or {})


def runs(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """The messages in their order, parted before each that is about the dossier of another one before it.

    So what one has made, a request or a time limit, is in the store before the next one ends it. Copies of one message
    stay together.
    """
    run: list[Item] = []
    about: dict[DossierKey, MessageIdentity] = {}
    for item in items:
        if item.key is not None and about.setdefault(item.key, item.identity) != item.identity:
            yield run
            run, about = [], {item.key: item.identity}
        run.append(item)
    yield run


def reused_name(identity: MessageIdentity, verified: VerifiedDocument) -> MessageIdentity:
    """The name under which a message is kept whose id was used for other content before."""
    return MessageIdentity(identity.sender, f"{identity.name}#{verified.content_digest}")


def actor_of(outcome: Outcome, submission: Submission) -> str:
    """How the journal names who sent a message: its verified sender, else the door it came by."""
    verified = verified_of(outcome)
    if verified is None:
        return f"unverified:{submission.channel.value}"
    return verified.sender.partition(":")[0]
