"""The message browser: any message by what an operator knows of it, and one message with all that became of it.

Values of persons are masked; who unmasks a message says why, and the journal keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import browse, journal
from adapter.gateways.store.browse import ListPlace, WantedMessages
from adapter.gateways.store.browse_records import BrowsedMessage, BrowsedReply, ReplyWithMessage
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.records import StoredMessage
from adapter.model.actor import Actor
from adapter.model.ages import age
from adapter.model.catalogue import Catalogue
from adapter.model.errors import NotAllowed
from adapter.model.finding import StoredFinding
from adapter.model.identifiers import DossierKey
from adapter.model.limits import Limits
from adapter.model.procedure import Procedure, ReplyKind
from adapter.model.text import REASON, typed
from adapter.pipeline import xml
from adapter.pipeline.masked import MaskedXml, Path, masked
from adapter.services.access.rights import Right, needs

PAGE = 50
_TRIES = 100
_OPEN_REPLIES = {ReplyKind.RECEIPT.value, ReplyKind.ERRORS.value}
"""Replies of ours that repeat nothing of a declaration."""


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """A message in a list. `id` is ours, `message_id` its sender's."""

    id: str
    received_at: datetime
    sender: str
    channel: str
    message_id: str | None
    procedure: str | None
    pair: str | None
    dossier: str | None
    outcome: str | None
    state: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MessagePage:
    """Messages, the newest first. `behind`: where older ones begin; None: there are none."""

    messages: tuple[ListedMessage, ...]
    behind: ListPlace | None = None


@dataclass(frozen=True, slots=True)
class FoundAt:
    """A finding and its line, where it has one."""

    code: str
    severity: str
    vi: str
    en: str
    pointer: str
    line: int | None


@dataclass(frozen=True, slots=True)
class Try:
    """One time that a message was taken up. `ms`: until it settled; None: it did not."""

    at: datetime
    settled_at: datetime | None

    @property
    def ms(self) -> float | None:
        """Milliseconds."""
        return None if self.settled_at is None else age(self.settled_at, self.at) * 1000


@dataclass(frozen=True, slots=True)
class TimedStep:
    """A step of the try that stored a message. `ms`: milliseconds."""

    name: str
    ms: float


@dataclass(frozen=True, slots=True)
class ShownReply:
    """An answer of ours. `answer`: what the window said to it; `fault`: why it did not leave at its last try."""

    message_id: str
    kind: str
    pair: str
    route: str
    digest: str
    made_at: datetime
    sent_at: datetime | None
    taken_back_at: datetime | None
    delivered_at: datetime | None
    answer: str | None
    returns: int
    fault: str | None
    awaits_unit: str | None
    is_copy: bool


@dataclass(frozen=True, slots=True)
class AnswerBeside:
    """The answer that stands beside its request."""

    reply: ShownReply
    xml: MaskedXml


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message and all that became of it. `answer`: the first of `answers`, in full."""

    listed: ListedMessage
    digest: str
    size: int
    stage: str | None
    mapping: str | None
    schema: str | None
    note: str | None
    waits_for: str | None
    waits_until: datetime | None
    xml: MaskedXml
    findings: tuple[FoundAt, ...]
    tries: tuple[Try, ...]
    steps: tuple[TimedStep, ...]
    answers: tuple[ShownReply, ...]
    answer: AnswerBeside | None
    previous: str | None
    following: str | None
    is_unmasked: bool


@dataclass(frozen=True, slots=True)
class ReplyView:
    """An answer of ours, our id of the message that it answers, and that message beside it."""

    reply: ShownReply
    correlation_id: str | None
    answers: str | None
    xml: MaskedXml
    request: MaskedXml | None


@dataclass(frozen=True)
class MessageBrowser:
    """Reads for operators and auditors. `clock` gives the legal time, for the journal."""

    database: Database
    catalogue: Callable[[], Catalogue]
    limits: Limits
    clock: Callable[[], datetime]

    def newest(self, wanted: WantedMessages, *, behind: ListPlace | None, actor: Actor) -> MessagePage:
        """Messages by time, the newest first, that fit. A page may be empty and still go on `behind`.

        Raises:
            NoRight: the actor may not browse messages.
        """
        needs(actor, Right.BROWSE_MESSAGES)
        with self.database.reading() as connection:
            rows, further = browse.newest(connection, wanted, behind=behind, limit=PAGE)
        return MessagePage(tuple(map(_listed, rows)), further)

    def called(self, name: str, *, actor: Actor) -> MessagePage:
        """Messages by one key: an id, a digest, a dossier, the number of a confirmation or request, a reply of ours.

        Raises:
            NoRight: the actor may not browse messages.
        """
        needs(actor, Right.BROWSE_MESSAGES)
        name = name.strip()
        with self.database.reading() as connection:
            rows = browse.by_id(connection, name.lower() if len(name) == _DIGEST else name, PAGE)
            if not rows:
                key = DossierKey.read(name)
                found = browse.dossiers_named(connection, key.number if key else name, key.year if key else None)
                found = found or browse.dossiers_confirmed_or_asked(connection, name)
                rows = browse.of_dossiers(connection, found, PAGE)
            if not rows:
                said = browse.reply(connection, name)
                rows = browse.by_id(connection, said.answers, 1) if said is not None and said.answers else []
        return MessagePage(tuple(map(_listed, rows)))

    def show(self, public_id: str, *, actor: Actor) -> MessageView:
        """One message, masked.

        Raises:
            NotAllowed: there is no such message.
            NoRight: the actor may not browse messages.
        """
        needs(actor, Right.BROWSE_MESSAGES)
        with self.database.reading() as connection:
            return self._view(connection, _found(connection, public_id), show_all=False)

    def unmask(self, public_id: str, *, reason: str, actor: Actor) -> MessageView:
        """One message with the values of persons; the journal keeps who asked for them, and why.

        Raises:
            NotAllowed: there is no such message, or no reason.
            NoRight: the actor may not unmask messages.
        """
        needs(actor, Right.UNMASK_MESSAGES)
        reason = typed(reason, "the reason", most=REASON, least=1)
        with self.database.transaction() as connection:
            row = _found(connection, public_id)
            entry = Entry.by("message.unmasked", actor, self.clock(), {"message": public_id, "reason": reason})
            journal.append(connection, self.database, entry)
            return self._view(connection, row, show_all=True)

    def reply(self, message_id: str, *, actor: Actor) -> ReplyView:
        """An answer of ours, masked, by its own id.

        Raises:
            NotAllowed: there is none.
            NoRight: the actor may not browse messages.
        """
        needs(actor, Right.BROWSE_MESSAGES)
        with self.database.reading() as connection:
            row = browse.reply(connection, message_id)
            if row is None:
                raise NotAllowed(f"there is no answer {message_id}")
            request = browse.message(connection, row.answers) if row.answers else None
        beside = self._xml(request, show_all=False) if request is not None else None
        return ReplyView(_said(row), row.correlation_id, row.answers, self._reply_xml(row, show_all=False), beside)

    def _view(self, connection: Connection, row: StoredMessage, *, show_all: bool) -> MessageView:
        previous, following = None, None
        if row.dossier_id is not None:
            previous, following = browse.beside(connection, row.dossier_id, ListPlace(row.received_at, row.id))
        shown, answers = self._xml(row, show_all=show_all), browse.answers(connection, row.id)
        return MessageView(
            listed=_listed(row),
            digest=row.digest,
            size=len(row.raw),
            stage=row.stage,
            mapping=row.mapping,
            schema=row.schema,
            note=row.note,
            waits_for=row.waits_for,
            waits_until=row.waits_until,
            xml=shown,
            findings=tuple(_spot(each, shown) for each in row.findings),
            tries=tuple(Try(each.at, each.settled_at) for each in browse.tries(connection, row.digest, _TRIES)),
            steps=tuple(TimedStep(name, ms) for name, ms in (row.steps or {}).items()),
            answers=tuple(map(_said, answers)),
            answer=self._beside(connection, answers, show_all=show_all),
            previous=previous,
            following=following,
            is_unmasked=show_all,
        )

    def _beside(
        self, connection: Connection, answers: Sequence[BrowsedReply], *, show_all: bool
    ) -> AnswerBeside | None:
        first = browse.reply(connection, answers[0].message_id) if answers else None
        return AnswerBeside(_said(first), self._reply_xml(first, show_all=show_all)) if first is not None else None

    def _xml(self, row: StoredMessage, *, show_all: bool) -> MaskedXml:
        return masked(self._text(row.raw), self._open_paths(row), show_all=show_all)

    def _reply_xml(self, row: ReplyWithMessage, *, show_all: bool) -> MaskedXml:
        is_open = row.kind in _OPEN_REPLIES
        shown = xml.laid_out(bytes(row.body)) if row.body else b""
        return masked(self._text(shown), lambda _: is_open, show_all=show_all)

    def _text(self, raw: bytes) -> str:
        """The message as lines: unwrapped as it is judged; what is no UTF-8 has signs of replacement."""
        with suppress(xml.Refusal):
            raw, _ = xml.unwrap(raw, self.limits)
        return raw.decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")

    def _open_paths(self, row: StoredMessage) -> Callable[[Path], bool]:
        """Whose text may be seen: fields of which the mapping says that they are not a person's. Of what no signature
        covers nothing is known, whatever it calls itself."""
        procedure = self.catalogue().version(row.mapping) if row.signers else None
        open_paths: frozenset[Path] = frozenset(_paths(procedure) if procedure else ())
        return lambda path: path in open_paths


_DIGEST = 64


def _paths(procedure: Procedure) -> Sequence[Path]:
    """Paths below Content, by every root that its messages have."""
    within = [(each.path, each.personal) for each in procedure.fields]
    within += [(f"{group.path}/{each.path}", each.personal) for group in procedure.groups for each in group.fields]
    roots = {spec.root for spec in procedure.messages.values()}
    return [(root, *path.split("/")) for root in roots for path, personal in within if not personal and "@" not in path]


def _found(connection: Connection, public_id: str) -> StoredMessage:
    row = browse.message(connection, public_id)
    if row is None:
        raise NotAllowed(f"there is no message {public_id}")
    return row


def _listed(row: BrowsedMessage | StoredMessage) -> ListedMessage:
    return ListedMessage(
        id=row.public_id,
        received_at=row.received_at,
        sender=row.sender,
        channel=row.channel,
        message_id=row.message_id,
        procedure=row.procedure,
        pair=row.pair,
        dossier=f"{row.reference}/{row.year}" if row.reference else None,
        outcome=row.outcome,
        state=row.state,
        codes=tuple(dict.fromkeys(each["code"] for each in row.findings)),
    )


def _spot(finding: StoredFinding, shown: MaskedXml) -> FoundAt:
    pointer = str(finding.get("pointer") or "")
    return FoundAt(finding["code"], finding["severity"], finding["vi"], finding["en"], pointer, shown.line_of(pointer))


def _said(row: BrowsedReply | ReplyWithMessage) -> ShownReply:
    return ShownReply(
        message_id=row.message_id,
        kind=row.kind,
        pair=f"{row.type}/{row.function}",
        route=row.route,
        digest=row.digest,
        made_at=row.created_at,
        sent_at=row.sent_at,
        taken_back_at=row.taken_back_at,
        delivered_at=row.delivered_at,
        answer=row.answer,
        returns=row.returns,
        fault=row.fault,
        awaits_unit=row.awaits_unit,
        is_copy=row.copy_of is not None,
    )
