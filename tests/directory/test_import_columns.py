"""The columns that are known, and the page that tells them."""

from pathlib import Path

import pytest

from storage.importing.columns import COLUMNS, TABLE_NAMES, Table, columns_of, heading_key, table_named
from storage.importing.planning import ColumnMapping, plan_sheets
from storage.importing.reference import renewed
from storage.importing.sheets import Sheet

PAGE = Path(__file__).parents[2] / "docs" / "import.md"


def test_the_page_about_importing_tells_every_column() -> None:
    """docs/import.md is what the code knows; `python -m storage.importing.reference docs/import.md` renews it."""
    page = PAGE.read_text("utf-8")
    assert page == renewed(page)


@pytest.mark.parametrize("table", list(Table))
def test_a_heading_means_one_column_of_a_table(table: Table) -> None:
    """Within a table no heading can be read as two columns."""
    seen: dict[str, str] = {}
    for column in columns_of(table):
        for key in column.own_keys | column.weak_keys:
            assert seen.setdefault(key, column.name) == column.name, f"{key}: {seen[key]} and {column.name}"


@pytest.mark.parametrize("table", list(Table))
def test_every_heading_of_the_page_is_read_as_its_column(table: Table) -> None:
    """Whoever heads a column as the page says gets that column."""
    customers = sheet(Table.CUSTOMERS, "id", "name")
    for column in COLUMNS[table]:
        others = [each.name for each in COLUMNS[table] if each.needed and each is not column]
        others += ["customer_id"] if table.names_customer else []
        for heading in (column.name, *column.words, *column.own, *column.weak):
            plans, _ = plan_sheets([sheet(table, heading, *others), customers], ColumnMapping(""))
            assert plans[0].tables[table][column.name] == (0,), heading


def sheet(table: Table, *headings: str) -> Sheet:
    """An empty sheet with these headings."""
    return Sheet(label=table, names=(table,), encoding=None, rows=lambda _report: iter(()), size=0, headings=headings)


def test_tables_are_known_by_the_names_on_the_page() -> None:
    """A file or sheet of each name holds that table, numbered or not, in either script."""
    for table, names in TABLE_NAMES.items():
        for name in names.split():
            assert table_named(name) is table
            assert table_named(f"{name}_2") is table
    assert table_named("客户") is Table.CUSTOMERS
    assert table_named("Sheet1") is None


def test_headings_are_compared_without_width_case_and_punctuation() -> None:
    """People type headings as they like."""
    assert heading_key(" Ｔａｘ＿ＩＤ ： ") == heading_key("tax id") == heading_key("Tax-ID")
