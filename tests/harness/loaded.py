"""What the process that parts and commands are forked from has loaded: the program, its pages, and the shipped data.

Nobody imports it but that process (PRELOADED): it must have opened nothing and started nothing.
"""

from __future__ import annotations

import gc
from importlib import import_module

from adapter.catalogue.load import DataFiles
from adapter.cli.app import COMMANDS
from adapter.entrypoints.web import page
from tests.harness import compiled, forked, part
from tests.harness.pki import ROOT

__all__ = ["forked", "part"]

for _command in COMMANDS.values():
    import_module(f"adapter.cli.{_command.partition(':')[0]}")
page.prepare()
compiled.for_good(DataFiles(ROOT / "schemas", ROOT / "mappings"))
gc.collect()
gc.freeze()  # no fork looks through it again
