"""The revisions of the casebook's tables: each earlier one is brought up to ours, a newer one is left alone."""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from bot.errors import UserError

MIGRATIONS = Path(__file__).parent / "migrations"

_MIGRATING = 0x41_53_49_44_45
"""What whoever brings the tables up to date holds on a server."""


def _scripts() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def known_revisions() -> list[str]:
    """The revisions of the casebook's tables, the newest first."""
    return [each.revision for each in ScriptDirectory.from_config(_scripts()).walk_revisions()]


def revision_of(connection: Connection) -> str | None:
    """The revision of a casebook's tables; None when it has none of ours."""
    return MigrationContext.configure(connection).get_current_revision()


def bring_up_to_date(engine: Engine) -> None:
    """Bring a casebook's tables to our revision; make them where there are none.

    Raises:
        UserError: when they are of a newer Aside.
    """
    if engine.dialect.name == "sqlite" and engine.url.database and ":" not in engine.url.database:
        file = Path(engine.url.database)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            file.touch(mode=0o600)  # for its owner alone, and so are the files that SQLite puts beside it
    config = _scripts()
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # of several that start at once, one makes the tables
            connection.execute(text("SET LOCAL lock_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
        refuse_newer(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def refuse_newer(connection: Connection) -> None:
    """See that the tables are still ours: another process may have brought them up to date for a newer version.

    Raises:
        UserError: when they are of a newer Aside.
    """
    revision = revision_of(connection)
    if revision is not None and revision not in _known():
        raise UserError(
            f"The casebook is of a newer Aside than this one (revision {revision}).",
            "Start that version, or put back the backup from before the upgrade.",
        )


@cache
def _known() -> frozenset[str]:
    return frozenset(known_revisions())
