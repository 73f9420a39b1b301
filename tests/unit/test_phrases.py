"""Phrases of officers: data that every installation can read, and offered where they belong."""

from __future__ import annotations

import pytest

from adapter.catalogue.lists import CodeLists
from adapter.entrypoints.web.officer import acting, moving, requesting
from adapter.model.text import REASON, text_fault
from adapter.services.dossiers.phrases import Phrases
from tests.harness.drawn_forms import catalogue
from tests.harness.pki import ROOT

OFFERED = (*acting.TEXTS, requesting.ACT, moving.ACT, "wrong", "asked")


def test_the_list_has_no_fault() -> None:
    folder = ROOT / "mappings" / "codelists"
    assert list(CodeLists(catalogue().codelists).faults(sorted(folder.glob("*.yaml")))) == []


@pytest.mark.parametrize(
    "act", ["refuse", "decline", "withdraw_request", "request_amendment", "wrong", "asked", "move"]
)
def test_a_reason_can_be_chosen_wherever_one_is_typed(act: str) -> None:
    said = Phrases(catalogue().codelists).of(act)
    assert said
    assert [each for each in said if text_fault(each.vi, least=1, most=REASON)] == []


def test_no_phrase_belongs_to_something_that_is_not_done() -> None:
    acts = {fact.value for code in catalogue().codelists["officer_phrases"].values() for fact in code.facts["act"]}
    assert acts <= set(OFFERED)


def test_an_installation_may_have_none() -> None:
    assert Phrases({}).of("refuse") == ()
