"""The documents say what the program does: pages are generated anew and compared, every public name has its place, and
commands, make targets, paths and links that they name exist.
"""

from __future__ import annotations

import ast
import configparser
import logging
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

import adapter
from adapter.cli import app
from adapter.entrypoints import log
from adapter.gateways.store.tables import metadata
from adapter.model.events import Event
from adapter.pipeline.converters import CONVERTERS
from adapter.pipeline.rules.table import RULES
from docs.generate import FOLDER, PAGES, configuration, findings, mappings
from tests.harness.pki import ROOT
from tests.harness.source import tree_of, walked

DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "deploy/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
OPERATIONS = ROOT / "docs" / "operations.md"
IDS = [str(file.relative_to(ROOT)) for file in DOCUMENTS]
_FENCE = re.compile(r"(?:<!-- (?P<mark>[^>]*?) -->\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```", re.M | re.S)
_INDEXED = re.compile(r"^\| \[(\d{4})\]\(([\w-]+\.md)\) \| \d{4}-\d\d-\d\d \| [\w ]+ \| (.+?) \|$", re.M)
_TOP = "adapter|schemas|mappings|queues|prints|fixtures|tests|docs|deploy"


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a document, with the words of the comment directly above it."""

    file: Path
    kind: str
    text: str
    mark: str


def _blocks(file: Path) -> Iterator[Block]:
    for found in _FENCE.finditer(file.read_text(encoding="utf-8")):
        yield Block(file, found["kind"], found["text"], found["mark"] or "")


ALL_BLOCKS = [block for file in DOCUMENTS for block in _blocks(file)]


def _prose(file: Path) -> str:
    """A document without its fenced blocks."""
    return _FENCE.sub("", file.read_text(encoding="utf-8"))


@cache
def _page(name: str) -> str:
    return PAGES[name]()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_reference_page_is_what_would_be_written_now(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == _page(name), "run python -m docs.generate"


@pytest.mark.parametrize("name", [name for name in sorted(PAGES) if name.startswith("procedures/BQP")])
def test_a_procedure_page_shows_a_completion_of_its_own_kind_only(name: str) -> None:
    """Wire profile 3: 20/25 and 30/28 carry the documentType of the amendment, 30/23 that of the declaration."""
    text = _page(name)
    answers = set(re.findall(r"`(20/25|30/23|30/28)`", text.partition("## Answers")[2].partition("\n## ")[0]))
    assert answers == ({"20/25", "30/28"} if "| Amends |" in text else {"30/23"})


def test_every_configuration_key_has_its_comment() -> None:
    told = configuration.words()
    silent = [key.path for key in configuration.all_keys() if not (configuration.meaning(key.path, told) or key.told)]
    assert silent == [], "write a comment in config.yaml"


def test_every_key_of_the_shipped_file_is_one_that_the_program_reads() -> None:
    known = [re.compile(re.escape(key.path).replace("<name>", r"[^.]+")) for key in configuration.all_keys()]
    leaves = [path for path, value in configuration.shipped().items() if path and not isinstance(value, dict)]
    optional = {
        "broker.tls",
        "broker.management",
        "web.portal.login",
        "web.staff.login",
        "mail",
        "alerts.webhook",
        "alerts.mail",
        "customs.purposes",
    }  # null, or an empty list: no section
    assert [path for path in leaves if path not in optional and not any(each.fullmatch(path) for each in known)] == []


def test_every_keyword_of_a_mapping_has_a_sentence_and_every_sentence_a_keyword() -> None:
    assert mappings.known() ^ set(mappings.KEYWORDS) == set()


def test_every_type_of_a_mapping_has_a_sentence() -> None:
    assert set(CONVERTERS) == set(mappings.TYPES)


def test_every_rule_says_when_it_holds_and_names_its_finding() -> None:
    page = (FOLDER / "reference" / "mappings.md").read_text(encoding="utf-8")
    stated = yaml.safe_load((ROOT / "mappings" / "findings.yaml").read_text(encoding="utf-8"))["findings"]
    for name, rule in RULES.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |") and line.count("|") == 6)
        assert (rule.apply.__doc__ or "").strip(), name
        assert re.findall(r"`(\w+)`", row.split("|")[-2]) == list(rule.finds), name
        assert rule.finds.keys() <= stated.keys(), name


def test_every_class_of_findings_is_explained() -> None:
    stated = yaml.safe_load((ROOT / "mappings" / "findings.yaml").read_text(encoding="utf-8"))["findings"]
    assert {str(item["number"])[0] for item in stated.values()} == set(findings.CLASSES)


def _events_told() -> list[str]:
    section = OPERATIONS.read_text(encoding="utf-8").partition("## Log events")[2].partition("\n## ")[0]
    cells = ["".join(row.split("|")[1:2]) for row in section.splitlines()]
    return [name for cell in cells for name in re.findall(r"`(\w+\.\w+)`", cell)]


def test_the_operator_finds_every_event_and_no_other_in_the_table() -> None:
    assert sorted(_events_told()) == sorted(event.value for event in Event)


def test_the_table_says_how_loud_an_event_is() -> None:
    letters = {logging.DEBUG: "D", logging.INFO: "", logging.WARNING: "W", logging.ERROR: "E"}
    section = OPERATIONS.read_text(encoding="utf-8").partition("## Log events")[2]
    rows = [row.split("|") for row in section.splitlines() if row.startswith("| `")]
    told = {name: cells[2].strip() for cells in rows for name in re.findall(r"`(\w+\.\w+)`", cells[1])}
    assert {event.value: letters[log._level(event, {})] for event in Event} == {
        name: told[name] for name in _events_told()
    }


def test_the_operator_finds_every_kind_of_broker_event() -> None:
    source = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "adapter/gateways/broker").glob("*.py"))
    kinds = set(re.findall(r'"(broker\.[a-z]+)"', source))
    assert kinds, "the gateway tells the kinds"
    text = OPERATIONS.read_text(encoding="utf-8")
    assert [kind for kind in sorted(kinds) if f"`{kind}`" not in text] == []


def _environment_names() -> set[str]:
    """Variables that the program or the suite reads; those that tests set for their own children do not count."""
    names = set()
    for folder in ("adapter", "tests", "docs"):
        for file in (ROOT / folder).rglob("*.py"):
            text = file.read_text(encoding="utf-8")
            if "NSW_" not in text and "ALLOW_SKIPS" not in text:
                continue
            for node in walked(tree_of(file)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    names |= set(re.findall(r"^(?:NSW_[A-Z_]*[A-Z]|ALLOW_SKIPS)$", node.value))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return names | set(re.findall(r"\b(NSW_[A-Z_]+)=", makefile))


PRIVATE = {"NSW_PRIVATE_SERVER"}
"""The mark that the suite's servers carry, so that they are found and ended: nobody sets it by hand."""


def test_every_environment_variable_is_documented() -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in DOCUMENTS)
    names = _environment_names() - PRIVATE
    assert {"NSW_CONFIG", "NSW_AMQP_URL", "NSW_DATABASE_URL", "ALLOW_SKIPS"} <= names
    assert [name for name in sorted(names) if name not in text] == []


def _shell_lines() -> Iterator[tuple[Path, str]]:
    """Commands of the documents: lines of shell blocks, and what stands in backticks."""
    for block in ALL_BLOCKS:
        if block.kind in ("sh", "bash", "console", "ini"):
            yield from ((block.file, line) for line in block.text.replace("\\\n", " ").splitlines())
    for file in DOCUMENTS:
        yield from ((file, found) for found in re.findall(r"`([^`\n]+)`", _prose(file)))


def _commands() -> list[tuple[str, list[str]]]:
    found = []
    for file, line in _shell_lines():
        match = re.search(r"(?:^|[\s/=])nsw-adapter ((?:[a-z]|--)[^#]*)", line)
        if match and "=" not in match[1].split()[0]:
            found.append((str(file.relative_to(ROOT)), shlex.split(match[1].replace("…", "").replace("'", ""))))
    return found


COMMANDS = _commands()


@pytest.mark.parametrize(("where", "words"), COMMANDS, ids=[" ".join(words)[:60] for _, words in COMMANDS])
def test_a_command_that_is_named_exists_with_its_options(where: str, words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    rest = list(words)
    while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
        name = rest.pop(0)
        for each in name.split("|"):
            assert each in command.commands, f"{where}: nsw-adapter {' '.join(words)}: no command {each}"
        command = command.commands[name.split("|")[0]]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    stated = [word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)]
    assert [option for option in stated if option not in known] == [], f"{where}: nsw-adapter {' '.join(words)}"


def test_the_documents_name_commands() -> None:
    assert len(COMMANDS) > 20


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    lines = [(str(file.relative_to(ROOT)), re.match(r"make ([a-z]+)", line)) for file, line in _shell_lines()]
    named = {(where, found[1]) for where, found in lines if found}
    assert {target for _, target in named} >= {"demo", "test", "bench", "prove", "setup"}
    assert [each for each in sorted(named) if each[1] not in targets] == []


@pytest.mark.parametrize("file", DOCUMENTS, ids=IDS)
def test_a_link_leads_somewhere(file: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(file)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (file.parent / path).resolve() if path else file
        if not there.exists() or (anchor and anchor not in _anchors(there)):
            broken.append(target)
    assert broken == []


def _anchors(file: Path) -> set[str]:
    """Headings as git hosts turn them into anchors."""
    headings = re.findall(r"^#+ (.+)$", _prose(file), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("file", [each for each in DOCUMENTS if each.parent.name != "decisions"], ids=str)
def test_a_path_that_is_named_is_there(file: Path) -> None:
    named = re.findall(rf"`((?:{_TOP})/[\w./-]*)`", file.read_text(encoding="utf-8"))
    assert [path for path in named if not (ROOT / path).exists()] == []


QUOTED = [block for block in ALL_BLOCKS if block.mark.startswith("from ")]


@pytest.mark.parametrize("block", QUOTED, ids=lambda block: block.mark)
def test_a_quotation_stands_in_its_file(block: Block) -> None:
    assert block.text in (ROOT / block.mark.removeprefix("from ")).read_text(encoding="utf-8")


def test_the_readme_opens_with_the_two_commands() -> None:
    screen = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:25]
    assert [line.split("#")[0].strip() for line in screen if line.startswith("make ")] == ["make demo", "make test"]


def test_the_changelog_has_this_version_on_top() -> None:
    """A released version has its day; one in the making is the next one, and its changes are collected."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    version = setup["metadata"]["version"]
    first, newest = re.findall(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)[:2]
    assert version == adapter.__version__
    if version.endswith(".dev0"):
        assert first == "Unreleased"
        assert _number(version.removesuffix(".dev0")) > _number(newest)
    else:
        assert version in (first, newest)


def _number(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


RUN = [block for block in ALL_BLOCKS if block.mark == "run"]
"""What tests/acceptance/test_first_steps.py runs."""


def test_there_is_a_block_to_run() -> None:
    assert RUN
    assert QUOTED


def test_every_table_has_its_line_in_the_architecture() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    lines = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `")]
    named = {name for cell in lines for name in re.findall(r"`(\w+)`", cell)}
    assert "inbox" in metadata.tables
    assert set(metadata.tables) - named == set()


def test_every_folder_of_services_and_gateways_stands_in_the_picture() -> None:
    picture = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("## One message")[0]
    folders = [
        each.parent.name
        for part in ("services", "gateways")
        for each in (ROOT / "adapter" / part).glob("*/__init__.py")
    ]
    assert len(folders) > 10
    assert [name for name in folders if f"{name}/" not in picture] == []


def test_every_decision_stands_in_the_index_under_its_title() -> None:
    folder = ROOT / "docs" / "decisions"
    titles = {file.name: file.read_text(encoding="utf-8").splitlines()[0] for file in folder.glob("0*.md")}
    index = (folder / "README.md").read_text(encoding="utf-8")
    listed = {name: f"# {number} {title}" for number, name, title in _INDEXED.findall(index)}
    assert titles
    assert listed == titles
