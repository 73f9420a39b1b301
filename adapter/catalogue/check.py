"""The check at start: mappings, schemas, code lists and rules agree, so that a broken file cannot reject a declarant.

Every fault is told at once, with its file, what is wrong, where, and what to do. It must never repair anything, and it
must never look at a message.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from itertools import chain, pairwise
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import xmlschema
from lxml import etree

from adapter.catalogue import amends
from adapter.catalogue.keywords import unknown
from adapter.catalogue.lists import CodeLists
from adapter.catalogue.load import PROCEDURE_FILE, DataFiles
from adapter.catalogue.names import Names
from adapter.catalogue.paths import Paths
from adapter.catalogue.slow_schemas import reporter
from adapter.catalogue.strict_yaml import NoYaml, read_yaml
from adapter.model.catalogue import Catalogue
from adapter.model.procedure import Procedure, ReplyKind
from adapter.pipeline.forms.places import Form, form_of, never_there

_BROKEN = (xmlschema.XMLResourceError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""Exceptions of xmlschema for a broken XSD."""
Compiled = Callable[[str], xmlschema.XMLSchema10]
"""The slow engine's XSD by name."""


def check(catalogue: Catalogue, source: DataFiles, compiled: Compiled | None = None) -> list[str]:
    """Every fault of the data; an empty list lets the program start. `compiled` shares what is compiled already."""
    schemas = _Schemas(source, compiled or reporter(source))
    schema_files, mappings = source.schemas, source.mappings
    faults = [*_told(schema_files, schemas.compile_all(catalogue.schema_files))]
    faults += _told(schema_files, schemas.never_there())
    faults += _told(mappings, _replies(catalogue, source))
    faults += _told(mappings, CodeLists(catalogue.codelists).faults(source.list_files))
    faults += _told(mappings, _document_types(catalogue, source))
    for versions in catalogue.procedures.values():
        faults.extend(_told(mappings, chain(_versions(versions, source), _orphans(versions, source))))
        for procedure in versions:
            file = _file(procedure, source)
            proofs = (_words(file), _proved(procedure, catalogue, schemas))
            faults.extend(f"{file}: {fault}" for proof in proofs for fault in _told("data", proof))
    return faults


def _told(what: object, faults: Iterable[str]) -> Iterator[str]:
    """The faults; an exception during the check is one fault, not a traceback."""
    try:
        yield from faults
    except Exception as error:  # noqa: BLE001  an unexpected error while reading a file is a fault of the file
        told = " ".join(str(error).split())[:200]
        yield f"{what}: cannot be proved: {type(error).__name__}: {told}; correct what was changed last"


def _file(procedure: Procedure, source: DataFiles) -> Path:
    return source.mappings / procedure.code / procedure.version / PROCEDURE_FILE


class _Schemas:
    """The XSDs in both engines, each compiled once."""

    def __init__(self, source: DataFiles, compiled: Compiled) -> None:
        self._source = source
        self._compiled = compiled
        self._schemas: dict[str, xmlschema.XMLSchema10] = {}

    def compile_all(self, named: Iterable[str]) -> Iterator[str]:
        """Compile what the mappings name; what those include is compiled with them; then what is left."""
        urls: set[str] = set()
        for name in named:
            yield from self._slow(name)
            if name in self._schemas:
                urls.update(str(part.url) for part in self._schemas[name].maps.schemas if part.url)
        covered = {Path(url2pathname(urlsplit(url).path)).resolve() for url in urls}
        for file in sorted(self._source.schemas.rglob("*.xsd")):
            if file.resolve() not in covered:
                yield from self._fast(file)
                yield from self._slow(str(file.relative_to(self._source.schemas)))

    def _fast(self, file: Path) -> Iterator[str]:
        try:
            etree.XMLSchema(etree.parse(str(file), etree.XMLParser(resolve_entities=False, no_network=True)))
        except (OSError, etree.LxmlError) as error:
            yield f"{file}: libxml2 cannot compile this XSD: {error}; correct it"

    def _slow(self, name: str) -> Iterator[str]:
        try:
            self._schemas[name] = self._compiled(name)
        except (OSError, xmlschema.XMLSchemaException, *_BROKEN) as error:
            told = str(error).strip().partition("\n")[0]
            yield f"{self._source.schemas / name}: xmlschema cannot compile this XSD: {told}; correct it"

    def never_there(self) -> Iterator[str]:
        """Schemas that no message can satisfy."""
        for name, schema in self._schemas.items():
            for path in never_there(schema):
                yield (
                    f"{self._source.schemas / name}: {path} is mandatory, and it is taken out before a message is "
                    f"validated, so none would ever be valid; make it optional"
                )

    def parts(self, name: str) -> list[str]:
        """The files that an XSD is made of, as they are named; empty where it does not compile."""
        if name not in self._schemas:
            return []
        root = self._source.schemas.resolve()
        urls = (str(part.url) for part in self._schemas[name].maps.schemas if part.url)
        files = (Path(url2pathname(urlsplit(url).path)).resolve() for url in urls)
        return sorted(file.relative_to(root).as_posix() for file in files if file.is_relative_to(root))

    def form(self, name: str, steps: str) -> Form | None:
        """The form below Envelope/Body/Content; None where there is none, or its XSD does not compile."""
        schema = self._schemas.get(name)
        return None if schema is None else form_of(schema, f"Body/Content/{steps}")


def _words(file: Path) -> Iterator[str]:
    if not file.is_file():
        yield "there is no such file; name its two folders after the procedure and the version stated in it"
        return
    with suppress(NoYaml):  # reported where it is loaded
        yield from unknown(read_yaml(file.read_bytes()))


def _replies(catalogue: Catalogue, source: DataFiles) -> Iterator[str]:
    file = source.mappings / "messages.yaml"
    for kind in ReplyKind:
        spec = catalogue.replies.get(kind)
        if spec is None:
            yield f"{file}: the reply {kind.value} is missing; state its type, function and schema"
        elif spec.schema_name is None and kind not in (ReplyKind.COMPLETION, ReplyKind.AMENDMENT_COMPLETION):
            yield f"{file}: the reply {kind.value} has no schema; name one, only completions take the procedure's own"


def _versions(versions: Sequence[Procedure], source: DataFiles) -> Iterator[str]:
    """One version on every day from the first one's beginning: the law in force must never be a matter of order."""
    dated = []
    for procedure in versions:
        file, begin, end = _file(procedure, source), procedure.effective_from, procedure.effective_to
        if not _is_day(begin) or not (end is None or _is_day(end)):
            yield f"{file}: effective: {begin} to {end} are no days; write yyyy-MM-dd, or null for no end"
        elif end is not None and end < begin:
            yield f"{file}: effective: ends on {end}, before it begins on {begin}; exchange or correct them"
        else:
            dated.append(procedure)
    for earlier, later in pairwise(sorted(dated, key=lambda procedure: procedure.effective_from)):
        file, begin = _file(later, source), later.effective_from
        if earlier.effective_to is None or begin <= earlier.effective_to:
            yield (
                f"{file}: effective: from {begin} version {earlier.version} is in force too; "
                f"end that one on {begin - timedelta(days=1)}"
            )
        elif begin > earlier.effective_to + timedelta(days=1):
            yield (
                f"{file}: effective: no version is in force from {earlier.effective_to + timedelta(days=1)} to "
                f"{begin - timedelta(days=1)}; close the gap after version {earlier.version}"
            )


def _document_types(catalogue: Catalogue, source: DataFiles) -> Iterator[str]:
    """A procedure that goes under another one's documentType takes messages that nobody else takes."""
    every = [procedure for versions in catalogue.procedures.values() for procedure in versions]
    for guest in (each for each in every if each.document_type != each.code):
        at, code = f"{_file(guest, source)}: document_type", guest.document_type
        if code not in catalogue.procedures:
            yield f"{at}: there is no procedure {code}; name one that has a mapping, or leave it out"
        for other in every:
            if other.code == guest.code or other.document_type != code:
                continue
            for pair in sorted(set(guest.messages) & set(other.messages)):
                if not pair.startswith("*/"):
                    yield f"{at}: {other.name} takes {pair} of {code} too; leave the message out of one"


def _orphans(versions: Sequence[Procedure], source: DataFiles) -> Iterator[str]:
    """Schemas of a version that no mapping speaks of: a version that somebody forgot would never come into force."""
    known = {procedure.version for procedure in versions}
    for folder in sorted((source.schemas / versions[0].code).glob("*/")):
        if folder.name not in known and any(folder.rglob("*.xsd")):
            file = source.mappings / versions[0].code / folder.name / PROCEDURE_FILE
            yield f"{folder}: there is no mapping for these schemas; write {file}, or take them away"


def _own(procedure: Procedure, schemas: _Schemas) -> Iterator[str]:
    """A version uses its own schemas: another version's would change with that one, or be deleted with it."""
    stated = [
        (f"messages: {spec.meaning.value}", spec.schema_name)
        for pair, spec in procedure.messages.items()
        if not pair.startswith("*/")
    ]
    if procedure.completion is not None:
        stated.append(("completion", procedure.completion.schema_name))
    own, siblings = f"{procedure.code}/{procedure.version}/", f"{procedure.code}/"
    for at, name in stated:
        plain = posixpath.normpath(name)
        if plain.startswith(siblings) and not plain.startswith(own):
            yield f"{at}: {plain} is another version's schema; copy it into {own} and name that"
            continue
        for part in schemas.parts(name):
            if part.startswith(siblings) and not part.startswith(own):
                yield f"{at}: {name} includes {part}, which is another version's; copy it into {own} and include that"


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _proved(procedure: Procedure, catalogue: Catalogue, schemas: _Schemas) -> Iterator[str]:
    forms = {}
    for pair, spec in procedure.messages.items():
        if pair.startswith("*/"):
            continue  # an answer of the window, the same for every procedure
        form = schemas.form(spec.schema_name, spec.root)
        if form is None:
            yield (
                f"messages: {spec.meaning.value}: {spec.schema_name} has no element "
                f"Envelope/Body/Content/{spec.root}; correct root or schema"
            )
        else:
            forms[pair] = form
    confirmation = None
    if (completion := procedure.completion) is not None:
        confirmation = schemas.form(completion.schema_name, f"{ReplyKind.COMPLETION.value}/{completion.root}")
        if confirmation is None:
            yield (
                f"completion: {completion.schema_name} has no element Envelope/Body/Content/"
                f"{ReplyKind.COMPLETION.value}/{completion.root}; correct root or schema"
            )
    yield from _own(procedure, schemas)
    yield from Paths(procedure, forms, confirmation).faults()
    yield from Names(procedure, catalogue.codelists).faults()
    yield from amends.faults(procedure, catalogue, forms, schemas.form)
