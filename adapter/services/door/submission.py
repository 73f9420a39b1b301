"""The portal: an authenticated caller's envelope becomes one sealed by the portal (wire profile 2).

It guarantees the caller, the sender and the number, and hands the sealed bytes to the reception. It must never change
Body, and it decides nothing about a declaration: the pipeline does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from adapter.gateways.store.own_numbers import NumberRequest
from adapter.model.actor import Actor
from adapter.model.identifiers import DossierKey
from adapter.pipeline.signature.seal import SigningKey
from adapter.pipeline.units import unit_before
from adapter.services.access.rights import Right, has
from adapter.services.door import sealing
from adapter.services.door.precheck import Presented, Threshold, TurnedAway, Why
from adapter.services.door.reception import Admitted, Caller, ForeseenAnswer, Reception, arriving


@dataclass(frozen=True)
class Door:
    """The use case of POST. `sender` is the portal's name among the partners; `clock` gives the legal time (aware)."""

    threshold: Threshold
    reception: Reception
    key: Callable[[], SigningKey]
    """Called for each message, so that a new key is used without a restart."""
    sender: str
    clock: Callable[[], datetime]
    foreseen_number: Callable[[NumberRequest], DossierKey]
    """The number of a message, or a placeholder of the same form that is never given."""

    def submit(self, raw: bytes, actor: Actor) -> Admitted:
        """Accept a declaration; sent again, it gets the same number, the same dossier and the stored answer.

        Raises:
            TurnedAway: the caller must act.
            Unavailable: time must pass; nothing was stored.
        """
        return self.declare(raw, _caller(actor))

    def foresee(self, raw: bytes, actor: Actor) -> ForeseenAnswer:
        """The answer that `submit` would give now; nothing is stored and no number is given.

        Raises:
            TurnedAway, Unavailable: as `submit`.
        """
        caller = _caller(actor)
        presented = self.threshold.present(raw, f"{self.sender}:{caller.number}", self.clock())
        if presented.numberless:
            name, sender = _name(presented, raw), f"{self.sender}:{caller.number}"
            asked = NumberRequest(sender, name, self._code(presented), self.clock())
            sealing.write_number(presented.tree, self.foreseen_number(asked))
        return self.reception.foresee(sealing.sealed(presented.tree, self.key()).body, caller)

    def declare(self, raw: bytes, caller: Caller) -> Admitted:
        """The same for a person who has logged in.

        Raises:
            TurnedAway, Unavailable: as `submit`.
        """
        presented = self.threshold.present(raw, f"{self.sender}:{caller.number}", self.clock())
        if presented.numberless:
            self._number(presented, raw, caller)
        return self.reception.take(sealing.sealed(presented.tree, self.key()).body, caller)

    def _number(self, presented: Presented, raw: bytes, caller: Caller) -> None:
        key = self.reception.number(_name(presented, raw), self._code(presented), caller, arriving(presented.envelope))
        sealing.write_number(presented.tree, key)

    def _code(self, presented: Presented) -> str:
        """The part of its number for the unit that it is for."""
        installation = self.threshold.installation
        unit = unit_before(presented.envelope.procedure, presented.tree, installation.units)
        return installation.of_unit(unit).number_code


def _name(presented: Presented, raw: bytes) -> str:
    """The name under which a message's number is kept: sent again, it gets the same number."""
    return presented.named or hashlib.sha256(raw).hexdigest()


def _caller(actor: Actor) -> Caller:
    if not has(actor, Right.DECLARE) or actor.number is None:
        raise TurnedAway(Why.ROLE, "Only a declarant's token may declare.", "Chỉ người khai mới được gửi bản khai.")
    return Caller(actor.number)
