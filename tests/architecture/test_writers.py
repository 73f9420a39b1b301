"""Which use cases may write. On SQLite whoever writes takes the one writer's turn; everything else reads beside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import adapter
from tests.harness.pki import ROOT

PACKAGE = ROOT / adapter.__name__
WRITERS = {
    "cli/reporting.py": {"views"},
    "entrypoints/consumer.py": {"Worker._again.take", "Worker._begin", "Worker._taken_back"},
    "gateways/database.py": {"Database.altering"},
    "services/accounts.py": {"Accounts.suspend", "Accounts.restore"},
    "services/authorisations.py": {"Authorisations.grant", "Authorisations.revoke"},
    "services/comparison.py": {"Versions.of"},  # that personal values were shown is journalled; else it reads
    "services/deadlines.py": {"Deadlines.watch"},
    "services/declarations.py": {"Declarations.read", "Declarations.reply"},  # what is read counts as delivered
    "services/desk.py": {"Desk.record"},
    "services/dispatch.py": {"Dispatch._one_at_a_time", "Dispatch.round"},
    "services/door.py": {"Door._draw"},
    "services/expiry.py": {"Expiry.alert"},
    "services/handing_in.py": {"HandingIn.brought"},
    "services/intake.py": {"Intake._store"},
    "services/lookup.py": {"Lookup.of_office", "Lookup.reply"},  # that somebody asked is journalled
    "services/oversight.py": {"Oversight.life"},  # as Versions.of
    "services/quarantine.py": {"Quarantine.replay", "Quarantine._give_back"},
    "services/registry.py": {"Registry.register", "Registry._change"},
    "services/signing.py": {"Signing._one"},
    "services/tokens.py": {"Tokens.issue", "Tokens.revoke"},
    "services/waiting.py": {"Waiting.wake", "Waiting.seal"},
    "services/window.py": {
        *("Window._read", "Window.refresh", "Window.override", "Window.end_override", "Window.end_notice"),
    },
}
"""File to use cases that open a transaction which may write. `reading()` cannot: both databases refuse it."""


def _writing(node: ast.AST, names: tuple[str, ...] = ()) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        here = (*names, child.name) if isinstance(child, ast.FunctionDef | ast.ClassDef) else names
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute) and child.func.attr == "transaction":
            yield ".".join(here)
        yield from _writing(child, here)


def test_only_the_use_cases_listed_may_write() -> None:
    found = {
        str(file.relative_to(PACKAGE)): writing
        for file in sorted(PACKAGE.rglob("*.py"))
        if "migrations" not in file.parts and (writing := set(_writing(ast.parse(file.read_text(encoding="utf-8")))))
    }
    assert found == WRITERS, "what only reads opens `reading()`"


def test_a_use_case_that_opens_the_writers_turn_would_be_found() -> None:
    told = "class Lists:\n    def all(self):\n        with self.database.transaction() as it:\n            return it"
    assert set(_writing(ast.parse(told))) == {"Lists.all"}
