"""An entry from paper as it is kept among the messages. Pure."""

from __future__ import annotations

from lxml import etree

from adapter.gateways.store.paper_records import StoredPaperRecord
from adapter.pipeline.envelope import write_time

ROOT = "PaperRecord"
"""Its root element; no door takes it."""


def document(row: StoredPaperRecord) -> etree._Element:
    """An entry as XML, field by field."""
    root = etree.Element(ROOT, procedure=row.procedure, number=row.number, year=str(row.year))
    root.set("receivedAt", write_time(row.received_at))
    for name, text in row.values.items():
        etree.SubElement(root, "Value", name=name).text = text
    for group, records in row.rows.items():
        for each in records:
            place = etree.SubElement(root, "Row", group=group)
            for name, text in each.items():
                etree.SubElement(place, "Value", name=name).text = text
    return root
