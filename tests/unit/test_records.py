"""Typed records and new rows agree with their tables: the columns, their types, and whether they may be null."""

from __future__ import annotations

from dataclasses import fields
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from sqlalchemy import JSON, Column, Table

from adapter.gateways.store import new_access_rows, new_rows, tables
from adapter.gateways.store.access_records import StoredDraft, StoredSession, StoredStatementValue, StoredToken
from adapter.gateways.store.deadline_records import StoredDeadline
from adapter.gateways.store.dossier_records import (
    OriginalReply,
    ParkedMessage,
    ReplyWithoutBody,
    StoredConfirmation,
    StoredDossier,
)
from adapter.gateways.store.pairs import StoredPair
from adapter.gateways.store.paper_records import StoredPaperRecord
from adapter.gateways.store.proposals import Decided, NewProposal, StoredProposal
from adapter.gateways.store.records import (
    StoredAmendment,
    StoredEntry,
    StoredMessage,
    StoredReply,
    StoredRequest,
    StoredVersion,
)
from adapter.gateways.store.window_records import StoredIncident, StoredLink, StoredMaintenance, StoredWindow

RECORDS = {
    StoredMessage: tables.inbox,
    StoredReply: tables.outbox,
    StoredVersion: tables.declaration,
    StoredRequest: tables.amendment_request,
    StoredAmendment: tables.amendment,
    StoredConfirmation: tables.confirmation,
    StoredEntry: tables.journal,
    StoredDossier: tables.dossier,
    StoredDeadline: tables.deadline,
    StoredWindow: tables.window,
    StoredIncident: tables.incident,
    StoredMaintenance: tables.maintenance,
    StoredLink: tables.window_link,
    StoredToken: tables.token,
    StoredSession: tables.session,
    StoredDraft: tables.draft,
    StoredStatementValue: tables.statement_value,
    StoredProposal: tables.proposal,
    StoredPaperRecord: tables.paper_record,
    StoredPair: tables.dossier_link,
}
PARTS = {ReplyWithoutBody: tables.outbox, ParkedMessage: tables.inbox}
"""Records of some columns of one table."""
COMPUTED = {"size", "head"}
"""What a statement makes of a column."""
NEW = {
    new_rows.NewMessage: tables.inbox,
    new_rows.NewReply: tables.outbox,
    new_rows.NewRequest: tables.amendment_request,
    new_rows.NewAmendment: tables.amendment,
    new_rows.NewDeadline: tables.deadline,
    new_rows.NewConfirmation: tables.confirmation,
    new_rows.DeclaredPlace: tables.dossier,
    new_rows.AmendmentDecision: tables.amendment,
    new_rows.DraftChange: tables.draft,
    new_rows.WindowChange: tables.window,
    new_access_rows.NewToken: tables.token,
    new_access_rows.NewSession: tables.session,
    new_access_rows.SessionHolder: tables.session,
    new_access_rows.NewPerson: tables.person,
    new_access_rows.NewDraft: tables.draft,
    new_access_rows.ActingFor: tables.draft,
    new_access_rows.NewCertificate: tables.certificate,
    new_access_rows.NewAuthorisation: tables.authorisation,
    new_access_rows.NewSuspension: tables.suspension,
    new_access_rows.NewStatementValue: tables.statement_value,
    new_access_rows.NewLink: tables.window_link,
    NewProposal: tables.proposal,
    Decided: tables.proposal,
}


def kind_of(column: Column[Any]) -> str:
    """The Python type of a column."""
    kinds = {tables.Moment: "datetime", JSON: "json"}
    kind = next((name for type_, name in kinds.items() if isinstance(column.type, type_)), "")
    return kind or column.type.python_type.__name__


def typed(hint: Any) -> tuple[str, bool]:
    """The Python type of a field, and whether it may be absent."""
    options = get_args(hint) if get_origin(hint) is UnionType else (hint,)
    real = next(each for each in options if each is not type(None))
    name = (get_origin(real) or real).__name__
    is_json = name in ("list", "dict", "Mapping", "Sequence") or is_typeddict(real)
    return "json" if is_json else name, type(None) in options


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_a_record_is_its_table(record: type[Any]) -> None:
    columns, hints = RECORDS[record].columns, get_type_hints(record)
    assert [each.name for each in fields(record)] == [column.name for column in columns]
    stated = {name: typed(hint) for name, hint in hints.items()}
    assert stated == {each.name: (kind_of(each), bool(each.nullable)) for each in columns}


@pytest.mark.parametrize("record", PARTS, ids=lambda record: record.__name__)
def test_a_record_of_some_columns_has_their_types(record: type[Any]) -> None:
    hints = {name: typed(hint) for name, hint in get_type_hints(record).items() if name not in COMPUTED}
    columns = PARTS[record].columns
    assert hints == {name: (kind_of(columns[name]), bool(columns[name].nullable)) for name in hints}


def test_an_original_reply_is_a_reply_with_its_bytes() -> None:
    before, after = get_type_hints(StoredReply), get_type_hints(OriginalReply)
    assert {name for name in after if after[name] != before[name]} == {"body"}
    assert after["body"] is bytes


@pytest.mark.parametrize("row", NEW, ids=lambda row: row.__name__)
def test_a_new_row_has_columns_of_its_table(row: type[Any]) -> None:
    table: Table = NEW[row]
    for name, hint in get_type_hints(row).items():
        kind, may_be_null = typed(hint)
        assert kind == kind_of(table.columns[name]), name
        assert table.columns[name].nullable or not may_be_null or name == "dossier_id", name
