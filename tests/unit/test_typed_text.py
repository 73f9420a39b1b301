"""Text that a person types is checked where it enters: each argument and option of each command, each HTTP string."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from typer.main import get_command

from adapter.cli import app
from adapter.model.errors import NotAllowed
from adapter.model.text import LONGEST, OFFICER_NAME, OFFICER_RANK, REASON, REMARKS, holdable, typed
from adapter.services.replies.refusal_grounds import LONGEST as GROUND
from tests.harness.data import compiled
from tests.harness.pki import ROOT

HOSTILE = {
    "control": "Lý do\x01hai",
    "c1-control": "a\u009bb",
    "escape": "a\x1b[2Jb",
    "nul": "a\x00b",
    "noncharacter": "a\ufffeb",
    "noncharacter-of-a-plane": "a\U0001fffeb",
    "surrogate": "a\udc80b",
    "right-to-left-override": "a\u202eb",
    "line-separator": "a\u2028b",
    "5000-letters": "x" * 5000,
}


WHOLE: Any = get_command(app)


def commands() -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its words."""

    def walk(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
        for name, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, (*path, name))
        if not hasattr(command, "commands"):
            yield path, command

    return walk(WHOLE, ())


def is_text(parameter: Any) -> bool:
    kind = getattr(parameter, "type_descriptor", None)
    return kind is not None and str in (kind.annotation, *get_args(kind.annotation))


TEXTS = [(path, command, each) for path, command in commands() for each in command.params if is_text(each)]


def call(path: tuple[str, ...], command: Any, hostile: Any, text: str) -> list[str]:
    """The words of a call in which one parameter is hostile and every other that is needed is harmless."""
    options: list[str] = []
    arguments: list[str] = []
    for each in command.params:
        value = text if each is hostile else sample(each) if each.required else None
        if value is None:
            continue
        if each.param_type_name == "argument":
            arguments.append(value)
        else:
            options.append(f"{each.opts[0]}={value}")
    return [*path, *options, "--", *arguments]


def sample(parameter: Any) -> str:
    kind = parameter.type_descriptor
    if kind.is_choice:
        return str(kind.choices[0].value)
    return "2026" if kind.annotation is int else "001085012345"


def test_there_are_texts_to_look_at() -> None:
    assert len(TEXTS) > 60
    assert {"reason", "officer", "name", "by", "label", "holder"} <= {each.name for _, _, each in TEXTS}


@pytest.mark.parametrize("what", HOSTILE)
def test_no_command_takes_a_text_that_no_form_can_hold(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    for path, command, parameter in TEXTS:
        with pytest.raises(SystemExit) as left:
            WHOLE.main(call(path, command, parameter, HOSTILE[what]))
        lines = capsys.readouterr().err.splitlines()
        where = (*path, parameter.name, lines)
        assert left.value.code == 2, where
        assert len(lines) == 1, where
        assert re.search(r"U\+[0-9A-F]{4,6}, which no form can hold|5000 characters", lines[0]), where
        assert lines[0].isprintable(), where


def test_a_text_is_kept_in_one_spelling() -> None:
    decomposed = unicodedata.normalize("NFD", "Lý do  bị\n từ chối ")
    assert typed(decomposed, "reason") == unicodedata.normalize("NFC", "Lý do bị từ chối")
    assert typed("می\u200cخواهم", "name") == "می\u200cخواهم"


@pytest.mark.parametrize("text", [HOSTILE[name] for name in HOSTILE if name != "5000-letters"])
def test_the_services_turn_it_down_too(text: str) -> None:
    with pytest.raises(NotAllowed, match="reason: character"):
        typed(text, "reason")


def test_what_was_stored_by_an_earlier_version_can_be_written() -> None:
    assert holdable("Lý do\x01hai\ufffe\udc80\x9b\n") == "Lý do\ufffdhai\ufffd\ufffd\ufffd\n"


def lengths() -> Iterator[tuple[str, int | None]]:
    """Every simple element of every message by its path below Content, with the most characters that its XSD takes."""

    def below(element: Any, path: str) -> Iterator[tuple[str, int | None]]:
        if element.type.is_complex() and element.type.content is not None:
            for child in element.type.content.iter_elements():
                yield from below(child, f"{path}/{child.local_name}")
        else:
            yield path, element.type.max_length

    for file in sorted((ROOT / "schemas").rglob("*.xsd")):
        schema = compiled(ROOT / "schemas")(str(file.relative_to(ROOT / "schemas")))
        if "Envelope" in schema.elements:
            yield from below(schema.elements["Envelope"], "")


def test_each_bound_is_the_length_of_the_shortest_form_that_carries_the_text() -> None:
    found = [(path, length) for path, length in lengths() if length is not None and "/Content/" in path]

    def least(pattern: str) -> int:
        return min(length for path, length in found if re.search(pattern, path))

    assert least(r"/(Accepter|Reject|Requester|Completion/\w+/Officer)/Name$") == OFFICER_NAME
    assert least(r"/Completion/\w+/Officer/Rank$") == OFFICER_RANK
    assert least(r"/Completion/\w+/Remarks$") == REMARKS
    assert least(r"/Refusal/Reject/LegalGround$") == GROUND
    assert least(r"/(RejectDesc|AmendmentRequest/Reason|Item/Wrong|Item/Asked)$") == LONGEST
    assert REASON + 350 < LONGEST, "beside the words of the finding that tells it"
