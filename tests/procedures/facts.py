"""What must be true of every fixture that was played: one function a fact, each gives in words what is wrong.

A fault says what was expected and what was got, so that one failing fixture tells all its wrong facts at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from lxml import etree

from adapter.bootstrap import Components
from adapter.model.finding import Severity
from adapter.model.outcomes import Accepted, Parked, Refused
from adapter.model.procedure import FieldSpec, Procedure, ReplyKind
from adapter.model.stages import Declaration, Stage
from adapter.pipeline.envelope import VIETNAM
from tests.harness.attacks.canary import heard
from tests.harness.expectations import differences, expected, read
from tests.procedures.settling import Judged

Faults = Iterable[str]


def stage_and_outcome(judged: Judged, whole: Components) -> Faults:
    """A fixture ends at its stage with its outcome."""
    del whole
    wanted, got = (judged.case.expect.stage, judged.case.expect.outcome), (judged.told.stage, judged.told.word)
    if wanted != got:
        said = f" ({judged.outcome.reason})" if isinstance(judged.outcome, Parked) else ""
        yield f"expected {_ended(*wanted)}, got {_ended(*got)}{said}"


def _ended(stage: Stage | None, word: str) -> str:
    return f"{word} at {stage}" if stage else word


def findings(judged: Judged, whole: Components) -> Faults:
    """A fixture brings exactly its findings, each as often as it is expected."""
    texts = whole.catalogue.findings.texts
    wanted = [(texts[each.name].code, each.pointer) for each in judged.case.expect.findings]
    got = [(finding["code"], finding["pointer"]) for finding in judged.told.findings]
    for number, place in sorted({*wanted, *got}):
        expected_times, times = wanted.count((number, place)), got.count((number, place))
        if expected_times != times:
            yield f"finding {number} {place}: expected {expected_times} times, got {times}"


def languages(judged: Judged, whole: Components) -> Faults:
    """A finding is stated in two languages under a public number."""
    del whole
    for finding in judged.told.findings:
        if not re.fullmatch(r"BQP[1-5]\d\d", finding["code"]):
            yield f"no public number: {finding['code']}"
        if not finding["vi"].strip() or not finding["en"].strip():
            yield f"{finding['code']} is not stated in both languages"
        if "–" in finding["vi"] + finding["en"]:
            yield f"{finding['code']}: a word of the text was not filled: {finding['vi']} / {finding['en']}"


def labels(judged: Judged, whole: Components) -> Faults:
    """A finding names nothing as only the mapping does: `groupKind=CONG_VU` tells a declarant nothing."""
    if judged.told.stage in (Stage.OPEN, Stage.VALIDATE):
        return  # these name elements of the envelope and of the XSDs, and the values that an XSD lists
    internal = _internal(whole) if judged.told.findings else set()
    for finding in judged.told.findings:
        said = f"{finding['vi']} {finding['en']}"
        if named := internal & set(re.findall(r"\w+", said)):
            yield f"{finding['code']} names {sorted(named)}, which only the mapping does: {said}"
        if "=" in said:
            yield f"{finding['code']} says `=`: {said}"


def lines(judged: Judged, whole: Components) -> Faults:
    """A finding has a line wherever its pointer points into the message.

    It is that of the received, unwrapped bytes; what is not there has the line of its nearest parent.
    """
    del whole
    if judged.told.stage is not Stage.OPEN:
        yield from (f"no line for {each['pointer']}" for each in judged.told.findings if each["line"] <= 0)


def record(judged: Judged, whole: Components) -> Faults:
    """An accepted or refused fixture is read into its record."""
    del whole
    wanted = judged.case.expect.record
    if not wanted:
        return
    if not isinstance(judged.outcome, Accepted | Refused):
        yield f"a record was expected, but judging ended in {type(judged.outcome).__name__}"
        return
    yield from _lacking(wanted, judged.outcome.declaration)


def dossier(judged: Judged, whole: Components) -> Faults:
    """A fixture leaves its dossier as it is expected."""
    del whole
    wanted = judged.case.expect.dossier
    if wanted is None:
        return
    if judged.told.dossier != replace(wanted, values={}):
        yield f"dossier: expected {replace(wanted, values={})}, got {judged.told.dossier}"
    for name, value in wanted.values.items():
        found = judged.told.values.get(name)
        if isinstance(value, list) and isinstance(found, list) and len(value) == len(found):
            for number, (stated, row) in enumerate(zip(value, found, strict=True), start=1):
                got = {field: row.get(field) for field in stated}
                if got != stated:
                    yield f"dossier, {name}[{number}]: expected {stated!r}, got {got!r}"
        elif found != value:
            yield f"dossier, {name}: expected {value!r}, got {found!r}"


def answer(judged: Judged, whole: Components) -> Faults:
    """A fixture is answered once, with its reply, signed and valid; form 13 follows where it is expected."""
    replies = judged.told.replies
    wanted_replies = 0 if judged.case.expect.reply is None else 1 + bool(judged.case.expect.request)
    if len(replies) != wanted_replies:
        yield f"expected {wanted_replies} replies, got {len(replies)}"
    if len(judged.verified) != len(replies):
        yield f"{len(replies) - len(judged.verified)} replies were not verified"
    if wanted_replies != len(replies) or not replies:
        return
    got = read(replies[0])
    yield from differences(expected(judged.case, whole.catalogue.findings.texts), got.answer)
    if not all(judged.verified):
        yield "xmlsec1: the reply's system signature does not verify"
    for reply in replies:
        spec = whole.catalogue.replies[ReplyKind(read(reply).answer.content)]
        schema = whole.catalogue.schemas[spec.schema_name or ""]
        if not schema.validate(_unsigned(reply)):
            yield f"the reply is not valid: {schema.error_log}"
    if judged.case.expect.request:
        yield from _request(judged.case.expect.request, *replies)


def _request(wanted: Sequence[str], acceptance: bytes, reply: bytes) -> Faults:
    """Form 13 answers the same message and asks for what was expected, item by item."""
    got, items = read(reply), etree.fromstring(reply).findall("Body/Content/AmendmentRequest/Items/Item")
    if got.answer.pair != "20/25":
        yield f"expected 20/25 after the acceptance, got {got.answer.pair}"
    pointers = [item.findtext("Pointer") for item in items]
    if sorted(filter(None, pointers)) != sorted(wanted):
        yield f"form 13: expected items at {sorted(wanted)}, got {pointers}"
    if got.answered_id != read(acceptance).answered_id:
        yield "form 13 answers another message"


def grounds(judged: Judged, whole: Components) -> Faults:
    """A refusal names the articles of what was broken."""
    if judged.told.word != "refused" or not isinstance(judged.outcome, Refused) or len(judged.told.replies) != 1:
        return
    ground = etree.fromstring(judged.told.replies[0]).findtext("Body/Content/Refusal/Reject/LegalGround") or ""
    procedure = judged.outcome.declaration.verified.envelope.procedure
    broken = [each for each in judged.outcome.findings if each.severity is Severity.REFUSE]
    if procedure.refusal_grounds and broken:
        first = "QĐ 10/2016/QĐ-TTg Điều 5(2)(d)"  # a ship is refused on no general ground (12(3))
    else:
        first = whole.settings.installation.refusal_ground
    if not ground.startswith(first):
        yield f"legal ground: expected {first} first, got {ground}"
    for each in broken[:3]:  # as far as there is room for them
        if each.basis.partition(":")[0] not in ground:
            yield f"legal ground: {each.basis.partition(':')[0]} is missing in {ground}"


def silence(judged: Judged, whole: Components) -> Faults:
    """Nobody follows an address out of a message."""
    del judged, whole
    if heard():
        yield "somebody called the canary"


Fact = Callable[[Judged, Components], Faults]
FACTS: tuple[Fact, ...] = (
    stage_and_outcome,
    findings,
    languages,
    labels,
    lines,
    record,
    dossier,
    answer,
    grounds,
    silence,
)


def faults(judged: Judged, whole: Components) -> list[str]:
    """All that is wrong with a fixture, fact by fact."""
    return [fault for fact in FACTS for fault in fact(judged, whole)]


def business(whole: Components) -> list[Procedure]:
    """The procedures of declarants; control has no form."""
    return [version for versions in whole.catalogue.procedures.values() for version in versions if version.fields]


def _columns(procedure: Procedure) -> Iterator[FieldSpec]:
    return (spec for group in procedure.groups for spec in group.fields)


def _internal(whole: Components) -> set[str]:
    """Names of fields, code lists and codes that no person would write."""
    catalogue = whole.catalogue
    fields = {spec.name for procedure in business(whole) for spec in (*procedure.fields, *_columns(procedure))}
    codes = {code for codelist in catalogue.codelists.values() for code in codelist}
    return {name for name in (*fields, *catalogue.codelists, *codes) if re.search("[a-z][A-Z]|_", name)}


def _unsigned(reply: bytes) -> etree._ElementTree:
    """What an XSD sees (messages.md 2): without both signatures and without Content/@Id."""
    root = etree.fromstring(reply)
    for path in ("SystemSignature", "Body/Signature"):
        element = root.find(path)
        if element is not None:
            parent = element.getparent()
            assert parent is not None
            parent.remove(element)
    content = root.find("Body/Content")
    assert content is not None
    content.attrib.pop("Id", None)
    return etree.ElementTree(root)


def _lacking(wanted: Mapping[str, Any], declaration: Declaration) -> list[str]:
    """Which expected values were not read so; lists are compared row by row, as far as they are stated."""
    found = []
    for name, value in wanted.items():
        if not isinstance(value, list):
            found += _unequal(name, value, declaration.values.get(name))
            continue
        rows = declaration.rows.get(name, ())
        if len(rows) < len(value):
            found.append(f"{name}: {len(rows)} rows, {len(value)} stated")
        for number, (stated, row) in enumerate(zip(value, rows, strict=False), start=1):
            for field, inner in stated.items():
                found += _unequal(f"{name}[{number}].{field}", inner, row.get(field))
    return found


def _unequal(name: str, wanted: Any, found: Any) -> list[str]:
    if isinstance(wanted, datetime) and wanted.tzinfo is None:
        wanted = wanted.replace(tzinfo=VIETNAM)
    same = wanted == found and type(wanted) is type(found)
    return [] if same else [f"{name}: expected {wanted!r}, read {found!r}"]
