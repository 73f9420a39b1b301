"""What a newcomer sees: short sentences, the Vietnamese words of the field beside them, and a table of the answers."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.harness.play import Line

WORDS = {
    "Receipt": "receipt (biên nhận)",
    "Errors": "error list (danh sách lỗi)",
    "Acceptance": "acceptance (tiếp nhận)",
    "Refusal": "refusal (từ chối)",
    "AmendmentRequest": "request to amend (yêu cầu sửa đổi, bổ sung)",
    "Completion": "completion (xác nhận hoàn thành)",
    "Transfer": "transfer (chuyển hồ sơ)",
}
_WIDTH = 132


class Narrator:
    """Prints; keeps nothing but how many lines were right and wrong."""

    def __init__(self) -> None:
        console = Console(highlight=False)
        self._console = console if console.is_terminal else Console(highlight=False, width=_WIDTH)
        self.right = 0
        self.wrong = 0

    def chapter(self, title: str) -> None:
        """A new part of the play."""
        self._console.print(f"\n[bold]{escape(title)}[/bold]")

    def say(self, text: str) -> None:
        """One sentence."""
        self._console.print(f"  {escape(text)}")

    def check(self, text: str, problems: Sequence[str]) -> None:
        """A fact that must hold, with what speaks against it."""
        if problems:
            self.wrong += 1
            self._console.print(f"  [red]✗[/red] {escape(text)}")
            for problem in problems:
                self._console.print(f"      [red]{escape(problem)}[/red]")
        else:
            self.right += 1
            self._console.print(f"  [green]✓[/green] {escape(text)}")

    def table(self, title: str, lines: Sequence[Line]) -> None:
        """One row for each answer; what is wrong stands below its row."""
        self._console.print(f"\n  {escape(title)}")
        table = Table(pad_edge=False, box=None)
        table.add_column("  ", no_wrap=True)
        for name in ("case", "answer", "", "findings"):
            table.add_column(name, overflow="fold")
        table.add_column("ms", justify="right", no_wrap=True)
        for line in lines:
            for row in _rows(line):
                table.add_row(*row)
            if line.problems:
                self.wrong += 1
            else:
                self.right += 1
        self._console.print(table)


def _rows(line: Line) -> list[tuple[str, ...]]:
    mark = "  [red]✗[/red]" if line.problems else "  [green]✓[/green]"
    spent = "" if line.milliseconds is None else f"{line.milliseconds:.0f}"
    if line.found is None:
        first = (mark, escape(line.label), "–", "", "", spent)
    else:
        said = WORDS.get(line.found.content, line.found.content)
        first = (mark, escape(line.label), line.found.pair, said, escape(line.found.codes), spent)
    return [first, *(("", f"[red]{escape(problem)}[/red]", "", "", "", "") for problem in line.problems)]
