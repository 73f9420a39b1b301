"""No age is a plain `now - stored`: every subtraction of times is listed here with what it measures."""

from __future__ import annotations

import ast
import re

import adapter
from tests.harness.pki import ROOT
from tests.harness.source import tree_of, walked

PACKAGE = ROOT / adapter.__name__
_TIMES = re.compile(r"\bnow\b|clock\(|time\.time|\bat\b|_at\b|since|monotonic")
LISTED = {
    "services/access/proposals.py": {"now - _DRAFT_LASTS": "drafts older than that are forgotten"},
    "model/ages.py": {"now - stamp": "the one place"},
    "cli/agenda.py": {
        "now - timedelta.resolution": "a day that is asked for",
        "now - timedelta(days=days)": "a day that is asked for",
    },
    "cli/check_messages.py": {
        "at - sent": "how far an example's times are moved",
        "at - sent - timedelta(seconds=2)": "how far an example's times are moved",
    },
    "cli/steps.py": {"now - self._since": "CPU of this process, told only"},
    "entrypoints/clock.py": {
        "now - looked": "monotonic",
        "now - told": "monotonic",
        "self.seal_s - since": "seconds, of `age`",
        "self.window.clock() - timedelta(seconds=self.monotonic() - self.began)": "a time of now",
    },
    "entrypoints/consumer.py": {"now - self._asked": "monotonic"},
    "entrypoints/folding.py": {"now - at": "monotonic", "now - _AGAIN_S": "monotonic"},
    "entrypoints/web/customs/auditing.py": {"now - timedelta(days=days)": "a time that is looked for"},
    "entrypoints/web/operator/certificates_in_use.py": {
        "certificate.valid_to - self.now": "days to a certificate's end, told only"
    },
    "entrypoints/web/marks.py": {"limit.due_at - at": "whether a time limit is marked, shown only"},
    "entrypoints/supervisor.py": {"now - each.started": "monotonic"},
    "entrypoints/web/moments.py": {"due - now": "how long a time limit still runs, told only"},
    "gateways/identity/openid.py": {"now - _LOGOUT_AGE_S": "a time of now"},
    "services/access/browser_sessions.py": {"now - self.idle": "a time of now"},
    "gateways/store/migrations/versions/0002_three_times.py": {"row.due_at - row.noticed_at": "evidence from evidence"},
    "gateways/revocation/cache.py": {"time.time() - note.stat().st_mtime": "a cache: less than 0 is rewritten"},
    "pipeline/amendment/amend.py": {"form.declared_at - expected": "evidence from evidence"},
    "pipeline/terms.py": {
        "came_at + timedelta(hours=limit.amount) - moment": "how late somebody is, told only",
    },
    "pipeline/passing.py": {"self.at - at": "evidence from evidence"},
    "services/messages/passing.py": {"each.at - timedelta(hours=each.once.hours)": "a time that is looked for"},
    "services/dossiers/case_warnings.py": {"row.crossing_at - AROUND": "a time that is looked for"},
    "services/door/retention.py": {
        "now - self.keep": "a time that is looked for",
        "now - self.notice": "a time that is looked for",
    },
    "services/attachments/keeping.py": {"self.clock() - self.keep": "a time that is looked for"},
    "entrypoints/web/officer/paper_pages.py": {"at - 1": "the place of a row"},
    "services/dossiers/worklist.py": {"now - LATELY": "a time that is looked for"},
    "services/dossiers/paper_records.py": {
        "now.astimezone(VIETNAM).year - form.year": "years, of a number on a form",
        "self.clock() - _CORRECTED_IN": "a time that is looked for",
    },
    "services/portal_failure/contacts.py": {
        "now - timedelta(days=_OPEN_DAYS)": "a time that is looked for",
        "now - self._last": "monotonic time",
    },
    "services/watch/looks.py": {
        "now - timedelta(seconds=each.age_s)": "a time of now",
        "now - timedelta(days=DAYS)": "a time that is looked for",
        "now - timedelta(days=KEPT_DAYS)": "a time that is looked for",
        "now - _FORGOTTEN": "a time that is looked for",
        "now - (timedelta(days=KEPT_DAYS) if last else _FIRST)": "a time that is looked for",
    },
    "services/watch/mode_notices.py": {"change.at - timedelta(days=_OPEN_DAYS)": "a time that is looked for"},
    "services/statements/issuing.py": {"self.clock() - _KEPT": "a time that is looked for"},
    "services/registers/expiry.py": {
        "certificate.valid_to - now": "days to a certificate's end, told only",
        "each.valid_to - now": "the same",
    },
    "services/watch/readings.py": {
        "now - timedelta(seconds=CONFIRMED_S)": "a time that is looked for",
        "now - timedelta(minutes=1)": "the same",
    },
    "services/watch/turn.py": {
        "(row.opened_at or since) - timedelta(seconds=self.patience.suspect_s)": "a time that is looked for",
    },
    "services/watch/window.py": {
        "row.override_until - now": "the time that an override has left; less than 0: it is over"
    },
    "services/messages/item.py": {"now - since": "never after now: `Patience.until`"},
    "services/messages/judging.py": {"now - self._last": "perf_counter"},
}
"""File to expression to what it measures. A time that is stored is compared by `adapter.model.ages`."""


def subtractions(tree: ast.Module) -> set[str]:
    """Differences that look like those of times; `time.monotonic()` itself cannot be set."""
    found = {ast.unparse(n) for n in walked(tree) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Sub)}
    return {each for each in found if _TIMES.search(each) and not each.startswith(("time.monotonic", "self.monotonic"))}


def test_every_difference_of_times_is_listed_with_what_it_measures() -> None:
    found = {
        str(file.relative_to(PACKAGE)): {
            each for each in told if not re.search(r"- (time\.|self\.)?monotonic\(\)$", each)
        }
        for file in sorted(PACKAGE.rglob("*.py"))
        if "simulator" not in file.parts and (told := subtractions(tree_of(file)))
    }
    listed = {file: set(each) for file, each in LISTED.items()}
    unlisted = {file: told - listed.get(file, set()) for file, told in found.items()}
    assert {file: told for file, told in unlisted.items() if told} == {}, "use adapter.model.ages, or say what it is"
    gone = {file: told - found.get(file, set()) for file, told in listed.items()}
    assert {file: told for file, told in gone.items() if told} == {}, "nothing measures these any more"


def test_a_new_age_by_hand_would_be_told() -> None:
    assert subtractions(ast.parse("def f(row, clock): return (clock() - row.refreshed_at).total_seconds()"))
