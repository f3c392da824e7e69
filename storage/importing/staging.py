"""The waiting room: every record of every file, until all are known and can be checked.

Files come in any order, so whether a contract's customer exists is known only at the end. The records wait
in a temporary database: SQLite keeps them on disk and sorts them there.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import date
from enum import Enum
from itertools import islice
from typing import Any

from storage.importing.columns import COLUMNS, MONTHS, START_DATES, Table
from storage.importing.records import Record

_BATCH = 5_000
_SEPARATOR = "\n"

FIELDS = {
    table: tuple(column.name for column in columns if column.name not in {*START_DATES, MONTHS})
    for table, columns in COLUMNS.items()
}
"""The columns of each table that wait with a record."""

IMPLIED = "implied"
"""Set on a product that is no row of its own, but named by serial in a row about something else."""


class Staging:
    """The records that wait, in a database that SQLite deletes by itself when the connection closes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.counts = dict.fromkeys(Table, 0)
        self._waiting: dict[Table, list[tuple[Any, ...]]] = {table: [] for table in Table}
        connection.execute("ATTACH '' AS staged")
        connection.execute("PRAGMA staged.journal_mode = OFF")
        connection.create_function("made_id", 1, _made_id, deterministic=True)
        for table, fields in FIELDS.items():
            columns = ", ".join(f'"{name}"' for name in ("cid", "key_id", "key_tax", "key_name", *fields, IMPLIED))
            connection.execute(f"CREATE TABLE staged.{table} (source INTEGER, line INTEGER, {columns})")

    def add(self, source: int, line: int, record: Record, *, implied: bool = False) -> None:
        """Let a record wait; `source` is the number of its sheet, `line` its row there."""
        values = (_stored(record.values.get(name)) for name in FIELDS[record.table])
        waiting = self._waiting[record.table]
        waiting.append((source, line, None, *record.keys, *values, int(implied)))
        self.counts[record.table] += 1
        if len(waiting) >= _BATCH:
            self._write(record.table)

    def _write(self, table: Table) -> None:
        waiting = self._waiting[table]
        if waiting:
            gaps = ", ".join("?" * len(waiting[0]))
            self._connection.executemany(f"INSERT INTO staged.{table} VALUES ({gaps})", waiting)  # noqa: S608 - an enum
            waiting.clear()

    def settle(self) -> None:
        """Give every customer its id, and make all ways to name a customer searchable.

        A row without an id belongs to the one customer with its tax id, failing that to the one with its
        name. Where there is none, an id is made of the tax id or the name, the same at every import. Where
        there are several, `cid` stays NULL.
        """
        for table in Table:
            self._write(table)
        self._connection.executescript("""
            UPDATE staged.customers SET cid = key_id;
            CREATE TABLE staged.known AS
                SELECT key_tax AS key, min(cid) AS cid, count(DISTINCT cid) AS n FROM staged.customers
                WHERE cid IS NOT NULL AND key_tax IS NOT NULL GROUP BY key_tax;
            CREATE INDEX staged.known_key ON known (key);
            UPDATE staged.customers SET cid = CASE
                WHEN NOT EXISTS (SELECT 1 FROM staged.known WHERE key = key_tax) THEN 'T-' || key_tax
                ELSE (SELECT known.cid FROM staged.known WHERE key = key_tax AND n = 1) END
            WHERE key_id IS NULL AND key_tax IS NOT NULL;
            DROP TABLE staged.known;
            CREATE TABLE staged.known AS
                SELECT key_name AS key, min(cid) AS cid, count(DISTINCT cid) AS n FROM staged.customers
                WHERE cid IS NOT NULL AND key_name IS NOT NULL GROUP BY key_name;
            CREATE INDEX staged.known_key ON known (key);
            UPDATE staged.customers SET cid = CASE
                WHEN NOT EXISTS (SELECT 1 FROM staged.known WHERE key = key_name) THEN made_id(key_name)
                ELSE (SELECT known.cid FROM staged.known WHERE key = key_name AND n = 1) END
            WHERE key_id IS NULL AND key_tax IS NULL AND key_name IS NOT NULL;
            DROP TABLE staged.known;
            CREATE INDEX staged.customers_line ON customers (source, line);
            CREATE TABLE staged.ways AS
                SELECT kind, key, min(cid) AS cid, count(DISTINCT cid) AS n FROM (
                    SELECT 'id' AS kind, cid AS key, cid FROM staged.customers
                    UNION ALL SELECT 'tax', key_tax, cid FROM staged.customers
                    UNION ALL SELECT 'name', key_name, cid FROM staged.customers)
                WHERE key IS NOT NULL AND cid IS NOT NULL GROUP BY kind, key;
            CREATE UNIQUE INDEX staged.ways_key ON ways (kind, key);
        """)

    def customers(self) -> Iterator[sqlite3.Row]:
        """Every customer row, those of one customer together, in the order of the files."""
        return self._rows("SELECT * FROM staged.customers ORDER BY cid, rowid")

    def of_table(self, table: Table) -> Iterator[sqlite3.Row]:
        """Every row of staff or service prices, in the order of the files."""
        return self._rows(f"SELECT * FROM staged.{table} ORDER BY rowid")  # noqa: S608 - an enum

    def of_customers(self, table: Table, order: str) -> Iterator[sqlite3.Row]:
        """Every row of a table whose rows belong to customers, with the customer each way of naming leads to.

        `likely` is the customer that it should be; `own_cid` is the customer of the same row, when its sheet
        makes customers too (`is_own`); `by_…` the one that id, tax id and name lead to, `n_…` how many they
        lead to; `here` is set when the likely one was taken in.
        """
        return self._rows(f"""
            SELECT waiting.*, own.source IS NOT NULL AS is_own, own.cid AS own_cid, by_id.cid AS by_id,
                by_tax.cid AS by_tax, by_tax.n AS n_tax, by_name.cid AS by_name, by_name.n AS n_name,
                coalesce(own.cid, by_id.cid, by_tax.cid, by_name.cid) AS likely, here.id AS here
            FROM staged.{table} AS waiting
            LEFT JOIN staged.customers AS own ON own.source = waiting.source AND own.line = waiting.line
            LEFT JOIN staged.ways AS by_id ON by_id.kind = 'id' AND by_id.key = waiting.key_id
            LEFT JOIN staged.ways AS by_tax ON by_tax.kind = 'tax' AND by_tax.key = waiting.key_tax
            LEFT JOIN staged.ways AS by_name ON by_name.kind = 'name' AND by_name.key = waiting.key_name
            LEFT JOIN main.customers AS here
                ON here.id = coalesce(own.cid, by_id.cid, by_tax.cid, by_name.cid)
            ORDER BY {order}, waiting.rowid
        """)  # noqa: S608 - the table is of an enum, the order a constant of ours

    def _rows(self, sql: str) -> Iterator[sqlite3.Row]:
        cursor = self._connection.cursor()
        cursor.row_factory = sqlite3.Row
        cursor.execute(sql)
        while batch := list(islice(cursor, _BATCH)):
            yield from batch


def several(stored: str | None) -> tuple[str, ...]:
    """Names that waited together in one field."""
    return tuple(stored.split(_SEPARATOR)) if stored else ()


def _stored(value: Any) -> Any:
    if value is None or type(value) is str:
        return value
    if isinstance(value, tuple):
        return _SEPARATOR.join(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    return int(value) if isinstance(value, bool) else value


def _made_id(name: str) -> str:
    return "N-" + hashlib.sha256(name.encode()).hexdigest()[:12]
