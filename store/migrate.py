"""Bring a database to the present schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from store.dialect import engines


def upgrade(url: str) -> None:
    """Apply the migrations that are missing; safe to call from several processes at once."""
    writer, _ = engines(url)
    try:
        with writer.begin() as connection:
            command.upgrade(configuration(connection), "head")
    finally:
        writer.dispose()


def configuration(connection: Connection) -> Config:
    """What Alembic needs to know to work on this connection."""
    found = Config()
    folder = Path(__file__).parent / "migrations"
    found.set_main_option("script_location", str(folder).replace("%", "%%"))  # ConfigParser reads % as its own
    found.attributes["connection"] = connection
    return found
