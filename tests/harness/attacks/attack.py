"""What an attack is: changes at the moments of a message's making, and the register that knows each by its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from adapter.simulator.pki import Pki

Change = Callable[[bytes], bytes]
Signing = Callable[[bytes, Pki], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """What is done to a genuine message, and when. Nothing repairs a signature that stands already.

    `written`: the sender himself writes it so, and everybody signs it honestly.
    `declared`: instead of the declarant's honest signature.
    `sealing`: after the declarant signed, before the system seals: the window is honest, what it was given is not.
    `sealed`: instead of the system's honest signature.
    `sent`: the finished message, on its way.
    """

    written: Change | None = None
    declared: Signing | None = None
    sealing: Change | None = None
    sealed: Signing | None = None
    sent: Change | None = None


ATTACKS: dict[str, Attack] = {}
"""Every attack by its name: filled when the package is imported."""


def register(name: str, attack: Attack) -> None:
    """Make an attack known.

    Raises:
        ValueError: the name is taken.
    """
    if name in ATTACKS:
        raise ValueError(f"two attacks are called {name}")
    ATTACKS[name] = attack


def written(change: Change) -> Change:
    """Register a change to what the sender writes, by the function's name."""
    register(change.__name__, Attack(written=change))
    return change


def declared(signing: Signing) -> Signing:
    """Register a way to sign in the declarant's stead."""
    register(signing.__name__, Attack(declared=signing))
    return signing


def sealing(change: Change) -> Change:
    """Register a change between the declarant's signature and the seal."""
    register(change.__name__, Attack(sealing=change))
    return change


def sealed(signing: Signing) -> Signing:
    """Register a way to sign in the system's stead."""
    register(signing.__name__, Attack(sealed=signing))
    return signing


def sent(change: Change) -> Change:
    """Register a change to the finished message."""
    register(change.__name__, Attack(sent=change))
    return change
