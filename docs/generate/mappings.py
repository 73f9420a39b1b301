"""The words of a procedure.yaml: keywords, types, rules, sources, code lists, from the tables the program itself uses.

KEYWORDS below holds the sentence for each keyword; a test demands one for each that `catalogue/keywords` knows.
"""

from __future__ import annotations

from typing import Any

from adapter.catalogue.keywords import KEYWORDS as KNOWN
from adapter.catalogue.names import (
    ACCEPTANCES,
    DEADLINE_KINDS,
    HEADERS,
    PLACES,
    RESULTS,
    SEARCH_KINDS,
    SIGNATURES,
)
from adapter.catalogue.paths import AMENDMENT_SOURCES, MAY_BE_ABSENT, SOURCES
from adapter.model.procedure import PLACED, PREFILLED
from adapter.pipeline.converters import CONVERTERS, XSD_TYPES
from adapter.pipeline.rules.codes import CASE_WORDS
from adapter.pipeline.rules.table import RULES
from docs.generate.page import ROOT, code, document, first, head, join, listed, table

MAPPINGS = ROOT / "mappings"

KEYWORDS: dict[str, str] = {
    "procedure": "Code of the procedure: the `documentType` of its messages, and the name of the folder.",
    "document_type": "Instead: the `documentType` of another procedure, under which this one's own messages go.",
    "version": "Version of the mapping, and the name of the folder in it; every reply names it.",
    "effective": "The days on which this version is in force.",
    "effective.from": "First day.",
    "effective.to": "Last day; null: no end. Versions of one procedure may neither overlap nor leave a gap.",
    "title": "Name of the procedure, `vi` and `en`.",
    "basis": "The article it rests on.",
    "on_window": "true: comes by the window; false: by the portal only, and is never transferred.",
    "always_linked": "true: no gate can be stated as not linked to the window (`window link`).",
    "paperless": "true: where the window has the result, customs ask no paper (công văn TCHQ 27/5/2022, mục 2).",
    "acceptance": f"{listed(ACCEPTANCES)}: who accepts (tiếp nhận).",
    "result": f"{listed(RESULTS)}: what the completion says is complete.",
    "refusal_grounds": "Code list of the grounds on which an officer may refuse; he names one of them (`--ground`).",
    "declarant": "Who declares, and how he signs (Article 6).",
    "declarant.signature": f"{listed(SIGNATURES[:2])}, or `{{when_present: <field>}}`.",
    "declarant.signature.when_present": "A signature is demanded when this field has a value.",
    "declarant.identities": "Fields one of which must equal the number that a portal caller's token is bound to.",
    "declarant.principal": "For whom he signs (Articles 3(4), 7(3)); every procedure that is signed states it.",
    "declarant.principal.fields": "The first of these that is declared names the principal: the certificate must have "
    "his number, or an authorisation be in force.",
    "declarant.principal.unproved_in": "Trust stores whose certificates are taken, and flagged, where certificate or "
    "declaration has no number to compare.",
    "declarant.on_behalf": "One person declares for another: flagged without an authorisation, stated or registered.",
    "declarant.on_behalf.declarant": "The field with the number of who declares.",
    "declarant.on_behalf.of": "The field with the number of the person he declares for.",
    "declarant.on_behalf.letter": "The field with the number of the letter of authorisation.",
    "declarant.on_behalf.born": "The field with the day of birth of the person he declares for.",
    "declarant.on_behalf.under": "For a person younger than this no authorisation is needed: "
    "parents or a guardian act for him by law.",
    "declarant.on_behalf.basis": "The article it rests on.",
    "declarant.accounts": "Fields with numbers whose suspended account stops the declaration; default: `identities`.",
    "declarant.stores": "Trust stores that his certificate may chain to: a list, or `default` and `where`.",
    "declarant.stores.default": "The stores where no condition holds.",
    "declarant.stores.where": "Other stores under a condition on a field.",
    "declarant.stores.where.field": "The field.",
    "declarant.stores.where.value": "Its value.",
    "declarant.stores.where.stores": "The stores then.",
    "prefill": f"What a form on the portal is begun with, as `field: source`; sources: {listed(PREFILLED)}.",
    "messages": "What may come in: one XSD each.",
    "messages.meaning": "A meaning of `mappings/messages.yaml`, which gives the pair (type, function).",
    "messages.form": "Number of the form (mẫu). A message with a form is one that a declarant signs.",
    "messages.schema": "The XSD, in the procedure's folder below `schemas/`.",
    "messages.root": "The one element under `Content`.",
    "messages.after_confirmation": "true: a withdrawal is possible after the confirmation has left too (ships).",
    "header_equal": "Values that repeat the header: must be equal when present, so that a signed Content cannot move.",
    "header_equal.field": "The field of the form.",
    "header_equal.fact": "Instead of the value: what the field's code list says of it under this name.",
    "header_equal.header": f"The value of the header: {listed(HEADERS)}.",
    "fields": "Values that stand once.",
    "groups": "Repeated rows: persons, children, vehicles.",
    "groups.name": "Name of the group; a field of it is `group.field` elsewhere in the file.",
    "groups.path": "Path of the row's element below the form's root element.",
    "groups.ordinal": "The field that numbers the rows.",
    "groups.label": "Name for people, `vi` and `en`.",
    "groups.fields": "The row's fields; paths begin below the row.",
    "ignored": "Mandatory values of the XSD that are deliberately not mapped, by path.",
    "place": "Columns of the dossier, each from a field.",
    "search": "What a lookup finds the dossier by.",
    "search.kind": f"{listed(SEARCH_KINDS)}.",
    "search.value": "The field, or `group.field`.",
    "rules": "Rules of the table below; `basis`: the article; `consequences.yaml` says what its breach means, "
    "unless `severity: warn` says that it is no more than a doubt.",
    "deadlines": "Time limits of the Decision.",
    "deadlines.name": "Its name.",
    "deadlines.kind": f"{listed(DEADLINE_KINDS)}.",
    "deadlines.hours": "How many hours; they run through nights and holidays.",
    "deadlines.days": "Instead of hours: how many days; the first is not counted, the last one ends the limit.",
    "deadlines.working_days": "Instead of hours: how many working days of `mappings/calendar.yaml`, counted likewise.",
    "deadlines.field": "The time it counts to (`declare_before`) or from (`declare_within`, `bring_within`).",
    "deadlines.where": "`{field: value}`: holds only then; of several of one kind the first that holds counts.",
    "deadlines.complete": "Of `confirm_within`: it runs from the reception of the version that is complete and valid "
    'by the rules ("đầy đủ, hợp lệ"), not of one for which an amendment is requested.',
    "deadlines.basis": "The article it rests on.",
    "attachments": "Where a declaration names the files that are uploaded for it; its rows are made by uploading.",
    "attachments.group": "The list of the files.",
    "attachments.kind": "The field of a row that says what the file is; the one that a person chooses.",
    "attachments.name": "The field with the file's name.",
    "attachments.size": "The field with its bytes.",
    "attachments.digest": "The field with its SHA-256, by which the file is found.",
    "attachments.basis": "The article that decides what a missing file means.",
    "once": "A search key that may stand in one dossier only at one gate at one time; another one is flagged.",
    "once.key": "The kind of search key, as under `search`.",
    "once.hours": "Two expected times that lie less than so many hours apart are one time.",
    "once.basis": "The article it rests on.",
    "amends": "Of a form 14: which dossiers it amends, and where it says so.",
    "amends.procedures": "Codes of the procedures whose dossiers it amends.",
    "amends.request": "Its field with the number of the request (form 13) that it answers.",
    "amends.reason": "Its field with the reason.",
    "amends.changes": "Its list of changes.",
    "amends.changes.group": "The group whose rows are the changes.",
    "amends.changes.form": "The row's field with the form that is amended.",
    "amends.changes.row": "The row's field with the row in a list of that form; absent outside lists.",
    "amends.changes.field": "The row's field with the path of the value below that form's root element.",
    "amends.changes.old": "The row's field with the value that stands.",
    "amends.changes.new": "The row's field with the value that shall stand.",
    "amends.replacement": "The element below its root that may hold a complete form instead of changes.",
    "amends.prompt": "An own discovery that comes long after the expected crossing of its dossier is flagged.",
    "amends.prompt.hours": "How long after; more is flagged.",
    "amends.prompt.basis": "The article it rests on.",
    "amends.expects": "Fields that are flagged when form 14 leaves them out. `since` and `where` speak of form 14, or, "
    "where it has no such field, of the form that it amends.",
    "amends.expects.field": "The field.",
    "amends.expects.since": "A time: the field is expected once it has passed.",
    "amends.expects.where": "`{field: value}`: expected only then.",
    "amends.expects.basis": "The article it rests on.",
    "completion": "The confirmation (xác nhận hoàn thành), 30/23 or 30/28; without it nobody can complete.",
    "completion.form": "Number of the form.",
    "completion.schema": "Its XSD.",
    "completion.root": "The element under `Content/Completion`.",
    "completion.content": "What is written, in the XSD's order.",
    "completion.content.path": "Where to, below the root.",
    "completion.content.from": "Which source of the table below.",
    **{f"place.{column}": f"The dossier's {column}." for column in PLACES if column != "direction"},
    "place.direction": "In or out: no column; two declarations of the same by both doors have it in common.",
    **{
        f"{at}.{keyword}": text
        for at in ("fields", "groups.fields")
        for keyword, text in {
            "name": "The name that rules, search keys and completions use.",
            "path": "Child steps, with an optional final `@attribute`: `Citizen/FullName`.",
            "type": "A type of the table below.",
            "codes": "The code list of a `code`.",
            "personal": "true: masked everywhere but in the signed bytes.",
            "label": "Name for people, `vi` and `en`.",
        }.items()
    },
}
"""By the keyword's place in the file."""

TYPES = {
    "text": "Text as written.",
    "upper_name": "A name as in the paper: A–Z, 0–9, spaces.",
    "code": "A value of a code list; `codes` names the list.",
    "integer": "ASCII digits, at most 18.",
    "year": "A year.",
    "date": "`yyyy-MM-dd`.",
    "partial_date": "`yyyy-MM-dd`, or `yyyy-MM` or `yyyy` where the paper states no more.",
    "datetime": "`yyyy-MM-dd HH:mm:ss` without zone: Vietnam's time.",
    "flag": "`0` or `1`.",
}
"""What the value of each type looks like."""


def known() -> set[str]:
    """Every keyword that the program reads, by its place."""
    return {f"{place}.{word}".lstrip(".") for place, words in KNOWN.items() for word in words}


def page() -> str:
    """docs/reference/mappings.md."""
    blocks = head(
        "Mappings",
        "the tables in `adapter/catalogue` and `adapter/pipeline`, and `mappings/`",
        "A procedure is `mappings/<procedure>/<version>/procedure.yaml`. A mapping chooses from closed tables; it does "
        "not program. `nsw-adapter check` proves each one against its XSDs: every path exists, every type fits, every "
        "mandatory value is mapped or ignored by name, every code list is there. How to add one: "
        "[CONTRIBUTING](../../CONTRIBUTING.md).",
        "## Keywords",
        "A misspelt keyword is a fault, never passed over.",
        table(("Keyword", "Meaning"), ((code(path), KEYWORDS.get(path, "")) for path in _ordered())),
        "## Types",
        table(("Type", "Value", "May stand on these XSD types"), (_type(name) for name in CONVERTERS)),
        "## Rules",
        "A rule on an absent value passes: presence is demanded by `required_when` and `at_least_one`. `where` is "
        "`{field: value}` or `{field: [values]}`; it speaks of the row, or of what stands outside the groups. Two "
        "rules need no line: a late declaration (the deadlines `declare_before`, `declare_within`) is always flagged "
        "and never refused, and a portal caller must be a declarant of his declaration.",
        table(("Rule", "Holds when", "Must be given", "May be given", "Finding"), (_rule(name) for name in RULES)),
        *_arguments(),
        "## Sources of a completion",
        table(("Source", "Type", "May be absent"), _sources()),
        *_messages(),
        *_codelists(),
    )
    return join(blocks)


def _ordered() -> list[str]:
    """In the order of the sentences, so that a section stands before its parts; then what has no sentence yet."""
    return [path for path in KEYWORDS if path in known()] + sorted(known() - set(KEYWORDS))


def _type(name: str) -> tuple[str, str, str]:
    return code(name), TYPES.get(name, ""), listed(sorted(XSD_TYPES[name]))


def _rule(name: str) -> tuple[str, ...]:
    rule = RULES[name]
    needed = [argument for argument, takes in rule.takes.items() if takes.needed]
    maybe = [argument for argument, takes in rule.takes.items() if not takes.needed]
    return code(name), first(rule.apply.__doc__), listed(needed), listed(maybe), listed(list(rule.finds))


def _arguments() -> list[str]:
    rows = [
        (code(rule), code(argument), takes.kind.value, listed(list(takes.types)))
        for rule, entry in RULES.items()
        for argument, takes in entry.takes.items()
        if argument != "where"
    ]
    return [
        "What each argument names; on another type a rule would pass in silence, so the types are demanded:",
        table(("Rule", "Argument", "Names", "Of type"), rows),
        "A fact of a code list (`class`, `unit`, `neighbour`, `procedures`, `allowed`) holds always, or as a list of "
        "`{is: value, from: day, to: day}`. `allowed` of a kind of paper is a list of cases, one of which must suit; "
        f"the words of a case are {listed(sorted(CASE_WORDS))}, each with a list of values.",
    ]


def _sources() -> list[tuple[str, str, str]]:
    fixed = [
        (code(name), kind, "yes" if name in MAY_BE_ABSENT else "")
        for name, kind in (SOURCES | AMENDMENT_SOURCES).items()
    ]
    placed = [(code(name), "code", "as the XSD says") for name in PLACED]
    return [
        *fixed,
        *placed,
        (code("declaration.<field>"), "the field's", "as the XSD says"),
        (code("deadline.<name>"), "date", "yes: where its condition does not hold"),
    ]


def _messages() -> list[str]:
    stated = _read("messages.yaml")
    meanings = ((code(pair), meaning) for pair, meaning in stated["meanings"].items())
    replies = (
        (code(name), code(told["type"]), code(told["function"]), code(told.get("schema", "the procedure's own")))
        for name, told in stated["replies"].items()
    )
    return [
        "## Messages and replies",
        "From `mappings/messages.yaml`. Meaning depends on the pair (type, function), never on function alone.",
        table(("type/function", "Meaning"), meanings),
        "A type of `=` is the type of the message answered.",
        table(("Reply", "Type", "Function", "XSD"), replies),
    ]


def _codelists() -> list[str]:
    rows = []
    for file in sorted((MAPPINGS / "codelists").glob("*.yaml")):
        stated: dict[str, Any] = _read(f"codelists/{file.name}")
        name = f"[{stated['name']}](../../mappings/codelists/{file.name})"
        rows.append((name, len(stated["codes"]), stated["source"]))
    return [
        "## Code lists",
        "`mappings/codelists/<name>.yaml`: `name`, `title` (what findings call it), `source`, and `codes` of "
        "`{code, vi, en}`, each optionally with the days `from` and `to` between which it is valid. The letters are "
        "explained in the [glossary](../glossary.md#where-a-value-comes-from).",
        table(("List", "Codes", "Where it comes from"), rows),
    ]


def _read(name: str) -> Any:
    return document(MAPPINGS / name)
