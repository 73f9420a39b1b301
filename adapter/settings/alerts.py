"""Settings of a mail server, and of alerts for those without Prometheus."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from adapter.settings.values import FilePath, Section, Word, text_in

Address = Annotated[str, text_in(254), Field(pattern=r"^[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,253}$")]


class MailSettings(Section):
    host: Annotated[str, text_in(253), Field(description="A mail server that takes letters of ours (SMTP)")]
    port: Annotated[int, Field(ge=1, le=65535, description="Its port: 587 for starttls, 465 for tls")] = 587
    security: Annotated[
        Literal["none", "starttls", "tls"],
        Field(description="How the line is protected; none: a server on this machine or in the inner network"),
    ] = "starttls"
    user: Annotated[Word | None, Field(description="Our name there; null: it asks for none")] = None
    password_file: Annotated[FilePath | None, Field(description="A file with our password there")] = None
    ca: Annotated[FilePath | None, Field(description="Authorities for its TLS; null: the system's")] = None
    sender: Annotated[Address, Field(description="Whose letters they are")]
    timeout_s: Annotated[float, Field(gt=0, le=120, description="How long handing one letter over may take")] = 10
    tries: Annotated[int, Field(ge=1, le=100, description="Tries of a letter to a declarant, at most")] = 12
    fresh_hours: Annotated[
        float, Field(gt=0, le=720, description="What could not be sent to a declarant for so long is not sent any more")
    ] = 24

    @property
    def domain(self) -> str:
        """That of the sender, for a Message-ID."""
        return self.sender.rpartition("@")[2]

    @model_validator(mode="after")
    def _password_has_a_line_and_a_name(self) -> Self:
        if (self.user is None) != (self.password_file is None):
            raise ValueError("user and password_file go together; state both or none")
        if self.user is not None and self.security == "none":
            raise ValueError("security: a password goes over starttls or tls only")
        return self


class WebhookSettings(Section):
    url: Annotated[SecretStr | None, Field(description="Where alerts are posted (https://…); it may hold a secret")] = (
        None
    )
    url_file: Annotated[FilePath | None, Field(description="A file with that address, instead")] = None
    token_file: Annotated[FilePath | None, Field(description="A file with a token that is shown as a bearer's")] = None
    ca: Annotated[FilePath | None, Field(description="Authorities for its TLS; null: the system's")] = None
    timeout_s: Annotated[float, Field(gt=0, le=120, description="How long one alert may take")] = 10

    @model_validator(mode="after")
    def _has_one_address(self) -> Self:
        if (self.url is None) == (self.url_file is None):
            raise ValueError("name either url or url_file")
        return self


class AlertMailSettings(Section):
    recipients: Annotated[
        tuple[Address, ...], Field(min_length=1, max_length=50, description="Who is told; the server is that of `mail`")
    ]


class AlertSettings(Section):
    webhook: WebhookSettings | None
    mail: AlertMailSettings | None
    repeat_hours: float = Field(gt=0, le=720)
