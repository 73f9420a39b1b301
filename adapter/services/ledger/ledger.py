"""The ledger of one transaction (its unit of work): collects the rows of a batch and writes them together."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from lxml import etree

from adapter.gateways.store import (
    amendments,
    deadlines,
    dossiers,
    messages,
    notifications,
    replies,
    tables,
    version_keys,
)
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.dossier_records import KeyHolder
from adapter.gateways.store.journal import Entry, alone, chained
from adapter.gateways.store.messages import Known, MessageIdentity
from adapter.gateways.store.new_rows import (
    DossierPlace,
    NewAmendment,
    NewConfirmation,
    NewMessage,
    NewReply,
    NewRequest,
    NewRow,
)
from adapter.gateways.store.records import StoredReply
from adapter.model.dossier import Dossier
from adapter.model.identifiers import DossierKey
from adapter.model.notification import NO_NOTIFICATIONS, NotificationKinds
from adapter.model.outcomes import MessageState, Route, SignedReply, UnsignedReply
from adapter.model.procedure import ReplyKind
from adapter.model.stages import Channel, Declaration
from adapter.pipeline.terms import BRING_WITHIN
from adapter.services.attachments.declared import attach
from adapter.services.ledger.docket import Docket
from adapter.services.messages.admission import Register
from adapter.services.messages.passing import Passings
from adapter.services.notifications.telling import notification_rows
from adapter.services.watch.way import WindowLink


def is_readable(route: Route, dossier: Dossier | None, *, shown: bool = False) -> bool:
    """Whether the declarant can read a reply on the portal at once: of a dossier declared there always.

    `shown`: an incident of the window makes the portal the way for its dossiers too (Articles 9(2), 12(2), 15(2)).
    """
    is_shown = dossier is not None and (shown or dossier.channel is Channel.PORTAL)
    return route is Route.PORTAL or (route is not Route.TRANSFER and is_shown)


_OVERTAKEN = "Bản khai được sửa đổi đã được thay thế hoặc rút (the declaration it amends was replaced or withdrawn)"


@dataclass
class Ledger:
    """Rows collected while the batch is processed; `write` stores all of them at once."""

    connection: Connection
    database: Database
    known: dict[MessageIdentity, Known]
    dossiers: dict[DossierKey, Dossier]
    now: datetime
    docket: Docket
    notifications: NotificationKinds = NO_NOTIFICATIONS
    """The kinds of notifications to declarants."""
    incident: str | None = None
    window_links: Sequence[WindowLink] = ()
    """The stated links of procedures and gates, where a message of the batch came by the portal."""
    register: Register = field(default_factory=Register)
    """The store's entries on signers and declarants of this batch."""
    same: Mapping[str, Sequence[KeyHolder]] = field(default_factory=dict)
    """Dossiers that declare the same as a declaration of this batch, by their common key."""
    passing: Passings = field(default_factory=Passings)
    """Persons with gate and time, from the store and from this batch."""
    foreign: frozenset[DossierKey] = frozenset()
    """Numbers of this batch with our prefix that we did not issue."""
    _inbox: dict[int, NewMessage] = field(default_factory=dict)
    _rewritten: dict[int, NewMessage] = field(default_factory=dict)
    _places: dict[DossierKey, dict[str, object]] = field(default_factory=dict)
    _outbox: list[NewReply] = field(default_factory=list)
    _journal: list[NewRow] = field(default_factory=list)
    _declarations: list[NewRow] = field(default_factory=list)
    _rows: list[NewRow] = field(default_factory=list)
    _keys: list[NewRow] = field(default_factory=list)
    _amendments: list[NewAmendment] = field(default_factory=list)
    _links: list[tuple[int, int]] = field(default_factory=list)
    _requests: list[NewRequest] = field(default_factory=list)
    _confirmations: list[NewConfirmation] = field(default_factory=list)
    _notified: list[dict[str, object]] = field(default_factory=list)
    _new: dict[DossierKey, dict[str, object]] = field(default_factory=dict)
    _naming: list[tuple[int, Declaration]] = field(default_factory=list)
    """Versions that name attached files, each with its dossier's id."""
    _answers: dict[int, list[NewReply]] = field(default_factory=dict)
    _found: Mapping[DossierKey, Dossier] = field(init=False)
    """The dossiers as they were found, to tell which have changed."""

    def __post_init__(self) -> None:
        self._found = dict(self.dossiers)

    def new_id(self) -> int:
        return self.database.new_id(self.connection)

    def adopt(self, found: Mapping[DossierKey, Dossier]) -> None:
        """Add dossiers that are found to be needed later; they count as changed."""
        self.dossiers.update(found)

    def take(self, identity: MessageIdentity, row: NewMessage, *, replaces: int | None) -> int:
        """A message's inbox row: a new one, or the row of an earlier try that did not settle."""
        row_id = replaces or self.new_id()
        values: NewMessage = {**row, "id": row_id, "sender": identity.sender, "identity": identity.name}
        (self._inbox if replaces is None else self._rewritten)[row_id] = values
        self.known[identity] = Known(
            row_id, row["public_id"], MessageState(row["state"]), row["outcome"], row["content_digest"], row["digest"]
        )
        return row_id

    def attach(self, inbox_id: int, dossier_id: int | None) -> None:
        """The dossier of a message whose row this transaction has not written yet."""
        (self._inbox if inbox_id in self._inbox else self._rewritten)[inbox_id]["dossier_id"] = dossier_id

    def hold(self, dossier: Dossier, version: Declaration | None, inbox_id: int, *, same: str | None = None) -> Dossier:
        """A dossier made or changed by a message, with the version that it brings, if any. Gives it with its id.

        `same`: the version's `same_key`, of whoever has it already.
        """
        if dossier.id is not None:  # a request or an amendment of the version before needs no answer any more
            amendments.close(self.connection, dossier.id, self.now)
            amendments.void(self.connection, dossier.id, _OVERTAKEN, self.now)
        if version is None:
            self.dossiers[dossier.key] = dossier
            return dossier
        places = dossiers.place(version)
        fresh = dossier.id is None
        dossier = dossiers.placed(replace(dossier, id=dossier.id or self.new_id()), places)
        if fresh:
            self._new[dossier.key] = dossiers.row(dossier, places)
        known = dossier.key not in self._new
        due = self.docket.declared(dossier, version, known=known)
        self.place(dossier.key, places, confirm_due_at=due)
        self._version(dossier, version, inbox_id, same=same)
        return dossier

    def amend_dossier(
        self, dossier: Dossier, version: Declaration, inbox_id: int, row: NewAmendment, *, due: datetime | None
    ) -> Dossier:
        """An amended version, in force at once (`due`: when its confirmation is) or kept for an officer's approval."""
        self._version(dossier, version, inbox_id, document=etree.tostring(version.verified.element))
        self._amendments.append({**row, "id": self.new_id(), "dossier_id": dossier.id, "inbox_id": inbox_id})
        if row["state"] == amendments.WAITING:
            return dossier
        procedure = version.verified.envelope.procedure
        places = dossiers.place_of(procedure, version.values, version.rows)
        self.place(dossier.key, places, confirm_due_at=due)
        dossier = self.dossiers[dossier.key] = dossiers.placed(dossier, places)
        return dossier

    def place(self, key: DossierKey, places: DossierPlace, *, confirm_due_at: datetime | None) -> None:
        """Columns that the version in force fills, and when its confirmation is due."""
        self._changed(key).update(places, confirm_due_at=confirm_due_at)

    def _changed(self, key: DossierKey) -> dict[str, object]:
        """The columns of a dossier that are written: all of a new one, else those that change."""
        return self._new[key] if key in self._new else self._places.setdefault(key, {})

    def _version(
        self,
        dossier: Dossier,
        version: Declaration,
        inbox_id: int,
        *,
        document: bytes | None = None,
        same: str | None = None,
    ) -> None:
        row_id = self.new_id()
        row = dossiers.version_row(
            version, dossier=dossier, inbox_id=inbox_id, row_id=row_id, at=self.now, document=document
        )
        self._declarations.append(row)
        self._rows.extend(dossiers.list_rows(version.rows, row_id))
        self._keys.extend(version_keys.search_rows(version, dossier, same))
        if dossier.id is not None and version.verified.envelope.procedure.attached is not None:
            self._naming.append((dossier.id, version))
        self.dossiers[dossier.key] = dossier

    def record(self, dossier: Dossier | None, entry: Entry) -> Dossier | None:
        """A journal entry, on the dossier's chain if there is one."""
        if dossier is None:
            self._journal.append(alone(entry, self.new_id()))
            return None
        dossier, row = chained(dossier, entry, self.new_id())
        self._journal.append(row)
        self.dossiers[dossier.key] = dossier
        return dossier

    def reply(
        self,
        made: SignedReply | UnsignedReply,
        *,
        inbox_id: int | None,
        dossier: Dossier | None,
        route: Route,
        shown: bool = False,
    ) -> int:
        """A reply into the outbox, at its place among the dossier's replies; gives its row's id.

        `shown`: as `is_readable` takes it. What waits for its unit's key answers nothing yet (`replies/signing`).
        """
        is_signed = isinstance(made, SignedReply)
        ordinal = 0
        if dossier is not None:
            dossier = replace(dossier, replies=dossier.replies + 1)
            self.dossiers[dossier.key] = dossier
            ordinal = dossier.replies
        readable = is_signed and is_readable(route, dossier, shown=shown)
        row = replies.reply_row(
            made,
            row_id=self.new_id(),
            inbox_id=inbox_id,
            dossier_id=dossier.id if dossier else None,
            ordinal=ordinal,
            route=route,
            readable=readable,
            at=self.now,
        )
        self._outbox.append(row)
        if dossier is not None and route is not Route.TRANSFER:
            self.docket.replied(dossier, made.reply.kind, row["id"], readable=readable, is_signed=is_signed)
            self._notify(dossier, made.reply.kind, row["id"])
        if inbox_id is not None and route is not Route.TRANSFER and is_signed:
            self._answers.setdefault(inbox_id, []).append(row)
        return row["id"]

    def _notify(self, dossier: Dossier, kind: ReplyKind, outbox_id: int) -> None:
        """Notify declarant and principal, as soon as they may open the reply."""
        self._notified += notification_rows(
            self.notifications.of_reply(kind),
            dossier.identities,
            cause=f"reply:{outbox_id}",
            words={},
            at=self.now,
            dossier_id=dossier.id,
            outbox_id=outbox_id,
        )

    def link(self, dossier: Dossier, twins: Sequence[KeyHolder]) -> None:
        """A new dossier declares the same as others: linked, never a second one silently."""
        assert dossier.id is not None
        self._links += [(dossier.id, row.id) for row in twins]

    def take_back(self, dossier: Dossier, *, all_or_none: bool) -> list[str]:
        """Take back confirmations that have not left; gives their numbers. `all_or_none`: none if one may have."""
        assert dossier.id is not None
        stands, held = None, []
        for row in dossiers.confirmations_of(self.connection, dossier.id):
            # They leave in this order: if the first has not left, none has, and none will while its row is locked.
            if replies.hold_back(self.connection, row.outbox_id, self.now):
                deadlines.reopen(self.connection, row.outbox_id)
                held.append(row.number)
            elif all_or_none:
                return []
            else:
                stands = row.number
        if held:
            deadlines.end(self.connection, dossier.id, [BRING_WITHIN], deadlines.End.WITHDRAWN, self.now)
            self._changed(dossier.key)["confirmation_number"] = stands
        return held

    def take_back_request(self, dossier: Dossier) -> str | None:
        """Take back the open request to amend, if it has not left; gives its number."""
        assert dossier.id is not None
        row, kind = amendments.open_request(self.connection, dossier.id), ReplyKind.AMENDMENT_REQUEST.value
        if row is None or replies.take_back(self.connection, dossier.id, kind, self.now) is None:
            return None
        return row.number

    def ask(self, row: NewRequest, outbox_id: int) -> None:
        """A request to amend, with the reply that carries it."""
        self._requests.append({**row, "outbox_id": outbox_id})

    def add_confirmation(self, number: str, dossier: Dossier, outbox_id: int) -> None:
        """A signed confirmation, with what it confirms: the version in force."""
        self._confirmations.append(
            {
                "id": self.new_id(),
                "number": number,
                "dossier_id": dossier.id,
                "version": dossier.version,
                "outbox_id": outbox_id,
            }
        )

    def send_again(self, inbox_id: int, copies: Mapping[int, Sequence[StoredReply]]) -> None:
        """Send the stored answers again, without those that may still be taken back."""
        own = self._answers.get(inbox_id)
        if own is not None:
            for row in (each for each in own if each["kind"] not in replies.TAKEN_BACK):
                again: NewReply = {**row, "id": self.new_id(), "dossier_id": None, "body": None, "copy_of": row["id"]}
                self._outbox.append(again)
            return
        for original in copies.get(inbox_id, []):
            self._outbox.append(replies.copy_row(original, row_id=self.new_id(), at=self.now))

    def write(self) -> None:
        """Write all rows, in the order that foreign keys need."""
        bulk = self.database.insert
        # Dossiers first (others point to them), each as the whole batch has left it.
        fresh = [{**row, **dossiers.state(self.dossiers[key])} for key, row in self._new.items()]
        bulk(self.connection, tables.dossier, fresh)
        bulk(self.connection, tables.inbox, list(self._inbox.values()))
        for dossier_id, version in self._naming:
            attach(self.connection, self.database, dossier_id, version, self.now)
        for values in self._rewritten.values():
            messages.rewrite(self.connection, values)
        bulk(self.connection, tables.declaration, self._declarations)
        bulk(self.connection, tables.declaration_row, self._rows)
        bulk(self.connection, tables.search_key, self._keys)
        amendments.keep(self.connection, self._amendments)
        bulk(self.connection, tables.journal, self._journal)
        bulk(self.connection, tables.outbox, self._outbox)
        bulk(self.connection, tables.confirmation, self._confirmations)
        notifications.add(self.connection, self.database, self._notified)
        for later, earlier in self._links:
            dossiers.link(self.connection, later, earlier, self.now)
        made = {row["id"] for row in fresh}
        self._ask(made)
        changed = [
            dossier
            for key, dossier in self.dossiers.items()
            if key not in self._new and self._found.get(key) != dossier
        ]
        dossiers.change(self.connection, changed)
        for key, place in self._places.items():
            dossiers.move(self.connection, self.dossiers[key], place)
        self.docket.write(self._found, self.dossiers, self.now, made)

    def _ask(self, made: Collection[object]) -> None:
        """Requests to amend; about a dossier that was `made` here none was open before."""
        kind = ReplyKind.AMENDMENT_REQUEST.value
        for request in (each for each in self._requests if each["dossier_id"] not in made):
            replies.drop_awaiting(self.connection, request["dossier_id"], kind, self.now, but=request["outbox_id"])
            amendments.close(self.connection, request["dossier_id"], request["requested_at"])
        amendments.ask(self.connection, self._requests)
