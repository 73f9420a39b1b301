"""The page on the law names what shows each sentence: tests and fixtures that exist. Citations name the right text."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

import adapter
from tests.harness.source import names_of_tests

ROOT = Path(adapter.__file__).parents[1]
PAGE = (ROOT / "docs" / "law.md").read_text(encoding="utf-8")
ABOVE, _, SENTENCES = PAGE.partition("## The five texts, sentence by sentence")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in ABOVE.splitlines()
    if line.startswith("|") and not re.match(r"\| (Điều|---)", line) and not line.startswith("|---")
]
ARTICLES = {
    *("3(10)", "6(1)", "6(2)", "6(3)", "7(1)", "7(2)(b)", "7(2)(c)", "8", "9(1)", "9(2)"),
    *(f"10({clause})({point})" for clause in (1, 2, 3) for point in "abc"),
    *("10(4)", "11(1)(a)", "11(1)(b)", "11(1)(c)", "11(2)(a)", "11(2)(b)", "11(3)(a)", "11(3)(b)", "11(3)(c)"),
    *("12(2)", "12(3)", "13(1)", "13(2)", "14", "15(2)", "16(1)", "16(2)", "16(3)(b)", "17(1)", "17(3)"),
    *(f"NĐ 85/2019 17({clause})" for clause in (1, 2, 3, 5)),
    *(f"Letter of 27/5/2022, {part}" for part in (1, 2)),
    *("Draft 1", "Draft 2 (who)", "Draft 2 (why)", "Draft 2 (how)", "Draft 3"),
}
SOURCES = [
    file
    for folder in ("adapter", "mappings", "docs", "fixtures", "tests")
    for file in (ROOT / folder).rglob("*")
    if file.suffix in {".py", ".yaml", ".html", ".md"} and "frozen" not in file.parts
]
AS_IF_OF_THE_AMENDING_TEXT = re.compile(
    r"QĐ 03/2025(?:/QĐ-TTg)?,? \(?(?:Article|Điều) 8"
    r"|(?:Article|Điều) 8 (?:of |in )?(?:Decision|Quyết định|QĐ) 03/2025"
)


def test_each_sentence_of_the_law_names_what_shows_it() -> None:
    silent = [row[:2] for row in ROWS if len(row) != 4 or "`" not in row[3]]
    assert silent == []


def test_each_test_that_is_named_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", PAGE)) - {"test_"}
    assert len(named) > 50
    assert sorted(named - names_of_tests()) == []


def test_each_fixture_that_is_named_exists() -> None:
    named = re.findall(r"`(BQP\w+/[\w-]+)`", PAGE)
    assert [name for name in named if not (ROOT / "fixtures" / name / "expected.yaml").exists()] == []


def test_each_article_on_border_guard_and_declarant_has_its_row() -> None:
    told = {article.strip() for row in ROWS for article in re.split(r", (?!\d$)", row[0])}
    assert sorted(ARTICLES - told) == []


def test_each_sentence_of_the_five_texts_has_its_row() -> None:
    """The page goes through them sentence by sentence; what they do not hold is said to be second-hand."""
    told = {article.strip() for row in ROWS for article in re.split(r", (?!\d$)", row[0])}
    _, *texts = SENTENCES.split("\n### ")
    named = {text.partition("\n")[0]: re.findall(r"^\| .+? \| \[(.+?)\] \|$", text, re.M) for text in texts}
    assert [len(rows) for rows in named.values()] == [31, 7, 13, 4, 6]
    assert sorted({row for rows in named.values() for row in rows} - told) == []
    assert "**Second-hand** is all else" in PAGE


def test_no_text_cites_the_amending_decision_for_an_article_of_the_amended_one() -> None:
    """QĐ 03/2025/QĐ-TTg has no Article 8 on accounts: it amends Article 8 of QĐ 15/2019/QĐ-TTg."""
    wrong = {
        str(file.relative_to(ROOT)): found[0]
        for file in SOURCES
        if (found := AS_IF_OF_THE_AMENDING_TEXT.search(file.read_text(encoding="utf-8")))
    }
    assert wrong == {}


def test_pages_say_nothing_of_a_declaration_where_a_ship_is_meant_too() -> None:
    """Of ships the procedure is completed (Articles 3(2), 13), of all others the declaration (Articles 3(1), 10)."""
    words = yaml.safe_load((ROOT / "adapter/entrypoints/web/words/vi.yaml").read_text(encoding="utf-8"))
    both = [words[key] for key in ("answer.completion", "answer.amendment_completion", "answer.no_permission")]
    assert [said for said in both if "khai báo" in said] == []
    assert "xuất trình giấy tờ" in words["answer.no_permission"], "papers are shown at the gate (Article 10(1)(c))"
    assert "tàu biển" in words["act.complete.means"]
    printed = (ROOT / "prints" / "answer.typ").read_text(encoding="utf-8")
    assert "hoàn thành khai báo" not in printed
    assert "xuất trình giấy tờ" in printed
    notice = (ROOT / "mappings" / "notifications.yaml").read_text(encoding="utf-8")
    spoken = [line for line in notice.splitlines() if "hoàn thành khai báo" in line]
    assert [line for line in spoken if "tàu biển" not in line] == []


def test_an_officer_is_told_what_may_be_asked_and_need_not_be_refused() -> None:
    """Articles 11(3)(a), 17(3)(a): incomplete or inaccurate is asked to be amended; a request names each."""
    words = yaml.safe_load((ROOT / "adapter/entrypoints/web/words/vi.yaml").read_text(encoding="utf-8"))
    assert "yêu cầu sửa đổi, bổ sung (Điều 11, 17)" in words["ask.refuse.told"]
    assert "(Điều 11, 14, 17)" in words["request.told"]


def test_the_declarants_guide_states_the_hours_that_the_mappings_have() -> None:
    guide = (ROOT / "docs" / "huong-dan-khai-bao.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| ((?:\d\d|[A-Z]{3,4})(?:, [A-Z]{3,4})?) \(.*?\) \| (\d\d) giờ .*? \| (\d\d) giờ", guide, re.M
    )
    told = {(form, int(his), int(ours)) for forms, his, ours in rows for form in forms.split(", ")}
    assert told == {each for file in (ROOT / "mappings").glob("BQP*/2/procedure.yaml") for each in _hours(file)}


def _hours(file: Path) -> set[tuple[str, int, int]]:
    """By form: the declarant's hours and ours; where a condition gives others, those too."""
    stated = yaml.safe_load(file.read_text(encoding="utf-8"))
    form, limits = stated["messages"][0]["form"], stated["deadlines"]
    his = [each for each in limits if each["kind"] in ("declare_before", "amend_within")]
    ours = [each for each in limits if each["kind"] in ("confirm_within", "confirm_amendment_within")]
    return {
        (form, mine["hours"], next(o["hours"] for o in ours if o.get("where") in (mine.get("where"), None)))
        for mine in his
    }
