"""Build the next directory from files, check it, and put it in the place of the old one in one move."""

import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Database

from bot.errors import UserError
from storage.directory import SCHEMA_VERSION
from storage.importing.checks import BadRows, Filler
from storage.importing.columns import Table
from storage.importing.planning import ColumnMapping, Plan, load_mapping, plan_sheets
from storage.importing.reading import read_sheets
from storage.importing.records import Record, RowReader
from storage.importing.staging import Staging
from storage.importing.tables import Progress, create_indexes, create_tables
from storage.importing.words import BadRow
from storage.in_place import put_in_place
from storage.search import build_search_index

_LEFTOVER_SECONDS = 3600
_SHARED_TAX_IDS = """
    SELECT tax_id FROM customers WHERE tax_id IS NOT NULL GROUP BY tax_id HAVING count(*) > 1 ORDER BY tax_id
"""


@dataclass
class ImportReport:
    """What an import did.

    Attributes:
        target: The directory's path.
        swapped_in: Whether the new directory took the old one's place.
        bad_rows: Everything that is wrong, in the order of the files.
        left_out: How many rows are not in the directory because of it.
        rows: Rows read from each sheet, by label.
        written: Rows written to each table.
        encodings: How the text of each sheet was read.
        ignored: Headings that are no column of ours, by the sheet's label.
        skipped: Sheets in which nothing was recognised.
        shared_tax_ids: Tax ids that more than one customer has; no mistake in itself.
    """

    target: Path
    swapped_in: bool = False
    bad_rows: list[BadRow] = field(default_factory=list)
    left_out: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    encodings: dict[str, str] = field(default_factory=dict)
    ignored: dict[str, tuple[str, ...]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    shared_tax_ids: list[str] = field(default_factory=list)


def _no_progress(_step: str, _done: int, _total: int | None) -> None:
    pass


def import_files(
    paths: Sequence[Path],
    target: Path,
    *,
    mapping: Path | None = None,
    skip_bad: bool = False,
    encoding: str | None = None,
    progress: Progress = _no_progress,
) -> ImportReport:
    """Build a directory from files and swap it in whole.

    With bad rows nothing is swapped in, unless `skip_bad`: then they, and the rows that depend on them, are
    left out. Whatever goes wrong, the directory that stands at `target` stays as it is.

    Args:
        paths: CSV, XLSX and JSON files; together they are the whole new directory.
        target: Where the directory stands.
        mapping: A YAML file that says which heading is which column.
        skip_bad: Take in what can be taken in.
        encoding: How the CSV files are written; found out for each when None.
        progress: Told how far each step has come.

    Raises:
        UserError: When a file cannot be read or understood, or the directory cannot be written.
    """
    report = ImportReport(target)
    columns = load_mapping(mapping) if mapping else ColumnMapping("")
    sheets = [sheet for path in paths for sheet in read_sheets(path, encoding)]
    plans, report.skipped = plan_sheets(sheets, columns)
    report.ignored = {plan.sheet.label: plan.ignored for plan in plans if plan.ignored}
    report.encodings = {plan.sheet.label: plan.sheet.encoding for plan in plans if plan.sheet.encoding}
    with _writing(target), _building(target) as new:
        _build(new, plans, report, skip_bad=skip_bad, progress=progress)
        if report.bad_rows and not (skip_bad and report.written.get("customers")):
            return report
        if not report.written.get("customers"):
            raise UserError("There is no customer in these files, so the directory stays as it is.", "Add some.")
        put_in_place(new, target, mode=target.stat().st_mode & 0o777 if target.exists() else 0o640)
        report.swapped_in = True
    return report


def _build(new: Path, plans: Sequence[Plan], report: ImportReport, *, skip_bad: bool, progress: Progress) -> None:
    db = Database(new)
    try:
        # The file is thrown away when anything fails and flushed once at the end: it needs no journal.
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -65536", "temp_store = FILE"):
            db.conn.execute(f"PRAGMA {pragma}")
        create_tables(db)
        bad = BadRows(plans)
        staging = Staging(db.conn)
        for source, plan in enumerate(plans):
            report.rows[plan.sheet.label] = _stage(source, plan, staging, bad, progress)
        db.conn.commit()
        staging.settle()
        has_staff = any(plan.main is Table.STAFF for plan in plans)
        report.written = _fill(db, staging, bad, has_staff=has_staff, again=skip_bad, progress=progress)
        report.bad_rows = bad.in_order(with_dependents=skip_bad)
        report.left_out = len(bad)
        report.shared_tax_ids = [row[0] for row in db.conn.execute(_SHARED_TAX_IDS)]
        if report.bad_rows and not skip_bad:
            return
        db.conn.commit()
        db.conn.execute("DETACH staged")
        _finish(db, report, progress)
    finally:
        db.close()


def _stage(source: int, plan: Plan, staging: Staging, bad: BadRows, progress: Progress) -> int:
    """Read a sheet into the waiting room; how many rows it has."""
    step = plan.sheet.label
    reader = RowReader(plan)
    count = 0
    for line, cells in plan.sheet.rows(lambda done: progress(step, done, plan.sheet.size)):
        if line <= plan.header_row:
            continue
        records, problems = reader.read(cells)
        count += bool(records or problems)
        for problem in problems:
            bad.add((source, line), problem.column, problem.value, problem.reason, **dict(problem.gaps))
        for record in records:
            staging.add(source, line, record, implied=record.table is not plan.main)
            if record.table.is_coverage and Table.PRODUCTS not in plan.tables and record.values.get("serial"):
                named = {"serial": record.values["serial"], "name": record.values.get("product")}
                staging.add(source, line, Record(Table.PRODUCTS, named, record.keys), implied=True)
    progress(step, plan.sheet.size or count, plan.sheet.size or count)
    return count


def _fill(
    db: Database, staging: Staging, bad: BadRows, *, has_staff: bool, again: bool, progress: Progress
) -> dict[str, int]:
    """Write the rows that pass, once more when some turned out bad after other rows had relied on them."""
    while True:
        known = len(bad)
        filler = Filler(db, staging, bad, has_staff=has_staff, progress=progress)
        filler.fill()
        if not again or len(bad) == known:
            return filler.written
        for table in (*filler.written,):
            db.table(table).delete_where()


def _finish(db: Database, report: ImportReport, progress: Progress) -> None:
    """Index the directory, say of what it is made, and check it."""
    progress("index", 0, None)
    create_indexes(db)
    indexed = 0
    total = report.written.get("customers", 0)

    def indexing(more: int) -> None:
        nonlocal indexed
        indexed += more
        progress("index", indexed, total)

    build_search_index(db, indexing)
    meta = {
        "schema_version": str(SCHEMA_VERSION),
        "built_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "sources": json.dumps(report.rows, ensure_ascii=False),
    }
    db.table("meta").insert_all({"key": key, "value": value} for key, value in meta.items())
    db.conn.commit()
    progress("check", 0, None)
    db.conn.execute("ANALYZE")
    db.conn.commit()
    _check(db, report)
    progress("check", 1, 1)


def _check(db: Database, report: ImportReport) -> None:
    """Raise when the file is not what was meant to be written: a fault of ours or of the disk."""
    damage = [row[0] for row in db.conn.execute("PRAGMA integrity_check")]
    if damage != ["ok"]:
        raise sqlite3.DatabaseError(f"integrity_check: {damage[0]}")
    dangling = db.conn.execute("PRAGMA foreign_key_check").fetchone()
    if dangling:
        raise sqlite3.DatabaseError(f"foreign_key_check: {dangling[0]} row {dangling[1]} → {dangling[2]}")
    for table, written in report.written.items():
        found = db.table(table).count
        if found != written:
            raise sqlite3.DatabaseError(f"{table} has {found} rows instead of {written}")


# --- the file


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    """Tell a person what is wrong with the disk, in words."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"The directory cannot be written to {target}: {error.strerror or error}.",
            "Check the folder and its permissions; the old directory is untouched.",
        ) from error
    except sqlite3.DatabaseError as error:
        raise UserError(
            f"The new directory could not be built: {error}.",
            "Check that the disk has room and is sound; the old directory is untouched.",
        ) from error


@contextmanager
def _building(target: Path) -> Iterator[Path]:
    """A new file beside the target, which is gone at the end unless it was put in place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{target.name}."
    for leftover in target.parent.glob(f"{prefix}*.new"):
        with suppress(OSError):
            if time.time() - leftover.stat().st_mtime > _LEFTOVER_SECONDS:
                leftover.unlink()
    handle, name = tempfile.mkstemp(prefix=prefix, suffix=".new", dir=target.parent)
    os.close(handle)
    new = Path(name)
    try:
        yield new
    finally:
        new.unlink(missing_ok=True)
