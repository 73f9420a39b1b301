"""The public error catalogue, from mappings/findings.yaml."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from docs.generate.page import ROOT, code, document, head, join, table

CLASSES = {
    "1": ("XML, envelope, schema", "Rejected with t/00: correct the message and send it again."),
    "2": ("Workflow", "Rejected with t/00: the dossier is not in a state that allows this message."),
    "3": (
        "Business rule",
        "The article decides: refused (20/22), accepted and form 13 follows, or accepted and flagged.",
    ),
    "4": ("Signature, certificate, trust", "Rejected with t/00, and kept as a security event."),
    "5": ("Ours", "Never sent as the sender's fault."),
}
"""First digit of a number to its class, and what such a finding means."""


def page() -> str:
    """docs/reference/findings.md."""
    stated = document(ROOT / "mappings" / "findings.yaml")
    prefix, classes = stated["prefix"], defaultdict(list)
    for name, item in stated["findings"].items():
        classes[str(item["number"])[0]].append(_row(prefix, name, item))
    blocks = head(
        "Findings",
        "`mappings/findings.yaml`",
        "Every fault or warning that a reply may name. The number is public: it is unique and never used again for "
        "something else. `{words}` are filled in by the program; none of them is the value of a personal field. All "
        "findings of a message are listed (up to `limits.findings`), each with an XPath and a line.",
    )
    for digit, rows in sorted(classes.items()):
        title, meaning = CLASSES[digit]
        blocks += [f"## {digit}xx {title}", meaning]
        blocks.append(table(("Code", "Name", "Tiếng Việt", "English"), sorted(rows)))
    return join(blocks)


def _row(prefix: str, name: str, item: dict[str, Any]) -> tuple[str, str, str, str]:
    return code(f"{prefix}{item['number']}"), code(name), item["vi"], item["en"]
