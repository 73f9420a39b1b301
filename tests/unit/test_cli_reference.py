"""docs/cli.md is what the program says of itself."""

from __future__ import annotations

from adapter.cli.reference import reference
from tests.harness.pki import ROOT


def test_the_page_is_the_commands_own_words() -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert page == reference(), "make it anew: python -m adapter.cli.reference > docs/cli.md"


def test_every_command_takes_a_configuration_but_those_that_read_none() -> None:
    sections = reference().split("\n## ")[1:]
    without = [section.splitlines()[0] for section in sections if "`--config FILE`" not in section]
    assert sorted(without) == ["nsw-adapter config init", "nsw-adapter database grants"]


def test_every_argument_and_option_is_explained() -> None:
    rows = [line for line in reference().splitlines() if line.startswith("| `") and line.count("|") == 4]
    assert [row for row in rows if row.split("|")[2].strip() == ""] == []
