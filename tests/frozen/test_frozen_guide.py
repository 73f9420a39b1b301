"""Every command line of the operations guide, as it stands there, on a store: understood, and answered in words."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from adapter.cli import app, options
from adapter.gateways.store.upgrade import upgrade
from tests.frozen.keeping import every
from tests.frozen.standing import Standing, restored
from tests.harness.assertions import Signer
from tests.harness.attached import letter
from tests.harness.pki import ROOT

PROGRAM = get_command(app)
GUIDE = ROOT / "docs" / "operations.md"
ASKS_A_SERVER = {"check", "declare", "run", "web"}
FILES = {"new/mappings": str(ROOT / "mappings"), "new/schemas": str(ROOT / "schemas")}


def lines() -> Iterator[list[str]]:
    """The words of each command in the guide's blocks for a shell, without what only the shell reads."""
    for block in re.findall(r"^```sh\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("nsw-adapter "):
                words = shlex.split(re.split(r" (?:&&|\||>|<) ", line)[0], comments=True)[1:]
                yield [FILES.get(word, word) for word in words]


COMMANDS = [each for each in lines() if each[0] not in ASKS_A_SERVER and each[:2] != ["alerts", "test"]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    made = restored(every()[-1], "sqlite", tmp_path_factory.mktemp("guide"), None)
    upgrade(made.components.database)
    yield made
    made.components.database.close()


def test_the_guide_has_commands() -> None:
    assert len(COMMANDS) > 40


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_of_the_guide_is_understood(
    words: list[str], store: Standing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "build", lambda _: store.components)
    monkeypatch.setattr("typer.testing._get_command", lambda _: PROGRAM)
    monkeypatch.chdir(tmp_path)
    for name in ("sso.jwks.json", "ecustoms.jwk.json"):  # what the customs side hands over
        Path(name).write_text(Signer("customs", "JWT").public)
    on_paper = "{procedure: BQP0100001, number: 12GIAY, year: 2026, received_at: 2026-03-02 06:45, values: {}}"
    Path("form.yaml").write_text(on_paper)
    Path("UQ-07.pdf").write_bytes(letter())
    if "*.pem" in words:
        words = [word for word in words if word != "*.pem"] + list(map(str, store.frozen.pki.glob("*.cert.pem")))
    done = CliRunner().invoke(app, [*words, "--config", str(store.config)])
    no_broker = "nsw-adapter: broker " in done.output  # what it gives back lies in the broker's quarantine
    assert done.exit_code in (0, 1) or no_broker, done.output
    assert "Traceback" not in done.output
    assert done.output.strip()
