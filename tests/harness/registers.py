"""What the registers hold while the fixtures are judged, put there by the commands that an operator types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from adapter.bootstrap import Components, assemble
from tests.harness.commands import nsw_adapter
from tests.harness.fixtures import Case
from tests.harness.pki import shared_pki
from tests.harness.premises import Premises, furnish
from tests.harness.registered import SINCE, declarants, register_declarants
from tests.harness.stores import ensure_tables


@contextmanager
def gate(
    folder: Path, database_url: str | None = None, changes: Mapping[str, Any] | None = None
) -> Iterator[Components]:
    """A gate's adapter at the fixtures' clock, without a broker; its store holds the declarants' certificates only."""
    premises = furnish(folder, changes, database_url=database_url)
    made = assemble(premises.config)
    ensure_tables(made.database)
    register_declarants(made, shared_pki())
    yield made
    made.database.close()


_OFFICER = ("--officer", "cb-0001")


def furnish_register(premises: Premises, cases: Sequence[Case]) -> int:
    """Make the tables, register the declarants' certificates, and what the cases ask for; gives how many were.

    Raises:
        CannotGoOn: a command did not do it.
    """
    nsw_adapter(premises, "database", "upgrade")
    files = [str(premises.pki.certificate_file(name)) for name in declarants()]
    since = ("--since", SINCE.isoformat())
    imported = nsw_adapter(premises, "certificate", "import", *files, "--registered-with", "portal", *since)
    for case in cases:
        _furnish(premises, case)
    return len(imported)


def _furnish(premises: Premises, case: Case) -> None:
    for each in case.register.authorisations:
        told = ("--holder", each.holder, "--principal", each.principal, "--document", each.document)
        nsw_adapter(premises, "authorisation", "grant", *told, "--from", SINCE.isoformat())
    for account in case.register.suspended_accounts:
        at = ("--unit", account.unit) if account.unit else ()
        nsw_adapter(premises, "account", "suspend", account.number, *at, "--reason", account.reason, *_OFFICER)
    for party, reason in case.register.suspended_certificates.items():
        serial = f"{premises.pki.party(party).certificate.serial_number:x}"
        nsw_adapter(premises, "certificate", "suspend", serial, "--reason", reason, *_OFFICER)
