"""What holds between rows: owners, serials, contract numbers, successors. Rows that pass are written."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlite_utils import Database

from storage.importing.columns import Table
from storage.importing.planning import Plan
from storage.importing.staging import FIELDS, Staging, several
from storage.importing.tables import Progress
from storage.importing.values import name_key
from storage.importing.words import BadRow, Reason, shortened

Place = tuple[int, int]
"""Which sheet, counted from 0, and which row of it."""

_BATCH = 5_000


class BadRows:
    """Everything wrong with the rows so far."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self._plans = plans
        self._found: dict[tuple[int, int, str | None, Reason], BadRow] = {}
        self._places: set[Place] = set()

    def __contains__(self, place: Place) -> bool:
        return place in self._places

    def __len__(self) -> int:
        return len(self._places)

    def add(self, at: Place, column: str | None, value: object, reason: Reason, **gaps: str) -> None:
        """Note what is wrong, once; `column` is the heading in the file."""
        source, line = at
        self._places.add(at)
        bad = BadRow(self._plans[source].sheet.label, line, column, shortened(value), reason, gaps)
        self._found.setdefault((source, line, column, reason), bad)

    def add_field(self, row: sqlite3.Row, table: Table, field: str, value: object, reason: Reason, **gaps: str) -> None:
        """The same for a field of ours in a record that waited."""
        plan = self._plans[row["source"]]
        tables = [each for each in (table, *plan.tables) if field in plan.tables.get(each, {})]
        column = plan.heading(tables[0], field) if tables else None
        self.add((row["source"], row["line"]), column, value, reason, **gaps)

    def add_customer(self, row: sqlite3.Row, reason: Reason, **gaps: str) -> None:
        """The same for the cell that names a row's customer."""
        column, value = None, ""
        for heading, stored in zip(self._plans[row["source"]].customer_headings(), _STORED_KEYS, strict=True):
            if heading and row[stored] is not None:
                column, value = heading, row[stored]
                break
        self.add((row["source"], row["line"]), column, value, reason, **gaps)

    def place(self, row: sqlite3.Row) -> str:
        """Where a row stands, in words."""
        return f"{self._plans[row['source']].sheet.label} row {row['line']}"

    def in_order(self, *, with_dependents: bool) -> list[BadRow]:
        """All, in the order of the files; those that only depend on another bad row, if wanted."""
        keys = [key for key in self._found if with_dependents or not key[3].is_dependent]
        return [self._found[key] for key in sorted(keys, key=lambda key: (key[0], key[1], key[2] or ""))]


_TIMEZONE = "Asia/Taipei"
_STORED_KEYS = ("key_id", "key_tax", "key_name")
_CUSTOMER_FIELDS = tuple(name for name in FIELDS[Table.CUSTOMERS] if name not in {"id", "aliases"})


class Filler:
    """Fills the tables of a directory with the records that pass.

    Args:
        bad: What is known to be wrong; rows in it are left out, and what is found is added.
        has_staff: Whether a file lists the staff; otherwise the owners' names make it.
    """

    def __init__(self, db: Database, staging: Staging, bad: BadRows, *, has_staff: bool, progress: Progress) -> None:
        self._db = db
        self._staging = staging
        self._bad = bad
        self._has_staff = has_staff
        self._progress = progress
        self._staff: dict[str, set[str]] = {}
        self._staff_left_out: set[str] = set()
        self._made_staff: dict[str, str] = {}
        self._waiting: dict[str, list[dict[str, Any]]] = {}
        self.written: dict[str, int] = {}

    def fill(self) -> None:
        """Fill every table, those first on which others stand."""
        self._fill_staff()
        self._fill_customers()
        self._fill_products()
        self._fill_contracts()
        self._fill_warranties()
        self._fill_contacts()
        self._fill_service_prices()
        for name in self._made_staff:
            made = dict.fromkeys(FIELDS[Table.STAFF]) | {"id": name, "name": self._made_staff[name]}
            self._write("staff", made)
        for table in list(self._waiting):
            self._flush(table)

    # --- staff

    def _fill_staff(self) -> None:
        rows = list(self._staging.of_table(Table.STAFF))
        good: dict[str, sqlite3.Row] = {}
        for row in rows:
            id_ = row["id"] or row["name"]
            if self._is_bad(row):
                self._staff_left_out |= _staff_keys(row)
            elif id_ in good and tuple(row)[2:] != tuple(good[id_])[2:]:
                field = "id" if row["id"] else "name"
                self._bad.add_field(
                    row, Table.STAFF, field, id_, Reason.DUPLICATE_KEY, place=self._bad.place(good[id_])
                )
            else:
                good.setdefault(id_, row)
                for key in _staff_keys(row):
                    self._staff.setdefault(key, set()).add(id_)
        successors = {id_: self._colleague(row, Table.STAFF, "successor") for id_, row in good.items()}
        for circle in _circles(successors):
            for id_ in circle:
                shown = " → ".join([*circle, circle[0]])
                self._bad.add_field(
                    good[id_],
                    Table.STAFF,
                    "successor",
                    good[id_]["successor"],
                    Reason.SUCCESSOR_CYCLE,
                    circle=shown,
                )
        for id_, row in good.items():
            if self._is_bad(row):
                self._staff_left_out |= _staff_keys(row)
            else:
                values = {name: row[name] for name in FIELDS[Table.STAFF]}
                self._write("staff", values | {"id": id_, "successor": successors[id_]})

    def _colleague(self, row: sqlite3.Row, table: Table, field: str) -> str | None:
        """The id of the colleague whom a field names by id, e-mail address or name."""
        named = row[field]
        if named is None:
            return None
        key = name_key(named)
        found = self._staff.get(key, set())
        if named in found:
            return str(named)
        if len(found) == 1:
            return next(iter(found))
        if not self._has_staff:
            self._staff[key] = {named}
            self._made_staff[named] = named
            return str(named)
        reason = Reason.UNKNOWN_STAFF
        if found:
            reason = Reason.AMBIGUOUS_STAFF
        elif key in self._staff_left_out:
            reason = Reason.LEFT_OUT_STAFF
        self._bad.add_field(row, table, field, named, reason)
        return None

    # --- customers

    def _fill_customers(self) -> None:
        rows = self._counted(self._staging.customers(), Table.CUSTOMERS)
        for cid, group in groupby(rows, key=lambda row: row["cid"]):
            good = [row for row in group if not self._is_bad(row)]
            if cid is not None:
                self._fill_customer(cid, good)
                continue
            for row in good:
                self._bad.add_customer(row, Reason.AMBIGUOUS_CUSTOMER)
        self._flush("customers")

    def _fill_customer(self, cid: str, rows: Sequence[sqlite3.Row]) -> None:
        """One customer out of all the rows that speak of it; a row that contradicts an earlier one is bad."""
        merged: dict[str, Any] = {"id": cid}
        first: dict[str, sqlite3.Row] = {}
        aliases: dict[str, None] = {}
        for row in rows:
            values = {name: row[name] for name in _CUSTOMER_FIELDS if row[name] is not None}
            if "owner" in values:
                values["owner"] = self._colleague(row, Table.CUSTOMERS, "owner")
            self._compare(row, values, merged, first)
            if not self._is_bad(row):
                merged = values | merged
                first = dict.fromkeys(values, row) | first
                aliases |= dict.fromkeys(several(row["aliases"]))
        good = [row for row in rows if not self._is_bad(row)]
        if "name" in merged:
            merged.setdefault("timezone", _TIMEZONE)
            self._write("customers", {name: merged.get(name) for name in ("id", *_CUSTOMER_FIELDS)})
            self._write_names(merged, tuple(aliases))
        else:
            for row in good:
                self._bad.add_field(row, Table.CUSTOMERS, "name", "", Reason.MISSING)

    def _compare(
        self,
        row: sqlite3.Row,
        values: Mapping[str, Any],
        merged: Mapping[str, Any],
        first: Mapping[str, sqlite3.Row],
    ) -> None:
        for name, value in values.items():
            if name not in first or value is None or _is_same(name, value, merged[name]):
                continue
            reason = Reason.TWO_OWNERS if name == "owner" else Reason.DIFFERENT
            place, other = self._bad.place(first[name]), shortened(first[name][name])
            self._bad.add_field(row, Table.CUSTOMERS, name, row[name], reason, place=place, other=other)

    def _write_names(self, customer: Mapping[str, Any], aliases: Sequence[str]) -> None:
        kinds = [(customer["name"], "name"), (customer.get("name_en"), "name_en")]
        seen: set[str] = set()
        for name, kind in (*kinds, *((alias, "alias") for alias in aliases)):
            if name and name not in seen:
                seen.add(name)
                self._write("customer_names", {"customer_id": customer["id"], "name": name, "kind": kind})

    # --- what customers have

    def _customer_of(self, row: sqlite3.Row) -> str | None:
        """The customer a row belongs to; None, and noted why, when there is none."""
        if self._is_bad(row):
            return None
        found = row["own_cid"] if row["is_own"] else self._named_customer(row)
        if found is not None and row["here"] is None:
            self._bad.add_customer(row, Reason.LEFT_OUT_CUSTOMER)
            return None
        return None if found is None else str(found)

    def _named_customer(self, row: sqlite3.Row) -> str | None:
        """The customer a row's id, otherwise its tax id, otherwise its name leads to; they must agree."""
        ways = [(row["by_id"], 1)] if row["key_id"] is not None else []
        ways += [(row["by_tax"], row["n_tax"])] if row["key_tax"] is not None else []
        ways += [(row["by_name"], row["n_name"])] if row["key_name"] is not None else []
        found, how_many = ways[0]
        if found is None:
            self._bad.add_customer(row, Reason.UNKNOWN_CUSTOMER)
            return None
        if how_many > 1:
            self._bad.add_customer(row, Reason.AMBIGUOUS_CUSTOMER)
            return None
        for other, count in ways[1:]:
            if count == 1 and other != found:
                self._bad.add_customer(row, Reason.CONTRADICTING_CUSTOMER, one=found, other=other)
                return None
        return str(found)

    def _fill_products(self) -> None:
        """Products of a list of their own, and those that a coverage or a flat sheet names by serial."""
        rows = self._staging.of_customers(Table.PRODUCTS, "waiting.serial, waiting.implied")
        for serial, group in groupby(self._counted(rows, Table.PRODUCTS), key=lambda row: row["serial"]):
            first: sqlite3.Row | None = None
            product: dict[str, Any] = {"serial": serial}
            for row in group:
                customer = self._customer_of(row)
                if customer is None:
                    continue
                if first is None:
                    first = row
                    product |= {"customer_id": customer, "name": row["name"]}
                elif not row["implied"]:
                    place = self._bad.place(first)
                    self._bad.add_field(row, Table.PRODUCTS, "serial", serial, Reason.DUPLICATE_SERIAL, place=place)
                elif customer != product["customer_id"]:
                    place = self._bad.place(first)
                    self._bad.add_field(row, Table.PRODUCTS, "serial", serial, Reason.SERIAL_ELSEWHERE, place=place)
                elif product["name"] is None:
                    product["name"] = row["name"]
            if first is not None:
                self._write("products", product | {"name": product["name"] or serial})

    def _fill_contracts(self) -> None:
        """A contract over several products comes in a row for each; they must agree on the contract."""
        rows = self._staging.of_customers(Table.CONTRACTS, "waiting.number IS NULL, waiting.number, likely")
        counted = self._counted(rows, Table.CONTRACTS)
        given: set[str] = set()
        for number, group in groupby(counted, key=lambda row: row["number"] or (row["likely"],)):
            whole: dict[str, Any] = {}
            first: dict[str, sqlite3.Row] = {}
            lines: dict[tuple[Any, ...], sqlite3.Row] = {}
            for row in group:
                customer = self._customer_of(row)
                if customer is None:
                    continue
                line = (row["serial"], row["product"])
                if isinstance(number, str):
                    given.add(number)
                    self._agree(row, customer, whole, first)
                    if line in lines:
                        place = self._bad.place(lines[line])
                        self._bad.add_field(row, Table.CONTRACTS, "number", number, Reason.DUPLICATE_KEY, place=place)
                else:
                    line += tuple(row[name] for name in FIELDS[Table.CONTRACTS])
                    if line in lines:  # the customer's further rows, each of another contact, say the same
                        continue
                lines[line] = row
                if not self._is_bad(row):
                    values = {name: row[name] for name in FIELDS[Table.CONTRACTS]}
                    made = values["number"] or _untaken(f"{customer}#{len(lines)}", given)
                    self._write("contracts", values | {"customer_id": customer, "number": made})

    def _agree(self, row: sqlite3.Row, customer: str, whole: dict[str, Any], first: dict[str, sqlite3.Row]) -> None:
        """Compare a further row of a contract with what its earlier rows say of the whole contract."""
        if whole.setdefault("customer", customer) != customer:
            place = self._bad.place(first["customer"])
            self._bad.add_field(row, Table.CONTRACTS, "number", row["number"], Reason.CONTRACT_ELSEWHERE, place=place)
            return
        first.setdefault("customer", row)
        for name in ("name", "price", "currency", "tax_basis"):
            if row[name] is None:
                continue
            if whole.setdefault(name, row[name]) != row[name]:
                place, other = self._bad.place(first[name]), shortened(whole[name])
                self._bad.add_field(row, Table.CONTRACTS, name, row[name], Reason.DIFFERENT, place=place, other=other)
            first.setdefault(name, row)

    def _fill_warranties(self) -> None:
        rows = self._staging.of_customers(Table.WARRANTIES, "waiting.id IS NULL, waiting.id, waiting.serial, likely")
        counted = self._counted(rows, Table.WARRANTIES)
        given: set[str] = set()
        for (id_, _), group in groupby(counted, key=lambda row: (row["id"], row["serial"] or row["likely"])):
            periods: dict[tuple[Any, ...], sqlite3.Row] = {}
            for row in group:
                customer = self._customer_of(row)
                if customer is None:
                    continue
                period = () if id_ else (row["product"] if row["serial"] is None else None, row["start"], row["end"])
                if period in periods:
                    field = next((name for name in ("id", "serial", "product", "end") if row[name]), "end")
                    reason = Reason.DUPLICATE_SERIAL if field == "serial" else Reason.DUPLICATE_KEY
                    place = self._bad.place(periods[period])
                    self._bad.add_field(row, Table.WARRANTIES, field, row[field], reason, place=place)
                    continue
                periods[period] = row
                values = {name: row[name] for name in FIELDS[Table.WARRANTIES]}
                if id_:
                    given.add(id_)
                else:
                    values["id"] = _free(f"W-{row['serial'] or customer}", len(periods), given)
                self._write("warranties", values | {"customer_id": customer})

    def _fill_contacts(self) -> None:
        rows = self._counted(self._staging.of_customers(Table.CONTACTS, "likely"), Table.CONTACTS)
        for _likely, group in groupby(rows, key=lambda row: row["likely"]):
            seen: set[tuple[Any, ...]] = set()
            for row in group:
                customer = self._customer_of(row)
                values = {name: row[name] for name in FIELDS[Table.CONTACTS]}
                if customer is not None and (told := tuple(values.values())) not in seen:
                    seen.add(told)
                    self._write("contacts", values | {"customer_id": customer})

    def _fill_service_prices(self) -> None:
        first: dict[str, sqlite3.Row] = {}
        for row in self._staging.of_table(Table.SERVICE_PRICES):
            code = row["code"]
            if self._is_bad(row):
                continue
            if code in first:
                place = self._bad.place(first[code])
                self._bad.add_field(row, Table.SERVICE_PRICES, "code", code, Reason.DUPLICATE_KEY, place=place)
                continue
            first[code] = row
            self._write("service_prices", {name: row[name] for name in FIELDS[Table.SERVICE_PRICES]})

    # --- small things

    def _is_bad(self, row: sqlite3.Row) -> bool:
        return (row["source"], row["line"]) in self._bad

    def _counted(self, rows: Iterator[sqlite3.Row], table: Table) -> Iterator[sqlite3.Row]:
        """The rows, telling how many have gone by."""
        total = self._staging.counts[table]
        for done, row in enumerate(rows, start=1):
            if done % _BATCH == 0 or done == total:
                self._progress(table, done, total)
            yield row

    def _write(self, table: str, values: dict[str, Any]) -> None:
        waiting = self._waiting.setdefault(table, [])
        waiting.append(values)
        if len(waiting) >= _BATCH:
            self._flush(table)

    def _flush(self, table: str) -> None:
        waiting = self._waiting.pop(table, [])
        if waiting:
            columns = ", ".join(f'"{name}"' for name in waiting[0])
            gaps = ", ".join(f":{name}" for name in waiting[0])
            # Below sqlite-utils, whose own insert costs several times as much and would do the same.
            self._db.conn.executemany(f"INSERT INTO {table} ({columns}) VALUES ({gaps})", waiting)  # noqa: S608 - our names
        self.written[table] = self.written.get(table, 0) + len(waiting)


def _staff_keys(row: sqlite3.Row) -> set[str]:
    return {name_key(row[name]) for name in ("id", "name", "email") if row[name]}


def _circles(successors: Mapping[str, str | None]) -> Iterator[list[str]]:
    """Every circle in which successors go round, once."""
    done: set[str] = set()
    for start in successors:
        path: list[str] = []
        at: str | None = start
        while at is not None and at not in done:
            done.add(at)
            path.append(at)
            at = successors.get(at)
        if at in path:
            yield path[path.index(at) :]


def _is_same(name: str, value: str, other: str) -> bool:
    return name_key(value) == name_key(other) if name in {"name", "name_en"} else value == other


def _free(id_: str, number: int, given: set[str]) -> str:
    """An id that no file gives: the plain one for the first, numbered for the others."""
    return _untaken(id_ if number == 1 else f"{id_}/{number}", given)


def _untaken(made: str, given: set[str]) -> str:
    """An id that was made, marked where a file gives the same one."""
    while made in given:
        made += "'"
    return made
