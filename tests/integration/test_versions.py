"""Versions side by side: the day of reception in Vietnam chooses, and a dossier goes on under its own version."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from lxml import etree
from sqlalchemy import select

from adapter.gateways.store.tables import dossier, inbox, outbox
from adapter.model.identifiers import Digest, DossierKey
from adapter.model.stages import Channel, Submission
from tests.harness.declarations import PROCEDURE, declaration
from tests.harness.people import anybody
from tests.harness.pki import ROOT
from tests.harness.scene import Scene
from tests.harness.stores import ensure_tables

OFFICER = anybody("cb-01", name="Tran Van Quan")
LAST_SECOND = datetime.fromisoformat("2026-06-30T23:59:59.999+07:00")
MIDNIGHT = datetime.fromisoformat("2026-07-01T00:00:00+07:00")  # 17:00 on 30 June in Greenwich


@pytest.fixture
def scene(tmp_path: Path, sqlite_url: str) -> Iterator[Scene]:
    """An officer accepts. Version 3 is in force from 1 July 2026: it confirms within two hours."""
    for data in ("schemas", "mappings"):
        shutil.copytree(ROOT / data, tmp_path / data)
        for shipped in (PROCEDURE, "BQP0100003"):  # a version 3 that begins later, and form 14 about it
            shutil.rmtree(tmp_path / data / shipped / "3")
        shutil.copytree(tmp_path / data / PROCEDURE / "2", tmp_path / data / PROCEDURE / "3")
    first, second = (tmp_path / "mappings" / PROCEDURE / version / "procedure.yaml" for version in "23")
    text = first.read_text(encoding="utf-8").replace("acceptance: automatic", "acceptance: officer")
    assert "to: 2026-12-31" in text
    first.write_text(text.replace("to: 2026-12-31", "to: 2026-06-30"), encoding="utf-8")
    for old, new in (
        ('version: "2"', 'version: "3"'),
        ("to: 2026-12-31", "to: null"),
        ("from: 2025-07-01", "from: 2026-07-01"),
        ("confirm_within, hours: 1", "confirm_within, hours: 2"),
    ):
        assert old in text
        text = text.replace(old, new)
    second.write_text(text, encoding="utf-8")
    made = Scene(tmp_path, "amqp://127.0.0.1:1/%2F", sqlite_url)
    made.configure({f"folders.{data}": str(tmp_path / data) for data in ("schemas", "mappings")})
    ensure_tables(made.components.database)
    yield made
    made.close()


def receive(
    scene: Scene, number: int, at: datetime, *, function: str = "01", reference: str | None = None
) -> DossierKey:
    name = f"{number}{function}"
    message = declaration(name, reference=reference or f"PROOF{number}", function=function)
    scene.components.legal_clock = lambda: at
    settled = scene.components.intake.receive([Submission(message.raw, Channel.WINDOW, at, Digest(message.digest))])
    assert settled[0].outcome.value == "accepted", settled
    return DossierKey(message.reference, 2026)


def judged_by(scene: Scene) -> list[str]:
    """The mapping that judged each message, in the order they came."""
    with scene.components.database.reading() as connection:
        return list(connection.execute(select(inbox.c.mapping).order_by(inbox.c.received_at)).scalars())


def hours_to_confirm(scene: Scene, key: DossierKey) -> float:
    with scene.components.database.reading() as connection:
        row = connection.execute(select(dossier).where(dossier.c.number == key.number)).one()
    return round(float((row.confirm_due_at - row.received_at).total_seconds() / 3600), 3)


def named_in(scene: Scene, kind: str) -> str | None:
    """The mapping that the newest reply of a kind says it stands on."""
    with scene.components.database.reading() as connection:
        query = select(outbox.c.body).where(outbox.c.kind == kind).order_by(outbox.c.created_at.desc())
        body = connection.execute(query).scalars().first()
    assert body is not None
    return etree.fromstring(body).findtext(".//InReplyTo/Mapping")


def test_midnight_in_vietnam_divides_two_versions(scene: Scene) -> None:
    receive(scene, 1, LAST_SECOND)
    receive(scene, 2, MIDNIGHT)

    assert judged_by(scene) == [f"{PROCEDURE}/2", f"{PROCEDURE}/3"]


def test_a_dossier_goes_on_under_the_version_that_judged_it(scene: Scene) -> None:
    key = receive(scene, 1, LAST_SECOND)
    scene.components.legal_clock = lambda: MIDNIGHT
    scene.components.completion.accept(key, OFFICER)
    scene.components.completion.complete(key, OFFICER)

    assert hours_to_confirm(scene, key) == 1
    assert named_in(scene, "Completion") == f"{PROCEDURE}/2"


def test_a_replacement_after_the_change_brings_the_dossier_under_the_new_version(scene: Scene) -> None:
    key = receive(scene, 1, LAST_SECOND)
    receive(scene, 1, MIDNIGHT, function="02", reference=key.number)
    scene.components.completion.accept(key, OFFICER)
    scene.components.completion.complete(key, OFFICER)

    assert judged_by(scene) == [f"{PROCEDURE}/2", f"{PROCEDURE}/3"]
    assert hours_to_confirm(scene, key) == 2
    assert named_in(scene, "Completion") == f"{PROCEDURE}/3"


def test_a_message_before_the_first_version_is_told_that_its_procedure_is_not_known(scene: Scene) -> None:
    before = datetime.fromisoformat("2022-05-29T23:59:59+07:00")
    assert scene.components.catalogue.find(PROCEDURE, before.date()) is None
