"""A ds:Object that states when its declarant signed holds that time and nothing else."""

from __future__ import annotations

import pytest
from lxml import etree

from adapter.pipeline.signature.claimed_time import signing_time
from adapter.pipeline.signature.plain_objects import ObjectNotTaken, stated_time

TIME = "2026-03-02T07:10:00+07:00"


def holding(time: str) -> etree._Element:
    return etree.fromstring(
        '<Object xmlns="http://www.w3.org/2000/09/xmldsig#" Id="signing-time"><SignatureProperties><SignatureProperty '
        f'Target="s"><SigningTime>{time}</SigningTime></SignatureProperty></SignatureProperties></Object>'
    )


def test_the_time_is_read() -> None:
    assert stated_time(holding(TIME)).time == signing_time(TIME)


@pytest.mark.parametrize("time", [f"{TIME}<More/>", f"<More>{TIME}</More>", f"<More/>{TIME}"])
def test_what_stands_in_the_time_itself_is_refused_by_its_name(time: str) -> None:
    with pytest.raises(ObjectNotTaken, match="More"):
        stated_time(holding(time))
