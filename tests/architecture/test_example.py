"""The example of CONTRIBUTING works: laid over the real data it is proved, and its fixtures end as they say."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from adapter.bootstrap import Components, assemble
from adapter.catalogue.check import check
from adapter.model.identifiers import Digest
from adapter.model.outcomes import Rejected, word
from adapter.model.stages import Submission
from adapter.pipeline.judge import judge
from tests.harness.fixtures import Case, load_cases, signed
from tests.harness.pki import ROOT, shared_pki

EXAMPLE = ROOT / "docs" / "examples" / "new-procedure"
CASES = load_cases(EXAMPLE / "fixtures")


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Components:
    """An installation whose data is the real one with the example beside it."""
    folder = tmp_path_factory.mktemp("extended")
    for name in ("schemas", "mappings"):
        shutil.copytree(ROOT / name, folder / name)
        shutil.copytree(EXAMPLE / name, folder / name, dirs_exist_ok=True)
    shutil.copy(ROOT / "config.yaml", folder / "config.yaml")
    (folder / "var").mkdir()
    (folder / "var" / "pki").symlink_to(shared_pki().folder)
    return assemble(folder / "config.yaml")


def test_the_example_is_proved_against_its_schema(extended: Components) -> None:
    assert check(extended.catalogue, extended.source) == []


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_fixture_of_the_example_ends_as_it_says(case: Case, extended: Components) -> None:
    body = signed(case, shared_pki())
    submission = Submission(body, case.channel, case.clock, Digest(hashlib.sha256(body).hexdigest()))
    outcome = judge(submission, extended.ground)
    assert word(outcome) is case.expect.outcome, outcome.findings if isinstance(outcome, Rejected) else outcome
    found = sorted((finding.name, finding.pointer) for finding in getattr(outcome, "findings", ()))
    assert found == sorted((each.name, each.pointer) for each in case.expect.findings)


def test_the_example_has_good_and_bad_cases() -> None:
    assert {case.expect.outcome.value for case in CASES} == {"accepted", "refused"}


def test_the_example_needs_no_python() -> None:
    assert [file for file in Path(EXAMPLE).rglob("*") if file.suffix == ".py"] == []
