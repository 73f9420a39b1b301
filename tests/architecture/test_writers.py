"""Which use cases may write. On SQLite whoever writes takes the one writer's turn; everything else reads beside it."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import adapter
from tests.harness.pki import ROOT
from tests.harness.source import tree_of

PACKAGE = ROOT / adapter.__name__
WRITERS = {
    "gateways/store/database.py": {"Database.altering"},
    "gateways/store/rates.py": {"count"},
    "services/messages/tries.py": {"Tries.begin", "Tries.settle", "Tries.take_back"},
    "services/registers/report_views.py": {"ReportViews.create", "ReportViews.drop"},
    "services/registers/accounts.py": {
        *("Accounts.suspend", "Accounts.restore"),
        *("Accounts.list", "Accounts.overview", "Accounts.may_restore", "Accounts.told"),  # that they were shown
    },
    "services/registers/authorisations.py": {
        *("Authorisations.grant", "Authorisations.revoke"),
        "Authorisations.list",  # that they were shown is journalled
    },
    "services/registers/entered_grants.py": {
        "EnteredGrants.withdraw",
        *("EnteredGrants.of_unit", "EnteredGrants.about", "EnteredGrants.letter"),  # that they were shown
    },
    "services/registers/delegations.py": {"Delegations.grant", "Delegations.end"},
    "services/registers/grants.py": {"Grants.give", "Grants.withdraw"},
    "services/registers/own_certificates.py": {"ProvenCertificates.register", "ProvenCertificates.suspend"},
    "services/registers/signed_grants.py": {"SignedGrants.give"},
    "services/statements/issuing.py": {"Statements.issue", "Statements.sweep"},
    "services/door/signed_uploads.py": {"ProvenUploads.open", "ProvenUploads.became"},
    "services/dossiers/paper_records.py": {
        *("PaperRecords.enter", "PaperRecords.check", "PaperRecords.send_back"),
        "PaperRecords.show",  # that it was shown is journalled
    },
    "services/attachments/keeping.py": {
        *("Attachments.to_draft", "Attachments.to_nothing_yet", "Attachments.to_paper"),
        *("Attachments.trim", "Attachments.sweep"),
    },
    "services/attachments/giving.py": {"AttachmentsGiven.to_officer"},  # that it was given out is journalled
    "services/attachments/scanning.py": {"Scanning.again"},  # what the scanner says now is kept
    "services/dossiers/pairs.py": {"Pairs.settle", "Pairs.reopen"},
    "services/portal_failure/announcing.py": {
        "FailureJournal.write",
        "PortalFailureActs.contacts",  # that telephone numbers were shown is journalled
    },
    "services/watch/reconciliation.py": {"Reconciliation.reported"},  # what stood in the signed report
    "services/dossiers/own.py": {"OwnDossiers.open"},  # what he opens counts as delivered
    "services/dossiers/versions.py": {"Versions.of"},  # that personal values were shown is journalled; else it reads
    "services/watch/deadlines.py": {"Deadlines.watch"},
    "services/door/declarations.py": {"Declarations.read", "Declarations.reply"},  # what is read counts as delivered
    "services/dossiers/desk.py": {"Desk.record"},
    "services/replies/dispatch.py": {"Dispatch._one_at_a_time", "Dispatch.round"},
    "services/door/taking.py": {"Judging._draw"},
    "services/door/presses.py": {"Presses.hold_file"},
    "services/door/retention.py": {"DraftRetention.sweep"},
    "services/door/drafts.py": {
        *("Drafts.begin", "Drafts.begin_about", "Drafts.discard"),
        *("Drafts.change", "Drafts._settle"),
    },
    "services/registers/expiry.py": {"Expiry.alert"},
    "services/dossiers/original_papers.py": {"OriginalPapers.brought"},
    "services/messages/intake.py": {"Intake._store", "Intake.foresee"},  # what is foreseen is taken back
    "services/dossiers/lookup.py": {"Lookup.find"},  # that somebody asked is journalled
    "services/customs/searches.py": {"Searches.search", "Searches.decision"},
    "services/customs/audit.py": {"LookupAudit.looked"},
    "services/customs/granted.py": {"LookupRights._state"},
    "services/customs/assertions.py": {"Assertions._caller"},  # each is used once
    "services/customs/clients.py": {"Clients._enter", "Clients.end"},
    "services/dossiers/life.py": {"DossierReader.life"},  # as Versions.of
    "services/messages/quarantine.py": {"Quarantine.payload", "Quarantine.replay", "Quarantine._give_back"},
    "services/registers/certificates.py": {
        *("Registry._answer", "Registry.register", "Registry._change"),
        *("Registry.list", "Registry.show", "Registry.waiting"),  # that they were shown is journalled
    },
    "services/messages/replays.py": {"SessionReplays._one"},
    "services/messages/browser.py": {"MessageBrowser.unmask"},
    "services/replies/resend.py": {"Resend.again"},
    "services/replies/settling.py": {"Settling._one"},
    "services/replies/signing.py": {"Signing._one"},
    "services/access/offices.py": {"Offices.add", "Offices.change", "Offices.remove"},
    "services/access/proposals.py": {
        f"Proposals.{name}" for name in ("draft", "ask", "confirm", "decline", "withdraw", "_try")
    },
    "services/access/people.py": {"People.add", "People.change", "People.remove", "People.restore"},
    "services/access/browser_sessions.py": {
        f"BrowserSessions.{name}" for name in ("begin", "find", "end", "end_by_provider")
    },
    "services/access/emergency.py": {
        *("EmergencyAccess.set_secret", "EmergencyAccess.open", "EmergencyAccess._judged"),
    },
    "services/access/sessions.py": {"Sessions.start", "Sessions.act_for"},
    "services/access/staff_sessions.py": {"StaffSessions.admit"},
    "services/dossiers/case_file.py": {"CaseFiles.open"},  # as Versions.of
    "services/dossiers/worklist.py": {"WorkLists._keep"},  # that who declared was shown is journalled
    "services/dossiers/printing.py": {"CasePrints.of"},  # that it was shown is journalled
    "services/access/tokens.py": {"Tokens._issue", "Tokens.revoke"},
    "services/messages/waiting.py": {"Waiting.wake", "Waiting.seal"},
    "services/notifications/addresses.py": {
        *("MailAddresses.state", "MailAddresses.confirm", "MailAddresses.remove"),
    },
    "services/notifications/inbox.py": {"NotificationInbox.read"},
    "services/notifications/mailing.py": {"Mailing._spread", "Mailing._try"},
    "services/notifications/overdue.py": {"OverdueNotifications.watch"},
    "services/access/rates.py": {"Rates.sweep"},
    "services/watch/mode_notices.py": {"ModeNotices.sign"},
    "services/watch/looks.py": {"Looks.count_messages", "Looks._keep", "Looks._fail"},
    "services/watch/readings.py": {"Reading.keep"},
    "services/watch/links.py": {"Links.state", "Links.take_back"},
    "services/watch/window.py": {
        *("Window._refreshed", "Window.refresh", "Window.override", "Window.end_override", "Window.end_notice"),
        *("Window.confirm_suspicion", "Window.plan"),
    },
}
"""File to use cases that open a transaction which may write. `reading()` cannot: both databases refuse it."""


def _writing(node: ast.AST, names: tuple[str, ...] = ()) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        here = (*names, child.name) if isinstance(child, ast.FunctionDef | ast.ClassDef) else names
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute) and _writes(child, child.func.attr):
            yield ".".join(here)
        yield from _writing(child, here)


def _writes(call: ast.Call, name: str) -> bool:
    """`transaction()`, and `single(writes=True)`."""
    said = {each.arg: ast.unparse(each.value) for each in call.keywords}
    return name == "transaction" or (name == "single" and said.get("writes") != "False")


def test_only_the_use_cases_listed_may_write() -> None:
    found = {
        str(file.relative_to(PACKAGE)): writing
        for file in sorted(PACKAGE.rglob("*.py"))
        if "migrations" not in file.parts and (writing := set(_writing(tree_of(file))))
    }
    assert found == WRITERS, "what only reads opens `reading()`"


def test_no_command_and_no_entry_point_opens_a_transaction() -> None:
    assert [file for file in WRITERS if file.startswith(("cli/", "entrypoints/"))] == [], "a service does"


def test_a_use_case_that_opens_the_writers_turn_would_be_found() -> None:
    told = "class Lists:\n    def all(self):\n        with self.database.transaction() as it:\n            return it"
    assert set(_writing(ast.parse(told))) == {"Lists.all"}
