"""Which table each sheet holds, and which of its columns is which."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import yaml

from bot.errors import UserError
from storage.importing.columns import (
    COLUMNS,
    CUSTOMER_KEYS,
    FLAT,
    MONTHS,
    START_DATES,
    Column,
    Table,
    columns_of,
    heading_keys,
    table_named,
)
from storage.importing.sheets import Row, Sheet
from storage.importing.values import Cell
from storage.importing.words import writable

_HEADER_WITHIN = 10
"""Rows from the top among which the headings are looked for: some sheets have a title above them."""

_DATES = frozenset({"start", "end", *START_DATES})
_TELLTALE = {
    Table.CUSTOMERS: frozenset({"name"}),
    Table.CONTACTS: frozenset({"name"}),
    Table.PRODUCTS: frozenset({"serial"}),
    Table.CONTRACTS: frozenset({"number"}),
    Table.WARRANTIES: _DATES | {MONTHS},
    Table.SERVICE_PRICES: frozenset({"code", "price"}),
    Table.STAFF: frozenset({"id", "left_on", "successor", "role"}),
}
"""A column of these makes it likely that a sheet without a telling name holds the table."""

_CLEAR_TELLTALE = _TELLTALE | {
    Table.CONTRACTS: _DATES | {"number", "price"},
    Table.WARRANTIES: _DATES | {"id", MONTHS},
}
"""The same for a sheet that holds several tables, where only unmistakable headings count."""

Fields = dict[str, tuple[int, ...]]
"""Our columns and where in the row they stand."""


@dataclass(frozen=True)
class MappedColumn:
    """One line of a mapping file: our column, their heading, and where the file says so."""

    table: Table
    column: str
    heading: str
    line: int


@dataclass(frozen=True)
class ColumnMapping:
    """A mapping file 對照檔."""

    file: str
    columns: tuple[MappedColumn, ...] = ()


@dataclass
class Plan:
    """How one sheet is read.

    Attributes:
        headings: As they stand in the file.
        header_row: The row they stand in; 0 where the format has them apart.
        main: The table whose rows these are.
        tables: For every table that a row may hold, where its columns stand.
        ignored: Headings that are no column of ours.
        shared: Columns that may be the contract's or the warranty's: whichever of them a row has.
    """

    sheet: Sheet
    headings: tuple[str, ...]
    header_row: int
    main: Table
    tables: dict[Table, Fields] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    shared: frozenset[str] = frozenset()

    def heading(self, table: Table, column: str) -> str | None:
        """The heading of a column of ours in this sheet."""
        spots = self.tables[table].get(column)
        return self.headings[spots[0]] if spots else None

    def customer_headings(self) -> tuple[str | None, str | None, str | None]:
        """The headings under which a row names its customer by id, by tax id and by name."""
        if Table.CUSTOMERS in self.tables:
            table, id_, tax_id, name = Table.CUSTOMERS, "id", "tax_id", "name"
        else:
            table, id_, tax_id, name = self.main, "customer_id", "customer_tax_id", "customer_name"
        return self.heading(table, id_), self.heading(table, tax_id), self.heading(table, name)


def load_mapping(path: Path) -> ColumnMapping:
    """Read a mapping file: YAML, `{table: {our column: their heading}}`.

    Raises:
        UserError: Naming file and line, when it names a table or a column that we do not have.
    """
    try:
        root = yaml.compose(path.read_text("utf-8-sig"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise UserError(f"{path.name} cannot be read: {error.strerror}.", "Check the name.") from error
    except (yaml.YAMLError, UnicodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        raise UserError(f"{path.name} is not YAML{line}.", "Correct it there.") from error
    return ColumnMapping(path.name, tuple(_mapped(path.name, root)))


def _mapped(file: str, root: yaml.Node | None) -> Iterator[MappedColumn]:
    seen: set[tuple[Table, str]] = set()
    for table_node, columns_node in _pairs(file, root):
        table_name = _scalar(file, table_node)
        if table_name not in set(Table):
            raise UserError(
                f"{file}, line {_line(table_node)}: there is no table {table_name}.",
                f"The tables are {', '.join(Table)}.",
            )
        table = Table(table_name)
        known = {column.name for column in columns_of(table)}
        for column_node, heading_node in _pairs(file, columns_node):
            column = _scalar(file, column_node)
            if column not in known:
                raise UserError(
                    f"{file}, line {_line(column_node)}: {table} has no column {column}.",
                    f"Its columns are {', '.join(sorted(known))}.",
                )
            if (table, column) in seen:
                raise UserError(f"{file}, line {_line(column_node)}: {column} of {table} is there twice.", "Keep one.")
            seen.add((table, column))
            yield MappedColumn(table, column, _scalar(file, heading_node), _line(column_node))


def _pairs(file: str, node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        return list(node.value)
    raise UserError(
        f"{file}, line {_line(node)}: tables and columns are expected here.",
        "Write it as: customers: {name: Their heading}.",
    )


def _scalar(file: str, node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    raise UserError(f"{file}, line {_line(node)}: one name is expected here.", "Write one heading.")


def _line(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node else 1


def plan_sheets(sheets: Sequence[Sheet], mapping: ColumnMapping) -> tuple[list[Plan], list[str]]:
    """How each sheet is read, and the labels of those that hold nothing we know.

    Raises:
        UserError: When nothing is recognised, when a sheet can be read in two ways, or when a column
            without which nothing can be read is missing.
    """
    plans: list[Plan] = []
    skipped: list[str] = []
    for sheet in sheets:
        head = list(islice(_quietly(sheet), _HEADER_WITHIN))
        plan = _plan(sheet, head, mapping)
        if plan:
            plans.append(plan)
        else:
            skipped.append(sheet.label)
    if not plans:
        raise UserError(
            f"Nothing is recognised in {', '.join(skipped) or 'these files'}: no headings that we know.",
            "Name the columns as docs/import.md lists them, give a mapping file, or name the encoding.",
        )
    if not any(Table.CUSTOMERS in plan.tables for plan in plans):
        for plan in plans:
            _make_customers_too(plan, mapping)
    for plan in plans:
        _finish(plan)
    _check_mapping(mapping, plans)
    return plans, skipped


def _quietly(sheet: Sheet) -> Iterator[Row]:
    return sheet.rows(lambda _: None)


def _plan(sheet: Sheet, head: list[Row], mapping: ColumnMapping) -> Plan | None:
    named = next((table for name in sheet.names if (table := table_named(name))), None)
    candidates = [(0, sheet.headings)] if sheet.headings is not None else head
    best: Plan | None = None
    most = 0
    for row, cells in candidates:
        headings = tuple(_heading(cell) for cell in cells)
        main = _main(named, headings, mapping)
        if main is None:
            continue
        matched = len({at for spots in _own(main, headings, mapping, None).values() for at in spots})
        if matched > most:
            most = matched
            best = Plan(sheet, headings, row, main)
    if best:
        best.tables = _tables(best, mapping)
    return best


def _heading(cell: Cell) -> str:
    return "" if cell is None else " ".join(writable(str(cell)).split())


def _main(named: Table | None, headings: Sequence[str], mapping: ColumnMapping) -> Table | None:
    """The table a sheet holds: by its name, otherwise by its columns."""
    if named:
        return named if _own(named, headings, mapping, None) else None
    found = {table: _own(table, headings, mapping, None) for table in Table}
    likely = {table: fields for table, fields in found.items() if _TELLTALE[table] & fields.keys()}
    if not likely:
        return None
    if _clear(Table.CUSTOMERS, headings, mapping, None).keys() & {"name"} and any(
        _CLEAR_TELLTALE[table] & _clear(table, headings, mapping, None).keys() for table in FLAT[1:]
    ):
        return Table.CUSTOMERS
    return max(likely, key=lambda table: len(likely[table]))


def _own(table: Table, headings: Sequence[str], mapping: ColumnMapping, label: str | None) -> Fields:
    """Where the columns of a table stand in a sheet of its own; with a label, two for one are refused."""
    return _match(table, {column: column.own_keys for column in columns_of(table)}, headings, mapping, label)


def _clear(table: Table, headings: Sequence[str], mapping: ColumnMapping, label: str | None) -> Fields:
    """The same for a sheet that also holds other tables: unmistakable headings only."""
    return _match(table, {column: column.keys for column in COLUMNS[table]}, headings, mapping, label)


def _match(
    table: Table,
    known: Mapping[Column, frozenset[str]],
    headings: Sequence[str],
    mapping: ColumnMapping,
    label: str | None,
) -> Fields:
    mapped = {each.heading.strip(): each for each in mapping.columns if each.table is table}
    fixed = {each.column for each in mapped.values() if each.heading.strip() in headings}
    fields: Fields = {}
    for column, keys in known.items():
        if column.name in fixed:
            spots = [at for at, heading in enumerate(headings) if _is_mapped(heading, column, mapped)]
        else:
            free = [(at, heading) for at, heading in enumerate(headings) if heading and heading not in mapped]
            spots = _meaning(keys, free) or _meaning(column.weak_keys, free)
        if len(spots) > 1 and not column.several and label is not None:
            both = " and ".join(headings[at] for at in spots)
            raise UserError(
                f"{label}: the columns {both} both read as {column.name} of {table}.",
                "Rename one of them, or say in a mapping file which one it is.",
            )
        if spots:
            fields[column.name] = tuple(spots)
    return fields


def _meaning(keys: frozenset[str], headings: Sequence[tuple[int, str]]) -> list[int]:
    return [at for at, heading in headings if not keys.isdisjoint(heading_keys(heading))]


def _is_mapped(heading: str, column: Column, mapped: Mapping[str, MappedColumn]) -> bool:
    return heading in mapped and mapped[heading].column == column.name


def _tables(plan: Plan, mapping: ColumnMapping) -> dict[Table, Fields]:
    own = _own(plan.main, plan.headings, mapping, plan.sheet.label)
    if plan.main is not Table.CUSTOMERS:
        return {plan.main: own}
    return {plan.main: own} | _further(plan, own, mapping)


def _make_customers_too(plan: Plan, mapping: ColumnMapping) -> None:
    """When no sheet lists the customers, those that name theirs make them: one list is all that many have."""
    if plan.main not in FLAT:
        return
    customers = _clear(Table.CUSTOMERS, plan.headings, mapping, plan.sheet.label)
    customers |= {
        ours: plan.tables[plan.main][key.name]
        for ours, key in zip(("id", "name", "tax_id"), CUSTOMER_KEYS, strict=True)
        if key.name in plan.tables[plan.main]
    }
    if "name" in customers:
        own = plan.tables[plan.main]
        plan.tables = {Table.CUSTOMERS: customers, plan.main: own} | _further(plan, own, mapping)


def _further(plan: Plan, own: Fields, mapping: ColumnMapping) -> dict[Table, Fields]:
    """What else the rows of a sheet hold, next to the table that it is about."""
    tables: dict[Table, Fields] = {}
    for table in FLAT[1:]:
        fields = _clear(table, plan.headings, mapping, plan.sheet.label)
        if table is not plan.main and _CLEAR_TELLTALE[table] & fields.keys():
            tables[table] = fields
    used = {at for fields in (own, *tables.values()) for spots in fields.values() for at in spots}
    generic = _generic(plan, used, mapping)
    if plan.main not in {Table.CONTRACTS, Table.WARRANTIES} and any(_DATES & each.keys() for each in generic.values()):
        tables.setdefault(Table.WARRANTIES, _clear(Table.WARRANTIES, plan.headings, mapping, None))
        if Table.CONTRACTS in tables and not _DATES & tables[Table.WARRANTIES].keys():
            del tables[Table.WARRANTIES]
    coverages = [table for table in (Table.CONTRACTS, Table.WARRANTIES) if table in tables]
    if len(coverages) > 1:
        _share(plan, generic)
    for table in coverages:
        tables[table] = generic.get(table, {}) | tables[table]
    return tables


def _generic(plan: Plan, used: set[int], mapping: ColumnMapping) -> dict[Table, Fields]:
    """Headings as 到期日 that say what they are, not of what: still free, and read as of a coverage."""
    free = [heading if at not in used else "" for at, heading in enumerate(plan.headings)]
    names = {"id", "name", "number"}
    return {
        table: {
            name: spots for name, spots in _own(table, free, mapping, plan.sheet.label).items() if name not in names
        }
        for table in (Table.CONTRACTS, Table.WARRANTIES)
    }


_WARRANTY_EVENTS = frozenset({"acceptance_date", "delivery_date", "installation_date"})


def _share(plan: Plan, generic: dict[Table, Fields]) -> None:
    """In a sheet with both, tell which general headings are the contract's and which the warranty's.

    A warranty counts from acceptance, delivery or installation, a contract from its signing. What is covered
    is told row by row.
    """
    for name in _WARRANTY_EVENTS:
        generic[Table.CONTRACTS].pop(name, None)
    generic[Table.WARRANTIES].pop("signing_date", None)
    plan.shared = frozenset(generic[Table.CONTRACTS].keys() & generic[Table.WARRANTIES].keys())
    for name in ("start", "end"):
        if name in plan.shared:
            heading = plan.headings[generic[Table.WARRANTIES][name][0]]
            raise UserError(
                f"{plan.sheet.label}: the column {heading} may be the contract's or the warranty's.",
                "Put 合約 or 保固 before its heading, or say in a mapping file which one it is.",
            )


def _finish(plan: Plan) -> None:
    """Refuse a sheet that lacks a column without which no row can be read; note what is left over."""
    for table, fields in plan.tables.items():
        if (
            table in FLAT[1:]
            and Table.CUSTOMERS not in plan.tables
            and not any(key.name in fields for key in CUSTOMER_KEYS)
        ):
            raise UserError(
                f"{plan.sheet.label} has no column that names the customer.",
                "Add one headed 客戶編號, 統一編號 or 客戶名稱 (customer_id, tax_id, customer_name).",
            )
        for column in COLUMNS[table]:
            if column.needed and column.name not in fields and table is plan.main:
                raise UserError(
                    f"{plan.sheet.label} has no column for the {column.name} of {table}.",
                    f"Add one headed {(*column.words, *column.own)[0]}, or give a mapping file.",
                )
    used = {at for fields in plan.tables.values() for spots in fields.values() for at in spots}
    plan.ignored = tuple(heading for at, heading in enumerate(plan.headings) if at not in used and heading)


def _check_mapping(mapping: ColumnMapping, plans: Sequence[Plan]) -> None:
    for each in mapping.columns:
        if not any(each.table in plan.tables and each.heading.strip() in plan.headings for plan in plans):
            raise UserError(
                f"{mapping.file}, line {each.line}: no sheet of {each.table} has a column {each.heading}.",
                "Write the heading as it stands in the file.",
            )
