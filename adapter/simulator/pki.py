"""The test window's own PKI: every party, anchor and fault for trust decisions, as PEM files with fixed names.

For tests, the demo and `nsw-adapter simulate pki`; it must never make a certificate that a production store trusts.
What is there is kept: a second call writes nothing, so that a whole test session shares one folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from adapter.simulator.issuing import (
    Pair,
    PrivateKey,
    certify,
    key_pem,
    load_pair,
    locked,
    new_key,
    pem,
    write_crl,
    write_once,
    write_whole,
)
from adapter.simulator.parties import _HELD, AUTHORITIES, SIGNERS, TLS, PartySpec


@dataclass(frozen=True, slots=True)
class SigningParty:
    """A party that can sign: its key, its certificate, and the chain (leaf first, then intermediates)."""

    name: str
    key: PrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class Pki:
    """All parties of a folder, loaded."""

    folder: Path
    parties: Mapping[str, SigningParty]

    def party(self, name: str) -> SigningParty:
        """The party of this name.

        Raises:
            KeyError: there is none; the text lists those there are.
        """
        if name not in self.parties:
            raise KeyError(f"no party {name!r}; there are: {', '.join(sorted(self.parties))}")
        return self.parties[name]

    def certificate_file(self, name: str) -> Path:
        """The PEM file of a party's certificate."""
        return self.folder / f"{name}.cert.pem"

    def key_file(self, name: str) -> Path:
        """The PEM file of a party's private key."""
        return self.folder / f"{name}.key.pem"

    def crls(self, world: str) -> Path:
        """The folder of CRLs of a world: public or government; or timestamping."""
        return self.folder / "crls" / world

    def anchors(self, world: str) -> Path:
        """The folder of trust anchors of a world: public or government; or timestamping."""
        return self.folder / "anchors" / world

    def intermediates(self, world: str) -> Path:
        """The folder of intermediate certificates of a world."""
        return self.folder / "intermediates" / world


@dataclass(frozen=True, slots=True)
class IssuedTlsFiles:
    """PEM files for AMQPS and HTTPS with client certificates."""

    ca: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path


def make_pki(folder: Path) -> Pki:
    """Write every party and anchor that is not there yet, and load them all."""
    with locked(folder):
        made = _make_missing(folder, {**AUTHORITIES, **SIGNERS}, ".cert.pem", ".key.pem")
        for name in SIGNERS:
            chain = _chain(name, made)
            write_once(folder / f"{name}.chain.pem", b"".join(pem(certificate) for certificate in chain))
        for kind, world, name in _HELD:
            write_once(folder / kind / world / f"{name}.pem", pem(made[name][1]))
            write_crl(folder / "crls" / world / f"{name}.crl", name, made)
    return _pki(folder, made)


def load_pki(folder: Path) -> Pki:
    """Load a folder that `make_pki` wrote.

    Raises:
        FileNotFoundError: a party's file is missing.
    """
    return _pki(folder, {name: load_pair(folder, name, ".cert.pem", ".key.pem") for name in (*AUTHORITIES, *SIGNERS)})


def make_tls(folder: Path) -> IssuedTlsFiles:
    """Write a TLS authority, a server certificate for localhost and a client certificate, unless they are there."""
    with locked(folder):
        _make_missing(folder, TLS, ".pem", ".key")
    names = ("ca.pem", "server.pem", "server.key", "client.pem", "client.key")
    return IssuedTlsFiles(*(folder / name for name in names))


def _pki(folder: Path, pairs: Mapping[str, Pair]) -> Pki:
    return Pki(folder, {name: SigningParty(name, *pairs[name], chain=_chain(name, pairs)) for name in SIGNERS})


def _chain(name: str, pairs: Mapping[str, Pair]) -> tuple[x509.Certificate, ...]:
    """Leaf and intermediates; a root is never sent along."""
    issuer = SIGNERS[name].issuer
    leaf = pairs[name][1]
    return (leaf, pairs[issuer][1]) if issuer and AUTHORITIES[issuer].issuer else (leaf,)


def _make_missing(folder: Path, specs: Mapping[str, PartySpec], cert_ext: str, key_ext: str) -> dict[str, Pair]:
    """Load complete parties and make the others. A new issuer makes its subjects again, or their chains would break."""
    pairs: dict[str, Pair] = {}
    fresh: set[str] = set()
    for name, spec in specs.items():
        whole = (folder / f"{name}{cert_ext}").exists() and (folder / f"{name}{key_ext}").exists()
        if whole and spec.issuer not in fresh:
            pairs[name] = load_pair(folder, name, cert_ext, key_ext)
            continue
        key = new_key(spec.key)
        pairs[name] = key, certify(spec, key, pairs[spec.issuer] if spec.issuer else None)
        fresh.add(name)
        write_whole(folder / f"{name}{key_ext}", key_pem(key), mode=0o600)
        write_whole(folder / f"{name}{cert_ext}", pem(pairs[name][1]))
    return pairs
