"""The shape of the YAML files: a text where a text is expected, a list where a list is.

YAML reads `no`, `on` and `07` as it likes, and what is not a text breaks far from the file that holds it. Closed
tables; which words exist is in `keywords`, what they mean in `load`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

TEXT, TEXT_OR_NOTHING, TEXTS, FLAG, NUMBER, SCALAR = "text", "text?", "texts", "flag", "number", "scalar"
ANY_WORD = "*"
"""Placeholder for keys that the author of a mapping chooses."""
_MEANT = {
    TEXT: "a text; write it in quotes",
    TEXT_OR_NOTHING: "a text; write it in quotes, or leave it out",
    FLAG: "true or false; write one of them",
    NUMBER: "a number; write digits without quotes",
    SCALAR: "a text, number or flag; write one",
}
_LABEL = {"vi": TEXT, "en": TEXT}
_FIELD = {"name": TEXT, "path": TEXT, "type": TEXT, "codes": TEXT_OR_NOTHING, "personal": FLAG, "label": _LABEL}
_DEADLINE = {
    **dict.fromkeys(("name", "kind", "basis"), TEXT),
    **dict.fromkeys(("hours", "days", "working_days"), NUMBER),
    "field": TEXT_OR_NOTHING,
    "where": {ANY_WORD: SCALAR},
}
PROCEDURE: Mapping[str, Any] = {
    **dict.fromkeys(("procedure", "acceptance", "result", "basis", "document_type"), TEXT),
    "version": SCALAR,
    "refusal_grounds": TEXT_OR_NOTHING,
    "title": _LABEL,
    "effective": {},
    "on_window": FLAG,
    "always_linked": FLAG,
    "paperless": FLAG,
    "declarant": {
        "signature": (TEXT, {"when_present": TEXT}),
        "identities": TEXTS,
        "accounts": TEXTS,
        "principal": {"fields": TEXTS, "unproved_in": TEXTS},
        "on_behalf": {**dict.fromkeys(("declarant", "of", "letter", "basis", "born"), TEXT), "under": NUMBER},
        "stores": (TEXTS, {"default": TEXTS, "where": [{"field": TEXT, "value": SCALAR, "stores": TEXTS}]}),
    },
    "attachments": dict.fromkeys(("group", "kind", "name", "size", "digest", "basis"), TEXT),
    "once": {"key": TEXT, "hours": NUMBER, "basis": TEXT},
    "messages": [{"meaning": TEXT, "schema": TEXT, "root": TEXT, "form": TEXT_OR_NOTHING, "after_confirmation": FLAG}],
    "header_equal": [{"field": TEXT, "header": TEXT, "fact": TEXT_OR_NOTHING}],
    "fields": [_FIELD],
    "groups": [{"name": TEXT, "path": TEXT, "ordinal": TEXT_OR_NOTHING, "label": _LABEL, "fields": [_FIELD]}],
    "ignored": TEXTS,
    "place": {ANY_WORD: TEXT},
    "prefill": {ANY_WORD: TEXT},
    "search": [{"kind": TEXT, "value": TEXT}],
    "rules": [{"rule": TEXT, "severity": TEXT, "basis": TEXT}],
    "deadlines": [_DEADLINE],
    "completion": {"form": TEXT, "schema": TEXT, "root": TEXT, "content": [{"path": TEXT, "from": TEXT}]},
    "amends": {
        "procedures": TEXTS,
        "request": TEXT,
        "reason": TEXT,
        "changes": {ANY_WORD: TEXT},
        "replacement": TEXT_OR_NOTHING,
        "prompt": {"hours": NUMBER, "basis": TEXT},
        "expects": [{"field": TEXT, "since": TEXT, "basis": TEXT, "where": {ANY_WORD: SCALAR}}],
    },
}
MESSAGES: Mapping[str, Any] = {
    "meanings": {ANY_WORD: TEXT},
    "replies": {ANY_WORD: {"type": TEXT, "function": TEXT, "schema": TEXT_OR_NOTHING}},
    "technical": {ANY_WORD: {"schema": TEXT}},
    "statements": {"schema": TEXT, "says": {ANY_WORD: _LABEL}},
}
FINDINGS: Mapping[str, Any] = {
    "prefix": TEXT,
    "findings": {ANY_WORD: {"number": NUMBER, "vi": TEXT, "en": TEXT, "basis": TEXT_OR_NOTHING}},
}
CODE_LIST: Mapping[str, Any] = {"name": TEXT, "title": _LABEL, "codes": [{"code": TEXT, "vi": TEXT, "en": TEXT}]}
CONSEQUENCES: Mapping[str, Any] = {
    "articles": [{"article": TEXT, "consequence": TEXT}],
    "request": {"reason": TEXT, "asked": TEXT},
}
LIMITS: Mapping[str, Any] = {"reconciliation": _DEADLINE}
_SHOWN = {"groups": TEXTS, "columns": [{"name": TEXT, "fields": TEXTS, "show": TEXT, "label": _LABEL}]}
CUSTOMS: Mapping[str, Any] = {"persons": _SHOWN, "vehicles": _SHOWN}
_TOLD = {"title": _LABEL, "text": _LABEL}
NOTIFICATIONS: Mapping[str, Any] = {
    "notifications": {ANY_WORD: {**_TOLD, "mail": _LABEL, "of": {ANY_WORD: TEXTS}}},
    "published": {ANY_WORD: _TOLD},
    "causes": {ANY_WORD: _LABEL},
}


def misshapen(stated: object, shape: Any, at: str = "") -> Iterator[str]:
    """Every place with another kind of value than expected, with the expected one."""
    if isinstance(shape, tuple):
        wanted = next((each for each in shape if isinstance(each, Mapping) is isinstance(stated, Mapping)), shape[0])
        yield from misshapen(stated, wanted, at)
    elif isinstance(shape, Mapping):
        yield from _mapping(stated, shape, at)
    elif isinstance(shape, list) or shape == TEXTS:
        if not isinstance(stated, list):
            yield f"{at}: {_shown(stated)} is no list; write [a, b], or lines that begin with a dash"
            return
        for number, item in enumerate(stated, start=1):
            yield from misshapen(item, TEXT if shape == TEXTS else shape[0], f"{at}: {number}")
    elif not _is(stated, shape):
        yield f"{at}: {_shown(stated)} is not {_MEANT[shape]}"


def _mapping(stated: object, shape: Mapping[str, Any], at: str) -> Iterator[str]:
    if not isinstance(stated, Mapping):
        yield f"{at or 'the file'}: {_shown(stated)} is no mapping; write {{word: value}}"
        return
    for word, value in stated.items():
        place = f"{at}: {word}" if at else str(word)
        if ANY_WORD in shape and not isinstance(word, str):
            yield f"{place}: the word {_shown(word)} is not {_MEANT[TEXT]}"
        elif (inner := shape.get(word, shape.get(ANY_WORD))) is not None:
            yield from misshapen(value, inner, place)


def _is(stated: object, shape: str) -> bool:
    match shape:
        case "text":
            return isinstance(stated, str) and stated != ""
        case "text?":
            return stated is None or isinstance(stated, str)
        case "flag":
            return isinstance(stated, bool)
        case "number":
            return isinstance(stated, int | float) and not isinstance(stated, bool) and abs(stated) < 1e9
        case _:
            return isinstance(stated, str | int | float | bool) and not isinstance(stated, date)


def _shown(stated: object) -> str:
    """The value as YAML read it, in words: `no` in a file is the value false."""
    if stated is None:
        return "nothing"
    if isinstance(stated, bool):
        return f"{str(stated).lower()} (yes, no, on and off are read so)"
    return f"{str(stated)[:60]!r}"
