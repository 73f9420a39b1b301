"""Versions that begin later: their fixtures are played at a time at which they judge."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.harness.fixtures import CLOCK, LATER, Case, load_later
from tests.procedures import facts
from tests.procedures.settling import Settling

CASES = load_later()


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settling]:
    made = Settling(tmp_path_factory.mktemp("later"), CASES, CASES, {"clock.unsafe_frozen": LATER.isoformat()})
    yield made
    made.close()


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_later_version_ends_as_its_article_says(case: Case, later: Settling) -> None:
    found = facts.faults(later.of(case), later.whole)
    if found:
        pytest.fail("\n  ".join([f"{case.id} ({case.title}; {case.article})", *found]), pytrace=False)


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_its_version_judges_then_and_not_before(case: Case, later: Settling) -> None:
    """Or it would stand among the others."""
    then, before = (later.whole.catalogue.find(case.procedure, at.date()) for at in (LATER, CLOCK))
    assert then is not None
    assert before is not None
    assert then.version == case.version != before.version
