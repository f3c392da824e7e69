"""Files as sheets of cells: CSV in the encodings people have, XLSX and JSON, a row at a time."""

import codecs
import csv
import io
import json
import re
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

import openpyxl
from openpyxl.utils.datetime import from_excel
from openpyxl.workbook import Workbook

from bot.errors import UserError
from storage.importing.values import Cell, SheetError, SheetNumber
from storage.importing.words import Reason

Row = tuple[int, Sequence[Cell]]
"""A row's number as a person counts it, and its cells."""

_REPORT_EVERY = 2_000
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Sheet:
    """One table of cells in a file.

    Attributes:
        label: What a person calls it: the file's name, and the sheet's where there are several.
        names: What its name says that it holds, best first.
        encoding: How its text is read; None where the format settles it.
        headings: The headings, where the format has them apart from the rows (JSON).
        rows: Reads it anew from the start; the argument is told how far it has come.
        size: What that counts up to; None when it is not known before.
    """

    label: str
    names: tuple[str, ...]
    encoding: str | None
    rows: Callable[[Callable[[int], None]], Iterator[Row]] = field(repr=False)
    size: int | None
    headings: tuple[str, ...] | None = None


def read_sheets(path: Path, encoding: str | None = None) -> list[Sheet]:
    """The sheets of a file.

    Args:
        path: A file whose name ends in .csv, .tsv, .txt, .xlsx, .xlsm or .json.
        encoding: How the text of a CSV file is written; found out when None.

    Raises:
        UserError: When the file is missing, is of another kind or cannot be read.
    """
    readers = {
        ".csv": _csv_sheets,
        ".tsv": _csv_sheets,
        ".txt": _csv_sheets,
        ".xlsx": _xlsx_sheets,
        ".xlsm": _xlsx_sheets,
        ".json": _json_sheets,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise UserError(f"{path.name} is not a CSV, XLSX or JSON file.", "Save it as one of these and try again.")
    try:
        return reader(path, encoding)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> UserError:
    return UserError(f"{path.name} cannot be read: {error.strerror or error}.", "Check the name and the permissions.")


# --- CSV


def _csv_sheets(path: Path, encoding: str | None) -> list[Sheet]:
    if encoding is not None:
        try:
            codecs.lookup(encoding)
        except LookupError:
            raise UserError(f"There is no encoding {encoding}.", "Try utf-8, big5 or cp950.") from None
    found = encoding or _encoding(path)
    size = path.stat().st_size

    def rows(report: Callable[[int], None]) -> Iterator[Row]:
        return _csv_rows(path, found, report)

    return [Sheet(label=path.name, names=(path.stem,), encoding=found, rows=rows, size=size)]


def _csv_rows(path: Path, encoding: str, report: Callable[[int], None]) -> Iterator[Row]:
    errors = "replace" if encoding.lower().startswith(("utf-16", "utf_16", "utf-32", "utf_32")) else "surrogateescape"
    try:
        with (
            path.open("rb") as raw,
            io.TextIOWrapper(raw, encoding=encoding, errors=errors, newline="") as stream,
        ):
            delimiter = _delimiter(stream)
            stream.seek(0)
            row = 0
            for row, cells in enumerate(csv.reader(stream, delimiter=delimiter, strict=True), start=1):
                if row % _REPORT_EVERY == 0:
                    report(raw.tell())
                yield row, cells
    except OSError as error:
        raise _unreadable(path, error) from error
    except (csv.Error, UnicodeError) as error:
        raise UserError(
            f"{path.name} cannot be split into cells after row {row}: {error}.",
            "Look there for a quote that is opened and not closed, or name the encoding with --encoding.",
        ) from error


def _delimiter(stream: IO[str]) -> str:
    """The separator that the first line with words has most of, outside quotes."""
    for _ in range(20):
        line = stream.readline(1 << 16)
        plain = re.sub(r'"[^"]*"', "", line)
        if plain.strip(",;\t \r\n\ufeff"):
            return max(",\t;", key=plain.count)
        if not line:
            break
    return ","


_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _encoding(path: Path) -> str:
    """How a text file is written: by its mark, as UTF-8, or as the Big5 that leaves the fewest bytes unread.

    A file that is UTF-8 but for a few broken bytes stays UTF-8, so that those rows can be named.
    """
    with path.open("rb") as stream:
        start = stream.read(4)
    for mark, name in _BOMS:
        if start.startswith(mark):
            return name
    broken, whole = _bytes_unread(path, "utf-8")
    if broken == 0 or broken < whole:
        return "utf-8"
    unread = {name: _bytes_unread(path, name)[0] for name in ("cp950", "big5hkscs")}
    best = min(unread, key=lambda name: unread[name])
    return "utf-8" if broken <= unread[best] else best


_UNREAD = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile("[^\x00-\x7f]")


def _bytes_unread(path: Path, encoding: str) -> tuple[int, int]:
    """How many bytes this encoding cannot read, and how many characters beyond ASCII it does read."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogateescape")
    broken = whole = 0
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            text = decoder.decode(chunk)
            if not text.isascii():
                unread = len(_UNREAD.findall(text))
                broken += unread
                whole += len(_BEYOND_ASCII.findall(text)) - unread
    broken += len(_UNREAD.findall(decoder.decode(b"", final=True)))
    return broken, whole


# --- XLSX


def _xlsx_sheets(path: Path, _encoding: str | None) -> list[Sheet]:
    workbook = _workbook(path, values=True)
    try:
        titles = [sheet.title for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
        sizes = {sheet.title: sheet.max_row for sheet in workbook.worksheets}
    finally:
        workbook.close()
    formulas = _has_formulas(path)
    several = len(titles) > 1
    return [
        Sheet(
            label=f"{path.name} › {title}" if several else path.name,
            names=(title,) if several else (title, path.stem),
            encoding=None,
            rows=_xlsx_reader(path, title, formulas=formulas),
            size=sizes[title],
        )
        for title in titles
    ]


def _workbook(path: Path, *, values: bool) -> Workbook:
    with path.open("rb"):
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl warns of styles and validations that it does not read
            return openpyxl.load_workbook(path, read_only=True, data_only=values)
    except (BadZipFile, KeyError, ValueError, TypeError, OSError) as error:
        raise UserError(
            f"{path.name} is not an XLSX workbook that can be read.",
            "Open it in the spreadsheet, remove a password if it has one, and save it as .xlsx.",
        ) from error


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


def _xlsx_reader(path: Path, title: str, *, formulas: bool) -> Callable[[Callable[[int], None]], Iterator[Row]]:
    def rows(report: Callable[[int], None]) -> Iterator[Row]:
        workbook = _workbook(path, values=True)
        beside = _workbook(path, values=False) if formulas else None
        try:
            epoch = workbook.epoch
            written = _grid(beside, title) if beside else None
            for row, cells in enumerate(_grid(workbook, title), start=1):
                if row % _REPORT_EVERY == 0:
                    report(row)
                behind = next(written, ()) if written else ()
                read = [_sheet_cell(cell, epoch) for cell in cells]
                for at, cell in enumerate(behind):
                    if at < len(read) and read[at] is None and cell.data_type == "f":
                        read[at] = SheetError(str(cell.value), Reason.FORMULA)
                while read and read[-1] is None:
                    read.pop()
                yield row, read
        except (SyntaxError, KeyError, ValueError, TypeError, BadZipFile, zlib.error) as error:
            raise UserError(
                f"{path.name} cannot be read to its end.", "Open it in the spreadsheet and save it anew."
            ) from error
        finally:
            workbook.close()
            if beside:
                beside.close()

    return rows


def _grid(workbook: Workbook, title: str) -> Iterator[Sequence[Any]]:
    sheet: Any = workbook[title]
    sheet.reset_dimensions()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = sheet.iter_rows()
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # dates out of range are read as errors of their cell
            cells = next(rows, None)
        if cells is None:
            return
        yield cells


def _sheet_cell(cell: Any, epoch: datetime) -> Cell:
    value = cell.value
    if value is None or isinstance(value, (bool, date)):
        return value
    if cell.data_type == "e":
        return SheetError(str(value), Reason.CELL_ERROR)
    if isinstance(value, (int, float)):
        return _number(value, cell.number_format or "", epoch)
    return str(value)


_FIRST_DAY, _LAST_DAY = 4_383, 2_958_465
"""Day counts of 1912-01-01 and 9999-12-31; smaller numbers are no dates of ours."""


def _number(value: float, number_format: str, epoch: datetime) -> SheetNumber:
    exact = Decimal(repr(value))
    whole = exact == exact.to_integral_value()
    text = str(int(exact)) if whole else str(exact.quantize(Decimal("0.000001")).normalize())
    if whole and re.fullmatch(r"0+", number_format):
        text = text.zfill(len(number_format))
    if not _FIRST_DAY <= value <= _LAST_DAY or _looks_compact(text):
        return SheetNumber(text)
    found: Any = None
    with suppress(ValueError, OverflowError):
        found = from_excel(value, epoch)
    return SheetNumber(text, found.date() if isinstance(found, datetime) else None)


def _looks_compact(text: str) -> bool:
    """Whether a number is rather a date written without separators, 1140531 or 20260531."""
    return re.fullmatch(r"[01]\d{6}|(19|20)\d{6}", text) is not None


# --- JSON


def _json_sheets(path: Path, encoding: str | None) -> list[Sheet]:
    try:
        with path.open(encoding=encoding or "utf-8-sig") as stream:
            content = json.load(stream, parse_float=Decimal)
    except json.JSONDecodeError as error:
        raise UserError(
            f"{path.name} is not JSON: {error.msg} in line {error.lineno}, column {error.colno}.",
            "Correct it there.",
        ) from error
    except (UnicodeError, LookupError) as error:
        raise UserError(f"{path.name} cannot be read as text: {error}.", "Save it in UTF-8.") from error
    except RecursionError as error:
        raise UserError(f"{path.name} is nested too deep.", "Write a list of rows.") from error
    if isinstance(content, list):
        return [_json_sheet(path.name, path.stem, content)]
    if isinstance(content, dict) and content and all(isinstance(each, list) for each in content.values()):
        return [_json_sheet(f"{path.name} › {name}", str(name), rows) for name, rows in content.items()]
    raise UserError(
        f"{path.name} is neither a list of rows nor an object with a list for each table.",
        'Write [{…}, …] or {"customers": [{…}, …], …}.',
    )


def _json_sheet(label: str, name: str, records: list[Any]) -> Sheet:
    for at, record in enumerate(records, start=1):
        if not isinstance(record, dict):
            raise UserError(f"Row {at} of {label} is not an object.", 'Write each row as {"name": …, …}.')
    headings = tuple(dict.fromkeys(key for record in records for key in record))

    def rows(report: Callable[[int], None]) -> Iterator[Row]:
        for at, record in enumerate(records, start=1):
            if at % _REPORT_EVERY == 0:
                report(at)
            yield at, [record.get(key) for key in headings]

    return Sheet(label=label, names=(name,), encoding=None, rows=rows, size=len(records), headings=headings)
