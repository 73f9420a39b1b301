"""Checks what a mapping amends: procedures, fields and forms exist, and each dossier is amended by one procedure.

Each fault says where in procedure.yaml it stands, what is wrong and what to do; `check` puts the file before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from adapter.catalogue.fields import Fields
from adapter.model.catalogue import Catalogue
from adapter.model.procedure import PLACED, AmendsSpec, ExpectedSpec, Meaning, Procedure
from adapter.pipeline.forms.places import Form
from adapter.pipeline.terms import BRING_WITHIN

FormOf = Callable[[str, str], Form | None]
"""The form of an XSD below Content, by the XSD's name and the form's root."""

_CHANGE = {"form": ("code", "text"), "row": ("integer",), "field": ("text",), "old": ("text",), "new": ("text",)}
"""The parts of a change, and the types each may have."""


def faults(procedure: Procedure, catalogue: Catalogue, forms: Mapping[str, Form], form_of: FormOf) -> Iterator[str]:
    """Every fault of `amends`; `forms` are those of the procedure's messages by pair, `form_of` finds any other."""
    amends = procedure.amends
    meant = [spec for spec in procedure.messages.values() if spec.meaning.is_amendment]
    if amends is None:
        if meant:
            yield "amends: missing, but messages name an amendment; say which procedures it amends, and by what fields"
        return
    if not meant:
        named = " or ".join(each.value for each in Meaning if each.is_amendment)
        yield f"amends: no message means {named}; add one, or leave amends out"
    yield from _completion(procedure)
    yield from _fields(procedure, amends)
    yield from _brought(procedure, amends, catalogue)
    for code in amends.procedures:
        yield from _amended(procedure, code, catalogue, forms)
        for amended in catalogue.procedures.get(code, ()):
            yield from _placed(procedure, amended, form_of)
            for expected in amends.expects:
                yield from _expected(expected, procedure, amended, catalogue)


def _completion(procedure: Procedure) -> Iterator[str]:
    if procedure.completion is None:
        yield "completion: missing; an amendment is confirmed by a form of its own (15), name it"
    if all(limit.kind != "amend_within" for limit in procedure.deadlines):
        yield "deadlines: no amend_within; say how soon a request to amend is to be answered"


def _brought(procedure: Procedure, amends: AmendsSpec, catalogue: Catalogue) -> Iterator[str]:
    """Form 15 may state the time limit of a later paper of the form that it amends."""
    amended = [each for code in amends.procedures for each in catalogue.procedures.get(code, ())]
    known = {f"deadline.{limit.name}" for each in amended for limit in each.deadlines if limit.kind == BRING_WITHIN}
    for item in procedure.completion.content if procedure.completion else ():
        if item.source.startswith("deadline.") and item.source not in known:
            told = ", ".join(sorted(known)) or "none"
            yield f"completion: {item.path}: from {item.source}: nothing that it amends has that; there are: {told}"


def _fields(procedure: Procedure, amends: AmendsSpec) -> Iterator[str]:
    for part, name in (("request", amends.request), ("reason", amends.reason)):
        if procedure.field(name) is None:
            yield f"amends: {part}: there is no field {name}; name the one that holds it"
    group = procedure.group(amends.group)
    if group is None:
        yield f"amends: changes: there is no group {amends.group}; name one of the mapping's groups"
        return
    types = {spec.name: spec.type for spec in group.fields}
    for part, allowed in _CHANGE.items():
        name = str(getattr(amends, part))
        if name not in types:
            yield f"amends: changes: {part}: the group {group.name} has no field {name}; name one of its fields"
        elif types[name] not in allowed:
            yield f"amends: changes: {part}: {name} is of type {types[name]}; it must be {' or '.join(allowed)}"


def _amended(procedure: Procedure, code: str, catalogue: Catalogue, forms: Mapping[str, Form]) -> Iterator[str]:
    versions = catalogue.procedures.get(code, ())  # type: ignore[call-overload]
    if not versions:
        yield f"amends: there is no procedure {code}; name procedures that have a mapping"
    for other in catalogue.procedures.values():
        if any(each.code != procedure.code and each.amends and code in each.amends.procedures for each in other):
            yield f"amends: {code} is amended by {other[0].code} too; leave it out of one"
    for each in versions:
        if procedure.effective_to is None or each.effective_from <= procedure.effective_to:  # else it never meets it
            yield from _replaced(procedure, each, forms)


def _replaced(procedure: Procedure, amended: Procedure, forms: Mapping[str, Form]) -> Iterator[str]:
    """A complete form is placed below the replacement as in its own message."""
    assert procedure.amends is not None
    replacement = procedure.amends.replacement
    roots = {spec.root for spec in amended.messages.values() if spec.meaning is Meaning.DECLARATION}
    if replacement is None:
        return
    for pair, form in forms.items():
        name = procedure.messages[pair].schema_name
        for root in sorted(roots):
            base = f"{replacement}/{root}"
            paths = [base, *(f"{base}/{spec.path}" for spec in amended.fields)]
            paths += [f"{base}/{group.path}/{spec.path}" for group in amended.groups for spec in group.fields]
            missing = [path for path in paths if form.spot(path) is None]
            if missing:
                yield (
                    f"amends: replacement: {name} has no {missing[0]}, which the form of {amended.name} has; "
                    f"include that form's type"
                )


def _placed(procedure: Procedure, amended: Procedure, form_of: FormOf) -> Iterator[str]:
    """Form 15 says where the dossier is, so every form that makes one must say it."""
    content = procedure.completion.content if procedure.completion else ()
    for source in dict.fromkeys(item.source for item in content if item.source in PLACED):
        field = amended.field(amended.place.get(PLACED[source], ""))
        if field is None:
            yield f"completion: {source}: {amended.name} places no {PLACED[source]}; state it there under place"
            continue
        for message in amended.messages.values():
            form = form_of(message.schema_name, message.root) if message.form else None
            spot = form.spot(field.path) if form else None
            if spot is not None and not spot.certain:
                yield f"completion: {source}: {field.path} may be absent in {message.schema_name}; make it mandatory"


def _expected(expected: ExpectedSpec, procedure: Procedure, amended: Procedure, catalogue: Catalogue) -> Iterator[str]:
    """The expected field is one of form 14; its conditions are of form 14 or of the form that it amends."""
    at, own = f"amends: expects: {expected.field}", Fields(procedure, catalogue.codelists)
    yield from own.named(at, expected.field)
    theirs = Fields(amended, catalogue.codelists)
    yield from (own if procedure.field(expected.since) else theirs).named(
        f"{at}: since", expected.since, types=("datetime",)
    )
    for condition in expected.where:
        fields = own if procedure.field(condition.field) else theirs
        yield from fields.named(f"{at}: where", condition.field)
        if (spec := fields.procedure.field(condition.field)) is not None:
            yield from fields.literal(f"{at}: where", spec, condition.value)
