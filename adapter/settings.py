"""config.yaml to frozen settings. Folders are relative to the file; secrets come by file path and are never printed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from adapter.model.errors import Misconfigured
from adapter.pipeline.trust import TIMESTAMPING

DEFAULT_FILE = "config.yaml"


RENAMED: Mapping[str, str] = {}
"""Keys that had another name: the old name to the new one, both as paths ("web.port"). A row stays for one release."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Folders(_Part):
    schemas: Path
    mappings: Path
    queues: Path
    state: Path
    calendar: Path | None = None


class PartySettings(_Part):
    name: str
    identity: str
    country_code: str
    ministry_code: str
    organization_code: str
    unit_code: str | None = None


class InstallationSettings(_Part):
    own: PartySettings
    window: PartySettings
    portal: PartySettings
    organization: str
    division: str
    accepter: str
    placeholder_document_type: str = Field(pattern=r"^[!-~]{1,100}$")
    placeholder_type: str = Field(default="00", pattern=r"^[A-Za-z0-9]{1,3}$")
    placeholder_reference: str = Field(default="0", pattern=r"^[A-Za-z0-9]{1,35}$")
    refusal_ground: str
    contingency_prefix: str = Field(pattern=r"^[A-Z]{2,8}$")
    contingency_unit: str = Field(pattern=r"^[A-Z0-9]{1,10}$")
    confirmation_prefix: str = Field(pattern=r"^[A-Z]{2,8}$")
    amendment_prefix: str = Field(pattern=r"^[A-Z]{2,8}$")


class DatabaseSettings(_Part):
    url: SecretStr
    url_file: Path | None = None
    pool: int = Field(ge=1)
    answer_s: float = Field(default=10, gt=0, le=60)


class TlsSettings(_Part):
    ca: Path
    certificate: Path
    key: Path


class BrokerSettings(_Part):
    url: SecretStr
    urls: tuple[SecretStr, ...] = ()
    url_file: Path | None = None
    tls: TlsSettings | None = None
    heartbeat_s: int = Field(ge=2)
    prefetch: int = Field(ge=1, le=1000)
    publish_window: int = Field(ge=1, le=5000)


class WorkerSettings(_Part):
    count: int = Field(ge=1, le=64)
    batch: int = Field(ge=1, le=500)
    linger_ms: int = Field(ge=0)
    attempts: int = Field(ge=1)
    batch_seconds: float = Field(gt=0)
    memory_mib: int = Field(ge=64)


class LimitSettings(_Part):
    message_bytes: int
    depth: int = Field(le=200)
    elements: int
    attributes: int
    element_attributes: int
    namespaces: int
    text: int
    references: int
    transforms: int
    findings: int = Field(ge=1, le=499)
    report_bytes: int
    report_children: int
    report_seconds: float


class PartnerSettings(_Part):
    role: str
    channel: str
    certificates: tuple[Path, ...]
    legacy_sha1: bool = False


class AlgorithmSettings(_Part):
    rsa_bits: int = Field(default=2048, ge=2048)
    ec_bits: int = Field(default=256, ge=256)
    digests: tuple[str, ...] = ("sha256", "sha384", "sha512")


class StoreRevocationSettings(_Part):
    unknown: str = Field(pattern="^(wait|flag|refuse)$")
    grace_h: float = Field(default=0, ge=0)
    crls: Path | None = None
    crl_urls: tuple[str, ...] = ()
    ocsp_url: str | None = None
    hosts: tuple[str, ...] = ()


class AuthoritySettings(_Part):
    """Who vouches, for signers or for time stamps."""

    anchors: Path
    intermediates: Path | None = None
    algorithms: AlgorithmSettings = AlgorithmSettings()
    valid_from: AwareDatetime | None = None
    valid_to: AwareDatetime | None = None
    policies: tuple[str, ...] = ()
    revocation: StoreRevocationSettings | None = None


class StoreSettings(AuthoritySettings):
    roles: tuple[str, ...] = ("declarant",)
    legacy_sha1: bool = False


class FetchingSettings(_Part):
    timeout_s: float = Field(gt=0)
    wait_s: float = Field(ge=0)
    max_bytes: int = Field(gt=0)
    refresh_s: float = Field(gt=0)


class IdentitySettings(_Part):
    uid: tuple[str, ...]
    organization_identifier: tuple[str, ...]
    serial_number: tuple[str, ...]


class RegistrySettings(_Part):
    unknown_on_window: str = Field(pattern=r"^(attested|flag|reject)$")
    head_for_branches: bool


class SigningTimeSettings(_Part):
    past_hours: float = Field(ge=0)
    future_minutes: float = Field(ge=0)


class TrustSettings(_Part):
    partners: dict[str, PartnerSettings]
    stores: dict[str, StoreSettings]
    alert_days: tuple[int, ...]
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
    module: Path
    token: str
    label: str
    pin_file: Path


class KeySettings(_Part):
    key: Path | None = None
    pkcs11: Pkcs11Settings | None = None
    certificates: Path
    since: AwareDatetime | None = None

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
    unit: KeyPairs
    portal: KeyPairs
    look_s: float = Field(ge=0)


class WindowSettings(_Part):
    broker_down_s: float
    heartbeat_max_age_s: float | None
    stale_s: float
    back_s: float
    answer_portal: str
    underway_minutes: float = Field(default=5, ge=0, le=1440)


class WaitingSettings(_Part):
    overtaken_s: float
    evidence_s: float
    evidence_retry_s: float = Field(gt=0)


class DeadlineSettings(_Part):
    warn_share: float = Field(gt=0, lt=1)


class ClockSettings(_Part):
    tick_s: float = Field(gt=0)
    seal_s: float
    expiry_s: float = Field(gt=0)
    unsafe_frozen: datetime | None = None


class WebSettings(_Part):
    host: str
    port: int
    health_port: int
    enabled: bool
    body_bytes: int


class LogSettings(_Part):
    level: str
    json_lines: bool = Field(alias="json")


class _Environment(EnvSettingsSource):
    """NSW_…, where a key may have its old name too."""

    def __call__(self) -> dict[str, Any]:
        found = super().__call__()
        _take_old_names(found)
        return found


class Settings(BaseSettings):
    """Everything that config.yaml says, checked; the environment (NSW_…) goes before the file."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", env_prefix="NSW_", env_nested_delimiter="__")

    folders: Folders
    installation: InstallationSettings
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
        return _Environment(settings_cls), init_settings


def load_settings(file: Path | None = None) -> Settings:
    """Read the file given, else $NSW_CONFIG, else ./config.yaml, else the one that was installed.

    Raises:
        Misconfigured: no file, no YAML, or values that do not fit: every fault at once.
    """
    path = (file or _default_file()).resolve()
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured(f"cannot read {path}: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise Misconfigured(f"{path} is no YAML: {error}") from error
    if not isinstance(document, dict):
        raise Misconfigured(f"{path} holds no settings")
    old_names = _take_old_names(document) + _take_old_names(EnvSettingsSource(Settings)())
    _urls_of_the_environment(document)
    try:
        settings = Settings(**_resolved(document, path.parent))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise Misconfigured(f"{path}: {faults}") from None
    settings._old_names = tuple(dict.fromkeys(old_names))
    return settings


def _take_old_names(document: dict[str, Any]) -> list[str]:
    """Put what stands under an old name under the new one; gives the old names that were used.

    Raises:
        Misconfigured: the new name is stated too.
    """
    used = []
    for old, new in RENAMED.items():
        stated = _taken(document, old.split("."))
        if stated is _NOTHING:
            continue
        *parents, key = new.split(".")
        part = document
        for name in parents:
            part = part.setdefault(name, {})
        if key in part:
            raise Misconfigured(f"{old} is called {new} now, and both are stated: take {old} away")
        part[key] = stated
        used.append(old)
    return used


_NOTHING = object()


def _taken(part: Any, path: Sequence[str]) -> Any:
    """The value at a path, taken out of the document with what held nothing else; _NOTHING where there is none."""
    name, *inner = path
    if not isinstance(part, dict) or name not in part:
        return _NOTHING
    if not inner:
        return part.pop(name)
    found = _taken(part[name], inner)
    if found is not _NOTHING and not part[name]:
        del part[name]
    return found


def _default_file() -> Path:
    named = os.environ.get("NSW_CONFIG")
    if named:
        return Path(named)
    local = Path(DEFAULT_FILE)
    return local if local.is_file() else _PACKAGED / DEFAULT_FILE


def _urls_of_the_environment(document: dict[str, Any]) -> None:
    """The short names; and a url of the environment goes before the file's `url_file` too.

    Else a drill on a copy, started with the copy's url, would run on production.
    """
    given = _Environment(Settings)()
    for name, part in (("NSW_AMQP_URL", "broker"), ("NSW_DATABASE_URL", "database")):
        short, long = os.environ.get(name), given.get(part, {})
        stated = document.setdefault(part, {})
        if not (short or long.get("url")) or not isinstance(stated, dict):
            continue
        if long.get("url_file"):
            raise Misconfigured(f"{part}: the environment gives a url and a url_file; take one of them away")
        stated.pop("url_file", None)
        stated.pop("urls", None)
        if short:
            stated["url"] = short


_PACKAGED = Path(__file__).parent / "data"
_DATA = {"schemas", "mappings", "queues"}
_PATHS = {
    *("schemas", "mappings", "queues", "state", "calendar", "url_file", "ca", "certificate", "key", "anchors"),
    *("intermediates", "module", "pin_file", "crls"),
}


def _resolved(value: Any, folder: Path, name: str = "") -> Any:
    """Paths of the file made absolute; the embedded database too."""
    if isinstance(value, dict):
        return {key: _resolved(inner, folder, str(key)) for key, inner in value.items()}
    if isinstance(value, list) and name != "certificates":
        return [_resolved(inner, folder, name) for inner in value]
    if name == "certificates":
        return [str(folder / item) for item in value] if isinstance(value, list) else str(folder / value)
    if name in _PATHS and isinstance(value, str):
        path = folder / value
        # Beside an operator's own config.yaml there are no schemas; those that came with the program serve then.
        packaged = _PACKAGED / value
        return str(packaged if name in _DATA and not path.exists() and packaged.exists() else path)
    if name == "url" and isinstance(value, str) and value.startswith("sqlite:///") and value[10:11] not in ("/", ""):
        return f"sqlite:///{folder / value.removeprefix('sqlite:///')}"
    return value


def database_url(settings: Settings) -> str:
    """The database url, from its file where one is named."""
    return _secret(settings.database.url, settings.database.url_file)


def broker_urls(settings: Settings) -> tuple[str, ...]:
    """The broker's addresses in the order in which they are tried; from their file, one a line, where one is named."""
    stated = settings.broker
    further = (url.get_secret_value() for url in stated.urls)
    return (*(_secret(stated.url, stated.url_file).split() or [""]), *further)


def _secret(value: SecretStr, file: Path | None) -> str:
    if file is None:
        return value.get_secret_value()
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Misconfigured(f"cannot read {file}: {error.strerror}") from error
