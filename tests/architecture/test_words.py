"""A completion says that the declaration is complete (Article 3(10)); nobody may read of a permission to cross."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

import adapter
from adapter.model.dossier import DossierState
from adapter.services.dossiers.results import ConfirmationTimes, result

ROOT = Path(adapter.__file__).parents[1]
FILES = [
    file
    for folder in ("adapter", "mappings", "schemas", "queues", "prints", "docs")
    for file in (ROOT / folder).rglob("*")
    if file.suffix in {".py", ".yaml", ".xsd", ".sql", ".html", ".md"}
] + [ROOT / "README.md"]
PERMISSION = re.compile(
    r"\b(?:"
    r"(?:permission|permits?|permitted|allowed|cleared|may)\s+(?:\w+\s+){0,2}cross"
    r"|(?:cho|được) phép\s+(?:\w+\s+){0,2}(?:qua (?:lại )?(?:cửa khẩu|biên giới)|(?:xuất|nhập|quá) cảnh)"
    r")\b",
    re.IGNORECASE,
)
DENIAL = re.compile(r"\b(no|never|not|không)\b", re.IGNORECASE)
AT = datetime(2026, 3, 2, tzinfo=UTC)
SENT = ConfirmationTimes("XN1", 1, AT, sent_at=AT, left_window_at=AT, delivered_at=None)
DENIALS = {"vi": "không phải cho phép qua cửa khẩu", "en": "no permission to cross"}


def called_permission(text: str) -> list[str]:
    return [found[0] for found in PERMISSION.finditer(text) if not DENIAL.search(_said_before(text[: found.start()]))]


def _said_before(text: str) -> str:
    """The end of a text, as far as it belongs to one clause."""
    return re.split(r"[.;,|\"]", text[-60:])[-1]


def test_no_word_of_ours_calls_a_completion_a_permission_to_cross() -> None:
    assert {file.name: said for file in FILES if (said := called_permission(file.read_text(encoding="utf-8")))} == {}


@pytest.mark.parametrize("state", [DossierState.COMPLETED, DossierState.COMPLETED_AMENDED])
@pytest.mark.parametrize("confirmed", [SENT, replace(SENT, delivered_at=AT)], ids=["sent", "delivered"])
def test_who_looks_a_completion_up_reads_that_it_is_none_in_both_languages(
    state: DossierState, confirmed: ConfirmationTimes
) -> None:
    said = result(state, None, [confirmed])
    assert DENIALS["vi"] in said.vi
    assert DENIALS["en"] in said.en


@pytest.mark.parametrize(
    "said",
    [
        "The declaration is complete: permission to cross is given",
        "You may cross",
        "Khai báo đã hoàn thành, hành khách được phép qua cửa khẩu",
        "Xác nhận cho phép người khai nhập cảnh",
    ],
)
def test_such_a_word_would_be_told(said: str) -> None:
    assert called_permission(said)


@pytest.mark.parametrize("said", ["this is no permission to cross", "không phải cho phép qua cửa khẩu", "giấy phép"])
def test_its_denial_is_none(said: str) -> None:
    assert not called_permission(said)


REPLACED = {
    "second door": "portal",
    "herald": "sender of alerts",
    "house": "components, installation",
    "mends?": "repair",
}
"""Words of our own making, each with the term that is used instead."""
TESTS = [file for file in (ROOT / "tests").rglob("*.py") if file != Path(__file__)]
PLAIN = [file for file in FILES if not {"decisions", "frozen"} & set(file.parts)] + [ROOT / "CONTRIBUTING.md", *TESTS]


def coined(text: str) -> list[str]:
    """The replaced words in a text, without the joint control house (Nhà kiểm soát liên hợp)."""
    text = text.replace("joint control house", "")
    return [word for word in REPLACED if re.search(rf"\b{word}\b", text, re.IGNORECASE)]


def test_words_of_our_own_making_do_not_come_back() -> None:
    assert coined("the second door of a house") == ["second door", "house"]
    found = {str(file.relative_to(ROOT)): coined(file.read_text(encoding="utf-8")) for file in PLAIN}
    assert {file: words for file, words in found.items() if words} == {}
