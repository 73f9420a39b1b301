"""Commands of `nsw-adapter`, typed as a person would type them; the demonstration takes no shorter way in.

They run in this process: seven starts of an interpreter would take longer than all that they do.
"""

from __future__ import annotations

import json
import os
from typing import Any

from typer.testing import CliRunner

from adapter.cli import app
from tests.demo.premises import DemonstrationFailed, Premises


def nsw_adapter(premises: Premises, *arguments: str) -> Any:
    """Run a command with --json and give what it says.

    Raises:
        DemonstrationFailed: its exit code is not 0.
    """
    # The configuration's file alone is to decide, as it does for the daemon.
    silenced = {name: None for name in os.environ if name.startswith("NSW_")}
    done = CliRunner().invoke(app, [*arguments, "--json", "--config", str(premises.config)], env=silenced)
    if done.exit_code:
        said = done.stderr or repr(done.exception)
        raise DemonstrationFailed(f"nsw-adapter {' '.join(arguments)}: exit code {done.exit_code}\n{said}")
    return json.loads(done.stdout)


def complete(premises: Premises, number: str, year: int) -> Any:
    """An officer confirms that a declaration is complete (xác nhận hoàn thành khai báo)."""
    officer = ("--officer", "cb-0117", "--name", "Nguyễn Văn Trực", "--rank", "Đại úy")
    return nsw_adapter(premises, "dossier", "complete", number, str(year), *officer)


def accept(premises: Premises, number: str, year: int) -> Any:
    """An officer accepts a declaration (tiếp nhận), where that is not the program's."""
    officer = ("--officer", "cb-0117", "--name", "Nguyễn Văn Trực", "--rank", "Đại úy")
    return nsw_adapter(premises, "dossier", "accept", number, str(year), *officer)


def request_amendment(premises: Premises, number: str, year: int) -> Any:
    """An officer asks the declarant to amend (yêu cầu sửa đổi, bổ sung), with form 13."""
    officer = ("--officer", "cb-0117", "--name", "Nguyễn Văn Trực", "--rank", "Đại úy")
    asked = (
        "--reason",
        "Nội dung khai báo chưa chính xác",
        "--item",
        "Số giấy tờ không khớp => Khai lại theo hộ chiếu",
    )
    return nsw_adapter(premises, "dossier", "request-amendment", number, str(year), *officer, *asked)


def issue_token(premises: Premises, role: str, label: str, *bound: str) -> str:
    """A bearer token of the second door; it is told only once."""
    return str(nsw_adapter(premises, "token", "issue", "--role", role, "--label", label, *bound)["token"])
