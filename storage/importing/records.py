"""One row of a sheet as the records it holds, or what is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.entitlement import DateBasis
from storage.importing.columns import COLUMNS, CUSTOMER_KEYS, MONTHS, START_DATES, Column, Table
from storage.importing.dates import last_day
from storage.importing.planning import Plan
from storage.importing.values import Cell, name_key
from storage.importing.words import BadValueError, Reason, shortened

Values = dict[str, Any]

DEFAULT_CURRENCY = "TWD"

_OF_ITS_OWN = {
    Table.CONTACTS: ("name", "email", "phone", "slack_user_id"),
    Table.PRODUCTS: ("serial",),
    Table.CONTRACTS: ("number", "start", "end", "price", *START_DATES),
    Table.WARRANTIES: ("id", "start", "end", MONTHS, *START_DATES),
}
"""In a flat sheet a row holds a record of a table when one of these is filled in."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a row; `column` is the heading, None when it is the whole row."""

    column: str | None
    value: str
    reason: Reason
    gaps: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """What a row says about one thing.

    Attributes:
        keys: Id, tax id and name by which the row names its customer, as they are compared.
    """

    table: Table
    values: Values
    keys: tuple[str | None, str | None, str | None]


class RowReader:
    """Reads the rows of one sheet."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._width = len(plan.headings)
        self._columns: list[tuple[Table, list[tuple[Column, tuple[int, ...]]]]] = []
        for table, fields in plan.tables.items():
            known = {column.name: column for column in (*CUSTOMER_KEYS, *COLUMNS[table])}
            self._columns.append((table, [(known[name], spots) for name, spots in fields.items()]))
        self._names_customers = {table for table in plan.tables if table.names_customer}
        self._problems: list[Problem] = []

    def read(self, cells: Sequence[Cell]) -> tuple[list[Record], list[Problem]]:
        """The records in a row, and everything that is wrong with it; an empty row has neither."""
        self._problems = []
        if len(cells) > self._width:
            self._refuse_extra(cells)
        read = {table: self._values(columns, cells) for table, columns in self._columns}
        if not self._problems and not any(
            value is not None and value != () for values in read.values() for value in values.values()
        ):
            return [], []
        keys = self._customer_keys(read)
        there = [table for table in read if self._is_there(table, read)]
        if self._plan.shared and Table.CONTRACTS in there and Table.WARRANTIES in there:
            self._refuse_shared(read[Table.CONTRACTS])
        records = [Record(table, self._assemble(table, read[table]), keys) for table in there]
        return records, list(dict.fromkeys(self._problems))

    def _refuse_extra(self, cells: Sequence[Cell]) -> None:
        extra = [cell for cell in cells[self._width :] if cell is not None and cell != ""]
        if extra:
            self._problems.append(Problem(None, shortened(extra[0]), Reason.TOO_MANY_CELLS))

    def _refuse_shared(self, values: Values) -> None:
        for name in sorted(self._plan.shared):
            if values.get(name) is not None:
                self._problem(Table.CONTRACTS, name, "", Reason.UNCLEAR_COVERAGE)

    def _values(self, columns: Sequence[tuple[Column, tuple[int, ...]]], cells: Sequence[Cell]) -> Values:
        values: Values = {}
        for column, spots in columns:
            found = None
            for at in spots:
                cell = cells[at] if at < len(cells) else None
                if cell is None or cell == "":
                    continue
                try:
                    value = column.read(cell)
                except BadValueError as error:
                    gaps = error.gaps
                    if error.reason is Reason.BROKEN_ENCODING:
                        gaps = {"encoding": self._plan.sheet.encoding or "Unicode"}
                    self._problems.append(
                        Problem(self._plan.headings[at], shortened(cell), error.reason, tuple(gaps.items()))
                    )
                    continue
                found = (*found, *value) if found and column.several else value
            values[column.name] = found
        return values

    def _customer_keys(self, read: dict[Table, Values]) -> tuple[str | None, str | None, str | None]:
        if Table.CUSTOMERS in read:
            values = read[Table.CUSTOMERS]
            for column in CUSTOMER_KEYS:
                read[self._plan.main].pop(column.name, None)
            id_, tax_id, name = values.get("id"), values.get("tax_id"), values.get("name")
        elif self._names_customers:
            values = read[self._plan.main]
            id_, name, tax_id = (values.pop(column.name, None) for column in CUSTOMER_KEYS)
        else:
            return None, None, None
        headings = [heading for heading in self._plan.customer_headings() if heading]
        if not (id_ or tax_id or name) and not any(problem.column in headings for problem in self._problems):
            self._problems.append(Problem(headings[0], "", Reason.NO_CUSTOMER))
        return id_, tax_id, name_key(name) if name else None

    def _is_there(self, table: Table, read: dict[Table, Values]) -> bool:
        """Whether this row holds a record of the table, or leaves its columns empty."""
        if table is Table.CUSTOMERS or table is self._plan.main:
            return True
        if any(read[table].get(name) is not None for name in _OF_ITS_OWN[table]):
            return True
        if table is Table.WARRANTIES and self._plan.main is Table.CUSTOMERS:
            # A product without dates still has a coverage, one whose dates are not on file.
            described = read[table].get("product") or read[table].get("serial")
            return bool(described) and not (Table.CONTRACTS in read and self._is_there(Table.CONTRACTS, read))
        return False

    def _assemble(self, table: Table, values: Values) -> Values:
        if table is Table.PRODUCTS and table is not self._plan.main and not values.get("name"):
            values["name"] = values.get("serial")
        if table.is_coverage:
            self._settle_start(table, values)
        if "price" in values:
            self._settle_price(table, values)
        for column in COLUMNS[table]:
            missing = column.needed and values.get(column.name) is None and table is not Table.CUSTOMERS
            if missing and not self._is_refused(table, column.name):
                self._problem(table, column.name, "", Reason.MISSING)
        return values

    def _settle_start(self, table: Table, values: Values) -> None:
        """Take the start from the day of acceptance, delivery …, and with it the basis of the dates."""
        events = {DateBasis(name.removesuffix("_date")): day for name in START_DATES if (day := values.pop(name, None))}
        if events and values.get("start") is None:
            if len(events) > 1 and values.get("basis") in events:
                events = {values["basis"]: events[values["basis"]]}
            if len(set(events.values())) > 1:
                several = next(f"{basis}_date" for basis in events)
                self._problem(table, several, "", Reason.SEVERAL_DATES)
                return
            basis, values["start"] = next(iter(events.items()))
            values["basis"] = values.get("basis") or (basis if len(events) == 1 else None)
        elif events and values.get("basis") is None:
            same = [basis for basis, day in events.items() if day == values["start"]]
            values["basis"] = same[0] if len(same) == 1 else None
        start, end, months = values.get("start"), values.get("end"), values.pop(MONTHS, None)
        if start and months and end is None:
            try:
                values["end"] = end = last_day(start, months)
            except BadValueError as error:
                self._problem(table, MONTHS, str(months), error.reason)
        if start and end and end < start:
            self._problem(table, "end", end.isoformat(), Reason.END_BEFORE_START, start=start.isoformat())

    def _settle_price(self, table: Table, values: Values) -> None:
        """Bring the amount together with its own columns for currency and tax."""
        money = values["price"]
        if money is None:
            values["currency"] = values["tax_basis"] = None
            return
        currency, tax_basis = values.get("currency"), values.get("tax_basis")
        if currency and money.currency and currency != money.currency:
            self._problem(table, "currency", currency, Reason.TWO_CURRENCIES)
        if tax_basis and money.tax_basis and tax_basis != money.tax_basis:
            self._problem(table, "tax_basis", tax_basis, Reason.TWO_TAX_BASES)
        values["price"] = str(money.amount)
        values["currency"] = currency or money.currency or DEFAULT_CURRENCY
        values["tax_basis"] = tax_basis or money.tax_basis

    def _problem(self, table: Table, column: str, value: str, reason: Reason, **gaps: str) -> None:
        self._problems.append(Problem(self._plan.heading(table, column), value, reason, tuple(gaps.items())))

    def _is_refused(self, table: Table, column: str) -> bool:
        """Whether the column is already refused in this row."""
        heading = self._plan.heading(table, column)
        return heading is not None and any(problem.column == heading for problem in self._problems)
