"""Files that are damaged, or made to do harm: each gets a sentence, none a traceback, none fills the machine."""

import io
import random
import re
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import UserError
from storage.importing import import_files
from storage.importing.reading import read_sheets
from tests.directory.conftest import Import, Write, bad

PARTS = (
    "[Content_Types].xml",
    "_rels/.rels",
    "docProps/core.xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "xl/styles.xml",
    "xl/sharedStrings.xml",
    "xl/worksheets/sheet1.xml",
)
ROWS = (
    ("客戶編號", "客戶名稱", "保固起日", "保固迄日"),
    ("C1", "甲公司", 46027, "=1+1"),
    ("C2", "乙公司", "114/05/31", 1),
)


def workbook() -> bytes:
    """A small workbook as a spreadsheet stores it, with a date, a formula and shared texts."""
    book = openpyxl.Workbook()
    sheet: Any = book.worksheets[0]
    for row in ROWS:
        sheet.append(row)
    sheet["C2"].number_format = "yyyy/mm/dd"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


WORKBOOK = workbook()
CSV = '客戶編號,客戶名稱,保固迄日\r\nC1,"甲;公司",114/05/31\r\nC2,乙公司,2026-01-01\r\n'.encode()
JSON = '{"customers": [{"id": 1, "name": "甲", "tier": null}], "contracts": [{"number": 2.5, "end": true}]}'.encode()


def changed(change: Callable[[str, bytes], bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The workbook with the bytes of its parts changed."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WORKBOOK)) as old, zipfile.ZipFile(stream, "w", compression) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return stream.getvalue()


def part(name: str, content: bytes) -> bytes:
    """The workbook with one part replaced."""
    return changed(lambda each, old: content if each == name else old)


def sheet(rows: str) -> bytes:
    """The workbook with these rows behind its own."""
    return changed(lambda _, old: old.replace(b"</sheetData>", f"{rows}</sheetData>".encode()))


def refused(path: Path, content: bytes) -> str:
    """What a person is told about a file with this content."""
    path.write_bytes(content)
    with pytest.raises(UserError) as told:
        import_files([path], path.with_suffix(".db"))
    return told.value.what


# --- workbooks


@pytest.mark.parametrize("content", [b"", b"<", b"<a/>", b"<a", b"\x00", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&d;</a>"])
@pytest.mark.parametrize("name", PARTS)
def test_a_workbook_with_a_broken_part_gets_one_sentence(name: str, content: bytes, tmp_path: Path) -> None:
    """Whichever part of a workbook is not what it should be, it is read without that part or refused in words."""
    path = tmp_path / "customers.xlsx"
    path.write_bytes(part(name, content))
    told = ""
    try:
        import_files([path], tmp_path / "directory.db")
    except UserError as error:
        told = error.what
    assert told in {
        "",
        "customers.xlsx is not an XLSX workbook that can be read.",
        "Nothing is recognised in customers.xlsx: no headings that we know.",
        "Nothing is recognised in these files: no headings that we know.",
    }


def test_a_part_of_a_workbook_that_cannot_be_unpacked_gets_one_sentence(tmp_path: Path) -> None:
    """A damaged, an encrypted and an unheard-of packing are all a workbook that cannot be read."""
    told = "customers.xlsx is not an XLSX workbook that can be read."
    stored = changed(lambda _, old: old, zipfile.ZIP_STORED)
    local, central = b"PK\x03\x04\x14\x00", b"PK\x01\x02\x14\x03\x14\x00"
    assert refused(tmp_path / "customers.xlsx", stored[:-30]) == told
    for flags in (
        b"\x01\x00\x00\x00",
        b"\x00\x00\x63\x00",
        b"\x00\x00\x08\x00",
        b"\x00\x00\x0c\x00",
        b"\x00\x00\x0e\x00",
    ):
        other = stored.replace(local + bytes(4), local + flags).replace(central + bytes(4), central + flags)
        assert other != stored
        assert refused(tmp_path / "customers.xlsx", other) == told


def test_numbers_that_no_spreadsheet_holds_are_refused(tmp_path: Path, run_import: Import) -> None:
    """A number beyond counting is an error of its cell."""
    path = tmp_path / "customers.xlsx"
    path.write_bytes(sheet('<row r="4"><c r="B4" t="str"><v>丙</v></c><c r="C4"><v>1E999</v></c></row>'))
    assert ("customers.xlsx", 4, "保固起日", "inf", "The spreadsheet itself shows an error here.") in bad(
        run_import(path)
    )


def test_a_row_beyond_the_end_of_a_spreadsheet_is_refused(tmp_path: Path) -> None:
    """A few bytes that claim two thousand million rows do not keep the import busy for ever."""
    last = '<row r="{0}"><c r="A{0}"><v>1</v></c></row>'
    assert refused(tmp_path / "customers.xlsx", sheet(last.format(2_000_000_000))) == (
        "customers.xlsx has a row beyond 1,048,576, where a spreadsheet ends."
    )


@pytest.mark.parametrize("name", ["xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/media/image1.png"])
def test_a_workbook_that_unfolds_to_fill_the_memory_is_refused_unopened(name: str, tmp_path: Path) -> None:
    """A small file of which hundreds of megabytes come is refused by what its entries say."""
    path = tmp_path / "customers.xlsx"
    path.write_bytes(part(name, b""))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/more.xml", "w") as stream:
        for _ in range(20):
            stream.write(bytes(2**20))
    assert path.stat().st_size < 2**16
    assert refused(path, path.read_bytes()) == (
        "customers.xlsx unfolds to 20 MiB, which is more than is read of a workbook."
    )


def test_a_workbook_that_lies_about_its_size_unfolds_to_no_more_than_it_says(tmp_path: Path) -> None:
    """Where the entry of a part says less than is in it, only so much is unpacked, and it does not match its sum."""
    content = part("xl/styles.xml", bytes(2**24 + 2**20))
    size, lie = (2**24 + 2**20).to_bytes(4, "little"), (100).to_bytes(4, "little")
    assert refused(tmp_path / "customers.xlsx", content.replace(size, lie)) == (
        "customers.xlsx is not an XLSX workbook that can be read."
    )


# --- JSON and text


def test_json_numbers_of_any_length_are_values_of_their_cells(tmp_path: Path, run_import: Import) -> None:
    """Thousands of digits, or an exponent beyond counting, are a bad row, told like any other."""
    path = tmp_path / "contracts.json"
    long = "9" * 5000
    path.write_text(
        f'[{{"customer_name": "甲", "number": "M1", "incidents_left": {long}, "price": 1e99999999999999999999}}]'
    )
    assert bad(run_import(path)) == [
        ("contracts.json", 1, "incidents_left", "9" * 39 + "…", "This number is too large to be meant."),
        ("contracts.json", 1, "price", "1e99999999999999999999", "This is not an amount of money."),
    ]


def test_a_json_table_whose_name_cannot_be_written_is_told_with_a_mark(tmp_path: Path, run_import: Import) -> None:
    """Half a surrogate pair in the name of a table stops neither the import nor the list of what was not used."""
    path = tmp_path / "export.json"
    path.write_text(r'{"\ud800": [{"x": 1}], "customers": [{"name": "甲公司", "\udfff": "1"}]}')
    report = run_import(path)
    assert report.skipped == ["export.json › ?"]
    assert report.ignored == {"export.json › customers": ("?",)}


def test_a_file_whose_name_cannot_be_written_is_told_with_a_mark(tmp_path: Path, run_import: Import) -> None:
    """A name in bytes that are no text, as old disks have, is told as well as it can be."""
    path = tmp_path / "customers\udcff.csv"
    path.write_text("name\n甲公司\n")
    assert run_import(path).rows == {"customers?.csv": 1}


@pytest.mark.parametrize("encoding", ["rot13", "hex", "klingon", "undefined", "utf\x008", "\ud800"])
def test_an_encoding_that_is_none_of_text_gets_one_sentence(encoding: str, write: Write, run_import: Import) -> None:
    """What is named with --encoding has to turn bytes into text."""
    with pytest.raises(UserError, match="There is no encoding"):
        run_import(write("customers.csv", "name", "甲公司"), encoding=encoding)


# --- whatever comes

STARTS = {".xlsx": WORKBOOK, ".csv": CSV, ".json": JSON}
IN_ONE_PLACE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


@IN_ONE_PLACE
@given(
    kind=st.sampled_from(sorted(STARTS)), seed=st.integers(0, 2**32), encoding=st.sampled_from([None, "utf-8", "big5"])
)
def test_no_damage_to_a_file_ends_in_a_traceback(kind: str, seed: int, encoding: str | None, tmp_path: Path) -> None:
    """Bytes changed, lost or doubled anywhere in a file lead to a directory, bad rows or one sentence."""
    imported(tmp_path / f"customers{kind}", mutated(STARTS[kind], seed), encoding)


@IN_ONE_PLACE
@given(name=st.sampled_from(PARTS), seed=st.integers(0, 2**32))
def test_no_damage_within_a_workbook_ends_in_a_traceback(name: str, seed: int, tmp_path: Path) -> None:
    """The same for the parts of a workbook, packed soundly; figures and attributes are changed too."""

    def change(each: str, old: bytes) -> bytes:
        return mutated(old, seed) if each == name else old

    imported(tmp_path / "customers.xlsx", changed(change), None)


@IN_ONE_PLACE
@given(content=st.binary(max_size=200), kind=st.sampled_from(sorted(STARTS)))
def test_no_bytes_at_all_end_in_a_traceback(content: bytes, kind: str, tmp_path: Path) -> None:
    """A file of another kind under one of our endings leads to one of the same three."""
    imported(tmp_path / f"customers{kind}", content, None)


def imported(path: Path, content: bytes, encoding: str | None) -> None:
    """Import a file of this content; only a sentence for a person may be raised."""
    path.write_bytes(content)
    with suppress(UserError):
        for each in read_sheets(path, encoding):
            assert each.label.encode()
        report = import_files([path], path.with_suffix(".db"), encoding=encoding)
        assert report.swapped_in or report.bad_rows


def mutated(content: bytes, seed: int) -> bytes:
    """The content with a few things changed, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    data = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0:
                data[at : at + 1] = chance.randbytes(1)
            case 1:
                del data[at : at + chance.randint(1, 20)]
            case 2:
                data[at:at] = data[max(0, at - chance.randint(1, 20)) : at]
            case 3:
                numbers = list(re.finditer(rb"\d+", data))
                if numbers:
                    start, end = chance.choice(numbers).span()
                    data[start:end] = chance.choice([b"-1", b"1e9", b"NaN", b"9" * 30, b"0.5", b"", b"x", b"99999"])
            case _:
                words = list(re.finditer(rb'"[^"<>]*"', data))
                if words:
                    start, end = chance.choice(words).span()
                    data[start:end] = chance.choice([b'""', b'"x"', b'"-1"', b'"[]"', b'"99999999"', b'"n"', b'"e"'])
    return bytes(data)
