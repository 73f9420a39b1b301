"""The allow-lists of XML-DSig: what a signature may be made with, by URI. What is not named here is refused.

SHA-1 stands apart: it passes only where a trust store's legacy switch names it, and never silently.
"""

from __future__ import annotations

from lxml import etree

DS = "http://www.w3.org/2000/09/xmldsig#"
ENVELOPED = DS + "enveloped-signature"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
C14N = {
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2006/12/xml-c14n11",
    EXCLUSIVE,
}
"""Without comments, all three."""
SIGNATURE_METHODS = {
    f"http://www.w3.org/2001/04/xmldsig-more#{family}-sha{bits}"
    for family in ("rsa", "ecdsa")
    for bits in (256, 384, 512)
}
DIGESTS = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
"""URI to hashlib's name."""
LEGACY_METHODS = {DS + "rsa-sha1", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1"}
LEGACY_DIGESTS = {DS + "sha1": "sha1"}
MAX_PREFIXES = 20
_INCLUSIVE_NAMESPACES = f"{{{EXCLUSIVE}}}InclusiveNamespaces"


def ds(name: str) -> str:
    """The qualified tag of an XML-DSig element."""
    return f"{{{DS}}}{name}"


def digest_allowed(algorithm: str, *, legacy: bool) -> bool:
    """SHA-256 and better; SHA-1 where `legacy` says so."""
    return algorithm in DIGESTS or (legacy and algorithm in LEGACY_DIGESTS)


def prefixes(element: etree._Element) -> tuple[str, ...] | None:
    """The PrefixList of a C14N method: namespaces that exclusive C14N treats as inclusive. None: it is malformed."""
    if len(element) == 0:
        return ()
    named = tuple((element[0].get("PrefixList") or "").split())
    well_formed = len(element) == 1 and element[0].tag == _INCLUSIVE_NAMESPACES and len(element[0]) == 0
    return named if well_formed and len(named) <= MAX_PREFIXES else None
