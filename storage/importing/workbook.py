"""XLSX workbooks as sheets of cells: what is stored, not what a formula would give, and never more than fits."""

import re
import struct
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from lzma import LZMAError
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import openpyxl
from openpyxl.utils.datetime import from_excel
from openpyxl.workbook import Workbook

from bot.errors import UserError
from storage.importing.sheets import REPORT_EVERY, Report, Row, Sheet, called
from storage.importing.values import Cell, SheetError, SheetNumber
from storage.importing.words import Reason

LARGEST = 256 * 2**20
"""Bytes to which a workbook may unfold."""

_SMALL = 16 * 2**20
_MOST_UNFOLDED = 100
"""How many times its packed size a workbook that is not small may unfold to; spreadsheets reach about thirty."""

LAST_ROW = 1_048_576
"""The last row of a spreadsheet."""

_DAMAGE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BadZipFile,
    EOFError,
    LookupError,
    LZMAError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What the parsers of ZIP, XML and workbooks raise at a damaged file."""

_CHUNK = 1 << 20
_BATCH = 500


def xlsx_sheets(path: Path, _encoding: str | None) -> list[Sheet]:
    """The visible sheets of a workbook.

    Raises:
        OSError: When the disk does not give the file.
        UserError: When it is no workbook, or one that would unfold beyond `LARGEST`.
    """
    with path.open("rb"), _telling(path):
        _refuse_swollen(path)
        with _workbook(path, values=True) as workbook:
            sizes = {each.title: each.max_row for each in workbook.worksheets if each.sheet_state == "visible"}
        formulas = _has_formulas(path)
    return [_sheet(path, title, sizes, formulas=formulas) for title in sizes]


def _sheet(path: Path, title: str, sizes: Mapping[str, int | None], *, formulas: bool) -> Sheet:
    several = len(sizes) > 1

    def rows(report: Report) -> Iterator[Row]:
        return _rows(path, title, report, formulas=formulas)

    return Sheet(
        label=f"{called(path)} › {title}" if several else called(path),
        names=(title,) if several else (title, path.stem),
        encoding=None,
        rows=rows,
        size=sizes[title],
    )


@contextmanager
def _telling(path: Path) -> Iterator[None]:
    """Tell a person in words that a workbook is damaged."""
    try:
        yield
    except _DAMAGE as error:
        raise UserError(
            f"{called(path)} is not an XLSX workbook that can be read.",
            "Open it in the spreadsheet, remove a password if it has one, and save it as .xlsx.",
        ) from error


def _refuse_swollen(path: Path) -> None:
    """Refuse a workbook that would fill the memory; no more is unfolded of a part than its entry says."""
    with ZipFile(path) as archive:
        unfolded = sum(part.file_size for part in archive.infolist())
    if unfolded > LARGEST or unfolded > max(_SMALL, path.stat().st_size * _MOST_UNFOLDED):
        raise UserError(
            f"{called(path)} unfolds to {unfolded // 2**20:,} MiB, which is more than is read of a workbook.",
            "Save its sheets as CSV, which may be of any size.",
        )


@contextmanager
def _workbook(path: Path, *, values: bool) -> Iterator[Workbook]:
    with path.open("rb") as stream:  # openpyxl leaves a file of its own open when it stumbles
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and validations that it does not read
            workbook = openpyxl.load_workbook(stream, read_only=True, data_only=values)
        yield workbook


def _has_formulas(path: Path) -> bool:
    with ZipFile(path) as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                with archive.open(name) as stream:
                    before = b""
                    while chunk := stream.read(_CHUNK):
                        if re.search(rb"<f[ />]", before + chunk):
                            return True
                        before = chunk[-2:]
    return False


def _rows(path: Path, title: str, report: Report, *, formulas: bool) -> Iterator[Row]:
    with (
        _telling(path),
        _workbook(path, values=True) as workbook,
        _workbook(path, values=False) if formulas else nullcontext() as beside,
    ):
        written = _grid(beside, title) if beside else None
        for row, cells in enumerate(_grid(workbook, title), start=1):
            if row > LAST_ROW:
                raise UserError(
                    f"{called(path)} has a row beyond {LAST_ROW:,}, where a spreadsheet ends.",
                    "Open it in the spreadsheet and save it anew.",
                )
            if row % REPORT_EVERY == 0:
                report(row)
            behind = next(written, ()) if written else ()
            if cells:
                yield row, _read(cells, behind, workbook.epoch)


def _read(cells: Sequence[Any], behind: Sequence[Any], epoch: datetime) -> list[Cell]:
    """The values of a row; `behind` are the same cells with their formulas."""
    read = [_cell(cell, epoch) for cell in cells]
    for at, cell in enumerate(behind):
        if at < len(read) and read[at] is None and cell.data_type == "f":
            read[at] = SheetError(str(cell.value), Reason.FORMULA)
    while read and read[-1] is None:
        read.pop()
    return read


def _grid(workbook: Workbook, title: str) -> Iterator[Sequence[Any]]:
    sheet: Any = workbook[title]
    sheet.reset_dimensions()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = sheet.iter_rows()
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # dates out of range are read as errors of their cell
            some = list(islice(rows, _BATCH))
        if not some:
            return
        yield from some


def _cell(cell: Any, epoch: datetime) -> Cell:
    value = cell.value
    if value is None or isinstance(value, (bool, date)):
        return value
    if cell.data_type == "e":
        return SheetError(str(value), Reason.CELL_ERROR)
    if isinstance(value, (int, float)):
        return _number(value, cell.number_format or "", epoch)
    return str(value)


_FIRST_DAY, _LAST_DAY = date(1912, 1, 1), date(2199, 12, 31)
"""Between these a number may be a day count. Beyond, 990531 is rather a day typed without separators."""


def _number(value: float, number_format: str, epoch: datetime) -> SheetNumber | SheetError:
    exact = Decimal(repr(value))
    if not exact.is_finite():
        return SheetError(str(value), Reason.CELL_ERROR)
    whole = exact == exact.to_integral_value()
    text = str(int(exact)) if whole else str(exact.quantize(Decimal("0.000001")).normalize())
    if whole and re.fullmatch(r"0+", number_format):
        text = text.zfill(len(number_format))
    found: Any = None
    with suppress(ValueError, OverflowError):
        found = from_excel(value, epoch)
    day = found.date() if isinstance(found, datetime) else None
    return SheetNumber(text, day if day and _FIRST_DAY <= day <= _LAST_DAY else None)
