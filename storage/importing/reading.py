"""Files as sheets of cells: CSV in the encodings people have, XLSX and JSON, a row at a time."""

import codecs
import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from bot.errors import UserError
from storage.importing.sheets import REPORT_EVERY, Report, Row, Sheet, called, unreadable
from storage.importing.words import writable
from storage.importing.workbook import xlsx_sheets

_CHUNK = 1 << 20


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
        ".xlsx": xlsx_sheets,
        ".xlsm": xlsx_sheets,
        ".json": _json_sheets,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise UserError(f"{called(path)} is not a CSV, XLSX or JSON file.", "Save it as one of these and try again.")
    try:
        return reader(path, encoding)
    except OSError as error:
        raise unreadable(path, error) from error


# --- CSV


def _csv_sheets(path: Path, encoding: str | None) -> list[Sheet]:
    if encoding is not None:
        try:
            "a".encode(encoding)
        except (LookupError, ValueError):
            raise UserError(f"There is no encoding {writable(encoding)}.", "Try utf-8, big5 or cp950.") from None
    found = encoding or _encoding(path)
    size = path.stat().st_size

    def rows(report: Report) -> Iterator[Row]:
        return _csv_rows(path, found, report)

    return [Sheet(label=called(path), names=(path.stem,), encoding=found, rows=rows, size=size)]


def _csv_rows(path: Path, encoding: str, report: Report) -> Iterator[Row]:
    errors = "replace" if encoding.lower().startswith(("utf-16", "utf_16", "utf-32", "utf_32")) else "surrogateescape"
    row = 0
    try:
        with (
            path.open("rb") as raw,
            io.TextIOWrapper(raw, encoding=encoding, errors=errors, newline="") as stream,
        ):
            delimiter = _delimiter(stream)
            stream.seek(0)
            for row, cells in enumerate(csv.reader(stream, delimiter=delimiter, strict=True), start=1):
                if row % REPORT_EVERY == 0:
                    report(raw.tell())
                yield row, cells
    except OSError as error:
        raise unreadable(path, error) from error
    except (csv.Error, UnicodeError) as error:
        raise UserError(
            f"{called(path)} cannot be split into cells after row {row}: {error}.",
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


# --- JSON


def _json_sheets(path: Path, encoding: str | None) -> list[Sheet]:
    try:
        with path.open(encoding=encoding or "utf-8-sig") as stream:
            # Numbers stay as written: no digit is lost, and none is too long.
            content = json.load(stream, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        raise UserError(
            f"{called(path)} is not JSON: {error.msg} in line {error.lineno}, column {error.colno}.",
            "Correct it there.",
        ) from error
    except (ValueError, LookupError) as error:
        raise UserError(f"{called(path)} cannot be read as text: {error}.", "Save it in UTF-8.") from error
    except RecursionError as error:
        raise UserError(f"{called(path)} is nested too deep.", "Write a list of rows.") from error
    if isinstance(content, list):
        return [_json_sheet(called(path), path.stem, content)]
    if isinstance(content, dict) and content and all(isinstance(each, list) for each in content.values()):
        return [_json_sheet(f"{called(path)} › {writable(name)}", name, rows) for name, rows in content.items()]
    raise UserError(
        f"{called(path)} is neither a list of rows nor an object with a list for each table.",
        'Write [{…}, …] or {"customers": [{…}, …], …}.',
    )


def _json_sheet(label: str, name: str, records: list[Any]) -> Sheet:
    for at, record in enumerate(records, start=1):
        if not isinstance(record, dict):
            raise UserError(f"Row {at} of {label} is not an object.", 'Write each row as {"name": …, …}.')
    headings = tuple(dict.fromkeys(key for record in records for key in record))

    def rows(report: Report) -> Iterator[Row]:
        for at, record in enumerate(records, start=1):
            if at % REPORT_EVERY == 0:
                report(at)
            yield at, [record.get(key) for key in headings]

    return Sheet(label=label, names=(name,), encoding=None, rows=rows, size=len(records), headings=headings)
