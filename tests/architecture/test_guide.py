"""The guide for declarants names pages, buttons and messages by the words that stand on them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import adapter

ROOT = Path(adapter.__file__).parents[1]
GUIDE = (ROOT / "docs" / "huong-dan-khai-bao.md").read_text(encoding="utf-8")
WORDS: dict[str, dict[str, str]] = {
    language: yaml.safe_load((ROOT / f"adapter/entrypoints/web/words/{language}.yaml").read_text(encoding="utf-8"))
    for language in ("vi", "en")
}
SAID = set(WORDS["vi"].values())
STRESSED = {
    *("Công dân", "Cơ quan, doanh nghiệp", "tự lưu", "chưa được nhận", "số hồ sơ"),
    "chính chứng thư số đã ký tệp khai",
}
"""What is in bold because it matters, and is no name."""
SITUATIONS = {"Tài khoản không đăng nhập được"}
"""What the last table tells though no page says it."""


def _labels() -> set[str]:
    """What the schemas and mappings call sections and fields."""
    files = [*(ROOT / "schemas").rglob("*.xsd"), *(ROOT / "mappings").rglob("*.yaml")]
    texts = [file.read_text(encoding="utf-8") for file in files]
    of_schemas = {each for text in texts for each in re.findall(r'lang="vi">([^<]+)<', text)}
    return of_schemas | {each.strip('" ') for text in texts for each in re.findall(r"vi: ([^,}\n]+)", text)}


def test_each_page_and_button_that_the_guide_names_is_called_so() -> None:
    named = set(re.findall(r"\*\*(.+?)\*\*", GUIDE)) - STRESSED
    assert len(named) > 30
    labels = _labels()
    assert sorted(name for name in named if name not in SAID and name not in labels and not _is_opening(name)) == []


def _is_opening(name: str) -> bool:
    """The words before a colon of a message."""
    return any(text.startswith(f"{name}:") for text in SAID)


def test_each_message_that_the_guide_explains_is_one_of_ours() -> None:
    rows = re.findall(r"^\| (.+?) \|", GUIDE[GUIDE.index("## Khi có trục trặc") :], re.M)[1:]
    texts = {text.lower() for text in SAID}
    texts |= {text.lower() for text in re.findall(r'vi: "(.+?)"', (ROOT / "mappings/findings.yaml").read_text("utf-8"))}
    told = [row for row in rows if not row.startswith("---") and row not in SITUATIONS]
    assert len(told) > 5
    unsaid = [row for row in told if not any(row.partition(" (")[0].lower() in text for text in texts)]
    assert unsaid == []


def test_what_the_guide_quotes_of_a_page_stands_there() -> None:
    quoted = re.findall(r"(?<!\*)\*([^*\n]+?)…?\*(?!\*)", re.sub(r"`[^`]*`", "", GUIDE))
    assert quoted
    sheets = {"Danh muc"}  # of the template's workbook
    assert [each for each in quoted if each not in sheets and not any(text.startswith(each) for text in SAID)] == []


NAMES_NOTHING = {"không bắt buộc": "a mark beside a field", "statement": "an Id in XML"}


@pytest.mark.parametrize("language", WORDS)
def test_a_text_that_says_what_to_press_names_what_is_there(language: str) -> None:
    said = WORDS[language]
    quoted = {(key, name) for key, text in said.items() for name in re.findall("“(.+?)”", text)}
    assert len(quoted) > 3
    assert sorted((key, name) for key, name in quoted if name not in said.values() and name not in NAMES_NOTHING) == []
