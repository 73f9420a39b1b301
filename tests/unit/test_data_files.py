"""Data files that say a thing twice, or cannot be read: told with the line, by the loader and by the proof at start."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter.catalogue.check import check
from adapter.catalogue.load import DataFiles, Loader
from adapter.gateways.broker.topology import load_topology
from adapter.model.errors import Misconfigured
from tests.harness.data import compiled, copied, few
from tests.harness.pki import ROOT

FILES = ["messages.yaml", "findings.yaml", "deadlines.yaml", "calendar.yaml", "codelists/sexes.yaml"]
FAULTS = {"twice": (b"\nextra: 1\nextra: 2\n", "the key extra is stated twice"), "latin-1": (b"\n# \xf4\n", "UTF-8")}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> DataFiles:
    return few(tmp_path_factory.mktemp("data"), "BQP0100004")


@pytest.mark.parametrize("name", [*FILES, "BQP0100004/1/procedure.yaml"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_data_file_that_says_a_thing_twice_is_told_with_its_line(
    name: str, fault: str, template: DataFiles, tmp_path: Path
) -> None:
    source = copied(template, tmp_path)
    text, says = FAULTS[fault]
    (source.mappings / name).write_bytes((source.mappings / name).read_bytes() + text)
    loader = Loader(source)
    catalogue = loader.catalogue()
    assert [each for each in loader.faults if says in each and name in each], loader.faults
    if fault == "latin-1" and name == FILES[-1]:
        list(check(catalogue, source, compiled(template.schemas)))  # goes on


def test_a_topology_that_says_a_thing_twice_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "topology.yaml"
    file.write_bytes((ROOT / "queues" / "topology.yaml").read_bytes() + b"\nqueues: {}\n")
    with pytest.raises(Misconfigured, match=r"line \d+: the key queues is stated twice"):
        load_topology(file)
