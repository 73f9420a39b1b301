"""Clock and random identifiers: the only source of both; everything else gets them as arguments."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime


def now() -> datetime:
    """The real time, aware, UTC."""
    return datetime.now(UTC)


def new_secret() -> str:
    """32 random bytes as 43 URL-safe letters: what a token is made of."""
    return secrets.token_urlsafe(32)


def new_code() -> str:
    """8 random digits: a code that a person types."""
    return f"{secrets.randbelow(10**8):08d}"


def new_message_id() -> str:
    """A fresh identifier for a message of ours: a UUID, 36 characters."""
    return str(uuid.uuid4())
