"""Files that are written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapter.gateways.whole_file import write_whole


def test_what_cannot_be_put_in_place_is_told_and_leaves_nothing_beside(tmp_path: Path) -> None:
    (tmp_path / "list.xml").mkdir()
    with pytest.raises(OSError, match=r"list\.xml"):
        write_whole(tmp_path / "list.xml", b"x")
    assert [each.name for each in tmp_path.iterdir()] == ["list.xml"]
