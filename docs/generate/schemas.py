"""The XSDs: which there are, and what each is for. What stands in a form is on its procedure's page."""

from __future__ import annotations

from lxml import etree

from docs.generate.forms import SCHEMAS
from docs.generate.page import first, head, join, table

_XS = "{http://www.w3.org/2001/XMLSchema}"


def files() -> list[str]:
    """Every XSD by its path below schemas/."""
    return sorted(str(file.relative_to(SCHEMAS)) for file in SCHEMAS.rglob("*.xsd"))


def page() -> str:
    """docs/reference/schemas.md."""
    blocks = head(
        "Schemas",
        "`schemas/`",
        "Whole envelopes, one XSD for each (documentType, type, function). What is validated is the signed element "
        "without its two signatures and without `Content/@Id`. No namespace, no attributes.",
        "**The official field lists of the forms and the Ministry of Defence's message specification are not public.** "
        "The fields are a proposal; where each comes from stands on [its procedure's page](../procedures/README.md).",
        "## Files",
        table(("XSD", "What it is"), ((_link(name), _purpose(name)) for name in files())),
    )
    return join(blocks)


def _link(name: str) -> str:
    return f"[{name}](../../schemas/{name})"


def _purpose(name: str) -> str:
    for text in etree.parse(str(SCHEMAS / name)).iterfind(f"{_XS}annotation/{_XS}documentation"):
        return first("".join(text.itertext()))
    return ""
