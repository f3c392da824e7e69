"""Opening the casebook: the one file that knows which database is underneath."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
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

    @property
    def file(self) -> Path | None:
        """The file in which it stands; None when it is a server's."""
        database = self._engine.url.database
        return Path(database) if self.is_embedded and database else None

    def rewrite(self) -> None:
        """Write an embedded database anew, so that nothing of what was removed is left in its files.

        Raises:
            UserError: when that cannot be done now; what was removed stays removed.
        """
        if not self.is_embedded:
            return
        again = "What was removed stays removed, but traces may be left in the file. Stop Aside and run this again."
        try:
            with closing(self._engine.raw_connection()) as connection:
                cursor = connection.cursor()
                cursor.execute("VACUUM")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                is_read = (cursor.fetchone() or (1,))[0]
        except sqlite3.OperationalError as error:
            raise UserError(f"The casebook could not be written anew: {error}.", again) from error
        if is_read:
            raise UserError("The casebook could not be written anew, since something is reading it.", again)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def open_casebook(url: str) -> Casebook:
    """Open the casebook at `url` and bring its tables up to date.

    Raises:
        UserError: when the database cannot be opened.
    """
    return _opened(url, _migrate)


def open_as_it_is(url: str) -> Casebook:
    """Open a casebook that is there already, of whatever revision, and change nothing in it.

    Raises:
        UserError: when there is none, or it cannot be opened.
    """
    return _opened(url, _look)


def _opened(url: str, prepare: Callable[[Engine], None]) -> Casebook:
    try:
        engine = create_engine(url, hide_parameters=True)
        if engine.dialect.name == "sqlite":
            _make_sqlite_durable(engine)
        prepare(engine)
    except (OSError, ImportError, SQLAlchemyError, CommandError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0].rstrip(".")
        raise UserError(
            f"The casebook cannot be opened: {reason}.", "Check ASIDE_DATABASE_URL and ASIDE_DATA."
        ) from error
    return Casebook(engine)


def file_of(url: str) -> Path:
    """Where an embedded casebook stands, whether it is there or not.

    Raises:
        UserError: when the casebook is a server's, which has tools of its own.
    """
    try:
        parsed = make_url(url)
    except SQLAlchemyError as error:
        raise UserError(
            "ASIDE_DATABASE_URL is not an address of a database.", "Correct it, or leave it out."
        ) from error
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise UserError(
            "Aside copies a casebook that is a file; this one is on a database server.",
            "Use the server's own tools: pg_dump for a backup, pg_restore to put it back.",
        )
    return Path(parsed.database)


def insert_once(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless one with its key is there already; False when it was."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    statement = insert(table).values(**values).on_conflict_do_nothing()
    # Of an insert SQLAlchemy tells how many rows there were only if it is asked to; SQLite tells anyway.
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount == 1


def upsert(connection: Connection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert a row, or overwrite the one with the same primary key."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    keys = [column.name for column in table.primary_key]
    rest = {name: value for name, value in values.items() if name not in keys}
    connection.execute(insert(table).values(**values).on_conflict_do_update(index_elements=keys, set_=rest))


def _make_sqlite_durable(engine: Engine) -> None:
    """Write-ahead log, and transactions that take the write lock when they begin, unless they only read.

    What is removed is overwritten (`secure_delete`), so that words do not linger in the file's free space.
    """

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "busy_timeout=5000",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Connection) -> None:
        only_reads = connection.get_execution_options().get("only_reads", False)
        connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


def _look(engine: Engine) -> None:
    file = engine.url.database
    if engine.dialect.name == "sqlite" and not (file and Path(file).is_file()):
        raise UserError(f"There is no casebook at {file or engine.url}.", "Check ASIDE_DATABASE_URL and ASIDE_DATA.")
    with engine.connect():
        pass


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


def _migrate(engine: Engine) -> None:
    if engine.dialect.name == "sqlite" and engine.url.database:
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
    config = _scripts()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
