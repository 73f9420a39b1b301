"""Acts of officers that come over the web: who acts is told by his session, what is done by the name of the act.

A web process opens no key. It sends the secret of the officer's session, the act and its arguments (JSON values).
The process that does the act checks the session itself and trusts nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from adapter.model.actor import Actor
from adapter.model.errors import NotAllowed
from adapter.model.identifiers import DossierKey
from adapter.pipeline.compose import AmendmentItem
from adapter.pipeline.pairs import PairVerdict
from adapter.services.dossiers.amendments import Amendments
from adapter.services.dossiers.completion import Completion
from adapter.services.dossiers.original_papers import OriginalPapers
from adapter.services.dossiers.pairs import Pairs

SEEN = "seen"
"""An argument of every act: what the officer has seen. If the dossier has changed since, the act is refused."""


class SessionOver(NotAllowed):
    """There is no valid session of that secret."""

    def __init__(self) -> None:
        super().__init__("the session is over: log in again")


@dataclass(frozen=True, slots=True)
class ActDone:
    """An act that was done: the dossier and its state now. `answer_before`: of a request to amend, when that is due."""

    dossier: DossierKey
    state: str
    answer_before: datetime | None = None


class Acts(Protocol):
    """Acts in the name of a session."""

    def do(self, secret: str, act: str, dossier: DossierKey, arguments: Mapping[str, object]) -> ActDone:
        """Do the act (a name of `ACTS`) on the dossier; `secret` is what the officer's browser holds.

        Raises:
            SessionOver: he has to log in again.
            NoRight: none of his roles grants it, or the dossier is another unit's.
            NotAllowed: there is no such act, an argument does not fit, or the dossier's state has no such step.
            Unavailable: nothing was done; or, where the line broke, nobody knows: the dossier tells.
        """


@dataclass(frozen=True, slots=True)
class Desks:
    """The use cases behind the acts."""

    completion: Completion
    amendments: Amendments
    papers: OriginalPapers
    pairs: Pairs

    def at(self, seen: int | None) -> Desks:
        """The same, for a dossier at this length of its journal; None: as it is."""
        desk = replace(self.completion.desk, seen=seen)
        completion = replace(self.completion, desk=desk)
        return replace(
            self,
            completion=completion,
            amendments=replace(self.amendments, desk=desk, completion=completion),
            pairs=replace(self.pairs, seen=seen),
        )


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of an act. An unknown name is refused: it would be lost silently."""

    stated: Mapping[str, object]
    known: tuple[str, ...]

    def __post_init__(self) -> None:
        """
        Raises:
            NotAllowed: a name is none of the act's.
        """
        if unknown := sorted(self.stated.keys() - set(self.known)):
            raise NotAllowed(f"this act knows no {', '.join(unknown)}; it knows {', '.join(self.known) or 'nothing'}")

    def string(self, name: str) -> str:
        """A text; empty where there is none.

        Raises:
            NotAllowed: it is no text.
        """
        value = self.stated.get(name) or ""
        if not isinstance(value, str):
            raise NotAllowed(f"{name} is a text")
        return value

    def items(self) -> list[AmendmentItem]:
        """The items of a request to amend.

        Raises:
            NotAllowed: it is no list of items, or an item has other names than `wrong`, `asked`, `form` and `pointer`.
        """
        value = self.stated.get("items") or []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise NotAllowed("items is a list of objects")
        found = [Arguments(each, ("wrong", "asked", "form", "pointer")) for each in value]
        return [
            AmendmentItem(
                each.string("wrong"), each.string("asked"), each.string("form") or None, each.string("pointer") or None
            )
            for each in found
        ]

    def seen(self) -> int | None:
        """The length of the dossier's journal when the officer read it; None: not stated.

        Raises:
            NotAllowed: it is no number.
        """
        value = self.stated.get(SEEN)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise NotAllowed(f"{SEEN} is a number")
        return value

    def moment(self, name: str) -> datetime | None:
        """A time with its zone, as ISO 8601; None where none is given.

        Raises:
            NotAllowed: it is no such time.
        """
        if not (text := self.string(name)):
            return None
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            at = None
        if at is None or at.tzinfo is None:
            raise NotAllowed(f"{name} is a time with its zone, as 2026-11-30T09:12+07:00")
        return at


Doing = Callable[[Desks, DossierKey, Actor, Arguments], ActDone]


def _accept(desks: Desks, key: DossierKey, officer: Actor, given: Arguments) -> ActDone:
    done = desks.completion.accept(key, officer)
    return ActDone(done.key, done.state.value)


def _complete(desks: Desks, key: DossierKey, officer: Actor, given: Arguments) -> ActDone:
    done = desks.completion.complete(key, officer, remarks=given.string("remarks"))
    return ActDone(done.key, done.state.value)


def _refuse(desks: Desks, key: DossierKey, officer: Actor, given: Arguments) -> ActDone:
    done = desks.completion.refuse(key, officer, reason=given.string("reason"), ground=given.string("ground"))
    return ActDone(done.key, done.state.value)


def _request_amendment(desks: Desks, key: DossierKey, officer: Actor, given: Arguments) -> ActDone:
    done, due = desks.amendments.request(key, officer, reason=given.string("reason"), items=given.items())
    return ActDone(done.key, done.state.value, due)


def _withdraw_request(desks: Desks, key: DossierKey, officer: Actor, given: Arguments) -> ActDone:
    done = desks.amendments.withdraw(key, officer, reason=given.string("reason"))
    return ActDone(done.key, done.state.value)


def _approve(desks: Desks, key: DossierKey, officer: Actor, given: Arguments) -> ActDone:
    done = desks.amendments.approve(_amendment_of(desks, key, given), officer)
    return ActDone(done.key, done.state.value)


def _decline(desks: Desks, key: DossierKey, officer: Actor, given: Arguments) -> ActDone:
    number, ground = _amendment_of(desks, key, given), given.string("ground")
    done = desks.amendments.decline(number, officer, reason=given.string("reason"), ground=ground)
    return ActDone(done.key, done.state.value)


def _note_papers(desks: Desks, key: DossierKey, officer: Actor, given: Arguments) -> ActDone:
    desks.papers.brought(key, given.string("name"), officer, at=given.moment("brought_at"))
    return ActDone(key, "")


def _settle_pair(desks: Desks, key: DossierKey, officer: Actor, given: Arguments) -> ActDone:
    stated = given.string("verdict")
    if stated not in set(PairVerdict):
        raise NotAllowed(f"verdict is one of {', '.join(PairVerdict)}")
    desks.pairs.settle(key, _other(given), PairVerdict(stated), officer, reason=given.string("reason"))
    return ActDone(key, "")


def _reopen_pair(desks: Desks, key: DossierKey, officer: Actor, given: Arguments) -> ActDone:
    desks.pairs.reopen(key, _other(given), officer, reason=given.string("reason"))
    return ActDone(key, "")


def _other(given: Arguments) -> DossierKey:
    """The other dossier of a pair, as number/year."""
    found = DossierKey.read(given.string("other"))
    if found is None:
        raise NotAllowed("other is a dossier as NUMBER/YEAR")
    return found


def _amendment_of(desks: Desks, key: DossierKey, given: Arguments) -> str:
    """The amendment to decide on; it must belong to the dossier that is shown."""
    number = given.string("amendment")
    if (of := desks.amendments.about(number)) != key:
        raise NotAllowed(f"amendment {number} is of dossier {of}, not of {key}")
    return number


ACTS: Mapping[str, tuple[Doing, tuple[str, ...]]] = {
    "accept": (_accept, ()),
    "complete": (_complete, ("remarks",)),
    "refuse": (_refuse, ("reason", "ground")),
    "request_amendment": (_request_amendment, ("reason", "items")),
    "withdraw_request": (_withdraw_request, ("reason",)),
    "approve": (_approve, ("amendment",)),
    "decline": (_decline, ("amendment", "reason", "ground")),
    "note_papers": (_note_papers, ("name", "brought_at")),
    "settle_pair": (_settle_pair, ("other", "verdict", "reason")),
    "reopen_pair": (_reopen_pair, ("other", "reason")),
}
"""The acts that a page offers, by name, with the names of their arguments."""


@dataclass(frozen=True)
class OfficerActs:
    """Acts in this process, which holds the keys. `recognise` gives the person of a session, or None."""

    desks: Callable[[], Desks]
    recognise: Callable[[str], Actor | None]

    def do(self, secret: str, act: str, dossier: DossierKey, arguments: Mapping[str, object]) -> ActDone:
        """As `Acts.do`."""
        officer = self.recognise(secret)
        if officer is None:
            raise SessionOver
        if act not in ACTS:
            raise NotAllowed(f"there is no act {act!r}; there are {', '.join(ACTS)}")
        do, known = ACTS[act]
        given = Arguments(arguments, (*known, SEEN))
        return do(self.desks().at(given.seen()), dossier, officer, given)
