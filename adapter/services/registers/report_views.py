"""Typed SQL views for reports, made from the mappings: made anew, dropped, or only told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from adapter.gateways.store import views
from adapter.gateways.store.database import Database
from adapter.gateways.store.views import ReportView
from adapter.model.catalogue import Catalogue


@dataclass(frozen=True)
class ReportViews:
    """The views of the catalogue's procedures, in the configured database."""

    database: Database
    catalogue: Catalogue

    def create(self, *, personal: bool) -> Sequence[str]:
        """Make all views anew in one transaction; their names. `personal`: one more beside each, with those values.

        Raises:
            Unavailable: the store is away.
        """
        wanted = self.wanted(self.dialect, personal=personal)
        with self.database.transaction() as connection:
            views.create(connection, wanted)
        return [view.name for view in wanted]

    def drop(self) -> Sequence[str]:
        """Drop the views that `create` made; their names.

        Raises:
            Unavailable: the store is away.
        """
        with self.database.transaction() as connection:
            return views.drop(connection)

    def statements(self, dialect: str, *, personal: bool) -> Sequence[str]:
        """The SQL that makes them in a `dialect` (postgresql, sqlite); nothing is changed."""
        return [each for view in self.wanted(dialect, personal=personal) for each in views.statements(view, dialect)]

    def wanted(self, dialect: str, *, personal: bool) -> Sequence[ReportView]:
        """What the mappings say of each view."""
        return views.views(self.catalogue, dialect, personal=personal)

    @property
    def dialect(self) -> str:
        """The configured database's: postgresql or sqlite."""
        return self.database.engine.dialect.name
