"""Commands of `nsw-adapter`, typed as a person would type them; the demonstration takes no shorter way in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from tests.demo.premises import DemonstrationFailed, Premises
from tests.harness.pki import ROOT

COMMAND_SECONDS = 30.0


def nsw_adapter(premises: Premises, *arguments: str) -> Any:
    """Run a command with --json and give what it says.

    Raises:
        DemonstrationFailed: its exit code is not 0.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NSW_")}
    done = subprocess.run(
        [sys.executable, "-m", "adapter.cli", *arguments, "--json", "--config", str(premises.config)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
    )
    if done.returncode:
        raise DemonstrationFailed(f"nsw-adapter {' '.join(arguments)}: exit code {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


def complete(premises: Premises, number: str, year: int) -> Any:
    """An officer confirms that a declaration is complete (xác nhận hoàn thành khai báo)."""
    officer = ("--officer", "cb-0117", "--name", "Nguyễn Văn Trực", "--rank", "Đại úy")
    return nsw_adapter(premises, "dossier", "complete", number, str(year), *officer)
