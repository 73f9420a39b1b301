"""Compile schemas/ and mappings/ into one Catalogue; faults are collected and reported together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from lxml import etree

from adapter.catalogue import shapes
from adapter.catalogue.calendar import read_calendar
from adapter.catalogue.consequences import CONSEQUENCES_FILE, Consequences, read_consequences
from adapter.catalogue.customs_view import CUSTOMS_FILE, read_customs_view
from adapter.catalogue.make import _named_list, make_deadline, make_meanings, make_procedure, make_title
from adapter.catalogue.notifications import NOTIFICATIONS_FILE, read_notifications
from adapter.catalogue.strict_yaml import NoYaml, read_yaml
from adapter.catalogue.texts import finding_faults, read_findings
from adapter.model.calendar import Calendar
from adapter.model.catalogue import Catalogue, Code, ReplySpec
from adapter.model.customs_view import CustomsView
from adapter.model.duties import Deadline
from adapter.model.errors import Misconfigured
from adapter.model.finding import FindingCatalogue
from adapter.model.identifiers import ProcedureCode
from adapter.model.notification import NO_NOTIFICATIONS, NotificationKinds
from adapter.model.procedure import Label, Meaning, MessageSpec, Procedure, ReplyKind, RequestWords
from adapter.model.statement import Purpose, StatementForm

T = TypeVar("T")


PROCEDURE_FILE = "procedure.yaml"
CALENDAR_FILE = "calendar.yaml"
LIMITS_FILE = "deadlines.yaml"


@dataclass(frozen=True, slots=True)
class DataFiles:
    """Where the data files are."""

    schemas: Path
    mappings: Path
    calendar: Path | None = None
    """The calendar of working days; None: the one among the mappings."""
    switched: Path | None = None
    """A folder of code lists and a calendar that administrators have switched on, in place of the installed files."""

    @property
    def calendar_file(self) -> Path:
        """Where the calendar is read from."""
        return self._in_force(self.calendar or self.mappings / CALENDAR_FILE, CALENDAR_FILE)

    @property
    def list_files(self) -> list[Path]:
        """Where the code lists are read from."""
        installed = sorted((self.mappings / "codelists").glob("*.yaml"))
        return [self._in_force(file, file.name) for file in installed]

    def _in_force(self, installed: Path, name: str) -> Path:
        switched = self.switched / name if self.switched else installed
        return switched if switched.exists() else installed


class Loader:
    """Reads the files once and keeps every compiled XSD, so that messages of one procedure share it."""

    def __init__(self, source: DataFiles) -> None:
        self._source = source
        self._schemas: dict[str, etree.XMLSchema] = {}
        self._titles: dict[str, Label] = {}
        self.faults: list[str] = []

    def catalogue(self) -> Catalogue:
        """All loaded data; `faults` names what could not be loaded."""
        file = self._source.mappings / "messages.yaml"
        messages = self._yaml(file, shapes.MESSAGES)
        meanings = self._guarded(file, lambda _: make_meanings(messages)) or {}
        replies = self._guarded(file, lambda _: self._replies(messages)) or {}
        technical = self._guarded(file, lambda _: self._technical(messages.get("technical", {}))) or {}
        statements = self._guarded(file, lambda _: self._statements(messages.get("statements")))
        consequences = self._consequences()
        codelists = self._codelists()  # before the procedures: a field knows what its list is called
        procedures: dict[ProcedureCode, tuple[Procedure, ...]] = {}
        for file in sorted(self._source.mappings.glob(f"*/*/{PROCEDURE_FILE}")):
            procedure = self._guarded(file, lambda path: self._procedure(path, meanings, technical, consequences))
            if procedure is not None:
                procedures[procedure.code] = (*procedures.get(procedure.code, ()), procedure)
        return Catalogue(
            procedures=procedures,
            codelists=codelists,
            meanings=meanings,
            replies=replies,
            schemas=dict(self._schemas),
            schema_files={name: str(self._source.schemas / name) for name in self._schemas},
            findings=self._findings() or FindingCatalogue({}),
            calendar=self._calendar() or Calendar(),
            reconciliation=self._reconciliation(),
            request_words=consequences.words,
            customs=self._customs(procedures) or CustomsView(),
            notifications=self._notifications() or NO_NOTIFICATIONS,
            statements=statements,
        )

    def _guarded(self, file: Path, load: Callable[[Path], T]) -> T | None:
        try:
            return load(file)
        except KeyError as error:
            self.faults.append(f"{file}: the key {error} is missing")
        except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError, Misconfigured) as error:
            self.faults.append(f"{file}: {error}")
        return None

    def _yaml(self, file: Path, shape: Any = None) -> dict[str, Any]:
        """A file's mapping; empty where it has none or something else stands in it than is meant, which is told."""
        document = self._document(file)
        if document is None:
            return {}
        wrong = [f"{file}: {fault}" for fault in shapes.misshapen(document, shape or {})]
        self.faults += wrong
        return {} if wrong else document

    def _document(self, file: Path) -> Any:
        try:
            document = read_yaml(file.read_bytes())
        except OSError as error:
            self.faults.append(f"{file}: {error.strerror}")
            return None
        except NoYaml as error:
            self.faults += [f"{file}: {fault}" for fault in error.faults]
            return None
        if document is None:
            self.faults.append(f"{file}: the file is empty; write what belongs into it")
        return document

    def _schema(self, name: str) -> etree.XMLSchema:
        if name not in self._schemas:
            file = self._source.schemas / name
            try:
                parser = etree.XMLParser(resolve_entities=False, no_network=True)
                self._schemas[name] = etree.XMLSchema(etree.parse(str(file), parser))
            except (OSError, etree.LxmlError) as error:
                raise Misconfigured(f"XSD {file}: {error}") from error
        return self._schemas[name]

    def _technical(self, stated: Mapping[str, Any]) -> dict[str, MessageSpec]:
        """Answers of the window to what we sent (99, 00): taken for every procedure, of any type."""
        specs = {}
        for name, function in (("receipt", "99"), ("error", "00")):
            if name in stated:
                schema = stated[name]["schema"]
                compiled = self._guarded(self._source.schemas / schema, lambda _, s=schema: self._schema(s))  # type: ignore[misc]
                if compiled is not None:
                    specs[f"*/{function}"] = MessageSpec(f"*/{function}", Meaning(name), "", schema, compiled)
        return specs

    def _procedure(
        self,
        file: Path,
        meanings: Mapping[str, Meaning],
        technical: Mapping[str, MessageSpec],
        consequences: Consequences,
    ) -> Procedure | None:
        stated = self._yaml(file, shapes.PROCEDURE)
        if not stated:
            return None  # faults are reported
        self.faults += [f"{file}: {fault}" for fault in consequences.faults(stated.get("rules"))]
        folder = f"{stated['procedure']}/{stated['version']}"
        if completion := stated.get("completion"):
            self._schema(f"{folder}/{completion['schema']}")
        messages = {**technical, **self._messages(stated, folder, meanings)}
        return make_procedure(stated, messages, self._titles, consequences)

    def _messages(
        self, stated: Mapping[str, Any], folder: str, meanings: Mapping[str, Meaning]
    ) -> dict[str, MessageSpec]:
        pairs = {meaning: pair for pair, meaning in meanings.items()}
        specs: dict[str, MessageSpec] = {}
        for item in stated.get("messages", []):
            meaning = Meaning(item["meaning"])
            name = f"{folder}/{item['schema']}"
            pair = pairs[meaning]
            late = bool(item.get("after_confirmation", False))
            specs[pair] = MessageSpec(pair, meaning, item["root"], name, self._schema(name), item.get("form"), late)
        return specs

    def _statements(self, stated: Mapping[str, Any] | None) -> StatementForm | None:
        """How signed statements are written; None for mappings of an earlier version, which have none."""
        if stated is None:
            return None
        says = {Purpose(name): Label(text["vi"], text["en"]) for name, text in stated["says"].items()}
        if missing := set(Purpose) - set(says):
            raise ValueError(f"statements: says has no words for {', '.join(sorted(missing))}")
        return StatementForm(self._schema(stated["schema"]), stated["schema"], says)

    def _codelists(self) -> dict[str, dict[str, Code]]:
        lists = {}
        for file in self._source.list_files:
            stated = self._yaml(file, shapes.CODE_LIST)
            if not stated:
                continue
            named = self._guarded(file, lambda _, s=stated: (*_named_list(s), make_title(s)))  # type: ignore[misc]
            if named is not None:
                name, codes, title = named
                lists[name] = codes
                if title is not None:
                    self._titles[name] = title
        return lists

    def _calendar(self) -> Calendar | None:
        file = self._source.calendar_file
        stated = self._yaml(file)
        return self._guarded(file, lambda _: read_calendar(stated))

    def _reconciliation(self) -> Deadline | None:
        """A time limit that belongs to no procedure."""
        file = self._source.mappings / LIMITS_FILE
        stated = self._yaml(file, shapes.LIMITS)
        return self._guarded(file, lambda _: make_deadline({"kind": "reconcile_within", **stated["reconciliation"]}))

    def _consequences(self) -> Consequences:
        file = self._source.mappings / CONSEQUENCES_FILE
        stated = self._yaml(file, shapes.CONSEQUENCES)
        found = self._guarded(file, lambda _: read_consequences(stated)) if stated else None
        return found or Consequences({}, RequestWords())

    def _customs(self, procedures: Mapping[ProcedureCode, tuple[Procedure, ...]]) -> CustomsView | None:
        file = self._source.mappings / CUSTOMS_FILE
        if not file.exists():  # mappings of an earlier version: customs see what a dossier itself says
            return None
        stated = self._yaml(file, shapes.CUSTOMS)
        every = [procedure for versions in procedures.values() for procedure in versions]
        return self._guarded(file, lambda _: read_customs_view(stated, every)) if stated else None

    def _notifications(self) -> NotificationKinds | None:
        file = self._source.mappings / NOTIFICATIONS_FILE
        if not file.exists():  # mappings of an earlier version tell nobody anything
            return None
        stated = self._yaml(file, shapes.NOTIFICATIONS)
        return self._guarded(file, lambda _: read_notifications(stated)) if stated else None

    def _findings(self) -> FindingCatalogue | None:
        file = self._source.mappings / "findings.yaml"
        stated = self._yaml(file, shapes.FINDINGS)
        found = self._guarded(file, lambda _: read_findings(stated)) if stated else None
        if found is not None:
            self.faults += [f"{file}: {fault}" for fault in finding_faults(found)]
        return found

    def _replies(self, messages: Mapping[str, Any]) -> dict[ReplyKind, ReplySpec]:
        replies = {
            ReplyKind(name): ReplySpec(
                kind=ReplyKind(name),
                type=None if spec["type"] == "=" else spec["type"],
                function=spec["function"],
                schema_name=spec.get("schema"),
            )
            for name, spec in messages.get("replies", {}).items()
        }
        for spec in replies.values():
            if spec.schema_name:
                self._schema(spec.schema_name)
        return replies


def load(source: DataFiles) -> Catalogue:
    """Load everything.

    Raises:
        Misconfigured: with every fault of the files.
    """
    loader = Loader(source)
    catalogue = loader.catalogue()
    if loader.faults:
        raise Misconfigured("\n".join(loader.faults))
    return catalogue
