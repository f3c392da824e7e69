"""The casebook: transactions, looks and statements by themselves, on either of the two databases."""

import asyncio
import errno
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import cache, cached_property
from pathlib import Path
from threading import Lock
from typing import Any

from alembic.util import CommandError
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Insert,
    Table,
    literal_column,
    or_,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool
from sqlalchemy.sql.compiler import SQLCompiler

from bot.errors import UserError
from storage.connections import BY_ITSELF, READING, address, engine_at, hasty
from storage.revisions import bring_up_to_date, refuse_newer

LAST_SECONDS = 5.0
"""How long whoever stops waits for what others are just writing."""


class Casebook:
    """The database of cases, exceptions, opportunities, ledger and audit.

    `begin()` is one transaction: everything in it happens or nothing does. It never spans an await.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._redone = hasty(engine)
        self._alone = self._redone.execution_options(**BY_ITSELF[engine.dialect.name])
        self._inserts: dict[tuple[str, ...], SQLCompiler] = {}
        self._inserting = Lock()
        self._own: Any = None
        self._writer = None if self.is_embedded else ThreadPoolExecutor(1, "casebook")
        self._opened = _identity(self.file)

    @property
    def is_embedded(self) -> bool:
        """Whether it is a file of ours that nobody else works on."""
        return self._engine.dialect.name == "sqlite"

    @property
    def engine(self) -> Engine:
        """The engine underneath, for migrations and backups."""
        return self._engine

    @contextmanager
    def begin(self, *, on_disk: bool = True) -> Iterator[Connection]:
        """A write transaction; commits at the end, rolls back on any error.

        Args:
            on_disk: Once it is over it outlives a loss of power. Without that it is over sooner, and on the disk with
                the next one that waits for it; lost it may be only together with all that came after it, and it has to
                be something that is done again then.
        """
        with (self._engine if on_disk else self._redone).begin() as connection:
            yield connection

    @contextmanager
    def statement(self) -> Iterator[Connection]:
        """For a single statement, which is a transaction by itself: a server is asked once, and not three times.

        Whatever it writes is on the disk with the next transaction that waits for it (`begin(on_disk=False)`).
        """
        with self._alone.connect() as connection:
            yield connection

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """A transaction that only reads one moment of it, however long it takes: it keeps nobody from writing."""
        with self._engine.connect().execution_options(**READING[self._engine.dialect.name]) as connection:
            yield connection

    def insert_at_once(self, table: Table, values: Mapping[str, str | float]) -> None:
        """Insert a row unless one with its key is there already, in a transaction of its own.

        For what is written before Slack hears "ok": the statement is spelt once and goes to the driver as it is, which
        takes a tenth of the time (`python -m tests.bench message`).
        """
        columns = (table.name, *values)
        spelt = self._inserts.get(columns)
        if spelt is None:
            spelt = self._inserts[columns] = _spelt_once(self._engine.dialect, table, tuple(values))
        filled = [values[name] for name in spelt.positiontup or ()] if spelt.positional else dict(values)
        try:
            self._insert(spelt.string, filled)
        except self._engine.dialect.loaded_dbapi.OperationalError:
            if self.is_embedded:
                raise
            # The server went away and may be back, while our connection to it is over: Slack sends a click but once.
            self._insert(spelt.string, filled)

    async def in_turn(self, insert: Callable[[], None]) -> None:
        """Do an `insert_at_once`; nobody else waits while a server puts it on its disk, only the next such insert."""
        if self._writer is None:
            insert()
        else:
            await asyncio.get_running_loop().run_in_executor(self._writer, insert)

    def check_there(self) -> None:
        """Check that the file is the one that we opened: SQLite goes on writing into one that somebody deleted.

        Raises:
            FileNotFoundError: when it is gone, or another one stands in its place.
        """
        if self._opened and _identity(self.file) != self._opened:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self.file))

    def check_revision(self) -> None:
        """Check that the tables are still ours: another process may have brought them up to date for a newer version.

        Raises:
            UserError: when they are of a newer Aside.
        """
        with self.look() as connection:
            refuse_newer(connection)

    def _insert(self, statement: str, filled: Any) -> None:
        self.check_there()
        with self._inserting:
            if self._own is None:
                self._own = self._own_connection()
            try:
                self._own.execute(statement, filled)
            except BaseException:
                self._let_go_of_own()
                raise

    def _own_connection(self) -> Any:
        """A connection that is kept for this alone: what is said over it is a transaction by itself, on the disk."""
        connection = self._engine.pool.recreate().connect()  # a new one: those that lie idle may be over as well
        connection.detach()
        own: Any = connection.dbapi_connection
        if self.is_embedded:
            own.execute("PRAGMA synchronous=FULL")  # whoever had it before may not have waited for the disk
        else:
            own.autocommit = True
        return own

    def _let_go_of_own(self) -> None:
        if self._own is not None:
            own, self._own = self._own, None
            with suppress(self._engine.dialect.loaded_dbapi.Error):
                own.close()

    @cached_property
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
        """Let go of the database, once what is being written in other threads is written."""
        latest = time.monotonic() + LAST_SECONDS
        pools = [each.pool for each in (self._engine, self._redone) if isinstance(each.pool, QueuePool)]
        while any(each.checkedout() for each in pools) and time.monotonic() < latest:
            time.sleep(0.01)
        if self._writer:
            self._writer.shutdown()
        with self._inserting:
            self._let_go_of_own()
        self._engine.dispose()
        self._redone.dispose()


def _identity(file: Path | None) -> tuple[int, int] | None:
    """What tells a file from any other on this machine; None when it is not there."""
    try:
        status = file.stat() if file else None
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status else None


def open_casebook(url: str) -> Casebook:
    """Open the casebook at `url` and bring its tables up to date.

    Raises:
        UserError: when the database cannot be opened.
    """
    return _opened(url, bring_up_to_date)


def open_as_it_is(url: str) -> Casebook:
    """Open a casebook that is there already, of whatever revision, and change nothing in it.

    Raises:
        UserError: when there is none, or it cannot be opened.
    """
    return _opened(url, _look)


def _opened(url: str, prepare: Callable[[Engine], None]) -> Casebook:
    try:
        engine = engine_at(address(url))
        try:
            prepare(engine)
        except BaseException:
            engine.dispose()
            raise
    except (OSError, ImportError, SQLAlchemyError, CommandError) as error:
        cause = getattr(error, "orig", None) or error
        reason = str(cause).strip().splitlines()[0].rstrip(".")
        is_damaged = getattr(cause, "sqlite_errorname", "") in {"SQLITE_CORRUPT", "SQLITE_NOTADB"}
        do = "Put a backup back: aside restore FILE." if is_damaged else "Check ASIDE_DATABASE_URL and ASIDE_DATA."
        raise UserError(f"The casebook cannot be opened: {reason}.", do) from error
    return Casebook(engine)


def _look(engine: Engine) -> None:
    file = engine.url.database
    if engine.dialect.name == "sqlite" and not (file and Path(file).is_file()):
        raise UserError(f"There is no casebook at {file or engine.url}.", "Check ASIDE_DATABASE_URL and ASIDE_DATA.")
    with engine.connect():
        pass


def is_file(url: str) -> bool:
    """Whether a casebook is a file, on which one of us works; on a server several may.

    Raises:
        UserError: when it is not an address of a database.
    """
    return address(url).get_backend_name() == "sqlite"


def file_of(url: str) -> Path:
    """Where an embedded casebook stands, whether it is there or not.

    Raises:
        UserError: when the casebook is a server's, which has tools of its own.
    """
    parsed = address(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise UserError(
            "Aside copies a casebook that is a file; this one is on a database server.",
            "Use the server's own tools: pg_dump for a backup, pg_restore to put it back.",
        )
    return Path(parsed.database)


def whole(connection: Connection, table: Table) -> ColumnElement[bool]:
    """Of a table whose rows are numbered as they are written: those before which no row can turn up any more.

    A server's transactions take their numbers when they write and show their rows when they end, so a row may turn up
    after one with a higher number. Whoever reads on from the last number they have seen reads these rows only: what is
    older than the oldest transaction that is still at work. Each transaction writes something else before its numbered
    row, so its age is known by then.
    """
    if connection.dialect.name == "sqlite":
        return true()
    return literal_column(
        f"age({table.name}.xmin) > age(pg_snapshot_xmin(pg_current_snapshot())::xid)", type_=Boolean()
    )


def _spelt_once(dialect: Dialect, table: Table, columns: Sequence[str]) -> SQLCompiler:
    insert = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing().inline().compile(dialect=dialect, column_keys=columns)


def insert_once(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row unless one with its key is there already; False when it was."""
    return _written(connection, _inserting(connection.dialect.name, table), values)


def upsert(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert a row, or overwrite the one with the same primary key; False when it stood there just so.

    Of several who write the same at once, one hears that it was new.
    """
    return _written(connection, _overwriting(connection.dialect.name, table, tuple(values)), values)


def _written(connection: Connection, statement: Insert, values: Mapping[str, Any]) -> bool:
    # Of an insert SQLAlchemy tells how many rows there were only if it is asked to; SQLite tells anyway.
    told = connection.execute(statement, dict(values), execution_options={"preserve_rowcount": True})
    return told.rowcount == 1


@cache
def _inserting(dialect: str, table: Table) -> Insert:
    """Made once: SQLAlchemy takes longer to make such a statement than a database to do it."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing()


@cache
def _overwriting(dialect: str, table: Table, columns: tuple[str, ...]) -> Insert:
    """The same, for some columns of a table."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    rest = {name: statement.excluded[name] for name in columns if name not in keys}
    differs = or_(*(table.c[name].is_distinct_from(value) for name, value in rest.items()))
    return statement.on_conflict_do_update(index_elements=keys, set_=rest, where=differs)
