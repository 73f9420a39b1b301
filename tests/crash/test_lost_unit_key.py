"""A running daemon of two units: the key of one is lost, another's is put in its place, and its own comes back."""

from __future__ import annotations

import shutil
from pathlib import Path

from lxml import etree

from adapter.bootstrap import assemble
from adapter.model.identifiers import DossierKey
from tests.harness.declarations import declaration
from tests.harness.history import OFFICER
from tests.harness.scene import Scene
from tests.harness.units import HUUNGHI, MONGCAI, PARTIES, pair, two_units


def test_the_unit_without_a_key_waits_is_named_and_goes_on_while_the_other_works(scene: Scene) -> None:
    """/readyz names it and stays 200 while another unit has a usable key."""
    mine = {"key": scene.folder / "mc.key", "certificates": scene.folder / "mc.chain"}
    stated = {name: str(file) for name, file in mine.items()}
    scene.configure({**two_units(mongcai=stated), "keys.look_s": 0.5, "clock.tick_s": 0.25})
    scene.daemon()
    scene.until_ready()
    scene.until(lambda: any(MONGCAI in note for note in scene.notes()), "named")
    messages = [declaration("HN", gate="HUUNGHI"), declaration("MC", gate="MONGCAI")]
    scene.partner.publish(messages)
    scene.until(lambda: scene.store.settled() == len(messages), "judged")
    desk = assemble(scene.config)  # the scene's own was made before there were units
    for each in messages:
        desk.completion.complete(DossierKey(each.reference, 2026), OFFICER)
    desk.database.close()
    scene.until(lambda: ("30/23", HUUNGHI) in left(scene), "the other unit's confirmation has left")
    assert ("30/23", MONGCAI) not in left(scene)

    put(mine, PARTIES[HUUNGHI])
    assert any(f"the certificate is that of {HUUNGHI}, not of {MONGCAI}" in said for said in scene.remarks())
    status, missing = scene.readyz()
    assert (status, missing) == (200, [])
    assert ("30/23", MONGCAI) not in left(scene), "nothing is signed with another unit's key"

    put(mine, PARTIES[MONGCAI])
    scene.until(lambda: ("30/23", MONGCAI) in left(scene), "it left once its own key was there")
    scene.until(lambda: not any(MONGCAI in note for note in scene.notes()), "nothing is noted any more")


def put(files: dict[str, Path], party: str) -> None:
    """An operator lays a pair of files where the configuration names the key."""
    stated = pair(party)
    for name, file in files.items():
        shutil.copy(stated[name], file)


def left(scene: Scene) -> set[tuple[str, str]]:
    """What the window has got: pair, and the unit it is from."""
    trees = [etree.fromstring(reply.body) for reply in scene.partner.collect()]
    header = [(each.find("Header/Subject"), each.findtext("Header/From/unitCode") or "") for each in trees]
    return {(f"{subject.findtext('type')}/{subject.findtext('function')}", unit) for subject, unit in header}
