"""How Alembic meets our tables: one set of migrations for SQLite and Postgres, one process at a time."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import text

from store.dialect import Utc
from store.tables import metadata

_LOCK = 7_067_837  # any constant: the advisory lock all migrating processes share


def _render(kind: str, item: Any, autogenerate: Any) -> str | Literal[False]:
    """Autogenerate writes our own types without their import; put them in words that work."""
    if kind == "type" and isinstance(item, Utc):
        autogenerate.imports.add("from store.dialect import Utc")
        return "Utc()"
    if kind == "type" and getattr(item, "_variant_mapping", None):
        name = "Json" if "postgresql" in item._variant_mapping else "RowId"
        autogenerate.imports.add(f"from store.dialect import {name}")
        return name
    return False


connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    connection.execute(text("set local lock_timeout = '30s'"))
    connection.execute(text("set local statement_timeout = 0"))  # a new index on a large table takes its time
    connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _LOCK})
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, render_item=_render)
with context.begin_transaction():
    context.run_migrations()
