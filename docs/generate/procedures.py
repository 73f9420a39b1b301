"""A page for each procedure: what comes in and goes out, fields, rules, time limits, cases, an example."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from lxml import etree

from adapter.catalogue.consequences import CONSEQUENCES_FILE, Consequences, read_consequences
from adapter.pipeline.rules.table import RULES
from docs.generate import forms
from docs.generate.page import ROOT, code, document, first, head, join, listed, sentence, table

MAPPINGS, FIXTURES = ROOT / "mappings", ROOT / "fixtures"
ACCEPTED_BY = {
    "automatic": "by the program, as soon as it has passed every check (20/21)",
    "officer": "by an officer; until then it has the receipt (99)",
}
COMPLETES = {
    "declaration": "that the **declaration** is complete (xác nhận hoàn thành khai báo), never that somebody may cross",
    "procedure": "that the **procedure** is complete (xác nhận hoàn thành thủ tục)",
}
LIMITS = {
    "declare_before": "declared at least so long before",
    "declare_within": "declared at most so long after",
    "bring_within": "brought by the declarant within",
    "confirm_within": "confirmed within, from its reception until it is sent",
    "amend_within": "amended by the declarant within, after he has the request",
    "confirm_amendment_within": "amendment confirmed within, after its reception",
}
"""Kinds of time limits in words."""


def _mappings() -> Iterator[dict[str, Any]]:
    """The newest version of each procedure that has a form."""
    newest: dict[str, dict[str, Any]] = {}
    for file in sorted(MAPPINGS.glob("*/*/procedure.yaml")):
        stated = document(file)
        before = newest.get(stated["procedure"])
        if stated.get("fields") and (before is None or before["effective"]["from"] < stated["effective"]["from"]):
            newest[stated["procedure"]] = stated
    return iter(newest.values())


def listing() -> str:
    """docs/procedures/README.md."""
    rows = (
        (
            f"[{stated['procedure']}]({stated['procedure']}.md)",
            stated["title"]["vi"],
            stated["title"]["en"],
            "window" if stated["on_window"] else "portal only",
            ", ".join(dict.fromkeys(str(each.get("form", "")) for each in stated["messages"])),
        )
        for stated in _mappings()
    )
    blocks = head(
        "Procedures",
        "`mappings/`, `schemas/`, `fixtures/`",
        "Codes, fields and rules are **proposals**: the official ones are not public. To add one: "
        "[a walk](../examples/new-procedure/README.md).",
        table(("Code", "Thủ tục", "Procedure", "Comes by", "Form"), rows),
    )
    return join(blocks)


def page(stated: Mapping[str, Any]) -> str:
    """docs/procedures/<code>.md."""
    folder = f"{stated['procedure']}/{stated['version']}"
    cases = list(_cases(stated["procedure"]))
    mapping = f"[procedure.yaml](../../mappings/{folder}/procedure.yaml)"
    blocks = head(
        f"{stated['procedure']}: {stated['title']['vi']}",
        f"`mappings/{folder}`, `schemas/{folder}`, `fixtures/{stated['procedure']}`",
        f"{sentence(stated['title']['en'])} {stated['basis']}.",
        table(("", ""), _facts(stated, mapping)),
        "## Messages in",
        table(("type/function", "Meaning", "Form", "XSD"), _incoming(stated, folder)),
        "## Answers",
        table(("type/function", "Answer", "XSD"), _outgoing(stated, folder)),
        "What can happen to its dossier after that: [the life of a dossier](../reference/dossier.md).",
        *_limits(stated),
        *_grounds(stated),
        *_rules(stated),
        *_fields(stated, folder),
        "## Cases",
        "Each is a message in `fixtures/` that a test judges; what must come of it was written from the article.",
        table(("Case", "What it shows", "Article", "Outcome"), (_case(*case) for case in cases)),
        *_example(cases),
    )
    return join(blocks)


def _facts(stated: Mapping[str, Any], mapping: str) -> Iterator[tuple[str, str]]:
    if other := stated.get("document_type"):
        yield "Goes under", f"the documentType of [{other}]({other}.md)"
    since, until = stated["effective"]["from"], stated["effective"].get("to")
    before = int(stated["version"]) - 1
    earlier = f"; before that [version {before}](../../mappings/{stated['procedure']}/{before}/procedure.yaml)"
    yield "In force", f"from {since}" + (f" to {until}" if until else "") + (earlier if before else "")
    window = "the window; the portal while the window is down"
    yield (
        "Comes by",
        window if stated["on_window"] else "**the portal only** (`on_window: true` opens it on the window)",
    )
    spared = "not, where the window has the result (công văn TCHQ 27/5/2022)" if stated.get("paperless") else "yes"
    yield "Customs may ask paper", spared
    declarant = stated.get("declarant", {})
    yield "Declarant signs", _signs(declarant.get("signature", "never"))
    yield "Must be the signer's or the caller's", listed(declarant.get("identities", ()))
    yield "Is accepted", ACCEPTED_BY[stated["acceptance"]]
    yield "Completion says", COMPLETES[stated.get("result", "declaration")]
    if stated.get("amends"):
        yield "Amends", listed(stated["amends"]["procedures"])
    if by := [each["procedure"] for each in _mappings() if stated["procedure"] in _amended_by(each)]:
        yield "Is amended by", ", ".join(f"[{each}]({each}.md)" for each in by)
    found_by = listed(f"{each['kind']}: {each['value']}" for each in stated.get("search", ()))
    yield "Looked up by", found_by
    yield "Mapping", mapping


def _amended_by(stated: Mapping[str, Any]) -> list[str]:
    return list(stated["amends"]["procedures"]) if stated.get("amends") else []


def _signs(stated: object) -> str:
    if isinstance(stated, Mapping):
        return f"when {code(stated['when_present'])} is declared; a signature that is present must hold"
    return str(stated)


def _incoming(stated: Mapping[str, Any], folder: str) -> Iterator[tuple[str, ...]]:
    pairs = {meaning: pair for pair, meaning in _messages()["meanings"].items()}
    for each in stated["messages"]:
        link = f"[{each['schema']}](../../schemas/{folder}/{each['schema']})"
        yield code(pairs[each["meaning"]]), each["meaning"], f"{each.get('form', '')}", link


def _outgoing(stated: Mapping[str, Any], folder: str) -> Iterator[tuple[str, ...]]:
    """Only what it sends: a dossier's own completion, or of an amendment the request for it and its completion."""
    pairs = {meaning: pair for pair, meaning in _messages()["meanings"].items()}
    answered = list(dict.fromkeys(pairs[each["meaning"]].partition("/")[0] for each in stated["messages"]))
    foreign = _OF_DECLARATIONS if stated.get("amends") else _OF_AMENDMENTS
    for name, told in _messages()["replies"].items():
        if name in foreign or (name == "Transfer" and not stated["on_window"]):
            continue  # what the window does not carry is never transferred to it
        schema, title = told.get("schema"), name
        if schema is None:
            if not (completion := stated.get("completion")):
                continue
            title = f"{name}, form {completion['form']}"
            schema = f"{folder}/{completion['schema']}"
        types = answered if told["type"] == "=" else [told["type"]]
        link = f"[{Path(schema).name}](../../schemas/{schema})"
        yield listed(f"{type_}/{told['function']}" for type_ in types), title, link


_OF_DECLARATIONS = frozenset({"Completion"})
_OF_AMENDMENTS = frozenset({"AmendmentRequest", "AmendmentCompletion"})
"""Answers that carry the documentType of the one kind of procedure only (wire profile 3)."""


def _messages() -> dict[str, Any]:
    read: dict[str, Any] = document(MAPPINGS / "messages.yaml")
    return read


def _limits(stated: Mapping[str, Any]) -> Iterator[str]:
    if not stated.get("deadlines"):
        return
    yield "## Time limits"
    yield (
        "A late declaration is taken and flagged: the Decision names no consequence. Of one kind the first row counts "
        "whose condition holds."
    )
    rows = (
        (
            code(each["name"]),
            LIMITS.get(each["kind"], each["kind"]),
            code(each.get("field")),
            next(
                f"{each[unit]:g} {unit.replace('_', ' ')}" for unit in ("hours", "days", "working_days") if unit in each
            ),
            _where(each.get("where")),
            each.get("basis", ""),
        )
        for each in stated["deadlines"]
    )
    yield table(("Name", "What", "Counted from", "How long", "Only where", "Basis"), rows)


def _grounds(stated: Mapping[str, Any]) -> Iterator[str]:
    if name := stated.get("refusal_grounds"):
        grounds = document(MAPPINGS / "codelists" / f"{name}.yaml")["codes"]
        yield "## Grounds of refusal"
        yield (
            "An officer names one of these (`nsw-adapter dossier refuse --ground CODE`); its words go out (20/22). The "
            "program refuses on the one marked `declaration: faulty` only; LegalGround adds the articles broken."
        )
        yield table(("Code", "Căn cứ", "Ground"), ((code(each["code"]), each["vi"], each["en"]) for each in grounds))


def _where(where: object) -> str:
    if not isinstance(where, Mapping):
        return ""
    return ", ".join(code(f"{name} = {_words(value)}") for name, value in where.items())


def _words(value: object) -> str:
    return " or ".join(map(str, value)) if isinstance(value, list) else str(value)


def _rules(stated: Mapping[str, Any]) -> Iterator[str]:
    if not stated.get("rules"):
        return
    yield "## Rules"
    yield (
        "What breaking a rule means follows from the article it cites (`mappings/consequences.yaml`). **refuse**: "
        "answered 20/22 with ground and basis. **request**: accepted with 20/21, and form 13 (20/25) asks for an "
        "amendment at once. **warn**: accepted, and officer and declarant are told. A letter behind a basis says where "
        "the value [comes from](../glossary.md#where-a-value-comes-from)."
    )
    yield table(("Rule", "Holds when", "Here", "Breaking it", "Basis"), (_rule(each) for each in stated["rules"]))


def _consequences() -> Consequences:
    return read_consequences(document(MAPPINGS / CONSEQUENCES_FILE))


def _rule(each: Mapping[str, Any]) -> tuple[str, ...]:
    fixed = {"rule", "severity", "basis"}
    told = [
        f"{name} {_where(value) if name == 'where' else listed(value if isinstance(value, list) else [value])}"
        for name, value in each.items()
        if name not in fixed
    ]
    means = each.get("severity") or _consequences().of(each.get("basis", ""))
    severity = means if means == "warn" else f"**{means}**"
    return (
        code(each["rule"]),
        first(RULES[each["rule"]].apply.__doc__),
        "; ".join(told),
        severity,
        each.get("basis", ""),
    )


def _fields(stated: Mapping[str, Any], folder: str) -> Iterator[str]:
    """The form as its XSD has it, beside the names under which rules and search keys know the values."""
    yield "## Fields"
    yield (
        "Origin: **T** the text of the law, **P** the border portal's data-entry rules, **N** real single-window "
        "messages of other ministries, **F** IMO FAL, UN/EDIFACT PAXLST or ICAO 9303, **I** inference. "
        "A value marked *personal* is masked everywhere but in the signed bytes."
    )
    known = _known(stated)
    shown = set()
    for each in stated["messages"]:
        if each["root"] not in shown:
            shown.add(each["root"])
            yield from _form(f"{folder}/{each['schema']}", f"Body/Content/{each['root']}", each["meaning"], known)
    if completion := stated.get("completion"):
        sources = {item["path"]: {"name": item["from"]} for item in completion["content"]}
        steps = f"Body/Content/Completion/{completion['root']}"
        yield from _form(f"{folder}/{completion['schema']}", steps, f"confirmation {completion['form']}", sources)


def _known(stated: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    named = {each["path"]: each for each in stated["fields"]}
    for group in stated.get("groups", ()):
        rows = {f"{group['path']}/{each['path']}": each for each in group["fields"]}
        named |= {path: {**each, "name": f"{group['name']}.{each['name']}"} for path, each in rows.items()}
    return named


def _form(name: str, steps: str, title: str, known: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield f"### {sentence(title).rstrip('.')}: `{steps.rpartition('/')[2]}`"
    rows = []
    for place in forms.places(name, steps):
        mapped = known.get(place.path, {})
        codes = mapped.get("codes")
        listing = f"code of [{codes}](../../mappings/codelists/{codes}.yaml)" if codes else forms.kind(place.element)
        private = "personal" if mapped.get("personal") else ""
        rows.append(
            (
                code(place.path),
                place.words.vi,
                place.words.en,
                listing,
                forms.occurs(place.element),
                place.words.origin,
                code(mapped.get("name")),
                private,
            )
        )
    columns = ("Element", "Tiếng Việt", "English", "Value", "Occurs", "Origin", "Name", "")
    yield table(columns, rows)


def _cases(procedure: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    for file in sorted((FIXTURES / procedure).glob("*/expected.yaml")):
        yield file.parent, document(file)


def _case(folder: Path, told: Mapping[str, Any]) -> tuple[str, ...]:
    findings = listed(dict.fromkeys(each["name"] for each in told["expect"].get("findings", ())))
    link = f"[{folder.name}](../../fixtures/{folder.parent.name}/{folder.name})"
    outcome = f"{told['expect']['outcome']} {findings}".strip()
    outcome += ", an amendment is asked for" if told["expect"].get("request") else ""
    return link, told["title"], told["article"], outcome


def _example(cases: Iterable[tuple[Path, Mapping[str, Any]]]) -> Iterator[str]:
    """The first accepted case, as it is before it is signed: what travels has a signature in each empty Signature."""
    expected = ((folder, told["expect"]) for folder, told in cases)
    accepted = (folder for folder, told in expected if told["outcome"] == "accepted" and not told.get("request"))
    folder = next(accepted, None)
    if folder is None:
        return
    root = etree.parse(str(folder / "message.xml")).find("Body/Content")
    assert root is not None
    yield "## An example"
    link = f"[{folder.name}](../../fixtures/{folder.parent.name}/{folder.name}/message.xml)"
    yield f"The content of {link}; persons are fictitious."
    yield f"```xml\n{etree.tostring(root, encoding='unicode', with_tail=False).strip()}\n```"


PAGES: dict[str, Callable[[], str]] = {
    "procedures/README.md": listing,
    **{f"procedures/{stated['procedure']}.md": partial(page, stated) for stated in _mappings()},
}
"""The list, and a page for each procedure that has a form, in its newest version."""
