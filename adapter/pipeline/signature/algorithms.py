"""The allow-lists of XML-DSig: what a signature may be made with, by URI. What is not named here is refused.

SHA-1 stands apart: it passes only where a trust store's legacy switch names it, and never silently.
"""

from __future__ import annotations

from lxml import etree

from adapter.pipeline.text import value

DS = "http://www.w3.org/2000/09/xmldsig#"
ENVELOPED = DS + "enveloped-signature"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
C14N = {
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2006/12/xml-c14n11",
    EXCLUSIVE,
}
"""Without comments, all three."""
_MORE = "http://www.w3.org/2007/05/xmldsig-more#"
_PSS = _MORE + "rsa-pss"
_PSS_METHODS = {f"sha{bits}": f"{_MORE}sha{bits}-rsa-MGF1" for bits in (256, 384, 512)}
"""RSASSA-PSS by its short names (RFC 9231, 2.3.10): one hash for all, a salt as long as it, trailer 1."""
SIGNATURE_METHODS = {
    f"http://www.w3.org/2001/04/xmldsig-more#{family}-sha{bits}"
    for family in ("rsa", "ecdsa")
    for bits in (256, 384, 512)
} | set(_PSS_METHODS.values())
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


def signature_method(element: etree._Element) -> str | None:
    """The URI of a SignatureMethod that has no parameters; of RSA-PSS with parameters the short name that means them.

    None: it has parameters that no method taken here has. RFC 9231, 2.3.9: what is not said is SHA-256, the mask's hash
    that of the digest (the JDK leaves it out), a salt as long as the digest, trailer 1. Another salt or a second hash
    would hold too; no tool writes one unasked.
    """
    algorithm = str(element.get("Algorithm"))
    if algorithm != _PSS:
        return None if len(element) else algorithm
    if len(element) == 0:
        return _PSS_METHODS["sha256"]
    given = element[0]
    said = {str(each.tag): each for each in given}
    if len(element) != 1 or given.tag != _pss("RSAPSSParams") or len(said) != len(given):
        return None
    name = _digest(said.pop(ds("DigestMethod"), None), "sha256")
    mask, salt, trailer = (
        said.pop(_pss(each), None) for each in ("MaskGenerationFunction", "SaltLength", "TrailerField")
    )
    of_mask = name if mask is None else _mask_digest(mask, name)
    if (
        name is None
        or name != of_mask
        or said
        or not _states(salt, str(int(name[3:]) // 8))
        or not _states(trailer, "1")
    ):
        return None
    return _PSS_METHODS[name]


def _pss(name: str) -> str:
    return f"{{{_MORE}}}{name}"


def _digest(method: etree._Element | None, default: str | None) -> str | None:
    """hashlib's name of a DigestMethod; None where it is none that is taken."""
    if method is None:
        return default
    return None if len(method) else DIGESTS.get(str(method.get("Algorithm")))


def _mask_digest(mask: etree._Element, default: str | None) -> str | None:
    inside = [child.tag for child in mask]
    if mask.get("Algorithm") != f"{_MORE}MGF1" or inside not in ([], [ds("DigestMethod")]):
        return None
    return _digest(mask[0] if inside else None, default)


def _states(element: etree._Element | None, text: str) -> bool:
    return element is None or (len(element) == 0 and value(element) == text)


def prefixes(element: etree._Element) -> tuple[str, ...] | None:
    """The PrefixList of a C14N method: namespaces that exclusive C14N treats as inclusive. None: it is malformed."""
    if len(element) == 0:
        return ()
    named = tuple((element[0].get("PrefixList") or "").split())
    well_formed = len(element) == 1 and element[0].tag == _INCLUSIVE_NAMESPACES and len(element[0]) == 0
    return named if well_formed and len(named) <= MAX_PREFIXES else None
