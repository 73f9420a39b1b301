"""What a declarant may do about an existing dossier: replace, withdraw, answer a request (form 13), amend.

Each is a draft that begins with the version in force, and is sent by the portal like any other. Whether the step
is lawful is decided there; here is told which are worth to be offered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from adapter.gateways.store import amendments, dossiers, lookups, replies
from adapter.gateways.store import drafts as store
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.dossier_records import StoredDossier
from adapter.model.actor import Actor
from adapter.model.dossier import CONFIRMED, Act, Dossier
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.model.procedure import Label, Meaning, MessageSpec, Procedure
from adapter.pipeline.envelope import VIETNAM
from adapter.pipeline.forms.amending import all_asked
from adapter.pipeline.forms.answers import Answers
from adapter.pipeline.forms.faults import Seat, seat_of
from adapter.pipeline.forms.given import begun
from adapter.pipeline.forms.layout import FormField, FormLayout
from adapter.pipeline.judge import Ground
from adapter.services.access.rights import Right, needs
from adapter.services.door.draft import Draft, Start, acting_as, known, message_of
from adapter.services.door.draft_forms import answers_of_document
from adapter.services.door.drafts import Drafts
from adapter.services.door.opening import Opening
from adapter.services.dossiers.own import own_row
from adapter.services.ledger.amendment_base import declared_as
from adapter.services.watch.way import PortalTakes

_ACTS = {
    Meaning.AMENDMENT_REQUESTED: Act.ANSWER,
    Meaning.AMENDMENT_OWN: Act.AMEND,
    Meaning.REPLACEMENT: Act.REPLACE,
    Meaning.WITHDRAWAL: Act.WITHDRAW,
}
"""What can be begun about a dossier, in the order in which it is offered."""


class NotOffered(NotAllowed):
    """This act is not possible for the dossier now."""


@dataclass(frozen=True, slots=True)
class AskedItem:
    """One thing that a request asks for. `seat`: the place of the form that it names, None where it names none."""

    seat: Seat | None
    group: Label | None
    """The list that contains the place."""
    field: FormField | None
    stands: str
    """The value in the version in force, as in the XML; empty where there is none or no field is named."""
    wrong: str
    asked: str


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """An open request of the border guard (form 13) that the declarant has received."""

    number: str
    reason: str
    procedure: Procedure
    """Whose form the items are about."""
    items: tuple[AskedItem, ...]


@dataclass(frozen=True, slots=True)
class Ways:
    """The possible acts on a dossier now. `begun`: public ids of drafts that are begun for it."""

    meanings: tuple[Meaning, ...]
    request: OpenRequest | None
    pending: bool
    """An amendment waits for an officer's decision."""
    begun: Mapping[Meaning, str]
    takes: PortalTakes
    """What the portal takes about this dossier just now."""


@dataclass(frozen=True)
class Corrections:
    """The use cases. `clock` gives the legal time."""

    database: Database
    ground: Ground
    opening: Opening
    drafts: Drafts
    clock: Callable[[], datetime]

    def ways(self, actor: Actor, number: str, year: int) -> Ways | None:
        """The possible acts on the declarant's dossier; None where it is another's.

        Raises:
            NoRight: no declarant asks.
        """
        with self.database.reading() as connection:
            row = own_row(connection, actor, number, year, self.clock())
            return None if row is None else self._ways(connection, row, actor)

    def begin(self, actor: Actor, number: str, year: int, meaning: Meaning) -> Draft | None:
        """A draft that starts from the version in force; None where the dossier is another's.

        Raises:
            NotOffered: it cannot be done about the dossier now.
            TooManyDrafts: he has as many as one may have.
            NoRight: no declarant asks.
        """
        needs(actor, Right.DECLARE)
        assert actor.number is not None, "log-in refuses an account without a number"
        with self.database.reading() as connection:
            row = own_row(connection, actor, number, year, self.clock())
            if row is None:
                return None
            ways = self._ways(connection, row, actor)
            if meaning not in ways.meanings:
                raise NotOffered(f"dossier {number}/{year}: {meaning.value} is not possible now")
            start = self._start(connection, row, meaning, ways.request, actor)
        return self.drafts.begin_about(actor.number, start)

    @property
    def _today(self) -> date:
        return self.clock().astimezone(VIETNAM).date()

    def _ways(self, connection: Connection, row: StoredDossier, actor: Actor) -> Ways:
        key = DossierKey(row.number, row.year)
        dossier = dossiers.find_by_either(connection, [key])[0][key]
        pending = amendments.is_pending(connection, row.id)
        request = self._request(connection, row, dossier)
        signed = lookups.confirmations(connection, [row.id]).get(row.id, [])
        standing = dossier
        if dossier.confirmed_at is not None and signed and all(each.sent_in_law is None for each in signed):
            standing = dossier.unconfirmed  # the confirmation has not left: a correction takes it back
        has = bool(signed) and signed[-1].delivered_at is not None
        meanings = tuple(
            meaning
            for meaning in _ACTS
            if self._sends(dossier, meaning) and self._is_open(meaning, dossier, standing, request, has, pending)
        )
        return Ways(
            meanings, request, pending, self._begun(connection, actor, row), self.opening.of_dossier(connection, row)
        )

    def _begun(self, connection: Connection, actor: Actor, row: StoredDossier) -> dict[Meaning, str]:
        """The declarant's drafts that start from the version in force."""
        found = store.about(connection, actor.number or "", row.number, row.year)
        meanings = self.ground.catalogue.meanings
        return {meanings[each.pair]: each.public_id for each in reversed(found) if each.base == row.version}

    def _is_open(
        self,
        meaning: Meaning,
        dossier: Dossier,
        standing: Dossier,
        request: OpenRequest | None,
        has: bool,
        pending: bool,
    ) -> bool:
        if meaning is Meaning.AMENDMENT_REQUESTED:
            return request is not None and not pending and dossier.after(Act.ANSWER) is not None
        if meaning is Meaning.AMENDMENT_OWN:
            # Article 11(1)(a): only after the declarant has the confirmation.
            return not pending and dossier.after(Act.AMEND) is not None and (has or dossier.state not in CONFIRMED)
        spec = self._spec(dossier, meaning)
        late = spec is not None and spec.after_confirmation
        return standing.after(_ACTS[meaning], though_confirmed=late) is not None

    def _sends(self, dossier: Dossier, meaning: Meaning) -> bool:
        return self._spec(dossier, meaning) is not None

    def _spec(self, dossier: Dossier, meaning: Meaning) -> MessageSpec | None:
        procedure = self._procedure(dossier.procedure, meaning)
        return None if procedure is None else message_of(procedure, meaning)

    def _procedure(self, code: str, meaning: Meaning) -> Procedure | None:
        catalogue = self.ground.catalogue
        return (catalogue.amending if meaning.is_amendment else catalogue.find)(code, self._today)

    def _request(self, connection: Connection, row: StoredDossier, dossier: Dossier) -> OpenRequest | None:
        """Shown only after it was opened: opening it begins the declarant's hour, so nothing of it is shown before."""
        found = amendments.open_request(connection, row.id)
        if found is None or found.outbox_id is None or not replies.is_delivered(connection, found.outbox_id):
            return None
        procedure, document = declared_as(connection, row.id, dossier.version, self.ground)
        spec = message_of(procedure, Meaning.DECLARATION)
        if spec is None:
            return None
        form = self.drafts.forms.of(procedure, spec)
        stands = answers_of_document(form, document)
        items = tuple(_item(form, stands, each) for each in found.items)
        return OpenRequest(found.number, found.reason, procedure, items)

    def _start(
        self, connection: Connection, row: StoredDossier, meaning: Meaning, request: OpenRequest | None, actor: Actor
    ) -> Start:
        procedure = self._procedure(row.procedure, meaning)
        assert procedure is not None, "else it is not offered"
        spec = message_of(procedure, meaning)
        assert spec is not None, "else it is not offered"
        declared, document = declared_as(connection, row.id, row.version, self.ground)
        was = message_of(declared, Meaning.DECLARATION)
        assert was is not None, "a dossier begins with a declaration"
        form = self.drafts.forms.of(declared, was)
        before = answers_of_document(form, document)
        asked, own = all_asked(form, before), begun(procedure, known(actor))
        key, acting = DossierKey(row.number, row.year), acting_as(actor)
        if meaning.is_amendment:
            both = self.drafts.forms.amending(procedure, spec, declared)
            number = request.number if request and meaning is Meaning.AMENDMENT_REQUESTED else ""
            cover = both.cover(before, own, number)
            return Start(procedure, spec, asked, key, row.version, declared, cover, acting)
        values = Answers({**asked.values, **own}, asked.rows if meaning is Meaning.REPLACEMENT else {})
        return Start(procedure, spec, values, key, row.version, acting=acting)


def _item(form: FormLayout, stands: Answers, kept: Mapping[str, str | None]) -> AskedItem:
    seat = seat_of(form, kept.get("pointer") or "")
    group = form.group(seat.group) if seat is not None and seat.group else None
    name = seat.name.rpartition(".")[2] if seat is not None else ""
    fields = {each.name: each for each in group.fields} if group else form.fields
    texts = stands.row(group.name, seat.ordinal or 0) if seat is not None and group else stands.values
    field = fields.get(name)
    label = group.label if group else None
    return AskedItem(seat, label, field, texts.get(name, "") if field else "", kept["wrong"] or "", kept["asked"] or "")
