"""Lines of versions that differ are the same, whether the others were made too or left out at once."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from adapter.services.dossiers import versions

NAMES, VALUES = st.sampled_from("abc"), st.sampled_from(["", "x", 1, True])
RECORDS = st.dictionaries(NAMES, VALUES, max_size=3)
PLACES = st.sampled_from([("", 0), ("persons", 1), ("persons", 2), ("ships", 1)])


@given(st.lists(st.dictionaries(PLACES, RECORDS), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_what_is_left_out_is_what_did_not_change(
    stated: list[dict[tuple[str, int], dict[str, str | int | bool]]],
) -> None:
    whole, narrowed = (
        list(versions._lines(stated, versions._places(stated, changed_only=only), {}, personal=True))
        for only in (False, True)
    )
    changed = [line for line in whole if line.changed]
    assert [line for line in narrowed if line.changed] == changed
    assert changed or not narrowed
