"""Distinct genuine declarations of several procedures for the portal's benchmark, kept under var/bench.

Each is a fixture that the portal takes, without a number, with papers of its own; who declares is who signs. Must never
be taken for a fixture: nothing is expected of these beyond that they are accepted.
"""

from __future__ import annotations

import hashlib
import pickle
import re
import uuid
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from cryptography.hazmat.primitives.hashes import SHA256

from adapter.simulator.sign import sign_message
from tests.bench.messages import FOLDER
from tests.harness.fixtures import Case, load_cases
from tests.harness.pki import shared_pki

CHOSEN = (
    "BQP0100001/accepted-entered-directly-by-the-portal",
    "BQP0100002/accepted-entered-directly-by-the-portal",
    "BQP0100004/asked-attachment-without-its-digest-by-the-portal",
    "BQP0100006/accepted-foreign-tourist-car",
    "BQP0100007/accepted-entered-directly-by-the-portal",
)
"""A group, a citizen, a visa, a vehicle, a ship; one after the other."""
FORMAT = 1
"""To be raised with every change of what is written here: what is kept of another format is not used."""
_DECLARANTS = {"enterprise": "0100109106", None: "001085012345"}
_NUMBERS = re.compile(rb"<(Dossier(?:Number|Year))>[^<]*</\1>")
_OF_HEADER = re.compile(rb"<((?:preR|r)eference|(?:preD|d)ocumentYear)>[^<]*<")
_PAPER = re.compile(rb"<((?:Document|Passport)Number)>([0-9A-Z]+[0-9]{5})</")
_MESSAGE_ID = re.compile(rb"<messageId>[^<]*<")


@dataclass(frozen=True, slots=True)
class Post:
    """A declaration as it is handed in, and the number that its caller's token is bound to."""

    bound_to: str
    body: bytes


def posts(count: int) -> list[Post]:
    """The first `count`; the same number is the same declaration as long as the keys are."""
    cases = {case.id: case for case in load_cases()}
    chosen = [cases[name] for name in CHOSEN]
    kept = FOLDER / f"posts-{FORMAT}-{count}-{_version(chosen)}.pickle"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        with ProcessPoolExecutor(2) as pool:
            made = list(pool.map(partial(_post, chosen), range(count), chunksize=20))
        draft = kept.with_suffix(".part")
        draft.write_bytes(pickle.dumps(made))
        draft.rename(kept)
    return [Post(*each) for each in pickle.loads(kept.read_bytes())]


def _version(chosen: list[Case]) -> str:
    signer = shared_pki().party("enterprise").certificate.fingerprint(SHA256())
    return hashlib.sha256(b"".join(case.message for case in chosen) + signer).hexdigest()[:12]


def _post(chosen: list[Case], number: int) -> tuple[str, bytes]:
    case = chosen[number % len(chosen)]
    own = f"<messageId>{uuid.uuid5(uuid.NAMESPACE_OID, f'door:{number}')}<".encode()
    message = _MESSAGE_ID.sub(own, _OF_HEADER.sub(rb"<\1><", _NUMBERS.sub(b"", case.message)))
    message = _PAPER.sub(_papers(number), message)
    declarant = case.signers.declarant
    if declarant is not None:
        message = sign_message(message, system=None, declarant=shared_pki().party(declarant))
    return _DECLARANTS[declarant], message


def _papers(number: int) -> Callable[[re.Match[bytes]], bytes]:
    """The same paper has the same new number wherever it stands in a message."""
    given: dict[bytes, int] = {}

    def other(found: re.Match[bytes]) -> bytes:
        place = given.setdefault(found[2], len(given))
        return b"<" + found[1] + b">" + found[2][:-5] + f"{number * 5 + place:05}"[-5:].encode() + b"</"

    return other
