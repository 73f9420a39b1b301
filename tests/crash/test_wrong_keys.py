"""A pair that cannot do its work, offered to a running daemon: not taken and noted, and `check` judges it the same."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from adapter.model.events import Event
from tests.harness.declarations import declarations
from tests.harness.pki import shared_pki
from tests.harness.scene import Scene


def put(party: str, name: str, folder: Path, *, chain: bool = True) -> dict[str, str]:
    """A party's pair as one of our keys, moved into its place as an operator does it: key first, chain after it."""
    pki = shared_pki()
    files = {"key": (pki.key_file(party), folder / f"{name}.key.pem")}
    if chain:
        files["certificates"] = (pki.folder / f"{party}.chain.pem", folder / f"{name}.chain.pem")
    for source, file in files.values():
        part = file.with_suffix(".part")
        shutil.copy(source, part)
        part.chmod(0o600)
        part.replace(file)
    return {each: str(file) for each, (_, file) in files.items()}


@pytest.mark.parametrize(
    ("name", "party", "whole", "why"),
    [
        ("system", "enterprise", True, "belongs to the public store"),
        ("portal", "unit", True, r"trust\.partners\.portal\.certificates does not hold it"),
        ("unit", "system", False, "does not belong to the first certificate"),
    ],
    ids=["of-the-wrong-world", "pinned-by-nobody", "half-a-change"],
)
def test_a_pair_that_is_not_taken_is_noted_and_the_one_before_signs(
    name: str, party: str, whole: bool, why: str, scene: Scene
) -> None:
    messages = declarations(0, 40)
    stated = put(name, name, scene.folder)
    scene.configure({f"keys.{name}": stated, "keys.look_s": 0.2})
    daemon = scene.daemon()
    scene.until_ready()
    assert scene.notes() == []
    # A part that is ready may open a key later, when it first needs it; what it finds then is no change.
    scene.until(lambda: any(told.get("key") == name for told in daemon.events(Event.KEY)), "the pair is in use")
    scene.partner.publish(messages[:20])

    put(party, name, scene.folder, chain=whole)

    scene.until(lambda: any("a changed key is not taken" in note for note in scene.notes()), "readiness notes it")
    scene.partner.publish(messages[20:])
    scene.until_done(messages)
    assert scene.readyz() == (200, [])
    told = {told["reason"] for told in daemon.events(Event.KEY_NOT_TAKEN)}
    assert any(re.search(why, reason) for reason in told), told
    said = scene.remarks()
    assert any(reason in text for reason in told for text in said), "the same judgement, in the same words"

    put(name, name, scene.folder)
    scene.until(lambda: scene.notes() == [], "taken back, it is noted no more")
    assert daemon.stop() == 0
    scene.finish()
    scene.assert_whole(messages)
