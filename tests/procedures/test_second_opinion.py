"""Every verdict on a signature beside that of another engine: python-xmlsec, the same keys, the same two places.

Where the two differ, `second_opinion.yaml` says why; a difference that it does not name fails, and so does a row that
names none any more. Bombs are left out: that engine keeps no limits, and one of them holds it for minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import xmlsec
import yaml
from lxml import etree

from adapter.model.finding import Finding
from adapter.model.outcomes import Outcome, Rejected
from adapter.model.stages import Channel, Stage
from adapter.simulator.sign import DS
from tests.harness.fixtures import Case, load_cases
from tests.harness.hostile import load_attacks
from tests.harness.pki import shared_pki
from tests.procedures.settling import Settling

TABLE = Path(__file__).with_name("second_opinion.yaml")
CASES = [case for case in (*load_cases(), *load_attacks()) if not case.id.startswith("bombs/")]
WRAPPERS = {"system": "SystemSignature", "declarant": "Body/Signature"}


PARAMETERS = ("empty-parameters", "nothing-said", "parameters-sha256", "parameters-sha384", "parameters-sha512")


@dataclass(frozen=True, slots=True, order=True)
class Difference:
    """A signature that the two judge differently: `ours` is whether it holds here, `because` the first finding."""

    case: str
    place: str
    ours: bool
    because: str


@cache
def _certificate(name: str) -> xmlsec.Key:
    return xmlsec.Key.from_file(str(shared_pki().certificate_file(name)), xmlsec.constants.KeyDataFormatCertPem)


def xmlsec_holds(message: bytes, place: str, signer: str) -> bool:
    """What python-xmlsec says, knowing nothing but the key: no rule of the profile, no trust."""
    try:
        root = etree.fromstring(message, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return False
    signature = root.find(f"{WRAPPERS[place]}/{{{DS}}}Signature")
    if signature is None:
        return False
    context = xmlsec.SignatureContext()
    context.key = _certificate(signer)
    try:
        for content in root.findall("Body/Content[@Id]") if place == "declarant" else ():
            context.register_id(content, "Id")
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True


def ours_holds(outcome: Outcome, place: str) -> tuple[bool, str]:
    """Whether our pipeline took the signature at this place for good; where not, the first reason it gave."""
    if not isinstance(outcome, Rejected) or outcome.stage not in (Stage.OPEN, Stage.VERIFY):
        return True, ""
    pointer = f"/Envelope/{WRAPPERS[place]}"

    def is_about(finding: Finding) -> bool:
        """What cannot be canonicalised stands anywhere, and is in the way of both signatures."""
        return outcome.stage is Stage.OPEN or finding.pointer == pointer or finding.name == "namespace_relative"

    told = [each.name for each in outcome.findings if is_about(each)]
    return not told, min(told, default="")


@pytest.fixture(scope="module")
def differences(settling: Settling) -> set[Difference]:
    found = set()
    for case in CASES:
        judged = settling.of(case)
        for place, signer in signers(case).items():
            ours, because = ours_holds(judged.outcome, place)
            if ours != xmlsec_holds(judged.sent, place, signer):
                found.add(Difference(case.id, place, ours, because))
    return found


def signers(case: Case) -> dict[str, str]:
    """Whose key is the right one at each place: pinned for the system, the declarant's own."""
    system = {"system": "nsw" if case.channel is Channel.WINDOW else "portal"} if case.signers.system else {}
    return system | ({"declarant": case.signers.declarant} if case.signers.declarant else {})


def test_the_two_engines_agree_but_where_the_table_says_why(differences: set[Difference]) -> None:
    rows = yaml.safe_load(TABLE.read_bytes())
    explained = set()
    stale = []
    for row in rows:
        of_row = {each for each in differences if (each.ours, each.because) == (row["ours"], row["because"])}
        named = {tuple(text.split(" at ")) for text in row["cases"]}
        stale += [f"{row['because']}: {text}" for text in sorted(named - {(d.case, d.place) for d in of_row})]
        explained |= {each for each in of_row if (each.case, each.place) in named}
    assert sorted(differences - explained) == []
    assert stale == []


def test_nothing_that_the_other_engine_refuses_is_taken_here_but_what_it_cannot_read(
    differences: set[Difference],
) -> None:
    """The one-sided half, which no table may explain away: escaped messages, and RSA-PSS by its parameters, which
    xmlsec does not know and the JDK answers for (test_jdk.py)."""
    known = {"dialects/sealed-by-rsa-pss", *(f"dialects/signed-by-rsa-pss-with-{each}" for each in PARAMETERS)}
    taken = [each for each in sorted(differences) if each.ours and "escape" not in each.case]
    assert [each for each in taken if each.case not in known] == []
