"""What every table shares: the names of its constraints, and an index of the few rows that are at work."""

from __future__ import annotations

from sqlalchemy import Index, MetaData, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def partial(name: str, *columns: str, where: str) -> Index:
    """An index of the few rows that are at work: it stays small however many have ended."""
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))
