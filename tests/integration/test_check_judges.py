"""`check` judges genuine messages of its own: a configuration that rejects or parks everything is told at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from adapter.bootstrap import Components
from adapter.cli import check_messages
from adapter.cli.inspection import _configuration, _keys, _messages, _trust, _trust_faults
from adapter.model.catalogue import Catalogue
from adapter.model.errors import Misconfigured
from adapter.model.outcomes import Accepted, Rejected, SignedReply
from adapter.model.procedure import ReplyKind
from adapter.model.stages import Channel
from adapter.services.messages.judging import judged
from adapter.services.replies.correspondence import Correspondence
from adapter.settings import load_settings
from adapter.settings.reading import defaults, over
from adapter.simulator.stand_in import stand_in
from tests.harness import configuration
from tests.harness.fixtures import CLOCK, Case, load_cases, submission
from tests.harness.pki import ROOT, shared_pki
from tests.harness.shares import FULL

FROZEN = {"clock.unsafe_frozen": CLOCK.isoformat()}


def components(folder: Path, changes: dict[str, Any]) -> Components:
    return Components(load_settings(configuration.write(folder, FROZEN | changes)))


@pytest.mark.parametrize(
    "day",
    ["2026-01-01T00:00:00+07:00", "2026-12-31T23:59:59+07:00", "2028-02-29T12:00:00+07:00", "2034-07-15T03:00:00Z"],
)
def test_the_shipped_configuration_takes_every_example_on_any_day(day: str, tmp_path: Path) -> None:
    own = components(tmp_path, {"clock.unsafe_frozen": day})
    assert list(check_messages.missing(own)) == []
    assert list(check_messages.faults(own)) == []


def test_every_procedure_has_an_example_for_each_of_its_doors(tmp_path: Path) -> None:
    own = components(tmp_path, {})
    procedures = list(check_messages._procedures(own))
    assert {each.code for each in procedures} == set(own.catalogue.procedures)
    assert sum(len(list(check_messages._doors(each))) for each in procedures) > len(procedures)


TOO_TIGHT = {
    "limits.message_bytes": 4096,
    "limits.elements": 100,
    "trust.stores.public.valid_to": "2025-01-01T00:00:00Z",
    "trust.stores.public.valid_from": "2030-01-01T00:00:00Z",
    "trust.stores.public.roles": ["border"],
    "trust.stores.public.algorithms": {"rsa_bits": 8192, "ec_bits": 521},
    "trust.partners.nsw.channel": "portal",
    "keys.portal": {
        "key": str(shared_pki().key_file("unit")),
        "certificates": str(shared_pki().folder / "unit.chain.pem"),
    },
}


def counted(own: Components) -> list[str]:
    """What stands against the configuration, as `check --offline` tells it, revocation left out."""
    told: list[str] = []
    for look in (_configuration, _keys, _trust, _trust_faults, _messages):
        try:
            told += [remark.text for remark in look(own) if remark.counts]
        except Misconfigured as error:
            told += str(error).splitlines()
    return told


@pytest.mark.parametrize(
    "key", [key for key in TOO_TIGHT if key not in ("trust.stores.public.policies", "limits.depth")]
)
def test_a_configuration_that_rejects_what_is_genuine_is_told(key: str, tmp_path: Path) -> None:
    assert counted(components(tmp_path, {key: TOO_TIGHT[key]}))


def test_what_fails_alike_is_one_line_that_names_the_procedures(tmp_path: Path) -> None:
    told = list(check_messages.faults(components(tmp_path, {"limits.elements": 100})))
    assert 0 < len(told) < 4
    assert all(text.startswith("a genuine message is rejected at open: BQP1") for text in told)
    assert any("BQP0100001/2 (window), BQP0100001/2 (portal)" in text for text in told)


# what an officer sends ------------------------------------------------------------------------------------------------


def test_every_confirmation_request_to_amend_and_transfer_is_written_and_signed(tmp_path: Path) -> None:
    own, sent = components(tmp_path, {}), list[tuple[ReplyKind, str | None]]()
    sign, own_transfer = own.correspondence.sign, own.correspondence.transfer

    class Heard(Correspondence):
        def sign(self, kind: ReplyKind, *content: Any, schema_name: str | None = None, **rest: Any) -> SignedReply:
            sent.append((kind, schema_name))
            return sign(kind, *content, schema_name=schema_name, **rest)

        def transfer(self, **what: Any) -> SignedReply:
            sent.append((ReplyKind.TRANSFER, None))
            return own_transfer(**what)

    parts = {each.name: getattr(own.correspondence, each.name) for each in fields(own.correspondence)}
    own.correspondence = Heard(**parts)
    assert list(check_messages.faults(own)) == []
    stated = {each.completion.schema_name for each in check_messages._procedures(own) if each.completion}
    assert {name for _, name in sent if name} == stated
    assert len(stated) > 5
    kinds = {kind for kind, _ in sent}
    officers = {ReplyKind.COMPLETION, ReplyKind.AMENDMENT_COMPLETION, ReplyKind.AMENDMENT_REQUEST, ReplyKind.ACCEPTANCE}
    assert kinds == {*officers, ReplyKind.TRANSFER}


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (ReplyKind.AMENDMENT_REQUEST, "asked to be amended"),
        (ReplyKind.TRANSFER, "accepted by an officer"),
        (None, "completed"),
    ],
    ids=["form-13", "transfer", "form-12"],
)
def test_what_an_officer_could_not_send_is_told(kind: ReplyKind | None, says: str, tmp_path: Path) -> None:
    own = components(tmp_path, {})
    current = next(each for each in check_messages._procedures(own) if each.code == "BQP0100002")
    spec = own.catalogue.replies[kind] if kind else current.completion
    assert spec is not None
    # An XSD of something else stands in for one that the configured values do not fit.
    schemas = {
        **own.catalogue.schemas,
        spec.schema_name: own.catalogue.schemas[own.catalogue.replies[ReplyKind.RECEIPT].schema_name],
    }
    own.catalogue = replace(own.catalogue, schemas=schemas)
    told = list(check_messages.faults(own))
    assert any(f"a genuine message cannot be {says}: our " in text and current.name in text for text in told), told


# whatever stands in a key -------------------------------------------------------------------------------------------

HOSTILE: dict[str, Any] = {
    "zero": 0,
    "minus-one": -1,
    "huge": 10**12,
    "not-a-number": float("nan"),
    "empty": "",
    "empty-list": [],
    "empty-map": {},
    "5000-letters": "x" * 5000,
    "control": "a\x01b",
    "true": True,
}


def keys() -> Iterator[str]:
    def walk(value: Any, path: str) -> Iterator[str]:
        if isinstance(value, dict):
            for name, inner in value.items():
                yield from walk(inner, f"{path}.{name}".lstrip("."))
        if path:
            yield path

    return walk(over(defaults(), configuration.stated(shared_pki())), "")


GENUINE = ("BQP0100001/accepted-tour-group-entering", "BQP0100002/accepted-citizen-signed")


@cache
def catalogue() -> Catalogue:
    """The procedures of the genuine messages alone: `check` has no example of another that could tell a fault."""
    whole = components(ROOT / "var" / "judging", {}).catalogue
    codes = {name.partition("/")[0] for name in GENUINE}
    return replace(whole, procedures={code: each for code, each in whole.procedures.items() if code in codes})


@cache
def cases() -> tuple[Case, ...]:
    return tuple(case for case in load_cases() if case.id in GENUINE)


def genuine(own: Components) -> str | None:
    """What stands against the window's genuine messages under this configuration; None if nothing does."""
    assert len(cases()) == len(GENUINE)
    for case in cases():
        given = submission(case, shared_pki())
        outcome = judged(given, own.ground)
        if not isinstance(outcome, Accepted):
            return f"{case.id} is {type(outcome).__name__}: {outcome}"
        own.correspondence.answer(ReplyKind.ACCEPTANCE, given, outcome, now=CLOCK)
        own.correspondence.answer(ReplyKind.RECEIPT, given, outcome, now=CLOCK)
    return None


def tried(what: str) -> list[str]:
    """The keys in which it is put: all in a long proof, else a tenth: each key has one of them."""
    paths = list(keys())
    assert len(paths) > 130
    return paths if FULL else paths[list(HOSTILE).index(what) :: len(HOSTILE)]


@pytest.mark.parametrize("what", HOSTILE)
def test_whatever_stands_in_a_key_is_told_or_takes_what_is_genuine(what: str, tmp_path: Path) -> None:
    silent, usual = [], components(tmp_path, {}).settings
    for path in tried(what):
        try:
            own = components(tmp_path, {path: HOSTILE[what]})
            if own.settings == usual:
                continue  # it is what stands there
        except Misconfigured as error:
            silent += [f"{path}: {line}" for line in str(error).splitlines() if not line.isprintable()]
            continue
        if not path.startswith(("folders", "trust.identity", "deadlines")):
            own.catalogue = catalogue()
        if not counted(own) and (fault := genuine(own)):
            silent.append(f"{path}: {fault}")
    assert silent == []


# the stand-ins are nobody's ------------------------------------------------------------------------------------------


def test_the_daemon_rejects_what_a_stand_in_has_signed(tmp_path: Path) -> None:
    own = components(tmp_path, {})
    at = own.legal_clock()
    stands = stand_in(own.trust, at)
    asked = [
        (procedure, door) for procedure in check_messages._procedures(own) for door in check_messages._doors(procedure)
    ]
    assert {door for _, door in asked} == {Channel.WINDOW, Channel.PORTAL}
    for procedure, channel in asked:
        body = check_messages._written(own, stands, procedure, check_messages._example(own, procedure), channel, at)
        given = (
            check_messages.submitted(body, at, None)
            if channel is Channel.PORTAL
            else check_messages.by_the_window(body, at)
        )
        assert not isinstance(judged(given, check_messages.replace(own.ground, trust=stands.trust)), Rejected)
        outcome = judged(given, own.ground)
        assert isinstance(outcome, Rejected)
        assert "certificate_unknown" in {finding.name for finding in outcome.findings}, procedure.name


def test_no_key_and_no_certificate_of_a_stand_in_is_in_a_file(tmp_path: Path) -> None:
    own = components(tmp_path, {})
    before = sorted(tmp_path.rglob("*"))
    assert list(check_messages.faults(own)) == []
    assert sorted(tmp_path.rglob("*")) == before
    for folder in ("adapter", "mappings", "schemas", "queues"):
        for file in (ROOT / folder).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                assert b"BEGIN CERTIFICATE-----\nMI" not in file.read_bytes(), file


def test_each_run_makes_other_keys(tmp_path: Path) -> None:
    own = components(tmp_path, {})
    first, second = (stand_in(own.trust, own.legal_clock()).systems[Channel.WINDOW] for _ in range(2))
    assert first.certificate != second.certificate
