"""Makes the values of `model/procedure` from the checked content of a YAML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from adapter.catalogue.consequences import Consequences
from adapter.model.catalogue import Code, Fact
from adapter.model.duties import Condition, Deadline, OnceSpec, PromptSpec, Unit
from adapter.model.finding import Severity
from adapter.model.identifiers import ProcedureCode
from adapter.model.procedure import (
    AmendsSpec,
    AttachedSpec,
    CompletionSpec,
    ContentItem,
    ExpectedSpec,
    FieldSpec,
    GroupSpec,
    HeaderEqual,
    Label,
    Meaning,
    MessageSpec,
    OnBehalfSpec,
    PrincipalSpec,
    Procedure,
    RuleSpec,
    SignaturePolicy,
    Where,
)

Titles = Mapping[str, Label]
"""Titles of code lists for people, by their names."""


def make_meanings(messages: Mapping[str, Any]) -> dict[str, Meaning]:
    """The meaning of each pair. A meaning has one pair: of two, one would silently replace the other."""
    meanings = {pair: Meaning(value) for pair, value in messages.get("meanings", {}).items()}
    for meaning in Meaning:
        pairs = sorted(pair for pair, each in meanings.items() if each is meaning)
        if len(pairs) > 1:
            raise ValueError(f"meanings: {' and '.join(pairs)} both mean {meaning.value}; leave one of them out")
    return meanings


def make_title(stated: Mapping[str, Any]) -> Label | None:
    """What a code list is called for people, where it says so."""
    return make_label(stated["title"]) if "title" in stated else None


def make_label(stated: Mapping[str, str]) -> Label:
    return Label(vi=stated["vi"], en=stated["en"])


def make_procedure(
    stated: Mapping[str, Any], messages: Mapping[str, MessageSpec], titles: Titles, consequences: Consequences
) -> Procedure:
    """A version of a procedure; `messages`: those that it takes, by their pairs."""
    code, version = str(stated["procedure"]), str(stated["version"])
    declarant, completion = stated.get("declarant", {}), stated.get("completion")
    return Procedure(
        code=ProcedureCode(code),
        document_type=ProcedureCode(str(stated.get("document_type", code))),
        version=version,
        effective_from=stated["effective"]["from"],
        effective_to=stated["effective"].get("to"),
        title=make_label(stated["title"]),
        basis=stated.get("basis", ""),
        on_window=bool(stated["on_window"]),
        always_linked=bool(stated.get("always_linked", False)),
        paperless=bool(stated.get("paperless", False)),
        acceptance=stated["acceptance"],
        signature=make_signature(declarant),
        messages=messages,
        fields=tuple(make_field(item, titles) for item in stated.get("fields", [])),
        groups=tuple(make_group(item, titles) for item in stated.get("groups", [])),
        header_equal=tuple(
            HeaderEqual(item["field"], item["header"], item.get("fact")) for item in stated.get("header_equal", [])
        ),
        identities=tuple(declarant.get("identities", ())),
        principal=make_principal(declarant["principal"]) if "principal" in declarant else None,
        accounts=tuple(declarant.get("accounts", declarant.get("identities", ()))),
        place=dict(stated.get("place", {})),
        prefill=dict(stated.get("prefill", {})),
        search=tuple((item["kind"], item["value"]) for item in stated.get("search", [])),
        rules=tuple(make_rule(item, consequences) for item in stated.get("rules", [])),
        deadlines=tuple(make_deadline(item) for item in stated.get("deadlines", [])),
        completion=make_completion(completion, f"{code}/{version}") if completion else None,
        result=stated.get("result", "declaration"),
        refusal_grounds=stated.get("refusal_grounds"),
        ignored=tuple(stated.get("ignored", ())),
        amends=make_amends(stated["amends"]) if "amends" in stated else None,
        on_behalf=OnBehalfSpec(**declarant["on_behalf"]) if "on_behalf" in declarant else None,
        once=OnceSpec(**stated["once"]) if "once" in stated else None,
        attached=make_attached(stated["attachments"], consequences) if "attachments" in stated else None,
    )


def make_field(stated: Mapping[str, Any], titles: Titles) -> FieldSpec:
    return FieldSpec(
        name=stated["name"],
        path=stated["path"],
        type=stated["type"],
        label=make_label(stated["label"]),
        codes=stated.get("codes"),
        personal=bool(stated.get("personal", False)),
        listing=titles.get(str(stated.get("codes"))),
    )


def make_group(stated: Mapping[str, Any], titles: Titles) -> GroupSpec:
    return GroupSpec(
        name=stated["name"],
        path=stated["path"],
        label=make_label(stated["label"]),
        fields=tuple(make_field(item, titles) for item in stated["fields"]),
        ordinal=stated.get("ordinal"),
    )


def make_attached(stated: Mapping[str, Any], consequences: Consequences) -> AttachedSpec:
    return AttachedSpec(**stated, severity=consequences.of(stated["basis"]))


def make_rule(stated: Mapping[str, Any], consequences: Consequences) -> RuleSpec:
    fixed = {"rule", "severity", "basis"}
    return RuleSpec(
        rule=stated["rule"],
        severity=Severity.WARN if "severity" in stated else consequences.of(stated.get("basis", "")),
        arguments={key: _argument(value) for key, value in stated.items() if key not in fixed},
        basis=stated.get("basis", ""),
    )


def _argument(value: object) -> object:
    return Where(value) if isinstance(value, dict) else value


def make_deadline(stated: Mapping[str, Any]) -> Deadline:
    units = [unit for unit in Unit if unit.value in stated]
    if len(units) != 1:
        raise ValueError(f"deadlines: {stated['name']}: give it one of {', '.join(Unit)}")
    return Deadline(
        name=stated["name"],
        kind=stated["kind"],
        amount=float(stated[units[0].value]),
        unit=units[0],
        field=stated.get("field"),
        where=make_conditions(stated.get("where", {})),
        basis=stated.get("basis", ""),
        complete=bool(stated.get("complete", False)),
    )


def make_conditions(stated: Mapping[str, Any]) -> tuple[Condition, ...]:
    return tuple(
        Condition(name, str(int(value) if isinstance(value, bool) else value)) for name, value in stated.items()
    )


def make_signature(stated: Mapping[str, Any]) -> SignaturePolicy:
    required = stated.get("signature", "never")
    stores: Any = stated.get("stores", [])
    default: Sequence[str] = stores.get("default", []) if isinstance(stores, dict) else stores
    where = stores.get("where", []) if isinstance(stores, dict) else []
    return SignaturePolicy(
        required="when_present" if isinstance(required, dict) else str(required),
        when_present=required["when_present"] if isinstance(required, dict) else None,
        stores=tuple(default),
        stores_where=tuple((Condition(item["field"], str(item["value"])), tuple(item["stores"])) for item in where),
    )


def make_principal(stated: Mapping[str, Any]) -> PrincipalSpec:
    return PrincipalSpec(fields=tuple(stated["fields"]), unproved_in=tuple(stated.get("unproved_in", ())))


def make_completion(stated: Mapping[str, Any], folder: str) -> CompletionSpec:
    return CompletionSpec(
        form=str(stated["form"]),
        root=stated["root"],
        schema_name=f"{folder}/{stated['schema']}",
        content=tuple(ContentItem(item["path"], item["from"]) for item in stated["content"]),
    )


def make_amends(stated: Mapping[str, Any]) -> AmendsSpec:
    return AmendsSpec(
        procedures=tuple(ProcedureCode(code) for code in stated["procedures"]),
        request=stated["request"],
        reason=stated["reason"],
        **{name: stated["changes"][name] for name in ("group", "form", "row", "field", "old", "new")},
        replacement=stated.get("replacement"),
        prompt=PromptSpec(**stated["prompt"]) if "prompt" in stated else None,
        expects=tuple(
            ExpectedSpec(each["field"], each["since"], make_conditions(each.get("where", {})), each.get("basis", ""))
            for each in stated.get("expects", ())
        ),
    )


def _named_list(stated: Mapping[str, Any]) -> tuple[str, dict[str, Code]]:
    return stated["name"], {item["code"]: make_code(item) for item in stated["codes"]}


_CODE = frozenset({"code", "vi", "en", "from", "to"})


def make_code(stated: Mapping[str, Any]) -> Code:
    facts = {name: _facts(value) for name, value in stated.items() if name not in _CODE}
    first, last = make_day(stated, "from"), make_day(stated, "to")
    code = str(stated["code"])
    return Code(code=code, vi=stated["vi"], en=stated["en"], valid_from=first, valid_to=last, facts=facts)


def _facts(stated: Any) -> tuple[Fact, ...]:
    """A plain fact holds always; one with periods is a list of `{is: value, from: day, to: day}`."""
    if isinstance(stated, list) and stated and all(isinstance(item, dict) and "is" in item for item in stated):
        return tuple(Fact(item["is"], make_day(item, "from"), make_day(item, "to")) for item in stated)
    return (Fact(stated),)


def make_day(stated: Mapping[str, Any], name: str) -> date | None:
    value = stated.get(name)
    return value if isinstance(value, date) else None
