"""Settings of trust: partners, stores, revocation, algorithms, and our own keys."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    model_validator,
)

from adapter.pipeline.trust import TIMESTAMPING
from adapter.settings.values import Address, Digest, FilePath, RoleName, Section, Time, Word


class PartnerSettings(Section):
    role: RoleName
    channel: Literal["window", "portal"]
    certificates: tuple[FilePath, ...] = Field(min_length=1)
    legacy_sha1: bool = False


class AlgorithmSettings(Section):
    rsa_bits: int = Field(default=2048, ge=2048, le=8192)
    ec_bits: int = Field(default=256, ge=256, le=521)
    digests: tuple[Digest, ...] = Field(default=("sha256", "sha384", "sha512"), min_length=1)


class StoreRevocationSettings(Section):
    unknown: str = Field(pattern="^(wait|flag|refuse)$")
    grace_h: float = Field(default=0, ge=0, le=8760)
    crls: FilePath | None = None
    crl_urls: tuple[Address, ...] = ()
    ocsp_url: Address | None = None
    hosts: tuple[Word, ...] = ()


class AuthoritySettings(Section):
    """Authorities of signers or of time stamps."""

    anchors: FilePath
    intermediates: FilePath | None = None
    algorithms: AlgorithmSettings = AlgorithmSettings()
    valid_from: Time | None = None
    valid_to: Time | None = None
    policies: tuple[Annotated[str, Field(pattern=r"^[0-9.]{3,100}$")], ...] = ()
    revocation: StoreRevocationSettings | None = None

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_to <= self.valid_from:
            raise ValueError("valid_to: the store ends before it begins")
        return self


class StoreSettings(AuthoritySettings):
    roles: tuple[RoleName, ...] = Field(default=("declarant",), min_length=1)
    legacy_sha1: bool = False


class FetchingSettings(Section):
    timeout_s: float = Field(gt=0, le=600)
    wait_s: float = Field(ge=0, le=60)
    max_bytes: int = Field(ge=1024, le=1_073_741_824)
    refresh_s: float = Field(ge=1, le=604_800)


Prefixes = Annotated[tuple[Word, ...], Field(min_length=1)]
"""Without one no certificate that names its holder there could be read."""


class IdentitySettings(Section):
    uid: Prefixes
    organization_identifier: Prefixes
    serial_number: Prefixes


class RegistrySettings(Section):
    unknown_on_window: str = Field(pattern=r"^(attested|flag|reject)$")
    head_for_branches: bool
    approval: bool


class SigningTimeSettings(Section):
    past_hours: float = Field(gt=0, le=87_600)
    future_minutes: float = Field(ge=0, le=1440)


class TrustSettings(Section):
    partners: dict[Word, PartnerSettings] = Field(min_length=1)
    stores: dict[Word, StoreSettings] = Field(min_length=1)
    alert_days: tuple[Annotated[int, Field(ge=0, le=3650)], ...] = Field(min_length=1)
    identity: IdentitySettings
    registry: RegistrySettings
    fetching: FetchingSettings
    signing_time: SigningTimeSettings
    timestamping: AuthoritySettings | None

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        if TIMESTAMPING in self.stores:
            raise ValueError(f"stores: {TIMESTAMPING} is the name of the time-stamping authorities; choose another")
        return self

    @property
    def authorities(self) -> dict[str, AuthoritySettings]:
        """The stores of signers and, under a name of its own, that of time-stamping authorities."""
        return {**self.stores, **({TIMESTAMPING: self.timestamping} if self.timestamping else {})}


class Pkcs11Settings(Section):
    module: FilePath
    token: Word
    label: Word
    pin_file: FilePath


class KeySettings(Section):
    key: FilePath | None = None
    pkcs11: Pkcs11Settings | None = None
    certificates: FilePath
    since: Time | None = None

    @model_validator(mode="after")
    def _in_one_place(self) -> Self:
        if (self.key is None) == (self.pkcs11 is None):
            raise ValueError("name either key (a PEM file) or pkcs11 (a hardware module)")
        return self


def _listed(value: object) -> object:
    return [value] if isinstance(value, dict) else value


KeyPairs = Annotated[tuple[KeySettings, ...], BeforeValidator(_listed), Field(min_length=1)]
"""One pair, or several that overlap while a key is rolled over."""


class KeysSettings(Section):
    system: KeyPairs
    unit: KeyPairs | None = None
    portal: KeyPairs
    look_s: float = Field(ge=0, le=3600)
