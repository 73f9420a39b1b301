"""Verification by another engine: what the adapter signs must satisfy a verifier that shares no code with it.

xmlsec1 decides the cryptography with one pinned certificate; KeyInfo is never believed. It must never be used by the
adapter itself.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lxml import etree

from adapter.simulator.xades import XADES
from adapter.simulator.xmldsig import DS, ENVELOPED

Place = Literal["system", "declarant"]

_WRAPPERS: dict[Place, str] = {"system": "/Envelope/SystemSignature", "declarant": "/Envelope/Body/Signature"}
_BEARERS = (
    "Content",
    f"{XADES}:SignedProperties",
    *(f"{DS}:{name}" for name in ("KeyInfo", "Object", "SignatureProperties", "SignatureProperty")),
    "SignatureProperties",
    "SignatureProperty",
)
"""Elements whose Id a declarant's reference may name."""
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Question:
    """Does the signature at this place of this message verify with this certificate?"""

    message: bytes
    place: Place
    certificate: Path


def verify_with_xmlsec1(message: bytes, *, place: Place, certificate_pem: Path) -> bool:
    """Whether the one signature at `place` is good and covers what the profile says it must cover."""
    return verify_many([Question(message, place, certificate_pem)])[0]


def verify_many(questions: Sequence[Question]) -> list[bool]:
    """Answers in the order of the questions; those with one place and certificate share a process."""
    answers = [False] * len(questions)
    groups: defaultdict[tuple[Place, Path], list[int]] = defaultdict(list)
    for number, question in enumerate(questions):
        if _covers(question.message, question.place):
            groups[question.place, question.certificate].append(number)
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        for (place, certificate), numbers in groups.items():
            files = [Path(folder) / f"{number}.xml" for number in numbers]
            for number, file in zip(numbers, files, strict=True):
                file.write_bytes(questions[number].message)
            for number, good in zip(numbers, _verify_files(files, place, certificate), strict=True):
                answers[number] = good
    return answers


def _covers(message: bytes, place: Place) -> bool:
    """One signature, whose data is the whole envelope or Content: xmlsec1 alone takes any other too. What else a
    declarant's signature with an Object refers to is in the signature itself."""
    try:
        tree = etree.ElementTree(etree.fromstring(message, etree.XMLParser(resolve_entities=False, no_network=True)))
    except etree.XMLSyntaxError:
        return False
    signature = f".{_WRAPPERS[place].removeprefix('/Envelope')}/{{{DS}}}Signature"
    references = tree.findall(f"{signature}//{{{DS}}}Reference")
    qualified = place == "declarant" and tree.find(f"{signature}/{{{DS}}}Object") is not None
    dtd: object = tree.docinfo.internalDTD  # the stubs do not say that it may be None
    if dtd is not None or not references or (len(references) > 1 and not qualified):
        return False
    enveloped = references[0].find(f".//{{{DS}}}Transform[@Algorithm='{ENVELOPED}']") is not None
    if place == "system":
        return references[0].get("URI") == "" and enveloped
    identifiers = [element.get("Id") for element in tree.iter("*") if element.get("Id")]
    content = tree.find("Body/Content")
    target = content.get("Id") if content is not None else None
    return references[0].get("URI") == f"#{target}" and identifiers.count(target) == 1


def _verify_files(files: Sequence[Path], place: Place, certificate: Path) -> list[bool]:
    """xmlsec1 stops at the first bad file: note it, and go on behind it."""
    answers: list[bool] = []
    while len(answers) < len(files):
        batch = files[len(answers) : len(answers) + _AT_ONCE]
        # Only keys by name are enabled, and there are none: so the pinned certificate is the only key there is.
        command = ["xmlsec1", "verify", "--enabled-key-data", "key-name", "--pubkey-cert-pem", str(certificate)]
        command += ["--enabled-reference-uris", "empty,same-doc"]
        for name in _BEARERS if place == "declarant" else ():
            command += ["--id-attr:Id", name]
        command += ["--node-xpath", f"{_WRAPPERS[place]}/*[local-name()='Signature']", *map(str, batch)]
        run = subprocess.run(command, capture_output=True, check=False, timeout=300, text=True)
        good = sum(line == "OK" for line in (run.stdout + run.stderr).splitlines())
        answers += [True] * good
        if run.returncode != 0:
            answers.append(False)
        elif good != len(batch):
            raise RuntimeError(f"xmlsec1 answered {good} times for {len(batch)} files")
    return answers
