"""An installation that serves two gates, each with a unit and a key of its own."""

from __future__ import annotations

from typing import Any

from tests.harness.pki import shared_pki

HUUNGHI, MONGCAI = "CK-HUUNGHI", "CK-MONGCAI"
NAMES = {HUUNGHI: "Đồn Biên phòng cửa khẩu Hữu Nghị", MONGCAI: "Đồn Biên phòng cửa khẩu Móng Cái"}
PARTIES = {HUUNGHI: "unit-huunghi", MONGCAI: "unit-mongcai"}
"""Whose key is whose, in the test PKI."""


def pair(party: str) -> dict[str, str]:
    """A key and its certificates, as the configuration states them."""
    pki = shared_pki()
    return {"key": str(pki.key_file(party)), "certificates": str(pki.folder / f"{party}.chain.pem")}


def two_units(**keys: Any) -> dict[str, Any]:
    """Changes of the shipped configuration; `keys` states other pairs, by the gates' codes in small letters."""
    stated = {
        HUUNGHI: {"gates": ["HUUNGHI"], "number_code": "HN", "telephone": "0205 3861 000"},
        MONGCAI: {"gates": ["MONGCAI"], "number_code": "MC"},
    }
    for code, unit in stated.items():
        gate = unit["gates"][0].lower()
        unit |= {"name": NAMES[code], "division": NAMES[code], "key": keys.get(gate, pair(PARTIES[code]))}
    return {"keys.unit": None, "units": stated}
