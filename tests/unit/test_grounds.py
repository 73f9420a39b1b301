"""An officer's refusal stands on a ground that the law names, where it names any."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapter.catalogue.load import DataFiles, load
from adapter.model.catalogue import Catalogue
from adapter.model.errors import NotAllowed
from adapter.services.replies.refusal_grounds import LONGEST, ground_of, ground_of_faults, with_articles

ROOT = Path(__file__).resolve().parents[2]
GROUNDS = "ship_refusal_grounds"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load(DataFiles(schemas=ROOT / "schemas", mappings=ROOT / "mappings"))


def of_ships(catalogue: Catalogue, stated: str) -> str:
    *_, ships = (each for versions in catalogue.procedures.values() for each in versions if each.refusal_grounds)
    return ground_of(ships, catalogue.codelists, stated, general="general")


def test_a_ship_is_refused_on_a_ground_of_the_decision(catalogue: Catalogue) -> None:
    assert of_ships(catalogue, "c").startswith("QĐ 10/2016/QĐ-TTg Điều 5(2)(c)")


@pytest.mark.parametrize("stated", ["", "e", "because"])
def test_on_no_other_ground_and_the_officer_is_told_which_there_are(catalogue: Catalogue, stated: str) -> None:
    with pytest.raises(NotAllowed, match=r"a \(Defence or security\); b .*; d .*name one with --ground"):
        of_ships(catalogue, stated)


def test_where_the_law_names_none_the_officer_states_his_own_or_the_general_one_stands(catalogue: Catalogue) -> None:
    (land, *_) = next(iter(catalogue.procedures.values()))
    procedure = replace(land, refusal_grounds=None)
    assert ground_of(procedure, {}, "Điều 9", general="general") == "Điều 9"
    assert ground_of(procedure, {}, "", general="general") == "general"


def test_the_program_refuses_a_ship_on_the_ground_of_a_declaration_that_does_not_hold(catalogue: Catalogue) -> None:
    *_, ships = (each for versions in catalogue.procedures.values() for each in versions if each.refusal_grounds)
    assert ground_of_faults(ships, catalogue.codelists, general="general") == catalogue.codelists[GROUNDS]["d"].vi
    land = replace(ships, refusal_grounds=None)
    assert ground_of_faults(land, catalogue.codelists, general="general") == "general"


def test_a_ground_is_told_with_each_article_once_and_within_its_room() -> None:
    assert with_articles("NĐ 85", ["Điều 2: a", "Điều 2: b", "Điều 1", "NĐ 85: c"]) == "NĐ 85; Điều 2: a; Điều 1"
    long = [f"Điều {number}: {'x' * 90}" for number in range(9)]
    told = with_articles("NĐ 85", long)
    assert told == "; ".join(["NĐ 85", *long[:4]])
    assert len(told) <= LONGEST
