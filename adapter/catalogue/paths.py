"""The proof of a mapping's paths against its forms: they exist, their types fit, nothing mandatory is lost.

Each fault says where in procedure.yaml it stands, what is wrong and what to do; `check` puts the file before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from adapter.model.procedure import PLACED, CompletionSpec, FieldSpec, Meaning, Procedure
from adapter.pipeline.converters import CONVERTERS, XSD_TYPES
from adapter.pipeline.forms.places import Form, Spot
from adapter.pipeline.terms import BRING_WITHIN

SOURCES = {
    "confirmation.number": "text",
    "confirmation.time": "datetime",
    "dossier.number": "text",
    "dossier.year": "year",
    "dossier.receivedAt": "datetime",
    "officer.remarks": "text",
    "officer.name": "text",
    "officer.rank": "text",
}
"""What a completion may be filled from, besides declaration.<field> and deadline.<name>, and its type."""
AMENDMENT_SOURCES = {
    "amendment.number": "text",
    "amendment.receivedAt": "datetime",
    "amendment.version": "integer",
}
"""And the completion of an amendment besides: its number, when form 14 came, which version is in force now."""
SAMPLES: Mapping[str, tuple[str, ...]] = {
    "flag": ("0", "1", "true", "false"),
    "datetime": ("2026-03-02 07:14:58", "2026-03-02 07:14:58.000"),
    "year": ("2026", "1985"),
}
"""Values of the types that may stand on a text: its facets must let one of them through."""
MAY_BE_ABSENT = ("officer.remarks", "officer.rank")
NEEDS_FORM = (Meaning.DECLARATION, Meaning.REPLACEMENT, Meaning.AMENDMENT_OWN, Meaning.AMENDMENT_REQUESTED)


@dataclass(frozen=True, slots=True)
class Paths:
    """One procedure with the forms of its messages (by pair) and the form of its confirmation."""

    procedure: Procedure
    forms: Mapping[str, Form]
    confirmation: Form | None

    def faults(self) -> Iterator[str]:
        """Every fault of the paths."""
        yield from self._messages()
        yield from self._fields("fields", "", self.procedure.fields)
        yield from self._groups()
        yield from self._ignored()
        if self.procedure.completion is not None and self.confirmation is not None:
            yield from self._completion(self.procedure.completion, self.confirmation)

    def _messages(self) -> Iterator[str]:
        for spec in self.procedure.messages.values():
            if spec.meaning in NEEDS_FORM and spec.form is None:
                yield f"messages: {spec.meaning.value}: no form, so nothing of it would be read; name its form"

    def _read(self) -> Iterator[tuple[str, Form]]:
        """Forms that make a version of a dossier, each with the name of its XSD: every field stands in each."""
        for pair, form in self.forms.items():
            spec = self.procedure.messages[pair]
            if spec.form is not None and spec.meaning is not Meaning.WITHDRAWAL:
                yield spec.schema_name, form

    def _withdrawn(self) -> Iterator[tuple[str, Form]]:
        """Messages that only name a dossier, and may have no other fields."""
        for pair, form in self.forms.items():
            spec = self.procedure.messages[pair]
            if spec.form is not None and spec.meaning is Meaning.WITHDRAWAL:
                yield spec.schema_name, form

    def _fields(self, where: str, prefix: str, fields: Iterable[FieldSpec], repeats: int = 0) -> Iterator[str]:
        for spec in fields:
            path = f"{prefix}{spec.path}"
            partial = [(name, form) for name, form in self._withdrawn() if form.spot(path) is not None]
            for name, form in (*self._read(), *partial):
                yield from _field_in_form(f"{where}: {spec.name}", path, spec.type, repeats, name, form)

    def _groups(self) -> Iterator[str]:
        for group in self.procedure.groups:
            at = f"groups: {group.name}"
            for name, form in self._read():
                spot = form.spot(group.path)
                if spot is None:
                    yield f"{at}: the path {group.path} is not in {name}; correct the path or the XSD"
                elif spot.repeats != 1 or spot.is_value:
                    yield f"{at}: {group.path} is no repeated row in {name}; a group is one list of rows with fields"
            yield from self._fields(at, f"{group.path}/", group.fields, repeats=1)

    def _ignored(self) -> Iterator[str]:
        """A mandatory value that is not read would be lost silently."""
        mapped = {spec.path.replace("/@", "@") for spec in self.procedure.fields}
        for group in self.procedure.groups:
            mapped |= {f"{group.path}/{spec.path}".replace("/@", "@") for spec in group.fields}
        ignored = self.procedure.ignored
        amends = self.procedure.amends
        whole = (*ignored, amends.replacement) if amends and amends.replacement else ignored
        for path in ignored:
            if path in mapped:
                yield f"ignored: {path} is mapped by a field; leave it out of one"
            elif self.forms and all(form.spot(path) is None for form in self.forms.values()):
                yield f"ignored: {path} is in no XSD of the procedure; leave it out or correct it"
        left = {
            spot.path: self.procedure.messages[pair].schema_name
            for pair, form in self.forms.items()
            for spot in form.demanded(mapped)
            if spot.is_value
            and spot.path not in mapped
            and not any(f"{spot.path}/".startswith(f"{path}/") for path in whole)
        }
        for path, name in left.items():
            yield f"fields: {path} is mandatory in {name} and not mapped; map it, or name it in ignored"

    def _completion(self, completion: CompletionSpec, form: Form) -> Iterator[str]:
        last, filled, doubtful = -1, set(), dict[str, str]()
        for item in completion.content:
            at, spot = f"completion: {item.path}", form.spot(item.path)
            type_, certain = self._source(item.source)
            if type_ is None:
                more = (*PLACED, *(AMENDMENT_SOURCES if self.procedure.amends else ()))
                known = ", ".join((*SOURCES, *more, "declaration.<field>", "deadline.<name of a bring_within>"))
                yield f"{at}: from {item.source}: there is no such source; there are: {known}"
            if spot is None or not spot.is_value or "@" in spot.path:
                yield f"{at}: no element with a value in {completion.schema_name}; correct the path or the XSD"
                continue
            if form.position(spot.path) <= last:
                yield f"{at}: is too early; keep to the order of {completion.schema_name}"
            last = max(last, form.position(spot.path))
            filled.add(spot.path)
            if type_ is not None and not spot.fits(XSD_TYPES.get(type_, frozenset())):
                yield f"{at}: {item.source} is of type {type_}, which does not fit the XSD's; correct one of them"
            if type_ is not None and not certain:
                doubtful[spot.path] = item.source
        yield from _unfilled(form, filled, doubtful, completion.schema_name)

    def _source(self, source: str) -> tuple[str | None, bool]:
        """The type of a completion's source (None: no such source), and whether it always has a value."""
        if source in SOURCES:
            return SOURCES[source], source not in MAY_BE_ABSENT
        if source in AMENDMENT_SOURCES and self.procedure.amends is not None:
            return AMENDMENT_SOURCES[source], True
        if source in PLACED and self.procedure.amends is not None:
            return "code", True  # those of the dossier that is amended: proved in catalogue/amends
        kind, _, name = source.partition(".")
        if source in PLACED:
            kind, name = "declaration", self.procedure.place.get(PLACED[source], "")
        if kind == "deadline" and self.procedure.amends is not None:
            return "date", False  # that of the dossier that is amended: proved in catalogue/amends
        if kind == "deadline":
            known = any(limit.name == name and limit.kind == BRING_WITHIN for limit in self.procedure.deadlines)
            return ("date" if known else None), False
        spec = self.procedure.field(name) if kind == "declaration" else None
        if spec is None:
            return None, False
        spots = [form.spot(spec.path) for _, form in self._read()]
        return spec.type, all(spot is not None and spot.certain for spot in spots)


def _unfilled(form: Form, filled: set[str], doubtful: Mapping[str, str], name: str) -> Iterator[str]:
    """What a confirmation must have, and is not filled or may be left empty.

    An element that nothing fills is not written. So what is mandatory below one that may be left out is missed only
    where something else brings that element about.
    """
    for spot in form.demanded(filled):
        inside = {path for path in filled if f"{path}/".startswith(f"{spot.path}/")}
        if not inside:
            yield f"completion: {spot.path} is mandatory in {name} and not filled; fill it"
        elif inside <= doubtful.keys() and any(each.path == spot.path for each in form.demanded(filled - inside)):
            source = doubtful[min(inside)]
            yield f"completion: {spot.path}: mandatory, but {source} may be absent; make one of them as the other"


def _field_in_form(at: str, path: str, type_: str, repeats: int, name: str, form: Form) -> Iterator[str]:
    spot = form.spot(path)
    if spot is None:
        yield f"{at}: the path {path} is not in {name}; correct the path or the XSD"
    elif not spot.is_value:
        yield f"{at}: {path} in {name} holds elements and no value; name the element that holds the value"
    elif spot.repeats > repeats:
        yield f"{at}: {path} may stand more than once in {name}, and only the first would be read; map it in a group"
    elif type_ in XSD_TYPES and not spot.fits(XSD_TYPES[type_]):
        found = " | ".join("/".join(sorted(kinds)) for kinds in spot.kinds)
        yield f"{at}: type {type_} does not fit {path} in {name}, which is {found}; correct the type or the XSD"
    elif type_ in SAMPLES:
        yield from _facets(f"{at}: type {type_} does not fit {path} in {name}", type_, spot)


def _facets(at: str, type_: str, spot: Spot) -> Iterator[str]:
    """A text that may be anything by its ground, and by its facets nothing that the type could be."""
    if spot.listed:
        for value in spot.listed:
            try:
                CONVERTERS[type_](value)
            except (ValueError, KeyError):
                yield f"{at}, which lists {value!r}: that is no {type_}; correct the type or the XSD"
    elif not spot.takes(SAMPLES[type_]):
        yield f"{at}, whose facets let no {type_} through; correct the type or the XSD"
