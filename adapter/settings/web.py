"""Settings of the web: listeners, what a page says of its authority, log-in."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    model_validator,
)

from adapter.gateways.addresses import database_fault
from adapter.settings.values import FilePath, Section, Word, text_in


class WordsSettings(Section):
    vi: Annotated[str, text_in(1000)]
    en: Annotated[str, text_in(1000)]


class AboutSettings(Section):
    authority: WordsSettings
    portal: WordsSettings
    manager: WordsSettings
    address: Annotated[str, text_in(500, least=0)]
    telephone: Annotated[str, text_in(50, least=0)]
    email: Annotated[str, text_in(254, least=0)]
    by_paper: WordsSettings


class ClaimSettings(Section):
    number: Annotated[Word, Field(description="Names the person's number (12 digits)")] = "person_number"
    login: Annotated[
        Word, Field(description="Of staff: names the login by which the register of people knows them")
    ] = "preferred_username"
    name: Annotated[Word, Field(description="Names the person's name")] = "name"
    tax_code: Annotated[Word, Field(description="Names the tax code of an organisation's account")] = "tax_code"
    account_kind: Annotated[Word, Field(description="Names the kind of the account")] = "account_type"
    organisation_kinds: Annotated[
        tuple[Word, ...], Field(description="Kinds of accounts that are an organisation's; every other is a person's")
    ] = ("organization",)


class LoginSettings(Section):
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


class RateSettings(Section):
    login: Annotated[
        int | None,
        Field(ge=1, description="Log-ins that begin in a minute, by address (many may share one); null: any"),
    ] = 120
    upload: Annotated[int | None, Field(ge=1, description="Files that one account sends in a minute")] = 30
    draft: Annotated[int | None, Field(ge=1, description="Drafts that one account begins in a minute")] = 30
    check: Annotated[int | None, Field(ge=1, description="Check codes compared in a minute, by address")] = 60
    address: Annotated[int | None, Field(ge=1, description="Codes for e-mail that one account asks for or types")] = 10
    statement: Annotated[
        int | None,
        Field(ge=1, description="Statements to be signed that one account, or one address, asks for in a minute"),
    ] = 20
    api: Annotated[int | None, Field(ge=1, description="Requests of one token, or one client, in a minute")] = 6000


def _address(network: str) -> str:
    ipaddress.ip_network(network)
    return network


class ListenerSettings(Section):
    """One listener with its process: an address, the areas that it serves, how its people log in."""

    host: Annotated[str, text_in(253)]
    port: int = Field(ge=0, le=65535)
    workers: int = Field(ge=1, le=64)
    public_url: Annotated[str, Field(pattern=r"^https?://[^\s/?#]+$")] | None = None
    trusted_proxies: tuple[Annotated[str, AfterValidator(_address)], ...] = ()
    login: LoginSettings | None = None
    database_url: SecretStr | None = None
    database_url_file: FilePath | None = None

    @model_validator(mode="after")
    def _a_role_is_postgresql_s(self) -> Self:
        stated = None if self.database_url is None else self.database_url.get_secret_value()
        if stated is not None and self.database_url_file is not None:
            raise ValueError("database_url: stated beside database_url_file; take one of them away")
        if stated is not None and (fault := database_fault(stated)):
            raise ValueError(f"database_url: {fault}")
        if stated is not None and stated.startswith("sqlite"):
            raise ValueError("database_url: SQLite has no roles; leave it out")
        return self

    @model_validator(mode="after")
    def _log_in_has_somewhere_to_return(self) -> Self:
        if self.login is not None and self.public_url is None:
            raise ValueError("public_url: log-in needs it: the identity provider sends people back there")
        return self

    @model_validator(mode="after")
    def _several_share_one_port(self) -> Self:
        if self.workers > 1 and not self.port:
            raise ValueError("workers: more than one serve on one port, so port must name it")
        return self


class DraftSettings(Section):
    keep_days: Annotated[
        int | None, Field(ge=1, le=3650, description="A draft that nobody changes is kept so long; null: for ever")
    ] = 90
    notice_days: Annotated[
        int, Field(ge=1, le=365, description="Its owner is told so long before it is removed, at least")
    ] = 7


class PortalSettings(ListenerSettings):
    enabled: bool


class StaffSettings(ListenerSettings):
    enabled: bool | None


class WebSettings(Section):
    portal: PortalSettings
    staff: StaffSettings
    health_host: Annotated[str, text_in(253)] | None
    health_port: int = Field(ge=0, le=65535)
    body_bytes: int = Field(ge=4096, le=6_291_456)
    rates: RateSettings = RateSettings()
    drafts: DraftSettings = DraftSettings()
    about: AboutSettings

    @property
    def listeners(self) -> dict[str, ListenerSettings]:
        """The listeners started by `run`, by their names."""
        staff = self.portal.enabled if self.staff.enabled is None else self.staff.enabled
        return {**({"portal": self.portal} if self.portal.enabled else {}), **({"staff": self.staff} if staff else {})}

    @property
    def health(self) -> tuple[str, int]:
        """Host and port of the daemon's health pages."""
        return self.health_host or self.portal.host, self.health_port

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        taken = {self.health_port: "web.health_port"}
        for name, listener in self.listeners.items():
            other = taken.setdefault(listener.port, f"web.{name}.port") if listener.port else ""
            if other == "web.health_port":
                raise ValueError(f"health_port: {listener.port} is web.{name}.port too; two servers need two ports")
            if other and other != f"web.{name}.port":
                raise ValueError(f"{name}.port: {listener.port} is {other} too; two servers need two ports")
        return self
