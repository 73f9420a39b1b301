"""A distinguished name has many spellings; another name has none of them."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from adapter.pipeline.signature.distinguished_names import same_name

NAME = x509.Name(
    [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
        x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, "Hà Nội"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, 'Test, "Trust" + Co'),
        x509.NameAttribute(NameOID.SERIAL_NUMBER, "12 34"),
        x509.NameAttribute(NameOID.COMMON_NAME, "Test CA"),
    ]
)


@pytest.mark.parametrize(
    "written",
    [
        NAME.rfc4514_string(),
        r"CN=Test CA,2.5.4.5=12 34,O=Test\, \"Trust\" \+ Co,ST=Hà Nội,C=VN",
        r'C=VN, S=Hà Nội, O="Test, \"Trust\" + Co", SERIALNUMBER=12 34, CN=Test CA',
        r"CN=test ca , OID.2.5.4.5=12 34, O=Test\2C \22Trust\22 \2B Co, ST=H\C3\A0 N\E1\BB\99i, C=vn",
        r"CN=Test CA,2.5.4.5=#13053132203334,O=Test\, \"Trust\" \+ Co,ST=Hà Nội,C=VN",
        r"CN=Test  CA+2.5.4.5=12 34;O=Test\, \"Trust\" \+ Co;ST=Hà Nội;C=VN",
    ],
)
def test_a_name_is_known_in_the_spellings_of_other_tools(written: str) -> None:
    assert same_name(written, NAME)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "CN=Test CA",
        NAME.rfc4514_string().replace("Test CA", "Test CB"),
        NAME.rfc4514_string() + ",C=VN",
        NAME.rfc4514_string().replace("CN=Test CA,", ""),
        "garbage",
        'CN="Test CA',
        "CN=#ff",
        "CN=#",
        "CN=#0903800105",
        "CN=#0c80",
        "CN=#0cff",
        "CN=#0c02c3",
        "CN=#3003" + "0c0141",
        'CN="Test CA" and more',
        'CN="a""b"',
        "CN=a\\",
        "=Test CA",
        "CN=#zz",
        "CN=" + "a" * 5_000,
        "CN=" + "đ" * 511,
        "=" * 1_900,
        "CN=" + "\\" * 1_900,
    ],
)
def test_another_name_and_what_is_no_name_are_not_the_same(written: str) -> None:
    assert not same_name(written, NAME)
