"""The first version of each procedure goes on judging what was received in its days: every fixture that it knows.

`make test` plays one that ends in each way, and each finding once; a long proof all.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

import pytest

from tests.harness.fixtures import Case, load_cases
from tests.harness.pki import ROOT
from tests.harness.shares import share, words_of
from tests.procedures import facts
from tests.procedures.settling import Settling

CASES = load_cases()
OLD = share([case for case in CASES if case.version == "1"], len(CASES), words_of)
NEW = [case for case in CASES if case.version != "1"]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settling]:
    """The mappings as they were before there was a second version: the first one has no end."""
    folder = tmp_path_factory.mktemp("first")
    mappings = shutil.copytree(ROOT / "mappings", folder / "mappings")
    for later in mappings.glob("*/[23]"):
        shutil.rmtree(later)
    for file in mappings.glob("*/1/procedure.yaml"):
        text = re.sub(r"(effective: .*to: )[0-9-]+", r"\1null", file.read_text(encoding="utf-8"))
        file.write_text(text, encoding="utf-8")
    made = Settling(folder, CASES, [*OLD, *NEW], {"folders.mappings": str(mappings)})
    yield made
    made.close()


@pytest.mark.parametrize("case", OLD, ids=[case.id for case in OLD])
def test_the_first_version_still_judges_a_fixture_as_its_article_says(case: Case, first: Settling) -> None:
    found = facts.faults(first.of(case), first.whole)
    if found:
        pytest.fail("\n  ".join([case.id, *found]), pytrace=False)


@pytest.mark.parametrize("case", NEW, ids=[case.id for case in NEW])
def test_what_the_second_version_brings_the_first_did_not_know(case: Case, first: Settling) -> None:
    """Or its fixture would not need that version."""
    judged = first.of(case)
    got = (judged.told.word, {finding["code"] for finding in judged.told.findings})
    texts = first.whole.catalogue.findings.texts
    assert got != (case.expect.outcome, {texts[each.name].code for each in case.expect.findings})
