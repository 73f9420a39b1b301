"""Whatever a header says, its message is answered: composed, valid against the answer's own XSD, signed, never parked.

The header's values are made up at and over each facet of the answer's XSD, so that a facet added there is tried here.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from lxml import etree
from sqlalchemy import select

from adapter.bootstrap import Components, assemble
from adapter.gateways.store.tables import amendment_request, inbox, outbox
from adapter.model.identifiers import Digest
from adapter.model.outcomes import word
from adapter.model.procedure import ReplyKind
from adapter.model.stages import Channel, Stage, Submission
from adapter.services.messages.judging import answered, judged
from adapter.simulator.sign import sign_message
from tests.harness.fixtures import CLOCK, Case, Register, load_cases, signed
from tests.harness.hostile import load_attacks
from tests.harness.pki import shared_pki
from tests.harness.premises import furnish
from tests.harness.registered import register_declarants
from tests.harness.second_opinion import Question, verify_many
from tests.harness.shares import FULL, share, words_of
from tests.harness.stores import ensure_tables

ROOT = Path(__file__).resolve().parents[2]
MESSAGE = next(case.message for case in load_cases() if case.id == "BQP0100002/accepted-citizen-unsigned")
AMENDMENT = next(case.message for case in load_cases() if case.id == "BQP0100003/accepted-on-request-citizen-unsigned")
ODD = ("", " ", "\u00a0", "Đ", "\U0001f6c2", "a b", "&amp;&lt;", "'\"", "../..", "0", "-1", "x\ty", "x\ny", "\u202ex")
"""Texts that some types take and others do not, whatever their lengths."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Components]:
    made = assemble(furnish(tmp_path_factory.mktemp("answers")).config)
    ensure_tables(made.database)
    yield made
    made.database.close()


@cache
def facets() -> Mapping[str, Any]:
    """The simple type of each value of an answer's header, by its path below Header."""
    schema = xmlschema.XMLSchema10(str(ROOT / "schemas/common/replies/errors.xsd"))
    header = schema.elements["Envelope"].type.content[0].type.content
    found = {}
    for part in header.iter_elements():
        if part.type.has_complex_content():
            for leaf in part.type.content.iter_elements():
                found[f"{part.local_name}/{leaf.local_name}"] = leaf.type.simple_type
    return found


def _texts(path: str) -> Iterator[str]:
    """At and over each facet of a value's type; and odd ones: a third of them, another for the next value, or all."""
    kind, number = facets()[path], list(facets()).index(path)
    if kind.max_length is not None:
        yield from ("X" * kind.max_length, "X" * (kind.max_length + 1), "Đ" * kind.max_length, "X" * 5000)
    if kind.min_length:
        yield "X" * (kind.min_length - 1)
    if kind.min_value is not None:
        least, most = int(kind.min_value), int(kind.max_value)
        yield from (f"{year:04}" for year in (0, least - 1, least, most, most + 1, 32768, 99999))
    yield from ODD if FULL else ODD[number % 3 :: 3]


def _with(message: bytes, path: str, written: str | None) -> bytes:
    """The message under an id of its own, with one value of the header written otherwise, or without it."""
    part, name = path.split("/")
    text = message.decode()
    start, end = text.index(f"<{part}>"), text.index(f"</{part}>")
    leaf = re.compile(rf"<{name}>[^<]*</{name}>|<{name}/>")
    element = "" if written is None else f"<{name}>{written}</{name}>"
    inside = leaf.sub(lambda _: element, text[start:end], count=1)
    if element and element not in inside:
        inside += element
    text = text[:start] + inside + text[end:]
    if path != "Reference/messageId":
        text = re.sub(r"<messageId>[^<]*<", f"<messageId>{uuid.uuid4()}<", text, count=1)
    return text.encode()


def _submitted(message: bytes) -> Submission:
    signed = sign_message(message, system=shared_pki().party("nsw"), declarant=None)
    return Submission(signed, Channel.WINDOW, CLOCK, Digest(sha256(signed).hexdigest()))


def _answers(whole: Components, messages: list[bytes]) -> list[tuple[str, str, bytes | None]]:
    """State, outcome or note, and answer of each; whatever waits for another message has its receipt."""
    told = []
    for message in messages:
        submission = _submitted(message)
        whole.intake.receive([submission])
        with whole.database.transaction() as connection:
            row = connection.execute(inbox.select().where(inbox.c.digest == submission.digest)).one()
            bodies = connection.execute(outbox.select().where(outbox.c.inbox_id == row.id)).all()
        assert len(bodies) <= 1
        _assert_fits(inbox, row)
        told.append((row.state, str(row.note or row.outcome), bodies[0].body if bodies else None))
    return told


def _assert_fits(table: Any, row: Any) -> None:
    """SQLite takes a text of any length; PostgreSQL would refuse the whole transaction."""
    for column in table.columns:
        longest, stored = getattr(column.type, "length", None), getattr(row, column.name)
        if longest and isinstance(stored, str):
            assert len(stored) <= longest, (column.name, stored)


def _assert_answered(whole: Components, described: list[tuple[str, bytes]]) -> None:
    told = _answers(whole, [message for _, message in described])
    parked = [(what, note) for (what, _), (state, note, _) in zip(described, told, strict=True) if state == "parked"]
    assert parked == []
    answers = [answer for _, _, answer in told]
    assert None not in answers
    certificate = shared_pki().certificate_file("system")
    held = verify_many([Question(answer, "system", certificate) for answer in answers if answer is not None])
    assert set(held) == {True}
    assert {_is_valid(whole, answer) for answer in answers if answer is not None} == {True}


def _is_valid(whole: Components, answer: bytes) -> bool:
    tree = etree.fromstring(answer)
    tree.remove(tree.find("SystemSignature"))
    kind = ReplyKind(tree.find("Body/Content")[0].tag)
    return whole.catalogue.schemas[whole.catalogue.replies[kind].schema_name or ""].validate(tree)


@pytest.mark.parametrize("path", facets())
def test_a_message_with_any_header_value_is_answered(whole: Components, path: str) -> None:
    texts = dict.fromkeys(_texts(path))
    described = [(f"{path} {text[:40]!r}", _with(MESSAGE, path, text)) for text in texts]
    described.append((f"without {path}", _with(MESSAGE, path, None)))
    _assert_answered(whole, described)


@pytest.mark.parametrize("path", ["Subject/preReference", "Subject/preDocumentYear"])
def test_an_amendment_of_a_dossier_named_in_any_way_is_answered(whole: Components, path: str) -> None:
    described = [(f"{path} {text[:40]!r}", _with(AMENDMENT, path, text)) for text in dict.fromkeys(_texts(path))]
    _assert_answered(whole, described)


@pytest.mark.parametrize("part", ["From", "To"])
def test_a_message_without_a_party_is_answered(whole: Components, part: str) -> None:
    without = re.sub(rf"<{part}>.*?</{part}>", "", MESSAGE.decode(), flags=re.DOTALL)
    empty = re.sub(rf"<{part}>.*?</{part}>", f"<{part}/>", MESSAGE.decode(), flags=re.DOTALL)
    described = [(what, _with(text.encode(), "Reference/version", "01")) for what, text in
                 (("absent", without), ("empty", empty))]  # fmt: skip
    _assert_answered(whole, described)


# what `judge` says is what the intake does --------------------------------------------------------------------------


_OF_FILES = frozenset({"attachment_missing", "attachment_without_digest", "attachment_differs"})
_OF_THE_STORE = {"declared_by_both_doors", "stands_in_another_group", "authorisation_missing", *_OF_FILES}
"""What other declarations, registers and files say is known to the store alone."""


def _alone() -> list[Case]:
    """Cases whose outcome needs no store: nothing went before, and no register and no file is asked for.

    One that ends in each way, each finding once and every sixteenth; all in a long proof.
    """
    every = [*load_cases(), *load_attacks()]
    plain = [case for case in every if not case.before and case.register == Register()]
    judged_alone = [case for case in plain if case.expect.stage is not Stage.DECIDE and not _asks_for_a_file(case)]
    return share(list({_dossier(case): case for case in reversed(judged_alone)}.values()), 16, words_of)


def _asks_for_a_file(case: Case) -> bool:
    return any(each.name in _OF_FILES for each in case.expect.findings)


def _dossier(case: Case) -> bytes:
    """Two fixtures about one dossier would meet in the one store here."""
    found = re.search(rb"<reference>([^<]+)<", case.message)
    return found[1] if found else case.id.encode()


@pytest.fixture(scope="module")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Components]:
    premises = furnish(tmp_path_factory.mktemp("compared"))
    made = assemble(premises.config)
    ensure_tables(made.database)
    register_declarants(made, shared_pki(), since=CLOCK.replace(month=1))
    yield made
    made.database.close()


def test_judge_and_the_intake_say_the_same_of_every_fixture_and_every_attack(registered: Components) -> None:
    """What is found, where it stopped, whether it can be answered and what form 13 asks: judge writes what is sent."""
    different, asked = [], 0
    for case in _alone():
        message = signed(case, shared_pki())
        sent = Submission(message, case.channel, CLOCK, Digest(sha256(message).hexdigest()))
        done = answered(sent, judged(sent, registered.ground), registered.asking, now=CLOCK)
        judgement = done.outcome
        (settled,) = registered.intake.receive([sent])
        codes = [each.code for each in registered.correspondence.state(getattr(judgement, "findings", ()))]
        stored = [each.code for each in settled.findings if each.name not in _OF_THE_STORE]
        items = [item.as_stored() for item in done.asked]
        asked += bool(items)
        told = (word(judgement), codes, items), (settled.outcome, stored, _asked_for(registered, sent))
        if told[0] != told[1]:
            different.append((case.id, *told))
    assert different == []
    assert asked > (50 if FULL else 10)


def _asked_for(whole: Components, sent: Submission) -> list[dict[str, str | None]]:
    """The items of the form 13 that the store has for a message."""
    query = (
        select(amendment_request.c["items"])
        .join(outbox, outbox.c.id == amendment_request.c.outbox_id)
        .join(inbox, inbox.c.id == outbox.c.inbox_id)
        .where(inbox.c.digest == sent.digest)
    )
    with whole.database.reading() as connection:
        return list(connection.execute(query).scalar() or [])


def test_a_message_whose_answer_our_own_schema_refuses_is_parked_by_both(
    registered: Components,
) -> None:
    """Here the configured stand-in cannot be written either: that is ours to repair, and neither hides it."""
    message = _with(MESSAGE, "Subject/documentYear", "0999")
    nameless = replace(registered.installation.window, name="")
    installation = replace(registered.installation, window=nameless)
    correspondence = replace(registered.correspondence, installation=installation)
    sent = _submitted(_with(message, "From/name", ""))
    asking = replace(registered.asking, correspondence=correspondence)
    judgement = answered(sent, judged(sent, registered.ground), asking, now=CLOCK).outcome
    (settled,) = replace(registered.intake, asking=asking).receive([sent])
    assert (word(judgement), settled.outcome) == ("parked", "parked")
