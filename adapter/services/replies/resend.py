"""Sending an answer once more, by an operator: the same bytes under the same id, and in no other order than before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store import browse, dossiers, journal, replies, tables
from adapter.gateways.store.database import Database
from adapter.gateways.store.journal import Entry
from adapter.gateways.store.records import StoredReply
from adapter.model.actor import Actor
from adapter.model.errors import NotAllowed
from adapter.model.outcomes import Route
from adapter.model.text import REASON, typed
from adapter.services.access.rights import Right, needs


@dataclass(frozen=True)
class Resend:
    """The operator's use case. `clock` is the real time: when a reply leaves is operation."""

    database: Database
    clock: Callable[[], datetime]

    def again(self, message_id: str, *, reason: str, actor: Actor) -> None:
        """An answer or transfer that has left goes once more into the outbox; the dispatcher sends it like all others.

        Raises:
            NotAllowed: there is none; it was taken back, read on the portal instead, or has not left; the window has
                confirmed the transfer; another of its dossier has not left, or this one is under way already.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.RESEND_REPLY)
        reason, now = typed(reason, "the reason", most=REASON, least=1), self.clock()
        with self.database.transaction() as connection:
            found = browse.reply(connection, message_id)
            if found is None:
                raise NotAllowed(f"there is no answer {message_id}")
            if found.dossier_id is not None:
                key = dossiers.key_of(connection, found.dossier_id)
                self.database.lock(connection, [dossiers.lock_name(key)])
            original = browse.original(connection, found.id)
            _may_leave_again(original)
            if browse.is_under_way(connection, message_id):
                raise NotAllowed(f"{message_id} waits to leave already")
            if original.dossier_id is not None and (stay := browse.unsent_before(connection, original.dossier_id)):
                raise NotAllowed(f"{stay} of its dossier's answers have not left: it would overtake them")
            copy = replies.copy_row(original, row_id=self.database.new_id(connection), at=now)
            # By the window's route, a transfer too: the copy is no transfer that the window has to confirm once more.
            self.database.insert(connection, tables.outbox, [{**copy, "route": Route.WINDOW.value}])
            detail = {"reply": message_id, "digest": original.digest, "reason": reason}
            journal.append(connection, self.database, Entry.by("reply.resend", actor, now, detail))


def _may_leave_again(reply: StoredReply) -> None:
    name = reply.message_id
    if reply.taken_back_at is not None:
        raise NotAllowed(f"{name} was taken back and is never sent")
    if reply.route not in (Route.WINDOW.value, Route.TRANSFER.value):
        raise NotAllowed(f"{name} was given on the portal; the window has it by its transfer, and not as itself")
    if reply.sent_at is None:
        raise NotAllowed(f"{name} has not left yet; the dispatcher goes on trying")
    if reply.route == Route.TRANSFER.value and reply.answer == "receipt":
        raise NotAllowed(f"the window has confirmed {name}")
