"""Classes 6 to 10: signatures that verify somewhere, over too little, with the wrong key, or with forbidden means."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from adapter.simulator.parties import FIRST_DAY, LAST_DAY
from adapter.simulator.pki import Pki, SigningParty
from adapter.simulator.sign import DS, ENVELOPED, EXCLUSIVE, INCLUSIVE, sign_message
from tests.harness.attacks.attack import Attack, declared, register
from tests.harness.attacks.canary import canary_url
from tests.harness.attacks.forge import (
    C14N11,
    DECLARED,
    DIGESTS,
    MORE,
    Forgery,
    Reference,
    certificate_element,
    certificate_text,
    forge,
    forging,
    key_value,
)

_XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
_STYLE = (
    '<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    '<xsl:template match="/"><xsl:value-of select="document(\'{}\')"/></xsl:template></xsl:stylesheet>'
)


def _declared(name: str, **said: object) -> None:
    """The declarant's signature, otherwise than honest; his key unless another is named."""
    known = {"place": "Body/Signature", "signer": "enterprise", **said}
    register(name, Attack(declared=forging(Forgery(**known))))  # type: ignore[arg-type]


def _sealed(name: str, **said: object) -> None:
    """The system's signature, otherwise than honest."""
    known = {"place": "SystemSignature", "signer": "nsw", **said}
    register(name, Attack(sealed=forging(Forgery(**known))))  # type: ignore[arg-type]


def _referring(name: str, uri: str | None, over: str | bytes, transforms: tuple[str, ...] = (EXCLUSIVE,)) -> None:
    _declared(name, references=(Reference(uri=uri, over=over, transforms=transforms),))


# -- partial signatures (6) -------------------------------------------------------------------------------------------

_OBJECT = f'<ds:Object xmlns:ds="{DS}" Id="object">nothing</ds:Object>'
_MANIFEST = (
    f'<ds:Object xmlns:ds="{DS}"><ds:Manifest Id="manifest"><ds:Reference URI="#content">'
    f'<ds:DigestMethod Algorithm="{DIGESTS["sha256"]}"></ds:DigestMethod><ds:DigestValue>AAAA</ds:DigestValue>'
    "</ds:Reference></ds:Manifest></ds:Object>"
)

register(
    "only_the_form_is_signed",
    Attack(
        written=lambda message: message.replace(b'<Content Id="content">', b"<Content>").replace(
            b"<GroupDeclaration>", b'<GroupDeclaration Id="content">'
        ),
        declared=forging(
            Forgery(
                place="Body/Signature",
                signer="enterprise",
                references=(Reference(uri="#content", over="form", transforms=(EXCLUSIVE,)),),
            )
        ),
    ),
)
_declared(
    "only_an_object_is_signed",
    references=(Reference(uri="#object", over=_OBJECT.encode(), transforms=(EXCLUSIVE,)),),
    objects=_OBJECT,
)
_declared(
    "only_a_manifest_is_signed",
    references=(Reference(uri="#manifest", over=_MANIFEST.encode(), transforms=(EXCLUSIVE,)),),
    objects=_MANIFEST,
)
_declared("nothing_is_signed", references=())
_declared(
    "two_things_are_signed",
    references=(DECLARED, Reference(uri="", over="envelope", transforms=(ENVELOPED, EXCLUSIVE))),
)
_sealed("seal_over_content_only", references=(DECLARED,))
_declared(
    "declarant_signs_the_envelope",
    references=(Reference(uri="", over="envelope", transforms=(ENVELOPED, EXCLUSIVE)),),
)

# -- keys (7) -----------------------------------------------------------------------------------------------------


@declared
def stranger_beside_the_genuine_certificate(message: bytes, pki: Pki) -> bytes:
    """Signed by a stranger; KeyInfo holds the enterprise's certificate first, then the stranger's."""
    return forge(
        message, Forgery(place="Body/Signature", signer="stranger", certificates=("enterprise", "stranger")), pki
    )


@declared
def stranger_before_the_genuine_certificate(message: bytes, pki: Pki) -> bytes:
    """The same in the other order."""
    return forge(
        message, Forgery(place="Body/Signature", signer="stranger", certificates=("stranger", "enterprise")), pki
    )


_declared("genuine_certificate_beside_an_attackers_signature", signer="stranger", certificates=("enterprise",))
_sealed("genuine_seal_certificate_beside_an_attackers_signature", signer="stranger", certificates=("nsw",))
_sealed("seal_by_a_stranger_without_key_info", signer="stranger", key_info="")


@declared
def only_a_key_value(message: bytes, pki: Pki) -> bytes:
    """KeyInfo holds the attacker's bare key."""
    inner = key_value(pki.party("stranger"))
    return forge(message, Forgery(place="Body/Signature", signer="stranger", key_info=inner), pki)


def _seal_with_key_value(message: bytes, pki: Pki) -> bytes:
    inner = key_value(pki.party("stranger"))
    return forge(message, Forgery(place="SystemSignature", signer="stranger", key_info=inner), pki)


register("seal_with_only_a_key_value", Attack(sealed=_seal_with_key_value))


@declared
def attackers_key_value_beside_the_genuine_certificate(message: bytes, pki: Pki) -> bytes:
    """A bare key that verifies, beside a certificate that does not."""
    certificate = certificate_text(pki.party("enterprise"))
    inner = f"{key_value(pki.party('stranger'))}<ds:X509Data>{certificate}</ds:X509Data>"
    return forge(message, Forgery(place="Body/Signature", signer="stranger", key_info=inner), pki)


@declared
def same_subject_under_another_authority(message: bytes, pki: Pki) -> bytes:
    """Every name as in the genuine chain, every key the attacker's."""
    return _sign_as(message, _double(pki.party("enterprise")))


@declared
def authority_made_from_a_leaf(message: bytes, pki: Pki) -> bytes:
    """A genuine enterprise issues certificates with its own signing key."""
    issuer = pki.party("other-enterprise")
    key = _attackers_key()
    leaf = _certificate(pki.party("enterprise").certificate.subject, key, issuer.certificate.subject, issuer.key)
    return _sign_as(message, SigningParty("made-by-a-leaf", key, leaf, (leaf, *issuer.chain)))


@declared
def mesh_of_cross_signed_authorities(message: bytes, pki: Pki) -> bytes:
    """Ten certificates of one name, each issued by all the others' name: a path finder could search for ever."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Mesh")])
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(9)]
    mesh = [_certificate(name, keys[at], name, keys[at - 1], authority=True) for at in range(9)]
    leaf = _certificate(pki.party("enterprise").certificate.subject, _attackers_key(), name, keys[0])
    return _sign_as(message, SigningParty("mesh", _attackers_key(), leaf, (leaf, *mesh)))


def _chain(name: str, *, order: int, beside: str | None = None) -> None:
    def sign(message: bytes, pki: Pki) -> bytes:
        chain = [*pki.party("enterprise").chain, *(pki.party(beside).chain[1:] if beside else ())]
        inner = "".join(certificate_element(each) for each in chain[::order])
        key_info = f"<ds:X509Data>{inner}</ds:X509Data>"
        return forge(message, Forgery(place="Body/Signature", signer="enterprise", key_info=key_info), pki)

    register(name, Attack(declared=sign))


_chain("chain_in_reverse_order", order=-1)
_chain("chain_with_a_certificate_nobody_needs", order=1, beside="nsw")


@declared
def leaf_without_its_chain(message: bytes, pki: Pki) -> bytes:
    """KeyInfo holds the enterprise's own certificate alone: we hold the intermediate."""
    inner = f"<ds:X509Data>{certificate_element(pki.party('enterprise').certificate)}</ds:X509Data>"
    return forge(message, Forgery(place="Body/Signature", signer="enterprise", key_info=inner), pki)


@declared
def more_certificates_than_anyone_needs(message: bytes, pki: Pki) -> bytes:
    """The genuine chain six times over."""
    certificates = ("enterprise",) * 6
    return forge(message, Forgery(place="Body/Signature", signer="enterprise", certificates=certificates), pki)


_declared(
    "a_certificate_that_is_none", key_info="<ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data>"
)


@cache
def _attackers_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def _double(genuine: SigningParty) -> SigningParty:
    leaf, authority = genuine.chain[0], genuine.chain[1]
    root_key, authority_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _certificate(authority.subject, authority_key, authority.issuer, root_key, authority=True)
    own = _certificate(leaf.subject, _attackers_key(), leaf.issuer, authority_key)
    return SigningParty("double", _attackers_key(), own, (own, ca))


def _certificate(
    subject: x509.Name,
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    *,
    authority: bool = False,
) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(FIRST_DAY)
        .not_valid_after(LAST_DAY - timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=not authority,
                content_commitment=not authority,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=authority,
                crl_sign=authority,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, SHA256())
    )


def _sign_as(message: bytes, party: SigningParty) -> bytes:
    return sign_message(message, system=None, declarant=party)


# -- algorithms (8) ---------------------------------------------------------------------------------------------------

for _name in ("md5", "sha1"):
    _declared(
        f"digest_{_name}",
        references=(Reference(uri="#content", over="content", transforms=(EXCLUSIVE,), digest=_name),),
    )
_declared("signature_rsa_sha1", method=f"{DS}rsa-sha1", hash="sha1")
_declared("signature_rsa_md5", method=f"{MORE}rsa-md5", hash="md5")
_declared("signature_ecdsa_sha1", signer="enterprise-ec", method=f"{MORE}ecdsa-sha1", hash="sha1")
_declared("signature_dsa_named", method="http://www.w3.org/2009/xmldsig11#dsa-sha256")
_declared("signature_method_none", method="none")
_declared("signature_method_empty", method="")
_declared(
    "digest_method_empty", references=(Reference(uri="#content", over="content", transforms=(EXCLUSIVE,), method=""),)
)
_declared("signature_by_a_key_of_another_kind", method=f"{MORE}ecdsa-sha256")
for _name in ("key", "certificate"):
    _declared(f"hmac_with_the_public_{_name}", method=f"{MORE}hmac-sha256", secret=_name)
    _sealed(f"seal_hmac_with_the_public_{_name}", method=f"{MORE}hmac-sha256", secret=_name)
_declared(
    "hmac_of_one_bit",
    method=f"{MORE}hmac-sha256",
    secret="key",
    method_inside="<ds:HMACOutputLength>1</ds:HMACOutputLength>",
)
_declared("hmac_output_length_on_rsa", method_inside="<ds:HMACOutputLength>1</ds:HMACOutputLength>")
for _name, _algorithm in (("inclusive", INCLUSIVE), ("exclusive", EXCLUSIVE), ("1_1", C14N11)):
    _loud = f"{_algorithm}WithComments" if _algorithm == EXCLUSIVE else f"{_algorithm}#WithComments"
    _declared(f"canonicalization_{_name}_with_comments", canonicalization=_loud)
    _referring(f"transform_{_name}_with_comments", "#content", "content", (_loud,))
_declared("canonicalization_unknown", canonicalization="urn:own-c14n")

# -- references (9) ---------------------------------------------------------------------------------------------------

for _name, _uri in {
    "http": "http://{canary}/content.xml",
    "https": "https://{canary}/content.xml",
    "ftp": "ftp://{canary}/content.xml",
    "file": "file:///etc/hostname",
    "data": "data:text/xml,&lt;Content/&gt;",
    "relative": "content.xml",
    "missing_id": "#nothing",
    "xpointer_root": "#xpointer(/)",
    "xpointer_id": "#xpointer(id('content'))",
    "quotes": "#content' or '1'='1",
    "white_space": " #content",
    "fragment_of_a_document": "http://{canary}/#content",
}.items():
    _referring(f"reference_{_name}", _uri.replace("{canary}", canary_url()), "content")
_referring("reference_without_uri", None, "content")
_referring("reference_empty_for_the_declarant", "", "content")
_sealed(
    "seal_reference_http",
    references=(Reference(uri=f"http://{canary_url()}/", over="envelope", transforms=(ENVELOPED, EXCLUSIVE)),),
)

# -- transforms (10) --------------------------------------------------------------------------------------------------


def _step(algorithm: str, inner: str) -> str:
    return f'<ds:Transform Algorithm="{algorithm}">{inner}</ds:Transform>'


for _name, _transforms in {
    "xslt": (_step("http://www.w3.org/TR/1999/REC-xslt-19991116", _STYLE.format(f"http://{canary_url()}/x")),),
    "xpath": (_step(_XPATH, "<ds:XPath>true()</ds:XPath>"), EXCLUSIVE),
    "xpath_of_one_element": (_step(_XPATH, "<ds:XPath>ancestor-or-self::DossierYear</ds:XPath>"), EXCLUSIVE),
    "filter2": (
        _step(
            "http://www.w3.org/2002/06/xmldsig-filter2",
            '<f:XPath xmlns:f="http://www.w3.org/2002/06/xmldsig-filter2" Filter="subtract">/</f:XPath>',
        ),
    ),
    "base64": (f"{DS}base64",),
    "decrypt": ("http://www.w3.org/2002/07/decrypt#XML",),
    "unknown": ("urn:own-transform",),
    "enveloped_for_the_declarant": (ENVELOPED, EXCLUSIVE),
    "c14n_twice": (EXCLUSIVE, EXCLUSIVE),
}.items():
    _referring(f"transform_{_name}", "#content", "content", _transforms)
for _name, _transforms in {
    "without_enveloped": (EXCLUSIVE,),
    "enveloped_last": (EXCLUSIVE, ENVELOPED),
    "enveloped_twice": (ENVELOPED, ENVELOPED),
    "xpath": (ENVELOPED, _step(_XPATH, "<ds:XPath>not(ancestor-or-self::Body)</ds:XPath>"), EXCLUSIVE),
}.items():
    _sealed(f"seal_transform_{_name}", references=(Reference(uri="", over="envelope", transforms=_transforms),))
