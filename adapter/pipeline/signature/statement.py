"""Verification of a statement that somebody has signed with his certificate, by the same steps as an envelope's.

Limits and parser, structure, signature and coverage, certificate; from then on only the element parsed from the signed
bytes is read, once its XSD has taken it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from adapter.model.errors import Fault, Unavailable
from adapter.model.finding import Finding, Severity
from adapter.model.limits import Limits
from adapter.model.stages import Signer, SignerRole, Stage
from adapter.model.statement import SignedStatement, StatementForm
from adapter.pipeline import statement as written
from adapter.pipeline import xml
from adapter.pipeline.library_errors import Unprocessable, strange_text
from adapter.pipeline.schema import Reporter, faults_of, report
from adapter.pipeline.signature.coverage import Coverage
from adapter.pipeline.signature.references import Place, ReferenceKind
from adapter.pipeline.signature.shape import Shape, shapes
from adapter.pipeline.signature.signed_by import signed_by
from adapter.pipeline.signature.signing_time import Timing
from adapter.pipeline.trust import Trust

_MOST_BYTES = 65_536
"""Of a statement: a long chain and XAdES fit, and nothing that costs more to read."""


@dataclass(frozen=True, slots=True)
class StatementGround:
    """The needs of this verification: limits, trust, how claimed times are judged, the XSD and its slow reporter."""

    limits: Limits
    trust: Trust
    timing: Timing
    form: StatementForm
    reporter: Reporter


def verify_statement(raw: bytes, received: datetime, ground: StatementGround) -> SignedStatement:
    """The statement that was signed, and by whom. Whether it counts (purpose, account, value) is its taker's question.

    Raises:
        Fault: at stage open, verify or validate, with every finding.
        Unavailable: it cannot be told now whether the certificate is revoked.
    """
    try:
        with strange_text():
            return _verified(_tree(raw, ground.limits), received, ground)
    except xml.Refusal as refusal:
        raise Fault(Stage.OPEN, (refusal.finding,)) from None
    except Unprocessable as error:
        raise Fault(Stage.OPEN, (Finding("unprocessable", "/", words={"what": error.what}),)) from None


def _tree(raw: bytes, limits: Limits) -> etree._Element:
    if len(raw) > _MOST_BYTES:
        words = {"size": str(len(raw)), "limit": str(_MOST_BYTES)}
        raise Fault(Stage.OPEN, (Finding("too_large", "/", words=words),))
    xml.gate(raw, limits)
    tree = xml.parse(raw, limits)
    parts = [child.tag for child in tree]
    if tree.tag != written.ROOT or parts != [written.CONTENT, written.PLACE] or tree.attrib or tree.nsmap:
        raise Fault(Stage.OPEN, (Finding("not_a_statement", "/"),))
    return tree


def _verified(tree: etree._Element, received: datetime, ground: StatementGround) -> SignedStatement:
    found, findings = shapes(tree, legacy=ground.trust.takes_sha1, places=(Place.STATEMENT,))
    shape = found.get(Place.STATEMENT)
    signer, content = None, b""
    try:
        if shape is not None:
            coverage = Coverage(tree)
            covered = {each.uri: coverage.of(each, shape.place) for each in shape.references}
            stores = [name for name, store in ground.trust.stores.items() if SignerRole.DECLARANT in store.roles]
            signer, told = signed_by(shape, covered, received, stores=stores, trust=ground.trust, timing=ground.timing)
            findings.extend(told)
            data = next(each for each in shape.references if each.kind is ReferenceKind.DATA)
            content = xml.canonical(data.target)
        elif not findings:
            findings.append(Finding("statement_unsigned", Place.STATEMENT.pointer))
    except etree.C14NError:
        raise Fault(Stage.VERIFY, (xml.uncanonical(tree),)) from None
    return _read(content, _decided(shape, signer, findings), ground)


def _decided(shape: Shape | None, signer: Signer | None, findings: Sequence[Finding]) -> tuple[Signer, bytes]:
    """The signer and his certificate, where nothing stands against them."""
    refused = tuple(each for each in findings if each.severity is Severity.REJECT)
    if refused or signer is None or shape is None:
        raise Fault(Stage.VERIFY, refused or tuple(findings))
    if any(each.severity is Severity.WAIT for each in findings):
        raise Unavailable("it is not known now whether the certificate is revoked")
    return signer, shape.certificates[0].public_bytes(Encoding.DER)


def _read(content: bytes, by: tuple[Signer, bytes], ground: StatementGround) -> SignedStatement:
    """What is read was parsed from the very bytes that are signed."""
    name = written.ROOT.encode()
    root = xml.reparsed(b"<" + name + b">" + content + b"</" + name + b">")
    faults = faults_of(root, ground.form.schema)
    if faults is not None:
        found = report(root, faults, ground.form.schema_name, limits=ground.limits, reporter=ground.reporter)
        raise Fault(Stage.VALIDATE, found)
    if not written.is_in_our_words(root, ground.form.says):
        raise Fault(Stage.VALIDATE, (Finding("not_a_statement", "/SignedStatement/Content/Says"),))
    try:
        return SignedStatement(written.read(root), *by)
    except ValueError:
        raise Fault(Stage.VALIDATE, (Finding("not_a_statement", "/"),)) from None
