"""Ids of rows as they stand in addresses."""

from typing import Annotated

from fastapi import Path

RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]
"""A larger one is none: the database would refuse it."""
