"""`aside import` in a terminal."""

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli_import import import_command
from storage.directory import Directory
from tests.directory.conftest import Write


def test_an_import_tells_what_it_read_and_wrote(write: Write, target: Path) -> None:
    """Each file with its rows and encoding, the columns not used, and where the directory is."""
    customers = write("customers.csv", "id,name,備註", "C1,甲公司,x", "C2,乙公司,", encoding="big5")
    result = CliRunner().invoke(import_command, [str(customers), "--to", str(target)])
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "customers.csv: 2 rows, read as cp950",
        "  Columns not used: 備註",
        f"The new directory is in place at {target}: 2 customers, 2 customer names.",
    ]


def test_bad_rows_stop_an_import_with_a_list(write: Write, target: Path) -> None:
    """The list names file, row, column, value and reason; the exit code is 1 and nothing is written."""
    customers = write("customers.csv", "id,name,timezone", "C1,甲公司,", "C2,乙公司,[red]Mars[/red]")
    result = CliRunner().invoke(import_command, [str(customers), "--to", str(target)])
    assert result.exit_code == 1
    row = next(line for line in result.stdout.splitlines() if "Mars" in line)
    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        "customers.csv",
        "3",
        "timezone",
        "[red]Mars[/red]",
        "This is not a time zone; write it like Asia/Taipei.",
    ]
    assert "Nothing was changed: 1 row cannot be taken in." in result.stdout
    assert not target.exists()


def test_skipping_says_how_many_were_left_out(write: Write, target: Path) -> None:
    """With --skip-bad the rest is taken in, and the number of rows left out is told."""
    customers = write("customers.csv", "id,name,timezone", "C1,甲公司,", "C2,乙公司,Mars", ",,Asia/Taipei")
    result = CliRunner().invoke(import_command, [str(customers), "--to", str(target), "--skip-bad"])
    assert result.exit_code == 0
    assert "2 rows left out." in result.stdout
    assert Directory(target).customer_count() == 1


def test_a_long_list_is_written_whole_to_a_file(write: Write, target: Path, tmp_path: Path) -> None:
    """The screen shows the first two hundred, --report holds every one."""
    customers = write("customers.csv", "id,name,timezone", *(f"C{n},甲 {n},Mars" for n in range(250)))
    listing = tmp_path / "bad.csv"
    result = CliRunner().invoke(import_command, [str(customers), "--to", str(target), "--report", str(listing)])
    assert result.exit_code == 1
    assert result.stdout.count("Mars") == 200
    assert "50 more are not shown" in result.stdout
    with listing.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0] == ["file", "row", "column", "value", "reason"]
    assert len(rows) == 251
    assert rows[250][:4] == ["customers.csv", "251", "timezone", "Mars"]


@pytest.mark.parametrize("start", ["=HYPERLINK(A1)", "@SUM(1)", "+1", "-1", "＝1"])
def test_the_list_of_bad_rows_is_safe_to_open_in_a_spreadsheet(
    start: str, write: Write, target: Path, tmp_path: Path
) -> None:
    """What somebody typed into a cell does not become a formula in the list; an apostrophe makes it text."""
    customers = write("=1.csv", f"{start},id,name,timezone", f",C1,甲公司,{start}")
    mapping = write("map.yml", "customers:", f"  tier: '{start}'")
    listing = tmp_path / "bad.csv"
    options = ["--to", str(target), "--mapping", str(mapping), "--report", str(listing)]
    assert CliRunner().invoke(import_command, [str(customers), *options]).exit_code == 1
    with listing.open(encoding="utf-8-sig", newline="") as stream:
        row = list(csv.reader(stream))[1]
    assert row[:4] == ["'=1.csv", "2", "timezone", f"'{start}"]


def test_one_of_a_kind_is_told_in_the_singular(write: Write, target: Path) -> None:
    """One warranty is one warranty; none is none."""
    flat = write("list.csv", "客戶名稱,序號,保固迄日,合約編號,業務,窗口", "甲公司,S1,2026-01-01,M1,許家豪,王小明")
    prices = write("service_prices.csv", "code,name,price", "A,遠端,100")
    result = CliRunner().invoke(import_command, [str(flat), str(prices), "--to", str(target)])
    assert result.stdout.splitlines()[-1] == (
        f"The new directory is in place at {target}: 1 customer, 1 customer name, 1 product, 1 contract, 1 warranty, "
        "1 contact, 1 service price, 1 staff member."
    )


def test_the_directory_goes_where_the_settings_say(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ASIDE_DIRECTORY moves it; without it the directory is .aside/directory.db."""
    customers = write("customers.csv", "name", "甲公司")
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(import_command, [str(customers)]).exit_code == 0
    assert Directory(tmp_path / ".aside" / "directory.db").customer_count() == 1
    monkeypatch.setenv("ASIDE_DIRECTORY", str(tmp_path / "elsewhere.db"))
    assert CliRunner().invoke(import_command, [str(customers)]).exit_code == 0
    assert Directory(tmp_path / "elsewhere.db").customer_count() == 1
