"""What reaches a terminal: nothing of a stranger's raw, and one line whatever the arguments and streams are."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapter.cli import main, printing
from adapter.cli.terminal import visible, visible_json
from tests.harness.pki import ROOT, SHARED_FOLDER, shared_pki
from tests.harness.shares import share
from tests.harness.source import tree_of, walked

STRANGERS = {
    "\x1b[2J": "\\x1b[2J",
    "\x9b31m": "\\x9b31m",
    "a\r\nb\tc\x00": "a\\r\\nb\\tc\\x00",
    "\u202eabc\u2066\u200b\ufeff": "\\u202eabc\\u2066\\u200b\\ufeff",
    "\u2028\u2029": "\\u2028\\u2029",
    "\U000e0041": "\\U000e0041",
    "\udc9b": "\\udc9b",
    "\ufffe": "\\ufffe",
}


@pytest.mark.parametrize("text", STRANGERS, ids=ascii)
def test_what_cannot_be_seen_is_an_escape(text: str) -> None:
    assert visible(text) == STRANGERS[text]


@pytest.mark.parametrize("text", STRANGERS, ids=ascii)
def test_in_json_it_is_an_escape_that_reads_back_the_same(text: str) -> None:
    written = visible_json({"text": text})
    assert json.loads(written) == {"text": text}
    assert written.isprintable()


def test_what_people_write_stays() -> None:
    text = "Đồn Biên phòng cửa khẩu Hữu Nghị, 友谊关, ສປປ ລາວ, កម្ពុជា – «Ωμέγα»"
    assert visible(text) == text
    assert json.loads(visible_json(text)) == text
    assert text in visible_json(text)


@pytest.mark.parametrize("text", STRANGERS, ids=ascii)
def test_tables_lines_and_notes_escape(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    printing.table(text, (text,), [(text,)])
    printing.pairs(text, {text: {text: [text]}})
    printing.line(text)
    printing.note(text)
    printing.as_json({text: text})
    told = capsys.readouterr()
    assert told.out
    assert told.err
    for line in (told.out + told.err).split("\n"):
        assert line.isprintable(), ascii(line)


def test_nobody_else_writes_to_the_terminal() -> None:
    """Every command speaks through one module, so that none can forget it."""
    found = []
    for file in (ROOT / "adapter" / "cli").glob("*.py"):
        if file.name == "terminal.py":
            continue
        for node in walked(tree_of(file)):
            said = ast.unparse(node) if isinstance(node, ast.Attribute | ast.Call) else ""
            if said.startswith(("print(", "typer.echo", "typer.secho", "sys.stdout.", "sys.stderr.", "Console(")):
                found.append(f"{file.name}:{node.lineno}: {said[:40]}")
    assert found == []


def command(*arguments: str, **how: object) -> subprocess.CompletedProcess[bytes]:
    """A process of its own; it has no configuration but the shipped one."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("NSW_")}
    environment |= {"PYTHONPATH": str(ROOT), **how.pop("env", {})}  # type: ignore[dict-item]
    settings: dict[str, object] = {"capture_output": True, "timeout": 300, "check": False, "env": environment, **how}
    return subprocess.run([sys.executable, "-m", "adapter", *arguments], **settings)  # type: ignore[call-overload, no-any-return]


def one_line(done: subprocess.CompletedProcess[bytes], code: int) -> str:
    lines = done.stderr.decode().splitlines()
    assert done.returncode == code, lines
    assert len(lines) == 1, lines
    assert lines[0].startswith("nsw-adapter: ")
    return lines[0]


def test_a_full_disk_behind_stdout_is_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = command("--version", stdout=full, stderr=subprocess.PIPE, capture_output=False)
    assert "No space left" in one_line(done, 2)


def here(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of a command that runs in this process."""
    monkeypatch.setattr(sys, "argv", ["nsw-adapter", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)


def test_a_closed_stdin_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shared_pki()
    monkeypatch.setattr(sys, "stdin", None)  # as the interpreter has it then
    code = here(["simulate", "sign", "--pki", str(SHARED_FOLDER), "--system", "nsw", "-"], monkeypatch)
    (line,) = capsys.readouterr().err.splitlines()
    assert (code, line.startswith("nsw-adapter: "), "stdin" in line) == (2, True, True)


def test_a_closed_stdout_ends_without_a_traceback() -> None:
    done = subprocess.run(
        ["sh", "-c", f'"{sys.executable}" -m adapter --version >&-'],
        capture_output=True,
        timeout=300,
        check=False,
        cwd=ROOT,
    )
    assert b"Traceback" not in done.stderr
    assert done.returncode == 0


def test_a_terminal_without_vietnamese_letters_gets_escapes() -> None:
    done = command("window", "override", "up", "--reason", "x", "--config", "/Đồn", env={"PYTHONIOENCODING": "latin-1"})
    assert b"/\\u0110\\u1ed3n" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["deadlines", "--at", "\x9b31m2026"], "u+009b"), (["check", "--ofline\x9b"], "no such option")],
    ids=["a value", "an option"],
)
def test_a_usage_fault_is_one_line_that_repeats_nothing_raw(
    arguments: list[str], told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = here(arguments, monkeypatch)
    (line,) = capsys.readouterr().err.splitlines()
    assert (code, line.startswith("nsw-adapter: "), line.isprintable()) == (2, True, True)
    assert told in line.lower()


def test_completion_of_the_shell_works() -> None:
    done = command(env={"_NSW_ADAPTER_COMPLETE": "complete_bash", "COMP_WORDS": "nsw-adapter acc", "COMP_CWORD": "1"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [b"account"]


@pytest.mark.parametrize("after", share(["0.02", "0.1", "0.3", "0.5", "0.8", "1.5"], 3))
def test_an_interrupt_is_one_line_at_any_moment(after: str) -> None:
    """Also while the program is being loaded: it is sent from within, so that it comes at a known moment."""
    lines = [
        "import os, signal, sys, threading, time",
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background has it ignored",
        f"send = lambda: (time.sleep({after}), os.kill(os.getpid(), signal.SIGINT))",
        "from adapter.__main__ import main",
        "sys.argv = ['nsw-adapter', 'simulate', 'send', '--wait', '60', '-']",
        "threading.Thread(target=send, daemon=True).start()",
        "main()",
    ]
    reading, writing = os.pipe()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = subprocess.Popen(
        [sys.executable, "-c", "\n".join(lines)],
        stdin=reading,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        cwd=ROOT,
    )
    try:
        _, told = running.communicate(timeout=120)
    finally:
        os.close(writing)
        os.close(reading)
    assert told.decode().splitlines() == ["nsw-adapter: interrupted"]
    assert running.returncode == 130
