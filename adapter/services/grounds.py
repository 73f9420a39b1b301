"""The legal ground of an officer's refusal: one that the law names for the procedure, or the general one."""

from __future__ import annotations

from collections.abc import Mapping

from adapter.model.errors import NotAllowed
from adapter.model.procedure import Code, Procedure


def ground_of(procedure: Procedure, codelists: Mapping[str, Mapping[str, Code]], stated: str, *, general: str) -> str:
    """The words of the ground as they stand in the refusal; `stated` is what the officer named.

    Raises:
        NotAllowed: the law names the grounds of this procedure, and the officer named none of them.
    """
    if procedure.refusal_grounds is None:
        return stated or general
    grounds = codelists[procedure.refusal_grounds]
    if stated not in grounds:
        named = "; ".join(f"{code} ({ground.en})" for code, ground in grounds.items())
        raise NotAllowed(f"{procedure.code} can be refused on these grounds only: {named}; name one with --ground")
    return grounds[stated].vi
