"""What a command loads before it answers: its own module, and nothing that only another one needs."""

from __future__ import annotations

import json
import subprocess
import sys

_LOADED = """
import json, sys
from adapter.cli import main
sys.argv = ["nsw-adapter", *sys.argv[1:]]
try:
    main()
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""
_HEAVY = ("sqlalchemy", "lxml", "xmlschema", "pika", "psycopg", "pydantic", "signxml", "structlog", "alembic")


def _loaded(*arguments: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", _LOADED, *arguments], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_the_version_is_told_without_the_program() -> None:
    loaded = _loaded("--version")
    ours = {name for name in loaded if name.startswith("adapter.")}
    said = {f"adapter.cli.{name}" for name in ("app", "exits", "terminal")}
    assert ours == {"adapter.cli", "adapter.model", "adapter.model.errors", "adapter.model.text", *said}
    assert not loaded & set(_HEAVY)


def test_a_command_does_not_load_those_of_other_modules() -> None:
    loaded = _loaded("check", "--help")
    assert "adapter.cli.setting_up" in loaded
    assert not {"adapter.cli.dossiers", "adapter.cli.simulation", "adapter.simulator.pki", "alembic"} & loaded


def test_what_parts_are_forked_from_has_only_imported() -> None:
    looked = (
        "import json, os, threading\n"
        "before = set(os.listdir('/proc/self/fd'))\n"
        "import adapter.entrypoints.preloaded\n"
        "from adapter.bootstrap import assemble\n"
        "print(json.dumps([len(os.listdir('/proc/self/task')), sorted(set(os.listdir('/proc/self/fd')) - before)]))\n"
    )
    done = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [1, []], "threads and open files would be shared by every part"
