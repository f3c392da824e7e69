"""What the tests of import and directory share."""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from storage.importing import ImportReport, import_files

Write = Callable[..., Path]
Import = Callable[..., ImportReport]
Stored = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a text file as somebody's export would be."""

    def write_file(name: str, *lines: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes("".join(f"{line}\r\n" for line in lines).encode(encoding))
        return path

    return write_file


@pytest.fixture
def write_xlsx(tmp_path: Path) -> Write:
    """Write a workbook, its sheets as lists of rows."""

    def write_workbook(name: str, **sheets: Iterable[Sequence[Any]]) -> Path:
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.worksheets[0])
        for title, rows in sheets.items():
            sheet = workbook.create_sheet(title)
            for row in rows:
                sheet.append(row)
        path = tmp_path / name
        workbook.save(path)
        return path

    return write_workbook


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where the directory goes."""
    return tmp_path / "aside" / "directory.db"


@pytest.fixture
def run_import(target: Path) -> Import:
    """Import files into the directory."""

    def run(*paths: Path, **options: Any) -> ImportReport:
        return import_files(paths, target, **options)

    return run


@pytest.fixture
def stored(target: Path) -> Stored:
    """Rows of the directory as they are stored."""

    def select(table: str, *columns: str) -> list[tuple[Any, ...]]:
        names = ", ".join(f'"{name}"' for name in columns)
        with closing(sqlite3.connect(target)) as connection:
            return connection.execute(f"SELECT {names} FROM {table} ORDER BY 1, 2").fetchall()  # noqa: S608 - the test's own words

    return select


def bad(report: ImportReport) -> list[tuple[str, int, str | None, str, str]]:
    """Every bad row, as it is listed."""
    return [(each.file, each.row, each.column, each.value, each.sentence) for each in report.bad_rows]
