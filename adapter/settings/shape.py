"""The frozen settings: every key of config.yaml with its bounds, so that no value first fails when a message comes."""

from __future__ import annotations

import ipaddress
import os
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from adapter.gateways.addresses import broker_fault, database_fault
from adapter.model.text import OFFICER_NAME, text_fault, time_fault
from adapter.pipeline.trust import TIMESTAMPING
from adapter.pipeline.trust.holder import spelled
from adapter.settings.old_names import Environment

P = TypeVar("P")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def _text(most: int, *, least: int = 1) -> AfterValidator:
    """A text of `least` to `most` characters that a form can hold, in NFC."""

    def checked(text: str) -> str:
        if fault := text_fault(text, most=most, least=least):
            raise ValueError(fault)
        return unicodedata.normalize("NFC", text)

    return AfterValidator(checked)


def _file(path: Path) -> Path:
    if fault := text_fault(str(path), most=_PATH):
        raise ValueError(fault)
    if any(len(os.fsencode(part)) > _NAME for part in path.parts):
        raise ValueError(f"a name in it is longer than {_NAME} bytes, which no folder holds")
    return path


def _moment(stated: datetime) -> datetime:
    if fault := time_fault(stated):
        raise ValueError(fault)
    return stated


_PATH, _NAME = 4096, 255
"""Characters of a path, and bytes of one name in it: Linux takes no longer ones."""
FilePath = Annotated[Path, AfterValidator(_file)]
Word = Annotated[str, _text(100)]
Address = Annotated[str, _text(2000)]
Time = Annotated[AwareDatetime, AfterValidator(_moment)]
Seconds = Annotated[float, Field(gt=0, le=86400)]
"""More than a day between two looks is a slip."""
Bits = Annotated[int, Field(ge=2048, le=16384)]
Digest = Literal["sha256", "sha384", "sha512"]
RoleName = Literal["window", "portal", "declarant", "border"]


class Folders(_Part):
    schemas: FilePath
    mappings: FilePath
    queues: FilePath
    state: FilePath
    calendar: FilePath | None = None


class PartySettings(_Part):
    name: Annotated[str, _text(255)]
    identity: Annotated[str, _text(50, least=0)]
    country_code: Annotated[str, _text(2)]
    ministry_code: Annotated[str, _text(20)]
    organization_code: Annotated[str, _text(20)]
    unit_code: Annotated[str, _text(20, least=0)] | None = None


class InstallationSettings(_Part):
    own: PartySettings
    window: PartySettings
    portal: PartySettings
    organization: Annotated[str, _text(255)]
    division: Annotated[str, _text(255)]
    accepter: Annotated[str, _text(OFFICER_NAME)]
    placeholder_document_type: str = Field(pattern=r"^[!-~]{1,100}$")
    placeholder_type: str = Field(default="00", pattern=r"^[A-Za-z0-9]{1,3}$")
    placeholder_reference: str = Field(default="0", pattern=r"^[A-Za-z0-9]{1,35}$")
    refusal_ground: Annotated[str, _text(500)]
    contingency_prefix: str = Field(pattern=r"^[A-Z]{2,8}$")
    contingency_unit: str = Field(pattern=r"^[A-Z0-9]{1,10}$")
    confirmation_prefix: str = Field(pattern=r"^[A-Z]{2,8}$")
    amendment_prefix: str = Field(pattern=r"^[A-Z]{2,8}$")

    @model_validator(mode="after")
    def _prefixes_differ(self) -> Self:
        names = ("contingency_prefix", "confirmation_prefix", "amendment_prefix")
        stated = [(getattr(self, name), name) for name in names]
        for (one, first), (other, second) in combinations(stated, 2):
            if one.startswith(other) or other.startswith(one):
                raise ValueError(f"{second}: {other} and {first} {one}: one prefix begins the other; choose another")
        return self


def _address_fits(part: P, url: SecretStr, file: Path | None, fault_of: Callable[[str], str | None]) -> P:
    """A url that a file goes before is not used, and not judged."""
    if file is None and (fault := fault_of(url.get_secret_value())):
        raise ValueError(f"url: {fault}")
    return part


class DatabaseSettings(_Part):
    url: SecretStr
    url_file: FilePath | None = None
    pool: int = Field(ge=1, le=100)
    answer_s: float = Field(default=10, gt=0, le=60)

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        return _address_fits(self, self.url, self.url_file, database_fault)


class TlsSettings(_Part):
    ca: FilePath
    certificate: FilePath
    key: FilePath


class BrokerSettings(_Part):
    url: SecretStr
    urls: tuple[SecretStr, ...] = ()
    url_file: FilePath | None = None
    tls: TlsSettings | None = None
    heartbeat_s: int = Field(ge=2, le=3600)
    prefetch: int = Field(ge=1, le=1000)
    publish_window: int = Field(ge=1, le=5000)

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        for number, url in enumerate(self.urls):
            if fault := broker_fault(url.get_secret_value()):
                raise ValueError(f"urls: number {number + 1}: {fault}")
        return _address_fits(self, self.url, self.url_file, broker_fault)


class WorkerSettings(_Part):
    count: int = Field(ge=1, le=64)
    batch: int = Field(ge=1, le=500)
    linger_ms: int = Field(ge=0, le=10_000)
    attempts: int = Field(ge=1, le=40)
    batch_seconds: float = Field(ge=1, le=3600)
    memory_mib: int = Field(ge=64, le=1_048_576)


class LimitSettings(_Part):
    message_bytes: int = Field(ge=4096, le=6_291_456)
    """A transfer carries a message in base64, of which its XSD holds 8 MiB."""
    depth: int = Field(ge=8, le=200)
    elements: int = Field(ge=100, le=1_000_000)
    attributes: int = Field(ge=20, le=100_000)
    element_attributes: int = Field(ge=4, le=1000)
    namespaces: int = Field(ge=4, le=1000)
    text: int = Field(ge=8192, le=6_291_456)
    """A certificate is one text."""
    references: int = Field(ge=3, le=100)
    transforms: int = Field(ge=4, le=200)
    findings: int = Field(ge=1, le=499)
    report_bytes: int = Field(ge=0, le=6_291_456)
    report_children: int = Field(ge=0, le=1_000_000)
    report_seconds: float = Field(gt=0, le=60)


class PartnerSettings(_Part):
    role: RoleName
    channel: Literal["window", "portal"]
    certificates: tuple[FilePath, ...] = Field(min_length=1)
    legacy_sha1: bool = False


class AlgorithmSettings(_Part):
    rsa_bits: int = Field(default=2048, ge=2048, le=8192)
    ec_bits: int = Field(default=256, ge=256, le=521)
    digests: tuple[Digest, ...] = Field(default=("sha256", "sha384", "sha512"), min_length=1)


class StoreRevocationSettings(_Part):
    unknown: str = Field(pattern="^(wait|flag|refuse)$")
    grace_h: float = Field(default=0, ge=0, le=8760)
    crls: FilePath | None = None
    crl_urls: tuple[Address, ...] = ()
    ocsp_url: Address | None = None
    hosts: tuple[Word, ...] = ()


class AuthoritySettings(_Part):
    """Who vouches, for signers or for time stamps."""

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


class FetchingSettings(_Part):
    timeout_s: float = Field(gt=0, le=600)
    wait_s: float = Field(ge=0, le=60)
    max_bytes: int = Field(ge=1024, le=1_073_741_824)
    refresh_s: float = Field(ge=1, le=604_800)


Prefixes = Annotated[tuple[Word, ...], Field(min_length=1)]
"""Without one no certificate that names its holder there would be read."""


class IdentitySettings(_Part):
    uid: Prefixes
    organization_identifier: Prefixes
    serial_number: Prefixes


class RegistrySettings(_Part):
    unknown_on_window: str = Field(pattern=r"^(attested|flag|reject)$")
    head_for_branches: bool


class SigningTimeSettings(_Part):
    past_hours: float = Field(gt=0, le=87_600)
    future_minutes: float = Field(ge=0, le=1440)


class TrustSettings(_Part):
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


class Pkcs11Settings(_Part):
    module: FilePath
    token: Word
    label: Word
    pin_file: FilePath


class KeySettings(_Part):
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


class KeysSettings(_Part):
    system: KeyPairs
    unit: KeyPairs | None = None
    portal: KeyPairs
    look_s: float = Field(ge=0, le=3600)


Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,20}$")]


class UnitSettings(_Part):
    name: Annotated[str, _text(255), Field(description="What people call it: in findings, `check` and `/readyz`")]
    division: Annotated[str, _text(255), Field(description="The unit (đồn), in `Accepter`")]
    gates: Annotated[
        tuple[Code, ...],
        Field(min_length=1, description="Codes of its gates; a declaration for any other gate is not taken"),
    ]
    telephone: Annotated[str, _text(50, least=0), Field(description="Told to who declares for another's gate")] = ""
    number_code: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Z0-9]{1,10}$",
            description="Stands for it in numbers of ours; its code without other signs where that is 10 at most",
        ),
    ] = None
    certificate_names: Annotated[
        tuple[Word, ...],
        Field(
            description="What a certificate of this unit says in its subject, in CN, OU, UID or serialNumber: one of "
            "these as a whole; left out: the unit's code, name or division"
        ),
    ] = ()
    key: Annotated[KeyPairs, Field(description="Signs the Content of its confirmations and requests to amend")]

    def names(self, code: str) -> tuple[str, ...]:
        """What a certificate of this unit says of it."""
        return self.certificate_names or (code, self.name, self.division)

    def in_numbers(self, code: str) -> str:
        """What stands for it in numbers of ours."""
        return self.number_code or "".join(sign for sign in code.upper() if sign.isalnum())


def _units_fit(units: dict[str, UnitSettings]) -> dict[str, UnitSettings]:
    """Nothing may name two units: a code, a gate, a number of ours, a certificate."""
    whose: dict[tuple[str, str], str] = {}
    for code, unit in units.items():
        number = unit.in_numbers(code)
        if len(number) > _NUMBER_CODE:
            raise ValueError(
                f"{code}: state number_code, at most {_NUMBER_CODE} letters and digits: numbers hold no more"
            )
        stated = [("code", code.upper()), ("number_code", number), *(("gate", gate) for gate in unit.gates)]
        stated += [("certificate_names", spelled(name)) for name in unit.names(code)]
        for what, value in stated:
            other = whose.setdefault((what, value), code)
            if other != code:
                raise ValueError(f"{code}: {what} {value} is that of {other} too; one of them must have another")
    return units


_NUMBER_CODE = 10
Units = Annotated[dict[Code, UnitSettings], AfterValidator(_units_fit)]


class WindowSettings(_Part):
    broker_down_s: float = Field(ge=0, le=86400)
    heartbeat_max_age_s: Seconds | None
    stale_s: float = Field(ge=1, le=86400)
    back_s: float = Field(ge=0, le=86400)
    underway_minutes: float = Field(default=5, ge=0, le=1440)
    answer_portal: Annotated[str, _text(500), Field(pattern=r"^https?://[^\s/]+")]


class WaitingSettings(_Part):
    overtaken_s: float = Field(ge=0, le=604_800)
    evidence_s: float = Field(ge=0, le=604_800)
    evidence_retry_s: Seconds
    hold_sent_before: AwareDatetime | None = None

    @field_validator("hold_sent_before")
    @classmethod
    def _has_passed(cls, before: datetime | None) -> datetime | None:
        """What is sent from now on is never of the time that a restore lost: everything would be held."""
        if before is not None and before > datetime.now(UTC):
            raise ValueError("lies in the future; it is when the restored store began to work again")
        return before


class DeadlineSettings(_Part):
    warn_share: float = Field(gt=0, lt=1)


class ClockSettings(_Part):
    tick_s: float = Field(gt=0, le=60)
    seal_s: Seconds
    expiry_s: Seconds
    unsafe_frozen: Annotated[datetime, AfterValidator(_moment)] | None = None


class WordsSettings(_Part):
    vi: Annotated[str, _text(1000)]
    en: Annotated[str, _text(1000)]


class AboutSettings(_Part):
    authority: WordsSettings = WordsSettings(vi="Bộ đội Biên phòng", en="Vietnam Border Guard")
    portal: WordsSettings = WordsSettings(
        vi="Cổng thông tin thủ tục biên phòng điện tử", en="Portal of electronic border procedures"
    )
    manager: WordsSettings = WordsSettings(vi="Bộ Tư lệnh Bộ đội Biên phòng", en="Border Guard High Command")
    address: Annotated[str, _text(500, least=0)] = ""
    telephone: Annotated[str, _text(50, least=0)] = ""
    email: Annotated[str, _text(254, least=0)] = ""
    by_paper: WordsSettings = WordsSettings(
        vi="Khi không khai được tại đây, bạn nộp bản khai giấy theo mẫu của thủ tục tại đơn vị Biên phòng cửa khẩu "
        "và xuất trình giấy tờ như thường lệ. Hãy gọi trước cho đơn vị theo số điện thoại dưới đây.",
        en="Where you cannot declare here, hand in the form of the procedure on paper at the border-guard unit of the "
        "gate, and show your papers as always. Please call the unit first; the telephone numbers are below.",
    )


class ClaimSettings(_Part):
    number: Annotated[Word, Field(description="Names the person's number (12 digits)")] = "person_number"
    name: Annotated[Word, Field(description="Names the person's name")] = "name"
    tax_code: Annotated[Word, Field(description="Names the tax code of an organisation's account")] = "tax_code"
    account_kind: Annotated[Word, Field(description="Names the kind of the account")] = "account_type"
    organisation_kinds: Annotated[
        tuple[Word, ...], Field(description="Kinds of accounts that are an organisation's; every other is a person's")
    ] = ("organization",)


class LoginSettings(_Part):
    issuer: Annotated[
        str, Field(pattern=r"^https?://[^\s?#]+$", description="The identity provider, as its ID tokens name it")
    ]
    client_id: Annotated[Word, Field(description="Our name at the provider")]
    client_secret_file: Annotated[FilePath, Field(description="A file with our secret at the provider")]
    scope: Annotated[Word, Field(description="What is asked of the provider; `openid` is part of it")] = "openid person"
    acr: Annotated[tuple[Word, ...], Field(description="Levels of assurance that are enough; empty: any")] = ()
    algorithms: Annotated[
        tuple[Literal["ES256", "ES384", "ES512", "PS256", "RS256", "EdDSA"], ...],
        Field(min_length=1, description="By which ID tokens may be signed"),
    ] = ("ES256",)
    claims: ClaimSettings = ClaimSettings()
    ca: Annotated[FilePath | None, Field(description="Authorities for the provider's TLS; null: the system's")] = None
    timeout_s: Annotated[float, Field(gt=0, le=60, description="How long one question to the provider may take")] = 5
    idle_minutes: Annotated[
        float, Field(gt=0, le=1440, description="A session that is not used for so long is over")
    ] = 30
    whole_hours: Annotated[float, Field(gt=0, le=24, description="And every session after so long")] = 8


def _address(network: str) -> str:
    ipaddress.ip_network(network)
    return network


class WebSettings(_Part):
    host: Annotated[str, _text(253)]
    port: int = Field(ge=0, le=65535)
    health_port: int = Field(ge=0, le=65535)
    enabled: bool
    workers: int = Field(default=1, ge=1, le=64)
    body_bytes: int = Field(ge=4096, le=6_291_456)
    public_url: Annotated[str, Field(pattern=r"^https?://[^\s/?#]+$")] | None = None
    trusted_proxies: tuple[Annotated[str, AfterValidator(_address)], ...] = ()
    login: LoginSettings | None = None
    about: AboutSettings = AboutSettings()

    @model_validator(mode="after")
    def _log_in_has_somewhere_to_return(self) -> Self:
        if self.login is not None and self.public_url is None:
            raise ValueError("public_url: log-in needs it: the identity provider sends people back there")
        return self

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        if self.enabled and self.port and self.port == self.health_port:
            raise ValueError(f"health_port: {self.port} is web.port too; two servers need two ports")
        if self.workers > 1 and not self.port:
            raise ValueError("workers: more than one serve on one port, so port must name it")
        return self


def _small(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class LogSettings(_Part):
    level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_small)]
    json_lines: bool = Field(alias="json")


class Settings(BaseSettings):
    """Everything that config.yaml says, checked; the environment (NSW_…) goes before the file."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix="NSW_", env_nested_delimiter="__")

    folders: Folders
    installation: InstallationSettings
    units: Units = {}
    database: DatabaseSettings
    broker: BrokerSettings
    workers: WorkerSettings
    limits: LimitSettings
    trust: TrustSettings
    keys: KeysSettings
    window: WindowSettings
    waiting: WaitingSettings
    deadlines: DeadlineSettings
    clock: ClockSettings
    web: WebSettings
    log: LogSettings
    _old_names: tuple[str, ...] = PrivateAttr(())

    @model_validator(mode="after")
    def _units_have_keys(self) -> Self:
        if self.units and self.keys.unit is not None:
            raise ValueError("keys.unit: each of units states its own key; take keys.unit away")
        if not self.units and self.keys.unit is None:
            raise ValueError("keys.unit: missing; state it, or state units with a key each")
        return self

    @property
    def old_names(self) -> tuple[str, ...]:
        """The keys that were stated under a name which is in RENAMED; each is warned of once at start."""
        return self._old_names

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return Environment(settings_cls), init_settings
