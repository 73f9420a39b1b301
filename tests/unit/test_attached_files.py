"""Attached files: genuine ones are taken as they are, hostile ones end with a reason, and none ends this process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from adapter.gateways.attachments.child import reason
from adapter.gateways.attachments.reading import look
from adapter.gateways.bounded_child import BoundedChild, BoundMet
from adapter.model.attachment import BadFile, FileKind, named
from tests.harness import attached

GENUINE = {
    "letter": ("pdf", attached.letter),
    "scan": ("pdf", attached.genuine_pdf_with_a_scan),
    "letter that opens at a page": ("pdf", attached.pdf_that_opens_at_a_page),
    "picture": ("png", attached.picture),
    "photograph": ("jpeg", lambda: attached.picture("JPEG")),
    # What some telephones write behind the end.
    "photograph of a telephone": ("jpeg", lambda: attached.picture("JPEG") + b"SEFHe\0\0\0SEFT"),
}


@pytest.mark.parametrize("what", GENUINE)
def test_a_genuine_file_is_taken(what: str) -> None:
    kind, made = GENUINE[what]
    assert reason(kind, made()) == ""


@pytest.mark.parametrize("attack", attached.HOSTILE)
def test_a_hostile_file_is_refused_with_its_reason(attack: str) -> None:
    name, made, finding = attached.HOSTILE[attack]
    assert reason(named(name)[1].value, made()) == finding


def test_a_file_is_looked_at_in_a_process_with_bounds() -> None:
    look(attached.letter(), FileKind.PDF)
    with pytest.raises(BadFile) as bad:
        look(attached.pdf_that_launches(), FileKind.PDF)
    assert bad.value.finding.name == "file_active"


@pytest.mark.parametrize(
    "act", ["bytearray(400_000_000)", "any(False for _ in iter(int, 1))", "f = open('x', 'w'); f.write('y'); f.close()"]
)
def test_what_meets_a_bound_ends_its_own_process_only(act: str, tmp_path: Path) -> None:
    """More memory, more time of the processor, a file that is written."""
    child = f"from adapter.gateways.bounded_child import bound; bound(300_000_000, 1); {act}"
    run = subprocess.run([sys.executable, "-c", child], capture_output=True, check=False, timeout=60, cwd=tmp_path)
    assert run.returncode != 0
    with pytest.raises(BoundMet):
        BoundedChild("adapter.no_such_module").told(b"")


@pytest.mark.parametrize(
    ("stated", "kept"),
    [
        ("công văn 12.PDF", "công văn 12.pdf"),
        ("C:\\fakepath\\cong-van.pdf", "cong-van.pdf"),
        ("../../etc/cron.d/x.png", "x.png"),
        ("..\\..\\x.jpeg", "x.jpeg"),
        ("a\u202egpj.exe.png", "agpj.exe.png"),  # shown as it is, from left to right
        ("a\r\nContent-Type: text/html.pdf", "Content-Type_ text_html.pdf"),
        ('a"b<c>.pdf', "a_b_c_.pdf"),
        ("...pdf.pdf", "pdf.pdf"),
        ("x" * 300 + ".jpeg", "x" * 115 + ".jpeg"),
    ],
)
def test_a_name_keeps_neither_folders_nor_what_cannot_be_seen(stated: str, kept: str) -> None:
    if "\r" in stated:
        assert "\r" not in named(stated)[0]
        assert "\n" not in named(stated)[0]
        return
    assert named(stated)[0] == kept


@pytest.mark.parametrize(
    "stated", ["", ".pdf", "a", "a.exe", "a.pdf.exe", "a.pdf\u202e.exe", "a.svg", "a.pdf/", "  .png"]
)
def test_a_name_that_says_no_kind_that_is_taken_is_refused(stated: str) -> None:
    with pytest.raises(BadFile) as bad:
        named(stated)
    assert bad.value.finding.name == "file_name"
