"""The tables of docs/import.md, written from the columns that the import knows.

python -m storage.importing.reference docs/import.md
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from storage.importing.columns import CUSTOMER_KEYS, TABLE_NAMES, Column, Table, columns_of
from storage.importing.words import Reason

START, END = "<!-- written by storage.importing.reference -->", "<!-- end -->"

_TITLES = {
    Table.CUSTOMERS: "Customers 客戶",
    Table.CONTACTS: "Contacts 聯絡人",
    Table.PRODUCTS: "Products 產品",
    Table.CONTRACTS: "Contracts 合約",
    Table.WARRANTIES: "Warranties 保固",
    Table.SERVICE_PRICES: "Service prices 服務價目",
    Table.STAFF: "Staff 員工",
}
_PREFIXES = {Table.CONTRACTS: "合約, 維護, 契約 or contract", Table.WARRANTIES: "保固, 保修 or warranty"}
_DEPENDENT = tuple(reason for reason in Reason if reason.is_dependent)


def reference() -> str:
    """Every table with its columns, and every reason for which a row is refused, in Markdown."""
    return "\n".join([*_tables(), "## Why a row is refused", "", *_reasons(), ""])


def _tables() -> Iterator[str]:
    for table in Table:
        yield f"### {_TITLES[table]}"
        yield ""
        yield f"A file or sheet named: {'、'.join(TABLE_NAMES[table].split())}."
        if table in _PREFIXES:
            yield f"Dates, cover, response and incidents may have {_PREFIXES[table]} before their heading."
        yield ""
        yield "| column | holds | headings that mean it |"
        yield "| --- | --- | --- |"
        if table.names_customer:
            yield "| *customer* | one of the three ways to name the customer | as below |"
        for column in columns_of(table):
            if column not in CUSTOMER_KEYS:
                yield _row(column)
        yield ""
    yield "### How a row names its customer"
    yield ""
    yield "| column | holds | headings that mean it |"
    yield "| --- | --- | --- |"
    for column in CUSTOMER_KEYS:
        yield _row(column)
    yield ""


def _row(column: Column) -> str:
    prefixed = {f"合約{column.name}", f"保固{column.name}"} & set(column.words)
    words = column.own if prefixed else (*column.words, *column.own)
    headings = "、".join(each for each in dict.fromkeys(words) if each != column.name)
    headings += f"; failing these {'、'.join(column.weak)}" if column.weak else ""
    needed = " (needed)" if column.needed else ""
    return f"| `{column.name}`{needed} | {column.meaning} | {headings.replace('|', '/')} |"


def _reasons() -> Iterator[str]:
    for reason in Reason:
        only = " (only with `--skip-bad`)" if reason in _DEPENDENT else ""
        yield f"- {reason.value}{only}"


def renewed(page: str) -> str:
    """A page with what stands between the marks written anew."""
    before, _, rest = page.partition(START)
    return f"{before}{START}\n\n{reference()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(renewed(path.read_text("utf-8")), "utf-8")
