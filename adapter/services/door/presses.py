"""Presses that wait: "send it as soon as the portal opens", while the window is only suspected to be down.

When it was pressed is kept: the declarant is late or not by that time, while the border guard's duty runs from
reception. A draft is taken up before it is sent, so that it is either taken back or sent and never both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Unpack

from adapter.gateways.store import drafts as store
from adapter.gateways.store.access_records import StoredDraft
from adapter.gateways.store.database import Database
from adapter.gateways.store.new_access_rows import ActingFor, WaitingFile
from adapter.gateways.store.new_rows import DraftChange
from adapter.model.errors import NotAllowed, Unavailable
from adapter.model.events import Event, Observe
from adapter.model.outcomes import Word
from adapter.model.procedure import Label, Meaning
from adapter.services.door.draft import (
    ChangedMeanwhile,
    Draft,
    GrantEnded,
    NoDraft,
    OtherForm,
    Overtaken,
    bounded,
    draft_of,
)
from adapter.services.door.draft_forms import answers_of_document
from adapter.services.door.drafts import MOST, Drafts
from adapter.services.door.precheck import TurnedAway
from adapter.services.watch.way import PortalTakes, way
from adapter.services.watch.window import Window

_AT_ONCE = 50
"""Drafts sent in one tick of the clock, which has other work."""
OVERTAKEN = Label(
    "Hồ sơ đã có bản khai khác có hiệu lực trước khi bản này được gửi.",
    "The dossier had another declaration in force before this was sent.",
)

ENDED = Label(
    "Ủy quyền mà bạn khai theo đã bị rút hoặc hết hạn.", "The authorisation under which you declare has ended."
)


class OnItsWay(NotAllowed):
    """The draft is being sent now, and cannot be taken back."""


@dataclass(frozen=True)
class Presses:
    """The use cases. `clock` gives the legal time."""

    database: Database
    drafts: Drafts
    window: Window
    clock: Callable[[], datetime]
    observe: Observe

    def hold(self, owner: str, public_id: str, message_key: str) -> Draft:
        """Keep a draft to be sent when the portal opens; pressed twice, the first time counts.

        Raises:
            NoDraft: there is none, or it was sent.
            ChangedMeanwhile: the page that was pressed on is older than the draft.
            Overtaken: its dossier has another version in force by now.
            AccountShut, GrantEnded: an account of his is suspended at its gate, or its principal's grant has ended.
        """
        draft = self.drafts.find(owner, public_id)
        if draft.sent_as is not None:
            raise NoDraft("the draft was sent")
        if draft.message_key != message_key:
            raise ChangedMeanwhile(draft)
        if draft.waits_since is not None:
            return draft
        return self.drafts.change(self.drafts.pressed(draft), {"waits_since": self.clock(), "held_back": None})

    def hold_file(self, owner: str, raw: bytes, **acting: Unpack[ActingFor]) -> Draft:
        """Keep a declaration that other software has made and signed; sent again, it waits once.

        `acting`: the columns that say for whom he sends it (`acting_as`).

        Raises:
            TurnedAway: it cannot be read, or is no message of declarants.
            OtherForm: it begins no dossier.
            TooManyDrafts: he has as many as one may have.
        """
        drafts, now = self.drafts, self.clock()
        presented = drafts.threshold.present(raw, f"{drafts.sender}:{owner}", now)
        drafts.shut.of_file(owner, presented)
        envelope = presented.envelope
        procedure, spec = envelope.procedure, envelope.spec
        if spec.meaning is not Meaning.DECLARATION or spec.form is None:
            raise OtherForm("only what begins a dossier waits for the portal to open")
        answers = bounded(answers_of_document(drafts.forms.of(procedure, spec), envelope.tree))
        with self.database.transaction() as connection:
            self.database.lock(connection, [f"drafts:{owner}"])
            same = [row for row in store.unsent(connection, owner, MOST) if row.signed == raw and row.waits_since]
            waits: WaitingFile = {"signed": raw, "pressed_at": now, "waits_since": now, **acting}
            known = same[0].public_id if same else drafts.add(connection, owner, procedure, spec, answers, **waits)
        return drafts.find(owner, known)

    def take_back(self, owner: str, public_id: str) -> Draft:
        """Take the draft back: it is not sent when the portal opens.

        Raises:
            OnItsWay: it is being sent.
            NoDraft: there is none, or it was sent.
        """
        while True:
            draft = self.drafts.find(owner, public_id)
            if draft.sent_as is not None:
                raise NoDraft("the draft was sent")
            if draft.leaves_at is not None:
                raise OnItsWay("it is being sent")
            if draft.waits_since is None:
                return draft
            try:
                return self.drafts.change(draft, {"waits_since": None, **self._unsigned(draft)})
            except ChangedMeanwhile:
                continue  # the clock has just taken it, or another page has taken it back

    def send_due(self) -> int:
        """Send the waiting drafts, the earliest press first, once the portal accepts them; gives how many were sent."""
        with self.database.reading() as connection:
            waiting = store.waiting(connection, _AT_ONCE)
            takes = way(self.window.mode_now(connection).mode, linked=True).takes if waiting else PortalTakes.SIGNED
        if takes is PortalTakes.SIGNED:
            return 0
        count = sum(self._sent(row) for row in waiting)
        self.observe(Event.PRESSES_SENT, count=count, waiting=len(waiting) - count)
        return count

    def _sent(self, row: StoredDraft) -> bool:
        draft = draft_of(row, self.drafts.ground.catalogue, self.drafts.today)
        if draft is None:
            return False
        try:
            draft = draft if draft.leaves_at else self.drafts.change(draft, {"leaves_at": self.clock()})
            sent = self.drafts.send(draft.owner, draft.public_id, draft.message_key)
        except (ChangedMeanwhile, NoDraft):  # taken back meanwhile, or deleted
            return False
        except Unavailable:
            self.drafts.change(self.drafts.find(draft.owner, draft.public_id), {"leaves_at": None})
            return False
        except TurnedAway as turned:
            self._back(draft, Label(turned.vi, turned.en))
            return False
        except (Overtaken, GrantEnded) as error:
            self._back(draft, OVERTAKEN if isinstance(error, Overtaken) else ENDED)
            return False
        if sent.outcome == Word.REJECTED.value and sent.findings:
            self._back(draft, Label(sent.findings[0].vi, sent.findings[0].en))
        return True

    def _back(self, draft: Draft, why: Label) -> None:
        """Make it an ordinary draft again, with the reason."""
        now = self.drafts.find(draft.owner, draft.public_id)
        told = {"vi": why.vi, "en": why.en}
        self.drafts.change(now, {"waits_since": None, "leaves_at": None, "held_back": told, **self._unsigned(now)})

    def _unsigned(self, draft: Draft) -> DraftChange:
        """A file becomes an ordinary draft of what it says: its declarant has the file itself."""
        return {"signed": None, "pressed_at": None, "message_key": self.drafts.new_id()} if draft.is_file else {}
