"""Drafts: a declaration while its declarant fills it in, kept on the server until it is sent or thrown away.

A draft belongs to the person who has logged in. Its number is drawn once. What is sent of it goes by the portal
like any other envelope, so it gets the same verdict as a file that is uploaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Unpack

from adapter.gateways.store import drafts as store
from adapter.gateways.store.access_records import StoredDraft
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.new_access_rows import ActingFor, DraftOrigin, DraftSubject
from adapter.gateways.store.new_rows import DraftChange
from adapter.model.errors import NotAllowed
from adapter.model.finding import Finding
from adapter.model.identifiers import DossierKey
from adapter.model.outcomes import Word
from adapter.model.procedure import Meaning, MessageSpec, Procedure
from adapter.pipeline.forms.answers import Answers
from adapter.pipeline.forms.differences import Changed
from adapter.pipeline.forms.given import begun
from adapter.services.door.declarations import sent_by
from adapter.services.door.draft import (
    ChangedMeanwhile,
    Draft,
    NoDraft,
    OtherForm,
    Overtaken,
    Sent,
    Start,
    TooManyDrafts,
    bounded,
    draft_of,
    message_of,
)
from adapter.services.door.draft_forms import DraftForms
from adapter.services.door.offers import Offers
from adapter.services.door.precheck import Threshold
from adapter.services.door.reception import Admitted, Caller, Reception
from adapter.services.door.shut import ShutForms

MOST = 50
"""Drafts that one person may have at a time."""


Submit = Callable[[bytes, Caller], Admitted]
"""Sends an envelope by the portal."""


@dataclass(frozen=True)
class Drafts(Offers):
    """The use cases of drafts. `sender` is the portal's name among the partners."""

    database: Database
    threshold: Threshold
    reception: Reception
    """Draws the numbers."""
    submit: Submit
    sender: str
    new_id: Callable[[], str]
    shut: ShutForms

    @cached_property
    def forms(self) -> DraftForms:
        """What is made of a draft's answers."""
        return DraftForms(self.database, self.ground, self.threshold, self.sender, self.clock)

    def begin(
        self, owner: str, procedure: Procedure, gate: str, known: Mapping[str, str], **acting: Unpack[ActingFor]
    ) -> Draft:
        """A new draft; `known` has what is known of its owner, by the mapping's sources of `prefill`.

        `acting`: the columns that say for whom he begins it (`acting_as`).

        Raises:
            TooManyDrafts: he has as many as one may have.
            NotAllowed: the procedure is not declared so, or not at that gate.
            AccountShut: an account of his is suspended there.
        """
        self.shut.at_gate(procedure, gate, (owner, *acting.values()))
        spec = message_of(procedure, Meaning.DECLARATION)
        if spec is None or all(code.code != gate for code in self.gates(procedure)):
            raise NotAllowed(f"{procedure.code} is not declared at the gate {gate}")
        values = {**begun(procedure, known), procedure.place["gate"]: gate}
        with self.database.transaction() as connection:
            self.database.lock(connection, [f"drafts:{owner}"])
            public_id = self.add(connection, owner, procedure, spec, Answers(values), **acting)
        return self.find(owner, public_id)

    def begin_about(self, owner: str, start: Start) -> Draft:
        """A draft about an existing dossier; one that was begun from the same version is continued.

        Raises:
            TooManyDrafts: he has as many as one may have.
            AccountShut: an account of his is suspended at its gate.
        """
        self.shut.of_start(owner, start)
        with self.database.transaction() as connection:
            self.database.lock(connection, [f"drafts:{owner}"])
            wanted = (start.procedure.code, start.spec.pair, start.base)
            begun_already = store.about(connection, owner, start.key.number, start.key.year)
            same = [row.public_id for row in begun_already if (row.procedure, row.pair, row.base) == wanted]
            about: DraftSubject = {
                "number": start.key.number,
                "year": start.key.year,
                "base": start.base,
                "declared": start.declared.name if start.declared else None,
                "cover": dict(start.cover),
                **start.acting,
            }
            what = start.procedure, start.spec, start.answers
            public_id = same[0] if same else self.add(connection, owner, *what, **about)
        return self.find(owner, public_id)

    def add(
        self,
        connection: Connection,
        owner: str,
        procedure: Procedure,
        spec: MessageSpec,
        answers: Answers,
        **about: Unpack[DraftOrigin],
    ) -> str:
        """Keep a new draft; gives its id. The caller holds the lock on the owner's drafts.

        Raises:
            TooManyDrafts: he has as many as one may have.
        """
        if len(store.unsent(connection, owner, MOST)) >= MOST:
            raise TooManyDrafts(f"there are {MOST} drafts already; send or discard one")
        public_id, now = self.new_id(), self.clock()
        store.add(
            connection,
            self.database,
            public_id=public_id,
            owner=owner,
            procedure=procedure.code,
            pair=spec.pair,
            answers=answers.as_stored(),
            version=1,
            message_key=self.new_id(),
            created_at=now,
            changed_at=now,
            **about,
        )
        return public_id

    def unsent(self, owner: str) -> list[Draft]:
        """The owner's drafts that were not sent, the one that was changed last first."""
        with self.database.reading() as connection:
            rows = store.unsent(connection, owner, MOST)
        return [draft for row in rows if (draft := self._draft(row)) is not None]

    def find(self, owner: str, public_id: str) -> Draft:
        """The owner's draft of that id.

        Raises:
            NoDraft: there is none, or nobody can declare so any more.
        """
        with self.database.reading() as connection:
            row = store.find(connection, owner, public_id)
        draft = None if row is None else self._draft(row)
        if draft is None:
            raise NoDraft("there is no such draft")
        return draft

    def save(self, draft: Draft, answers: Answers) -> Draft:
        """Keep other answers in the place of those that the draft had when it was read.

        Raises:
            ChangedMeanwhile: the draft has changed since.
            NoDraft, DraftTooLarge: it was sent or thrown away since; it would hold more than any declaration.
        """
        if answers.as_stored() == draft.answers.as_stored():
            return draft
        if draft.leaves_at is not None:
            raise NoDraft("the draft is being sent")
        values: DraftChange = {"answers": bounded(answers).as_stored(), "signed": None, "waits_since": None}
        if draft.pressed_at is not None:
            # Another message than the one that was prepared or sent; that one may be on its way.
            values |= {"message_key": self.new_id(), "pressed_at": None}
        return self.change(draft, values)

    def discard(self, owner: str, public_id: str) -> None:
        """Throw a draft away.

        Raises:
            NoDraft: there is none.
        """
        with self.database.transaction() as connection:
            if not store.remove(connection, owner, public_id):
                raise NoDraft("there is no such draft")

    def check(self, draft: Draft) -> tuple[Finding, ...]:
        """What would be found if it were sent now, in the words of its form; nobody has signed it yet."""
        return self.forms.foreseen(draft)

    def prepare(self, draft: Draft) -> tuple[Draft, bytes]:
        """The whole envelope, for its declarant to sign with his own tools; its number is drawn, once a draft.

        Raises:
            ChangedMeanwhile, NoDraft: as `save`.
            Overtaken: its dossier has another version in force by now.
            AccountShut, GrantEnded: as `pressed`.
        """
        draft = self.pressed(draft)
        return draft, self.forms.envelope(draft)

    def take_signed(self, draft: Draft, raw: bytes) -> tuple[Draft, list[Changed]]:
        """Keep what its declarant has signed until he sends it; gives where it says something else than the draft.

        Raises:
            TurnedAway: it cannot be read, or is no declaration.
            OtherForm: it is one of another procedure or message.
            GrantEnded: as `pressed`.
        """
        self.shut.of_draft(draft)
        presented = self.threshold.present(raw, f"{self.sender}:{draft.owner}", self.clock())
        envelope = presented.envelope
        if (envelope.procedure.code, envelope.spec.pair) != (draft.procedure.code, draft.spec.pair):
            raise OtherForm("the file is another declaration than this draft")
        draft = self.change(draft, {"signed": raw, "waits_since": None})
        return draft, self.forms.signed_otherwise(draft)

    def send(self, owner: str, public_id: str, message_key: str) -> Sent:
        """Send it: what its declarant has signed, if he has, else what is filled in. Pressed twice, it is sent once.

        Raises:
            NoDraft: there is none.
            ChangedMeanwhile: the page that was pressed on is older than the draft.
            Overtaken: its dossier has another version in force by now.
            GrantEnded: it was begun for somebody who does not authorise him any more.
            TurnedAway, Unavailable: as the door; the draft is kept.
        """
        with self.database.reading() as connection:
            row = store.find(connection, owner, public_id)
        draft = None if row is None else self._draft(row)
        if draft is None:
            raise NoDraft("there is no such draft")
        if draft.message_key != message_key:
            raise ChangedMeanwhile(draft)
        if draft.sent_as is None:
            draft = self.pressed(draft)
        raw = draft.signed or self.forms.envelope(draft)
        admitted = self.submit(raw, Caller(owner, draft.acts_for, draft.begun_at, draft.waits_since))
        if draft.sent_as is None:
            self._settle(draft, admitted)
        return self._became(owner, admitted)

    def send_file(self, owner: str, raw: bytes) -> Sent:
        """Send a whole envelope that was made elsewhere, as it is.

        Raises:
            TurnedAway, Unavailable: as the door.
        """
        self.shut.of_file(owner, self.threshold.present(raw, f"{self.sender}:{owner}", self.clock()))
        return self._became(owner, self.submit(raw, Caller(owner)))

    def outcome(self, owner: str, public_id: str, message: str) -> tuple[Draft, Sent] | None:
        """A draft, and what became of a message that was sent of it; None where it is none of the owner's."""
        with self.database.reading() as connection:
            row = store.find(connection, owner, public_id)
        draft, sent = row and self._draft(row), self.sent(owner, message)
        if not draft or not sent:
            return None
        seats = self.forms.pointers(draft, [each.pointer for each in sent.findings])
        told = tuple(replace(each, pointer=seat) for each, seat in zip(sent.findings, seats, strict=True))
        return draft, replace(sent, findings=told)

    def sent(self, owner: str, message: str) -> Sent | None:
        """What became of a message that the owner has sent; None where there is none of his."""
        with self.database.reading() as connection:
            return sent_by(connection, owner, message, self.ground.catalogue)

    def _became(self, owner: str, admitted: Admitted) -> Sent:
        sent = self.sent(owner, admitted.public_id)
        assert sent is not None, "it was stored just now, in his name"
        return sent

    def _settle(self, draft: Draft, admitted: Admitted) -> None:
        """What was rejected may be corrected and sent as another message; all else has left the draft behind."""
        values: DraftChange = {"sent_as": admitted.public_id, "sent_at": self.clock()}
        if admitted.outcome == Word.REJECTED.value:
            values = {"message_key": self.new_id(), "pressed_at": None, "signed": None}
            values |= {"waits_since": None, "leaves_at": None}
        with self.database.transaction() as connection:
            # Another press of the same may have been here already: it had the same answer.
            store.change(connection, draft.owner, draft.public_id, draft.version, values)

    def pressed(self, draft: Draft) -> Draft:
        """With its number, and the time when its current content was first to be sent: a retry is the same.

        Raises:
            AccountShut: an account of his is suspended at its gate; no number was drawn.
            GrantEnded: it was begun for somebody who does not authorise him any more; the same.
        """
        self.shut.of_draft(draft)
        if draft.pressed_at is not None and (draft.key is not None or draft.is_file):
            return draft
        if self.forms.is_overtaken(draft):
            raise Overtaken(f"dossier {draft.key} has another version in force")
        now, key = self.clock(), draft.key or self._number(draft)
        return self.change(draft, {"number": key.number, "year": key.year, "pressed_at": draft.pressed_at or now})

    def _number(self, draft: Draft) -> DossierKey:
        unit = self.ground.units.of(draft.gate or None, None)
        code = self.threshold.installation.of_unit(unit).number_code
        return self.reception.number(f"draft:{draft.public_id}", code, Caller(draft.owner), None)

    def change(self, draft: Draft, values: DraftChange) -> Draft:
        """Keep these columns of the draft as it was read.

        Raises:
            ChangedMeanwhile, NoDraft: as `save`.
        """
        with self.database.transaction() as connection:
            given: DraftChange = {**values, "version": draft.version + 1, "changed_at": self.clock()}
            if store.change(connection, draft.owner, draft.public_id, draft.version, given):
                row = store.find(connection, draft.owner, draft.public_id)
                changed = None if row is None else self._draft(row)
                assert changed is not None, "it was changed just now"
                return changed
        now = self.find(draft.owner, draft.public_id)
        if now.sent_as is not None:
            raise NoDraft("the draft was sent")
        raise ChangedMeanwhile(now)

    def _draft(self, row: StoredDraft) -> Draft | None:
        return draft_of(row, self.ground.catalogue, self.today)
