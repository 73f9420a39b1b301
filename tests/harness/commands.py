"""Commands of `nsw-adapter`, typed as a person would type them.

They run in this process: seven starts of an interpreter would take longer than all that they do.
"""

from __future__ import annotations

import json
import os
from typing import Any

from typer.testing import CliRunner

from adapter.cli import app
from tests.harness.failure import CannotGoOn
from tests.harness.premises import Premises


def nsw_adapter(premises: Premises, *arguments: str) -> Any:
    """Run a command with --json and give what it says.

    Raises:
        CannotGoOn: its exit code is not 0.
    """
    # The configuration's file alone is to decide, as it does for the daemon.
    silenced = {name: None for name in os.environ if name.startswith("NSW_")}
    done = CliRunner().invoke(app, [*arguments, "--json", "--config", str(premises.config)], env=silenced)
    if done.exit_code:
        said = done.stderr or repr(done.exception)
        raise CannotGoOn(f"nsw-adapter {' '.join(arguments)}: exit code {done.exit_code}\n{said}")
    return json.loads(done.stdout)
