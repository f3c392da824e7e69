"""Casebooks as earlier versions wrote them: `casebooks/0014.json.gz` has the rows of revision 0014, table by table.

Each was written by the code of its time, in the flow tests of that time, on a sandbox. A release adds the one of its
own revision, if that is new:

    python -m pytest -n0 --basetemp=/some/folder tests/flow/test_goodwill.py tests/flow/test_promise.py …
    python -m tests.reliability.old_casebooks /some/folder
"""

import gzip
import json
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, MetaData, create_engine, insert, text

from storage.revisions import MIGRATIONS

FOLDER = Path(__file__).parent / "casebooks"
MOST = 8
"""Casebooks of one revision are put together from so many tests: those in which the most different things happened."""

ONCE = {
    "inbox": ("key",),
    "outbox": ("key",),
    "messages": ("channel", "ts"),
    "settings": ("name",),
    "people": ("user_id",),
    "group_members": ("group_id",),
}
"""What tells rows of a workspace apart, where it is no id."""

Rows = Mapping[str, list[dict[str, Any]]]


def revisions() -> list[str]:
    """The revisions of which there is a casebook, oldest first."""
    return sorted(file.name.removesuffix(".json.gz") for file in FOLDER.glob("*.json.gz"))


def rows_of(revision: str) -> Rows:
    """What stood in it."""
    with gzip.open(FOLDER / f"{revision}.json.gz", "rt", encoding="utf-8") as file:
        found: Rows = json.load(file)
    return found


def lay_out(url: str, revision: str) -> None:
    """Make the tables of a revision, and put in what stood there."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        fill(connection, rows_of(revision))
    engine.dispose()


def fill(connection: Connection, rows: Rows) -> None:
    """Put rows into tables as the database has them."""
    known = MetaData()
    known.reflect(connection)
    for table in known.sorted_tables:
        if rows.get(table.name):
            connection.execute(insert(table), rows[table.name])
        if "seq" in table.c and connection.dialect.name == "postgresql":  # a server counts on from where it was
            numbers = f"setval(pg_get_serial_sequence('{table.name}', 'seq'), max(seq))"
            connection.execute(text(f"SELECT {numbers} FROM {table.name}"))  # noqa: S608 - our own names


def _read(file: Path) -> tuple[str, Rows]:
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')] for name in tables}  # noqa: S608
    (version,) = rows.pop("alembic_version")
    return str(version["version_num"]), {name: found for name, found in rows.items() if not name.startswith("sqlite_")}


def _happened(rows: Rows) -> set[tuple[str, ...]]:
    """What tells one casebook from another: which tables, states and moves there are in it."""
    return {
        (name, *(str(row.get(column)) for column in ("state", "move", "kind", "name") if column in row))
        for name, found in rows.items()
        for row in found
    }


def _said(rows: Rows) -> set[str]:
    """What was said in it; where a test's own clock ran, two may have said something at the same moment."""
    return {_key("messages", row) for row in rows.get("messages", [])} | {_key("cases", row) for row in rows["cases"]}


def _most_varied(all_rows: list[Rows]) -> list[Rows]:
    chosen: list[Rows] = []
    seen: set[tuple[str, ...]] = set()
    while len(chosen) < MOST and all_rows:
        best = max(all_rows, key=lambda rows: len(_happened(rows) - seen))
        if not _happened(best) - seen:
            break
        chosen.append(best)
        seen |= _happened(best)
        all_rows = [rows for rows in all_rows if _said(rows).isdisjoint(_said(best))]
    return chosen


def _together(casebooks: list[Rows]) -> Rows:
    """One casebook of several: what is numbered is numbered anew, what stood in two stands once."""
    found: dict[str, list[dict[str, Any]]] = {}
    seen: set[str] = set()
    for rows in casebooks:
        for name, each in rows.items():
            for row in each:
                key = f"{name}:{_key(name, row)}"
                if key not in seen:
                    seen.add(key)
                    found.setdefault(name, []).append(
                        {**row, "seq": len(found.get(name, [])) + 1} if "seq" in row else row
                    )
    return found


def _key(name: str, row: Mapping[str, Any]) -> str:
    """What a row shares with no other of its table."""
    columns = ONCE.get(name, ("id",) if "id" in row else tuple(each for each in row if each != "seq"))
    return json.dumps([row[each] for each in columns])


def _found(folder: Path) -> Iterator[tuple[str, Rows]]:
    for file in sorted(folder.glob("*/data/casebook.db")):
        if not file.parts[-3].endswith("current"):
            yield _read(file)


def main(folder: Path) -> None:
    """Write the casebook of a revision from those that a run of tests left behind."""
    read = [(version, rows) for version, rows in _found(folder) if rows["cases"]]
    (revision,) = {version for version, _ in read}
    together = _together(_most_varied([rows for _, rows in read]))
    whole = json.dumps(together, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{revision}.json.gz").write_bytes(gzip.compress(whole.encode(), mtime=0))
    print(revision, {name: len(rows) for name, rows in sorted(together.items())})  # noqa: T201 - a command


if __name__ == "__main__":
    main(Path(sys.argv[1]))
