"""Times that a person reads stand in one zone, Asia/Ho_Chi_Minh: each that is written out is brought there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import adapter
from tests.harness.pki import ROOT
from tests.harness.source import tree_of, walked

PACKAGE = ROOT / adapter.__name__
LISTED = {
    "catalogue/calendar.py": {"day": "a day"},
    "cli/check_messages.py": {
        "days.isoformat": "a day",
        "datetime.fromisoformat(day + clock) + by": "a form's own time, moved",
    },
    "entrypoints/web/moments.py": {"day": "a day"},
    "gateways/spreadsheets/child.py": {"value": "a cell's day or time, which has no zone"},
    "pipeline/statement.py": {"terms.until.isoformat": "a day"},
    "gateways/store/journal.py": {"entry.at.astimezone(UTC).isoformat": "what is hashed: never another spelling"},
    "gateways/store/seals.py": {"at.astimezone(UTC).isoformat": "what is hashed"},
    "pipeline/converters.py": {"value.isoformat": "a form's day"},
    "pipeline/forms/entry.py": {
        "day.isoformat": "a day",
        "date.fromisoformat(text)": "a day",
        "date.fromisoformat(f'{text}-01')": "a month",
        "moment": "as it stands in a form, which is Vietnam's time",
    },
    "pipeline/mapping.py": {"self.on.isoformat": "a day"},
    "pipeline/mrz.py": {"known": "a day"},
    "pipeline/rules/codes.py": {"on.isoformat": "a day"},
    "pipeline/signature/signing_time.py": {
        "sent.isoformat": "a header's time, which is Vietnam's",
        "claimed.isoformat": "as the signer wrote it, with his zone",
    },
}
"""File to what is written out there and why that is no time in another zone. The simulator speaks for others."""


_ZONED = re.compile(r"\.(astimezone|now)\(VIETNAM\)(\.isoformat|\.strftime)?$")


def _receivers(tree: ast.Module) -> Iterator[str]:
    """Whatever is written out as a time or day: the receiver of isoformat or strftime, or a `{...:%Y...}`."""
    for node in walked(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("isoformat", "strftime"):
            yield ast.unparse(node)
        if (
            isinstance(node, ast.FormattedValue)
            and node.format_spec is not None
            and "%" in ast.unparse(node.format_spec)
        ):
            yield ast.unparse(node.value)


def _unzoned(tree: ast.Module) -> set[str]:
    return {each for each in _receivers(tree) if not _ZONED.search(each)}


def test_every_time_that_is_written_out_is_vietnams_or_says_why_not() -> None:
    found = {
        str(file.relative_to(PACKAGE)): told
        for file in sorted(PACKAGE.rglob("*.py"))
        if "simulator" not in file.parts and (told := _unzoned(tree_of(file)))
    }
    assert found == {file: set(each) for file, each in LISTED.items()}


DAYS = {"cli/check_messages.py": {"datetime.fromisoformat(day) + timedelta(hours=12) + by": "a form's own day, moved"}}


def _days(tree: ast.Module) -> set[str]:
    """Whatever a day is taken of, and is not brought to Vietnam's zone before: the receiver of `date()`."""
    calls = (node.func for node in walked(tree) if isinstance(node, ast.Call))
    taken = (ast.unparse(each.value) for each in calls if isinstance(each, ast.Attribute) and each.attr == "date")
    return {each for each in taken if not _ZONED.search(each)}


def test_every_day_is_vietnams_or_says_why_not() -> None:
    found = {
        str(file.relative_to(PACKAGE)): told for file in sorted(PACKAGE.rglob("*.py")) if (told := _days(tree_of(file)))
    }
    assert found == {file: set(each) for file, each in DAYS.items()}


def test_a_day_of_another_zone_would_be_found() -> None:
    assert _days(ast.parse("day = self.clock().date()")) == {"self.clock()"}
    assert not _days(ast.parse("day = at.astimezone(VIETNAM).date()"))


def test_a_time_in_another_zone_would_be_found() -> None:
    assert _unzoned(ast.parse("told = f'expired on {end:%Y-%m-%d}'")) == {"end"}
    assert _unzoned(ast.parse("told = at.isoformat()")) == {"at.isoformat"}
    assert not _unzoned(ast.parse("told = f'{at.astimezone(VIETNAM):%Y-%m-%d}'"))
