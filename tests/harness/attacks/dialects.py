"""Class 1 and 15: the forms in which declarants' tools sign, and the same forms wrongly written or tampered with.

Vietnam's e-invoice and tax software states the time of signing in a plain ds:Object (XML-DSig 5.2), in many spellings.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256

from lxml import etree

from adapter.simulator.pki import Pki
from adapter.simulator.sign import DS, ENVELOPED, EXCLUSIVE, INCLUSIVE, SignatureForm, sign_message
from adapter.simulator.xades import SIGNED_PROPERTIES_TYPE
from adapter.simulator.xmldsig import RSA_SHA256, SHA_256, certificate_texts
from tests.harness.attacks.attack import Attack, Change, register
from tests.harness.attacks.forge import DIGESTS, Forgery, canonicalize, forging, raw_signature
from tests.harness.attacks.trees import one, parse, write

_SIGNATURE = f"Body/Signature/{{{DS}}}Signature"
_OBJECT = f"{_SIGNATURE}/{{{DS}}}Object"
_TIME = "2026-03-02T07:10:00"
_WITH_PREFIXES = f'<InclusiveNamespaces xmlns="{EXCLUSIVE}" PrefixList="ds xsi"/>'


def _step(algorithm: str, inside: str = "") -> str:
    return f'<Transform Algorithm="{algorithm}">{inside}</Transform>'


def _reference(uri: str, *steps: str, kind: str = "") -> str:
    transforms = f"<Transforms>{''.join(steps)}</Transforms>" if steps else ""
    typed = f' Type="{kind}"' if kind else ""
    return f'<Reference URI="{uri}"{typed}>{transforms}<DigestMethod Algorithm="{SHA_256}"/><DigestValue/></Reference>'


def _held(time: str = _TIME, *, at: str = "Object", attributes: str = "", leave: bool = False, own: str = "") -> str:
    """A ds:Object that states a time; the Id on one of its three levels. `leave`: below Object there is no namespace;
    `own`: the namespace of SigningTime itself."""
    where = {level: ' Id="signing-time"' if level == at else "" for level in ("Object", "Properties", "Property")}
    left, named = ' xmlns=""' if leave else "", f' xmlns="{own}"' if own else ""
    return (
        f"<Object{where['Object']}{attributes}><SignatureProperties{left}{where['Properties']}>"
        f'<SignatureProperty Target="signatureProperties"{where["Property"]}><SigningTime{named}>{time}</SigningTime>'
        "</SignatureProperty></SignatureProperties></Object>"
    )


_CONTENT = _reference("#content")
_STATED = _reference("#signing-time")


def _signing(*references: str, holding: str = "", key_info_id: str = "") -> Callable[[bytes, Pki], bytes]:
    """The enterprise signs with its own key: digests are made of what each URI names, where it stands."""

    def sign(message: bytes, pki: Pki) -> bytes:
        party, tree = pki.party("enterprise"), parse(message)
        certificates = "".join(f"<X509Certificate>{text}</X509Certificate>" for text in certificate_texts(party))
        place = tree.find("Body/Signature")
        if place is None:
            place = etree.SubElement(one(tree, "Body"), "Signature")
        signature = etree.fromstring(
            f'<Signature xmlns="{DS}" Id="nnt"><SignedInfo><CanonicalizationMethod Algorithm="{INCLUSIVE}"/>'
            f'<SignatureMethod Algorithm="{RSA_SHA256}"/>{"".join(references)}</SignedInfo><SignatureValue/>'
            f"<KeyInfo{key_info_id}><X509Data>{certificates}</X509Data></KeyInfo>{holding}</Signature>"
        )
        place.append(signature)
        for reference in signature.iter(f"{{{DS}}}Reference"):
            target = one(tree, f".//*[@Id='{str(reference.get('URI'))[1:]}']")
            exclusive = any(each.get("Algorithm") == EXCLUSIVE for each in reference.iter(f"{{{DS}}}Transform"))
            data = canonicalize(target, EXCLUSIVE if exclusive else INCLUSIVE)
            one(reference, f"{{{DS}}}DigestValue").text = b64encode(sha256(data).digest()).decode()
        value = raw_signature(party.key, canonicalize(signature[0], INCLUSIVE))
        signature[1].text = b64encode(value).decode()
        return write(tree)

    return sign


def _declared(name: str, *references: str, holding: str = "", key_info_id: str = "") -> None:
    register(name, Attack(declared=_signing(*references, holding=holding, key_info_id=key_info_id)))


# -- the time of signing in a plain Object, as each tool spells it -----------------------------------------------------

for _name, _holding in {
    "on_the_object": _held(),
    "on_the_properties": _held(at="Properties"),
    "on_the_property": _held(at="Property"),
    "without_a_namespace": _held(leave=True),
    "in_a_namespace_of_its_own": _held(own="http://example.org/#signatureProperties"),
    "of_the_tax_authority": _held(own="https://hoadondientu.gdt.gov.vn"),
    "with_its_zone": _held(f"{_TIME}+07:00"),
    "in_utc": _held("2026-03-02T00:10:00.1234567Z"),
    "between_blanks": _held(f"\n  {_TIME}\n"),
    "three_days_ago": _held("2026-02-27T08:00:00"),
    "in_2099": _held("2099-03-02T07:10:00"),
    "a_month_ago": _held("2026-01-31T07:10:00+07:00"),
}.items():
    _declared(f"signing_time_{_name}", _CONTENT, _STATED, holding=_holding)
for _name, _kind in (("object", f"{DS}Object"), ("properties", f"{DS}SignatureProperties")):
    _declared(
        f"signing_time_referenced_as_{_name}",
        _CONTENT,
        _reference("#signing-time", _step(INCLUSIVE), kind=_kind),
        holding=_held(),
    )
_declared("signing_time_that_nobody_signs", _CONTENT, holding=_held())
_declared("signing_time_without_an_id", _CONTENT, holding=_held(at=""))
_declared(
    "signing_time_and_key_info_signed",
    _CONTENT,
    _STATED,
    _reference("#key-info"),
    holding=_held(),
    key_info_id=' Id="key-info"',
)

# -- the same, as an attacker would have it ----------------------------------------------------------------------------

_declared("signing_time_signed_instead_of_content", _STATED, holding=_held())
_declared("signing_time_signed_twice", _CONTENT, _STATED, _STATED, holding=_held())
for _name, _kind in (("manifest", f"{DS}Manifest"), ("signed_properties", SIGNED_PROPERTIES_TYPE)):
    _declared(
        f"signing_time_referenced_as_a_{_name}",
        _CONTENT,
        _reference("#signing-time", kind=_kind),
        holding=_held(),
    )
for _name, _holding in {
    "two_signing_times": _held().replace(
        "</SignatureProperty>", "<SigningTime>2026-03-02</SigningTime></SignatureProperty>"
    ),
    "two_signature_properties": _held().replace(
        "</SignatureProperties>",
        f"<SignatureProperty><SigningTime>{_TIME}</SigningTime></SignatureProperty></SignatureProperties>",
    ),
    "language_above_the_signing_time": _held(attributes=' xml:lang="vi"'),
    "element_inside_the_signing_time": _held("<Content/>"),
    "signing_time_that_nobody_can_read": _held("02/03/2026 07:10"),
    "signing_time_beside_a_copy_of_content": _held().replace("</Object>", "<Content/></Object>"),
    "attribute_on_the_signing_time": _held().replace("<SigningTime>", '<SigningTime xml:space="preserve">'),
    "object_with_text_around_its_properties": _held().replace("<SignatureProperties>", "0903<SignatureProperties>"),
    "manifest_in_an_object": '<Object Id="signing-time"><Manifest/></Object>',
    "empty_object": '<Object Id="signing-time"/>',
}.items():
    _declared(_name, _CONTENT, _STATED, holding=_holding)


def _after(name: str, signing: Callable[[bytes, Pki], bytes], change: Change) -> None:
    """Something changed between an honest signature and an honest seal."""
    register(name, Attack(declared=signing, sealing=change))


def _replaced(before: bytes, after: bytes) -> Change:
    def change(message: bytes) -> bytes:
        assert before in message, before
        return message.replace(before, after, 1)

    return change


def _content_into_the_object(message: bytes) -> bytes:
    """The signed Content moves into the Object with its Id, a forged one takes its place under another."""
    tree = parse(message)
    content = one(tree, "Body/Content")
    one(tree, _OBJECT).append(etree.fromstring(etree.tostring(content, with_tail=False)))
    content.set("Id", "forged")
    one(tree, "Body/Content//GroupName").text = "FORGED"
    return write(tree)


def _second_bearer(message: bytes) -> bytes:
    tree = parse(message)
    one(tree, f"{_SIGNATURE}/{{{DS}}}KeyInfo").set("Id", "signing-time")
    return write(tree)


_HONEST = _signing(_CONTENT, _STATED, holding=_held())
_after("signing_time_changed_after_signing", _HONEST, _replaced(_TIME.encode(), b"2026-03-02T06:10:00"))
_after("signing_time_taken_away", _HONEST, _replaced(_held().replace("/>", ">").encode(), b""))
_after("content_moved_beside_the_signing_time", _HONEST, _content_into_the_object)
_after("id_of_the_signing_time_on_key_info_too", _HONEST, _second_bearer)
_after("content_of_an_e_invoice_signature_changed", _HONEST, _replaced("Hạ Long".encode(), b"Ha Noi"))

# -- enveloped-signature where the signature does not lie inside what it signs ----------------------------------------

for _name, _steps in {
    "alone": (_step(ENVELOPED),),
    "and_inclusive": (_step(ENVELOPED), _step(INCLUSIVE)),
    "and_exclusive": (_step(ENVELOPED), _step(EXCLUSIVE)),
    "with_a_prefix_list": (_step(ENVELOPED, _WITH_PREFIXES), _step(EXCLUSIVE)),
    "behind_c14n": (_step(EXCLUSIVE), _step(ENVELOPED)),
    "twice": (_step(ENVELOPED), _step(ENVELOPED)),
    "and_two_c14n": (_step(ENVELOPED), _step(EXCLUSIVE), _step(EXCLUSIVE)),
    "with_an_xpath_inside": (_step(ENVELOPED, "<XPath>false()</XPath>"), _step(EXCLUSIVE)),
}.items():
    _declared(f"enveloped_on_content_{_name}", _reference("#content", *_steps))
_declared("enveloped_on_the_signing_time", _CONTENT, _reference("#signing-time", _step(ENVELOPED)), holding=_held())
_declared(
    "enveloped_on_key_info",
    _CONTENT,
    _reference("#key-info", _step(ENVELOPED)),
    key_info_id=' Id="key-info"',
)


def _signature_into_content(message: bytes) -> bytes:
    """What enveloped-signature is for: the signature inside what it signs, where nobody here looks."""
    tree = parse(message)
    one(tree, "Body/Content").append(one(tree, _SIGNATURE))
    return write(tree)


def _forged_under_another_id(message: bytes) -> bytes:
    """The signed Content moves into the header, a forged one takes its place."""
    tree = parse(message)
    content = one(tree, "Body/Content")
    one(tree, "Header").append(etree.fromstring(etree.tostring(content, with_tail=False)))
    content.set("Id", "forged")
    return write(tree)


_ENVELOPED = _signing(_reference("#content", _step(ENVELOPED), _step(INCLUSIVE)))
_after("enveloped_signature_moved_into_content", _ENVELOPED, _signature_into_content)
_after("enveloped_content_moved_into_the_header", _ENVELOPED, _forged_under_another_id)
_after("enveloped_content_changed", _ENVELOPED, _replaced("Hạ Long".encode(), b"Ha Noi"))

# -- RSA-PSS ----------------------------------------------------------------------------------------------------------

_MORE07 = "http://www.w3.org/2007/05/xmldsig-more#"
_SIZES = {"sha256": 32, "sha384": 48, "sha512": 64}


def _parameters(hash_uri: str = SHA_256, mask: str = SHA_256, *, salt: object = 32, trailer: object = 1) -> str:
    """RSAPSSParams with everything said, as the JDK writes it."""
    return (
        f'<pss:RSAPSSParams xmlns:pss="{_MORE07}"><ds:DigestMethod Algorithm="{hash_uri}"/>'
        f'<pss:MaskGenerationFunction Algorithm="{_MORE07}MGF1"><ds:DigestMethod Algorithm="{mask}"/>'
        f"</pss:MaskGenerationFunction><pss:SaltLength>{salt}</pss:SaltLength>"
        f"<pss:TrailerField>{trailer}</pss:TrailerField></pss:RSAPSSParams>"
    )


def _pss(name: str, method: str, inside: str = "", *, by: str = "sha256", salt: int | None = 32) -> None:
    said = Forgery(
        place="Body/Signature",
        signer="enterprise",
        method=_MORE07 + method,
        method_inside=inside,
        hash=by,
        salt=salt,
    )
    register(name, Attack(declared=forging(said)))


for _hash, _size in _SIZES.items():
    _pss(f"signed_by_rsa_pss_{_hash}", f"{_hash}-rsa-MGF1", by=_hash, salt=_size)
    _pss(
        f"signed_by_rsa_pss_with_parameters_{_hash}",
        "rsa-pss",
        _parameters(DIGESTS[_hash], DIGESTS[_hash], salt=_size),
        by=_hash,
        salt=_size,
    )
_pss("signed_by_rsa_pss_with_nothing_said", "rsa-pss")
_pss("signed_by_rsa_pss_with_empty_parameters", "rsa-pss", f'<pss:RSAPSSParams xmlns:pss="{_MORE07}"/>')
for _name, _inside in {
    "a_salt_of_twenty": _parameters(salt=20),
    "a_salt_that_is_no_number": _parameters(salt="all"),
    "another_trailer": _parameters(trailer=2),
    "sha1": _parameters(f"{DS}sha1", f"{DS}sha1", salt=20),
    "a_mask_of_sha1": _parameters(mask=f"{DS}sha1"),
    "a_mask_of_another_hash": _parameters(mask=DIGESTS["sha512"]),
    "another_mask_function": _parameters().replace("#MGF1", "#MGF2"),
    "a_salt_said_twice": _parameters().replace(
        "<pss:TrailerField>", "<pss:SaltLength>32</pss:SaltLength><pss:TrailerField>"
    ),
    "a_parameter_that_nobody_knows": _parameters().replace("<pss:TrailerField>", "<pss:Own/><pss:TrailerField>"),
    "two_sets_of_parameters": _parameters() * 2,
    "parameters_of_something_else": "<ds:HMACOutputLength>1</ds:HMACOutputLength>",
}.items():
    _pss(f"rsa_pss_with_{_name}", "rsa-pss", _inside)
_pss("rsa_pss_short_name_with_parameters", "sha256-rsa-MGF1", _parameters())
_pss("rsa_pss_of_sha1", "sha1-rsa-MGF1", by="sha1", salt=20)
_pss("rsa_pss_with_a_salt_that_is_not_the_one_said", "rsa-pss", _parameters(), salt=20)
_pss("rsa_pss_without_salt", "sha256-rsa-MGF1", salt=0)
_pss("rsa_pss_that_is_pkcs1", "sha256-rsa-MGF1", salt=None)
register(
    "sealed_by_rsa_pss",
    Attack(
        sealed=forging(
            Forgery(
                place="SystemSignature",
                signer="nsw",
                method=f"{_MORE07}rsa-pss",
                method_inside=_parameters(),
                salt=32,
            )
        )
    ),
)

# -- a seal is no declarant's signature --------------------------------------------------------------------------------


def _sealed_with_a_time(message: bytes, pki: Pki) -> bytes:
    sealed = sign_message(message, system=pki.party("nsw"), declarant=None, form=SignatureForm.DOTNET)
    tree = parse(sealed)
    one(tree, f"SystemSignature/{{{DS}}}Signature").append(
        etree.fromstring(_held().replace("<Object", f'<Object xmlns="{DS}"', 1))
    )
    return write(tree)


register("seal_with_a_signing_time", Attack(sealed=_sealed_with_a_time))
