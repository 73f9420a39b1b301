"""Statements that the holder of a certificate signs at the portal: what for, where, by which account, with which value.

A statement is XML of its own root, so no door takes it for an envelope, and no envelope for a statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from lxml import etree

from adapter.model.procedure import Label
from adapter.model.stages import Signer


class Purpose(StrEnum):
    """What a statement is for. One for another purpose is no answer."""

    CERTIFICATE = "certificate"
    """Register the certificate that signs it (QĐ 15/2019/QĐ-TTg Article 6(3))."""
    AUTHORISATION = "authorisation"
    """Authorise somebody (Article 3(4))."""
    FILE = "file"
    """Send a signed file without log-in."""


@dataclass(frozen=True, slots=True)
class StatementForm:
    """How statements are written: their XSD, and in words what each says."""

    schema: etree.XMLSchema
    schema_name: str
    says: Mapping[Purpose, Label]


@dataclass(frozen=True, slots=True)
class AuthorisationTerms:
    """Who authorises whom. `until`: the last day, None without an end; no procedure named: for all."""

    principal: str = field(repr=False)
    representative: str = field(repr=False)
    document: str
    until: date | None
    procedures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `host`: of the portal that issued it; `account`: who has asked for it, empty without log-in.

    `value` is random, of ours, and counts once. Times are aware. `digest`: SHA-256 of the file, hexadecimal.
    """

    purpose: Purpose
    host: str
    account: str
    value: str = field(repr=False)
    issued_at: datetime
    ends_at: datetime
    terms: AuthorisationTerms | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement whose signature holds. `certificate`: DER, of the signer."""

    statement: Statement
    signer: Signer
    certificate: bytes = field(repr=False)
