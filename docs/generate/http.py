"""The HTTP interfaces: the daemon's two health pages, and the second door's own OpenAPI document."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator, Mapping
from typing import Any

from adapter.entrypoints.health import NEEDS
from docs.generate.page import code, first, head, join, listed, table

WEB = "adapter.entrypoints.web.app"


def document() -> Mapping[str, Any] | None:
    """The OpenAPI document of the web process; None in a build without it."""
    return None


def page() -> str:
    return ""
