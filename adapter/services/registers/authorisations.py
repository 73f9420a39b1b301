"""The register of authorisations: grant, revoke, list; and the answer to "may this signer speak for him?"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from adapter.gateways.store import authorisations as store
from adapter.gateways.store import certificates, journal, notifications
from adapter.gateways.store.authorisations import Authorisation, Grant, GrantedBy
from adapter.gateways.store.database import Connection, Database
from adapter.gateways.store.journal import Entry
from adapter.model.actor import EVERYWHERE, Actor
from adapter.model.catalogue import Catalogue
from adapter.model.errors import NotAllowed
from adapter.model.notification import GRANT_ENDED, GRANTED, NO_NOTIFICATIONS, NotificationKinds
from adapter.model.procedure import Label
from adapter.model.stages import Signer
from adapter.model.text import typed
from adapter.pipeline.envelope import hour_and_day
from adapter.pipeline.principal import Representation
from adapter.services.access.rights import Right, needs
from adapter.services.attachments.keeping import LookedAt, keep_bytes
from adapter.services.notifications.telling import notification_rows
from adapter.services.registers.accounts import reason_of
from adapter.services.registers.granted_procedures import granted
from adapter.services.registers.party_numbers import LARGEST_ID, number_of
from adapter.services.registers.register_shown import NamingRegister, note_register_shown

_UNTIL_WITHDRAWN = Label("không có, còn hiệu lực cho đến khi bị rút", "none, it is in force until it is withdrawn")
"""What is told of the end of a letter that states none."""


@dataclass(frozen=True)
class Authorisations:
    """Use cases of officers and operators. `clock` gives the legal time (aware)."""

    database: Database
    clock: Callable[[], datetime]
    representation: Representation
    """Without a register: whether an enterprise speaks for its branches."""
    catalogue: Callable[[], Catalogue]
    """Asked only for what a letter names."""
    notifications: Callable[[], NotificationKinds] = lambda: NO_NOTIFICATIONS
    """What both sides of a letter are told."""

    def entitled(self, signer: Signer, number: str, at: datetime, procedure: str) -> bool:
        """For `pipeline/principal`: called only if certificate and declaration differ.

        Raises:
            DatabaseUnavailable: it cannot be told now.
        """
        with self.database.reading() as connection:
            name = certificates.name_of(signer)
            known = certificates.find(connection, [name]).get(name)
            registered = known.numbers(at) if known is not None else []
            own = [*signer.numbers, *registered]
            found = store.grants(connection, own, at)
        authorised = [grant.principal for grant in found if grant.covers(procedure)]
        return self.representation.speaks([*registered, *authorised], number)

    def grant(
        self,
        holder: str,
        principal: str,
        document: str,
        *,
        valid_from: datetime | None = None,
        valid_to: datetime | None = None,
        procedures: Sequence[str] = (),
        scanned: LookedAt | None = None,
        actor: Actor,
    ) -> int:
        """Register a letter of authorisation; gives the id of its first row. No procedure named: for all.

        `scanned`: the letter itself, as it was looked at.

        Raises:
            NotAllowed: numbers, times or procedures do not fit, or the letter is registered already.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.GRANT_AUTHORISATION)
        letter = AuthorisationLetter(holder, principal, document, valid_from or self.clock(), valid_to)
        wanted = granted(self.catalogue(), procedures, self.clock()) if procedures else (None,)
        with self.database.transaction() as connection:
            entered = Entered(GrantedBy.OFFICER, actor, self.clock(), self.notifications())
            if scanned is not None:
                keep_bytes(connection, self.database, scanned, entered.at)
            return kept(connection, self.database, letter, wanted, entered, scanned)[0]

    def revoke(self, row_id: int, *, reason: str, actor: Actor) -> None:
        """Revoke a letter, from this moment.

        Raises:
            NotAllowed: there is none of that id, or it is revoked already.
            NoRight: the actor has no right to it.
        """
        needs(actor, Right.REVOKE_AUTHORISATION)
        now, reason = self.clock(), reason_of(reason)
        with self.database.transaction() as connection:
            if not 0 < row_id < LARGEST_ID or not store.revoke(connection, row_id, reason=reason, at=now):
                raise NotAllowed(f"there is no authorisation {row_id} that could be revoked; see `authorisation list`")
            withdrawn(connection, self.database, [row_id], reason, Entered(None, actor, now, self.notifications()))

    def list(self, *, number: str | None = None, in_force: bool = False, actor: Actor) -> list[Authorisation]:
        """The letters, or those of one holder or principal, or those in force now. The journal keeps which were shown.

        Raises:
            NoRight: the actor may not see the registers.
        """
        needs(actor, Right.SEE_REGISTERS)
        wanted, now = number_of(number) if number else None, self.clock()
        with self.database.transaction() as connection:
            found = store.every(connection, number=wanted, at=now if in_force else None)
            ids = [each.id for each in found]
            note_register_shown(connection, self.database, NamingRegister.AUTHORISATIONS, ids, actor, now)
            return found


@dataclass(frozen=True, slots=True)
class AuthorisationLetter:
    """The facts of an authorisation. Numbers as typed; times are aware, `valid_to` None: until it is revoked."""

    holder: str
    principal: str
    document: str
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class Entered:
    """Who enters or withdraws a letter, when, in what way (None: it is withdrawn), and what both sides are told."""

    by: GrantedBy | None
    actor: Actor
    at: datetime
    told: NotificationKinds


def kept(
    connection: Connection,
    database: Database,
    letter: AuthorisationLetter,
    procedures: Sequence[str | None],
    entered: Entered,
    file: LookedAt | None = None,
) -> list[int]:
    """Keep a letter, one row for each procedure (None: for all), with its entry in the journal; gives their ids.

    `file`: its scan, whose bytes are kept already.

    Raises:
        NotAllowed: numbers or times do not fit, or the letter is registered already.
    """
    assert entered.by is not None, "what is kept was entered in some way"
    pair = number_of(letter.holder), number_of(letter.principal)
    text = typed(letter.document, "the document", most=80)
    if pair[0] == pair[1]:
        raise NotAllowed("holder and principal are the same: no authorisation is needed")
    if not text:
        raise NotAllowed("the document has a number of 1 to 80 characters: it is what an inspector asks for")
    if letter.valid_to is not None and letter.valid_to <= letter.valid_from:
        raise NotAllowed("an authorisation ends after it begins")
    database.lock(connection, [f"authorisation:{pair[0]}:{pair[1]}"])
    ids = []
    for procedure in procedures:
        if store.same(connection, Grant(*pair, procedure), text):
            raise NotAllowed(f"the letter {text!r} is registered already for these two; revoke it first")
        row_id = store.add(
            connection,
            database,
            holder=pair[0],
            principal=pair[1],
            document=text,
            procedure=procedure,
            granted_by=entered.by.value,
            valid_from=letter.valid_from,
            valid_to=letter.valid_to,
            granted_at=entered.at,
            file_digest=file.digest if file else None,
            file_name=file.name if file else None,
            **_at_unit(entered),
        )
        detail = {"authorisation": row_id, "document": text, **({"file": file.digest} if file else {})}
        journal.append(connection, database, Entry.by("authorisation.grant", entered.actor, entered.at, detail))
        ids.append(row_id)
    _tell(connection, database, GRANTED, ids[0], entered)
    return ids


class _EnteredBy(TypedDict):
    unit: str | None
    entered_by: str | None


def _at_unit(entered: Entered) -> _EnteredBy:
    """Which officer has entered it at which unit; neither where its principal gives it himself."""
    if entered.by is not GrantedBy.OFFICER:
        return {"unit": None, "entered_by": None}
    unit = entered.actor.unit
    return {"unit": None if unit == EVERYWHERE else unit, "entered_by": entered.actor.id}


def withdrawn(
    connection: Connection, database: Database, row_ids: Sequence[int], reason: str, entered: Entered
) -> None:
    """Note in the journal that rows of a letter were withdrawn, and tell both sides once."""
    for row_id in row_ids:
        detail = {"authorisation": row_id, "reason": reason}
        journal.append(connection, database, Entry.by("authorisation.revoke", entered.actor, entered.at, detail))
    _tell(connection, database, GRANT_ENDED, row_ids[0], entered)


def name_of(row: Authorisation) -> tuple[object, ...]:
    """What the rows of one letter have in common; one that was withdrawn by itself stands by itself."""
    return row.holder, row.principal, row.document, row.granted_at, row.granted_by, row.revoked_at


def together(connection: Connection, row: Authorisation) -> list[Authorisation]:
    """The rows of its letter, that one first."""
    others = store.every(connection, number=row.holder)
    return [row, *(each for each in others if each.id != row.id and name_of(each) == name_of(row))]


def _tell(connection: Connection, database: Database, occasion: str, row_id: int, entered: Entered) -> None:
    """Tell both sides, once a letter, however many procedures it names."""
    letter = store.find(connection, row_id)
    assert letter is not None, "it was written just now"
    words: dict[str, str | Label] = {
        "number": letter.document,
        "where": f"{letter.principal} → {letter.holder}",
        "at": hour_and_day(letter.valid_from if letter.revoked_at is None else entered.at),
        "end": hour_and_day(letter.valid_to) or _UNTIL_WITHDRAWN,
        "reason": letter.reason or "",
    }
    rows = notification_rows(
        entered.told.of_occasion(occasion),
        [letter.principal, letter.holder],
        cause=f"authorisation:{row_id}:{occasion}",
        words=words,
        at=entered.at,
    )
    notifications.add(connection, database, rows)


@dataclass(frozen=True, slots=True)
class Spoken:
    """The parties that somebody may act for: the own numbers, and those of principals who authorise him now."""

    own: frozenset[str]
    grants: frozenset[Grant]

    @property
    def everybody(self) -> set[str]:
        """All of them, whatever the procedure."""
        return {*self.own, *(grant.principal for grant in self.grants)}

    def of(self, procedure: str) -> set[str]:
        """For whom in this procedure."""
        return {*self.own, *(grant.principal for grant in self.grants if grant.covers(procedure))}


def spoken_for(connection: Connection, own: Iterable[str], at: datetime) -> Spoken:
    """The parties whose dossiers somebody with these numbers sees and changes."""
    numbers = frozenset(own)
    return Spoken(numbers, frozenset(store.grants(connection, numbers, at)))
