"""The procedures that an authorisation can name, and what each of them takes in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from adapter.model.catalogue import Catalogue
from adapter.model.errors import NotAllowed
from adapter.model.procedure import Label
from adapter.pipeline.envelope import VIETNAM


def grantable(catalogue: Catalogue, at: datetime) -> list[tuple[str, Label]]:
    """Code and title of those in force that begin a dossier."""
    today = at.astimezone(VIETNAM).date()
    current = (catalogue.find(code, today) for code in catalogue.procedures)
    return [(each.code, each.title) for each in current if each and each.identities and each.amends is None]


def amending(catalogue: Catalogue, code: str | None, at: datetime) -> str | None:
    """The procedure that amends its dossiers, which is granted with it; None: it has none, or every one is granted."""
    found = catalogue.amending(code, at.astimezone(VIETNAM).date()) if code else None
    return found.code if found else None


def granted(catalogue: Catalogue, named: Sequence[str], at: datetime) -> tuple[str | None, ...]:
    """What is kept of those that are named: with them those that amend their dossiers (form 14 has its own procedure).

    None stands for every procedure: where none is named.

    Raises:
        NotAllowed: one can not be granted.
    """
    known = dict(grantable(catalogue, at))
    if unknown := sorted(each for each in named if each not in known):
        raise NotAllowed(f"there is no procedure {', '.join(unknown)}")
    with_them = (amending(catalogue, code, at) for code in named)
    return tuple(dict.fromkeys([*named, *(code for code in with_them if code)])) or (None,)
