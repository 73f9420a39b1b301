"""What an officer and an operator type during the demonstration."""

from __future__ import annotations

from typing import Any

from tests.harness.commands import nsw_adapter
from tests.harness.premises import Premises


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
    """A bearer token of the portal; it is told only once."""
    return str(nsw_adapter(premises, "token", "issue", "--role", role, "--label", label, *bound)["token"])
