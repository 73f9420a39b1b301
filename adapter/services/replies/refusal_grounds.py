"""The legal ground of a refusal: one that the law names for the procedure, or the general one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from adapter.model.catalogue import Code
from adapter.model.errors import NotAllowed
from adapter.model.procedure import Procedure

FAULTY, DECLARATION = "faulty", "declaration"
"""The fact of the ground "declaration breaks a rule": the only one that a program can establish."""

LONGEST = 500
"""Characters of LegalGround in the XSD of a refusal."""


def ground_of_faults(procedure: Procedure, codelists: Mapping[str, Mapping[str, Code]], *, general: str) -> str:
    """The ground of a refusal by the program for a broken rule (for ships: Article 12(3))."""
    grounds = codelists.get(procedure.refusal_grounds or "", {})
    fit = (each.vi for each in grounds.values() for fact in each.facts.get(DECLARATION, ()) if fact.value == FAULTY)
    return next(fit, general)


def with_articles(ground: str, bases: Iterable[str]) -> str:
    """The ground with the broken articles, each once (without what follows a colon), as far as there is room."""
    text, known = ground, {_article(ground)}
    for basis in bases:
        if _article(basis) not in known and len(text) + 2 + len(basis) <= LONGEST:
            text = f"{text}; {basis}"
            known.add(_article(basis))
    return text


def _article(basis: str) -> str:
    return basis.partition(":")[0].strip()


def ground_of(procedure: Procedure, codelists: Mapping[str, Mapping[str, Code]], stated: str, *, general: str) -> str:
    """The words of the ground in the refusal; `stated` is what the officer named.

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
