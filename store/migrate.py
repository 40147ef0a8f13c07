"""Bring a database to the present schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from store.dialect import engines


def upgrade(url: str) -> None:
    """Apply the migrations that are missing; safe to call from several processes at once."""
    writer, _ = engines(url)
    with writer.begin() as connection:
        configuration = Config()
        configuration.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")
    writer.dispose()
