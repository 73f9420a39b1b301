"""What a command loads before it answers: its own module, and nothing that only another one needs."""

from __future__ import annotations

import json
import subprocess
import sys

from adapter.entrypoints.web.words import Language

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


_FORKED_FROM = """
import json, os, threading
before = set(os.listdir("/proc/self/fd"))
import adapter.entrypoints.preloaded
from adapter.bootstrap import assemble
threads, opened = os.listdir("/proc/self/task"), set(os.listdir("/proc/self/fd")) - before
from jinja2 import Environment
from adapter.entrypoints.web import page, words
templates = page._environment()
def compiled_only_now(*_, **__):
    raise AssertionError("a template is compiled only now")
Environment.compile = compiled_only_now
found = [templates.get_template(each).name for each in templates.list_templates()]
print(json.dumps([len(threads), sorted(opened), len(found), words.words.cache_info().currsize]))
"""


def test_what_parts_are_forked_from_has_only_imported_and_compiled_its_pages() -> None:
    done = subprocess.run([sys.executable, "-c", _FORKED_FROM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]
    threads, opened, templates, languages = json.loads(done.stdout)
    assert (threads, opened) == (1, []), "threads and open files would be shared by every part"
    assert templates > 50, "those of every area"
    assert languages == len(Language)
