"""From answers to a whole envelope that nobody has signed: what a declarant who signs takes away, and what the second
door takes from one who need not (Article 6(2)).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from lxml import etree

from adapter.model.identifiers import DossierKey
from adapter.pipeline.envelope import VIETNAM, write_time
from adapter.pipeline.forms.answers import Answers, Texts
from adapter.pipeline.forms.fill import fill
from adapter.pipeline.forms.given import completed, unit_of_gate
from adapter.pipeline.forms.layout import FormLayout
from adapter.pipeline.mapping import CodeLists

_VERSION = "01"
_CONTENT_ID = "content"
"""What a declarant's signature refers to."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What the header of a declaration says beside what its form says."""

    message_id: str
    sent_at: datetime
    """Aware."""
    key: DossierKey | None = None
    """Its number; None while none is drawn: the door draws one."""
    about: DossierKey | None = None
    """The dossier that is amended or withdrawn, or that the declaration replaces."""

    @property
    def on(self) -> date:
        """The day in Vietnam."""
        return self.sent_at.astimezone(VIETNAM).date()


def whole(layout: FormLayout, answers: Answers, heading: Heading, lists: CodeLists) -> Answers:
    """The answers with all that the program fills in."""
    key, about = heading.key or heading.about, heading.about or heading.key
    kind, _, function = layout.spec.pair.partition("/")
    said = {
        "documentType": str(layout.procedure.document_type),
        "type": kind,
        "function": function,
        "meaning": layout.spec.meaning.value,
        "toUnit": unit_of_gate(layout.procedure, answers.values, lists, heading.on) or "",
        **({"reference": key.number, "documentYear": f"{key.year:04}"} if key else {}),
        **({"about": about.number, "aboutYear": f"{about.year:04}"} if about else {}),
    }
    return completed(layout.procedure, answers, said, lists, heading.sent_at)


def unsigned(layout: FormLayout, answers: Answers, heading: Heading, lists: CodeLists) -> etree._Element:
    """The envelope. From, To and what it is sealed with are the door's to write; the unit it is for is told."""
    form = fill(layout, whole(layout, answers, heading, lists))
    return enveloped(layout, answers.values, form, heading, lists)


def enveloped(
    layout: FormLayout, values: Texts, form: etree._Element, heading: Heading, lists: CodeLists
) -> etree._Element:
    """The same around a form that is filled in already; of its `values` the gate names the unit."""
    envelope = etree.Element("Envelope")
    header = etree.SubElement(envelope, "Header")
    _write(etree.SubElement(header, "Reference"), {"version": _VERSION, "messageId": heading.message_id})
    unit = unit_of_gate(layout.procedure, values, lists, heading.on)
    if unit:
        _write(etree.SubElement(header, "To"), {"unitCode": unit})
    _write(etree.SubElement(header, "Subject"), _subject(layout, heading))
    body = etree.SubElement(envelope, "Body")
    content = etree.SubElement(body, "Content", Id=_CONTENT_ID)
    content.append(form)
    etree.SubElement(body, "Signature")
    etree.SubElement(envelope, "SystemSignature")
    return envelope


def written(envelope: etree._Element) -> bytes:
    """As it is downloaded and sent: UTF-8, lines indented, so that a person can read what he signs."""
    etree.indent(envelope)
    return etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)


def _subject(layout: FormLayout, heading: Heading) -> dict[str, str]:
    kind, _, function = layout.spec.pair.partition("/")
    key, about = heading.key or heading.about, heading.about
    return {
        "documentType": str(layout.procedure.document_type),
        "type": kind,
        "function": function,
        **({"reference": key.number, "documentYear": f"{key.year:04}"} if key else {}),
        **({"preReference": about.number, "preDocumentYear": f"{about.year:04}"} if about else {}),
        "sendDate": write_time(heading.sent_at),
    }


def _write(parent: etree._Element, values: dict[str, str]) -> None:
    for tag, text in values.items():
        etree.SubElement(parent, tag).text = text
