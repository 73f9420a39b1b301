"""The frozen settings: every key of config.yaml with its bounds, so that no value first fails when a message comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
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
from adapter.model.text import OFFICER_NAME
from adapter.pipeline.trust.holder import spelled
from adapter.settings.alerts import AlertSettings, MailSettings
from adapter.settings.attachments import AttachmentSettings
from adapter.settings.customs import CustomsSettings
from adapter.settings.management import ManagementSettings
from adapter.settings.old_names import Environment
from adapter.settings.portal_failure import PortalFailureSettings
from adapter.settings.trust import KeyPairs, KeysSettings, TrustSettings
from adapter.settings.values import FilePath, P, Seconds, Section, Word, moment_in, text_in
from adapter.settings.web import WebSettings


class Folders(Section):
    schemas: FilePath
    mappings: FilePath
    queues: FilePath
    prints: FilePath
    state: FilePath
    calendar: FilePath | None = None


class PartySettings(Section):
    name: Annotated[str, text_in(255)]
    identity: Annotated[str, text_in(50, least=0)]
    country_code: Annotated[str, text_in(2)]
    ministry_code: Annotated[str, text_in(20)]
    organization_code: Annotated[str, text_in(20)]
    unit_code: Annotated[str, text_in(20, least=0)] | None = None


class InstallationSettings(Section):
    own: PartySettings
    window: PartySettings
    portal: PartySettings
    organization: Annotated[str, text_in(255)]
    division: Annotated[str, text_in(255)]
    accepter: Annotated[str, text_in(OFFICER_NAME)]
    placeholder_document_type: str = Field(pattern=r"^[!-~]{1,100}$")
    placeholder_type: str = Field(pattern=r"^[A-Za-z0-9]{1,3}$")
    placeholder_reference: str = Field(pattern=r"^[A-Za-z0-9]{1,35}$")
    refusal_ground: Annotated[str, text_in(500)]
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
    """A url is not used and not checked where a file states it; without a file there must be one."""
    if file is None and not url.get_secret_value():
        raise ValueError("url: missing; state it, or url_file")
    if file is None and (fault := fault_of(url.get_secret_value())):
        raise ValueError(f"url: {fault}")
    return part


class DatabaseSettings(Section):
    url: SecretStr = SecretStr("")
    url_file: FilePath | None = None
    pool: int = Field(ge=1, le=100)
    answer_s: float = Field(gt=0, le=60)

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        return _address_fits(self, self.url, self.url_file, database_fault)


class TlsSettings(Section):
    ca: FilePath
    certificate: FilePath
    key: FilePath


class BrokerSettings(Section):
    url: SecretStr = SecretStr("")
    urls: tuple[SecretStr, ...] = ()
    url_file: FilePath | None = None
    tls: TlsSettings | None = None
    heartbeat_s: int = Field(ge=2, le=3600)
    prefetch: int = Field(ge=1, le=1000)
    unconfirmed_publishes: int = Field(ge=1, le=5000)
    management: ManagementSettings | None

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        for number, url in enumerate(self.urls):
            if fault := broker_fault(url.get_secret_value()):
                raise ValueError(f"urls: number {number + 1}: {fault}")
        return _address_fits(self, self.url, self.url_file, broker_fault)


class WorkerSettings(Section):
    count: int = Field(ge=1, le=64)
    batch: int = Field(ge=1, le=500)
    linger_ms: int = Field(ge=0, le=10_000)
    attempts: int = Field(ge=1, le=40)
    batch_seconds: float = Field(ge=1, le=3600)
    memory_mib: int = Field(ge=64, le=1_048_576)
    niceness: int = Field(ge=0, le=19)


class LimitSettings(Section):
    message_bytes: int = Field(ge=4096, le=6_291_456)
    """A transfer holds a message in base64; its XSD allows 8 MiB."""
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


Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,20}$")]


class UnitSettings(Section):
    name: Annotated[str, text_in(255), Field(description="What people call it: in findings, `check` and `/readyz`")]
    division: Annotated[str, text_in(255), Field(description="The unit (đồn), in `Accepter`")]
    gates: Annotated[
        tuple[Code, ...],
        Field(min_length=1, description="Codes of its gates; a declaration for any other gate is not taken"),
    ]
    telephone: Annotated[str, text_in(50, least=0), Field(description="Told to who declares for another's gate")] = ""
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
        """The certificate subject of this unit."""
        return self.certificate_names or (code, self.name, self.division)

    def in_numbers(self, code: str) -> str:
        """The unit's part of our own numbers."""
        return self.number_code or "".join(sign for sign in code.upper() if sign.isalnum())


def _units_fit(units: dict[str, UnitSettings]) -> dict[str, UnitSettings]:
    """No two units share a code, a gate, a part of numbers or a certificate subject."""
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


class WindowSettings(Section):
    broker_down_s: float = Field(ge=0, le=86400)
    heartbeat_max_age_s: Seconds | None
    stale_s: float = Field(ge=1, le=86400)
    back_s: float = Field(ge=0, le=86400)
    suspect_s: float = Field(ge=0, le=604_800)
    confirm_only: bool
    begun_minutes: float = Field(ge=0, le=10_080)
    override_hours: float = Field(gt=0, le=8760)
    remind_minutes: float = Field(ge=0, le=10_080)
    underway_minutes: float = Field(ge=0, le=1440)
    answer_portal: Annotated[str, text_in(500), Field(pattern=r"^https?://[^\s/]+")]


class AccountSettings(Section):
    running_hour: Literal["goes_on", "stands_still"]
    notice_hours: Annotated[float, Field(gt=0, le=720)] | None
    notify_principal: bool
    principal_request: bool
    deputy: bool


class WaitingSettings(Section):
    overtaken_s: float = Field(ge=0, le=604_800)
    evidence_s: float = Field(ge=0, le=604_800)
    evidence_retry_s: Seconds
    hold_sent_before: AwareDatetime | None = None

    @field_validator("hold_sent_before")
    @classmethod
    def _has_passed(cls, before: datetime | None) -> datetime | None:
        """A time in the future is refused: every message would be held as sent before a restore."""
        if before is not None and before > datetime.now(UTC):
            raise ValueError("lies in the future; it is when the restored store began to work again")
        return before


class DeadlineSettings(Section):
    warn_share: float = Field(gt=0, lt=1)


class ClockSettings(Section):
    tick_s: float = Field(gt=0, le=60)
    seal_s: Seconds
    survey_s: Seconds
    expiry_s: Seconds
    unsafe_frozen: Annotated[datetime, AfterValidator(moment_in)] | None = None


def _small(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class DecisionsSettings(Section):
    enabled: bool | None
    workers: int = Field(ge=1, le=64)
    folder: FilePath | None


class LogSettings(Section):
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
    accounts: AccountSettings
    deadlines: DeadlineSettings
    clock: ClockSettings
    web: WebSettings
    decisions: DecisionsSettings
    portal_failure: PortalFailureSettings
    attachments: AttachmentSettings
    mail: MailSettings | None
    alerts: AlertSettings
    customs: CustomsSettings
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
        """The keys that were stated under an old name (RENAMED); each is warned of once at start."""
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
