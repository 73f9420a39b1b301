"""Settings of the broker's management interface."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from adapter.settings.values import FilePath, Section, Word, text_in

_HERE = ("localhost", "127.0.0.1", "::1")


class ManagementSettings(Section):
    url: Annotated[
        str,
        text_in(500),
        Field(
            pattern=r"^https?://[A-Za-z0-9.\[\]:-]+/?$",
            description="The broker's management interface, asked by the clock for the page of queues: https://host:15671",
        ),
    ]
    user: Annotated[Word, Field(description="A user of the broker with the tag `monitoring`, and rights on the vhost")]
    password_file: Annotated[FilePath, Field(description="A file with the password of that user")]
    ca: Annotated[FilePath | None, Field(description="Authorities for its TLS; null: the system's")] = None
    timeout_s: Annotated[float, Field(gt=0, le=60, description="How long one answer may take")] = 10

    @field_validator("url")
    @classmethod
    def _is_protected(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname not in _HERE:
            raise ValueError("a password goes over https, or to this machine")
        return url
