"""Opening the casebook: the one file that knows which database is underneath."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import UserError

MIGRATIONS = Path(__file__).parent / "migrations"


class Casebook:
    """The database of cases, exceptions, opportunities, ledger and audit.

    `begin()` is one transaction: everything in it happens or nothing does. It never spans an await.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def is_embedded(self) -> bool:
        """Whether it is a file of ours that nobody else works on."""
        return self._engine.dialect.name == "sqlite"

    @property
    def engine(self) -> Engine:
        """The engine underneath, for migrations and backups."""
        return self._engine

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A write transaction; commits at the end, rolls back on any error."""
        with self._engine.begin() as connection:
            yield connection

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """A transaction that only reads, however long it takes: it keeps nobody from writing."""
        with self._engine.connect().execution_options(only_reads=True) as connection:
            yield connection

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def open_casebook(url: str) -> Casebook:
    """Open the casebook at `url` and bring its tables up to date.

    Raises:
        UserError: when the database cannot be opened.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(url, hide_parameters=True)
        if engine.dialect.name == "sqlite":
            _make_sqlite_durable(engine)
        _migrate(engine)
    except (OSError, ImportError, SQLAlchemyError, CommandError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0].rstrip(".")
        raise UserError(
            f"The casebook cannot be opened: {reason}.", "Check ASIDE_DATABASE_URL and ASIDE_DATA."
        ) from error
    return Casebook(engine)


def insert_once(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless one with its key is there already; False when it was."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return connection.execute(insert(table).values(**values).on_conflict_do_nothing()).rowcount == 1


def upsert(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert a row, or overwrite the one with the same primary key."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    keys = [column.name for column in table.primary_key]
    rest = {name: value for name, value in values.items() if name not in keys}
    connection.execute(insert(table).values(**values).on_conflict_do_update(index_elements=keys, set_=rest))


def _make_sqlite_durable(engine: Engine) -> None:
    """Write-ahead log, and transactions that take the write lock when they begin, unless they only read."""

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=5000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        only_reads = connection.get_execution_options().get("only_reads", False)
        connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
