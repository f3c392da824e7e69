"""The directory 客戶資料: customers and what they have, read from the file that `aside import` builds."""

import sqlite3
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from threading import RLock
from typing import Any
from zoneinfo import ZoneInfo

from bot.customer import (
    Contact,
    Contract,
    Customer,
    CustomerRecord,
    Price,
    Product,
    ServicePrice,
    StaffMember,
    TaxBasis,
)
from bot.entitlement import Coverage, CoverageKind, Covers, DateBasis
from bot.errors import UserError
from bot.found import Found
from bot.recommend import Holdings
from storage.search import Finder

SCHEMA_VERSION = 1
"""Of the tables in `storage.importing.tables`; a directory of another version is imported anew."""

_IMPORT = "Run: aside import FILE…"
_HELD = (
    "SELECT customer_id, name FROM products"
    " UNION SELECT customer_id, product FROM warranties WHERE serial IS NULL AND product IS NOT NULL"
)
"""Which customer holds which product, each once."""
_CUSTOMERS = f"SELECT COUNT(DISTINCT customer_id) FROM ({_HELD})"  # noqa: S608 - our own words
_EACH = f"SELECT name, COUNT(*) FROM ({_HELD}) GROUP BY name"  # noqa: S608 - our own words
_TOGETHER = (
    f"WITH held AS MATERIALIZED ({_HELD}) SELECT one.name, other.name, COUNT(*) FROM held AS one"  # noqa: S608 - our own words
    " JOIN held AS other ON one.customer_id = other.customer_id AND one.name < other.name GROUP BY 1, 2"
)
"""By how many customers each two products are held."""


class Directory:
    """One directory file, read-only. Threads may share it.

    Raises:
        UserError: From any method, when the file turns out to be damaged.
    """

    def __init__(self, path: Path) -> None:
        """Open a directory.

        Raises:
            UserError: When there is none, or it is damaged or of another schema version.
        """
        self._path = path
        if not path.is_file():
            raise UserError(f"There is no customer directory at {path}.", _IMPORT)
        _check_length(path)
        try:
            self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        except sqlite3.DatabaseError as error:
            raise _damaged(path, error) from error
        weakref.finalize(self, self._connection.close)
        self._connection.row_factory = sqlite3.Row
        self._lock = RLock()
        self._finder = Finder(self._connection)
        self._holdings: Holdings | None = None
        self.damage: UserError | None = None
        """What was found wrong with it while it was read."""
        version = self._meta("schema_version")
        if version != str(SCHEMA_VERSION):
            raise UserError(f"The customer directory at {path} was made for another version of Aside.", _IMPORT)

    def customer_count(self) -> int:
        """How many customers are on file."""
        return int(self._rows("SELECT count(*) AS n FROM customers")[0]["n"])

    def built_at(self) -> datetime:
        """When the files were imported."""
        return datetime.fromisoformat(self._meta("built_at"))

    def find(self, query: str, limit: int = 5) -> Found:
        """The customer that is meant, those that may be, or the nearest."""
        with self._lock:
            try:
                return self._finder.find(query, limit)
            except sqlite3.DatabaseError as error:
                self.damage = _damaged(self._path, error)
                raise self.damage from error

    def record(self, customer_id: str, day: date | None = None) -> CustomerRecord | None:
        """Everything on file about a customer; None when there is no such customer.

        Args:
            customer_id: The customer's id.
            day: On which it is told who looks after the account; today in the customer's time zone when None.
        """
        with self._lock:
            found = self._rows("SELECT * FROM customers WHERE id = ?", customer_id)
            if not found:
                return None
            customer = self._customer(found[0])
            contracts = self._of(customer_id, "contracts", "number, id")
            warranties = self._of(customer_id, "warranties", "id")
            keeper = self.account_contact(customer, day)
            beside = customer.model_copy(update={"owner": keeper.successor}) if keeper else None
            return CustomerRecord(
                customer=customer,
                owner=self.staff_member(customer.owner) if customer.owner else None,
                successor=keeper,
                backup=self.account_contact(beside, day) if beside else None,
                contacts=tuple(
                    Contact.model_validate(_but(row, "id", "customer_id"))
                    for row in self._of(customer_id, "contacts", "id")
                ),
                products=tuple(
                    Product(serial=row["serial"], name=row["name"])
                    for row in self._of(customer_id, "products", "serial")
                ),
                contracts=tuple(_contracts(contracts)),
                coverages=tuple(_coverages(contracts, warranties, self._product_names(customer_id))),
            )

    def customers_with_contracts_ending(self, first: date, last: date) -> tuple[str, ...]:
        """Ids of the customers some of whose contracts end between two days."""
        rows = self._rows(
            'SELECT DISTINCT customer_id FROM contracts WHERE "end" BETWEEN ? AND ? ORDER BY customer_id',
            first.isoformat(),
            last.isoformat(),
        )
        return tuple(row["customer_id"] for row in rows)

    def customers_kept_by(self, slack_user_id: str, first: date, last: date, day: date) -> tuple[str, ...]:
        """Ids of the customers whom somebody looks after on `day`, some of whose contracts end between two days."""
        owners = [
            row["id"]
            for row in self._rows("SELECT id FROM staff")
            if (keeper := self._keeper(row["id"], day)) and keeper.slack_user_id == slack_user_id
        ]
        marks = ", ".join("?" * len(owners))
        sql = (
            "SELECT DISTINCT customers.id FROM customers JOIN contracts ON contracts.customer_id = customers.id"  # noqa: S608 - only marks
            f' WHERE customers.owner IN ({marks}) AND contracts."end" BETWEEN ? AND ? ORDER BY 1'
        )
        return tuple(row["id"] for row in self._rows(sql, *owners, first.isoformat(), last.isoformat()))

    def names(self, customer_ids: Iterable[str]) -> dict[str, str]:
        """What these customers are called, by their ids; who is not on file is not among them."""
        wanted = tuple(dict.fromkeys(customer_ids))
        marks = ", ".join("?" * len(wanted))
        rows = self._rows(f"SELECT id, name FROM customers WHERE id IN ({marks})", *wanted)  # noqa: S608 - only marks
        return {row["id"]: row["name"] for row in rows}

    def account_contact(self, customer: Customer, day: date | None = None) -> StaffMember | None:
        """Who looks after an account on a day: the owner, or whoever took over since they left (R29).

        None when nobody is known: there is no owner, or those who took over have left too.
        """
        return self._keeper(customer.owner, day or datetime.now(ZoneInfo(customer.timezone)).date())

    def _keeper(self, owner: str | None, day: date) -> StaffMember | None:
        """Whoever looks after an owner's accounts on a day."""
        passed: set[str] = set()
        at = owner
        while at is not None and at not in passed:
            passed.add(at)
            member = self.staff_member(at)
            if member is None:
                return None
            if member.left_on is None or member.left_on > day:
                return member
            at = member.successor
        return None

    def customer_id_of_channel(self, channel_id: str, channel_name: str) -> str | None:
        """The customer a Slack channel belongs to, by the channel's id or name; None also when two claim it."""
        return self._only(
            "SELECT DISTINCT id FROM customers WHERE channel IN (?, ?) LIMIT 2",
            channel_id,
            channel_name.removeprefix("#"),
        )

    def customer_id_of_contact(self, slack_user_id: str) -> str | None:
        """The customer somebody in Slack works for; None also when several customers name them."""
        return self._only(
            "SELECT DISTINCT customer_id AS id FROM contacts WHERE slack_user_id = ? LIMIT 2", slack_user_id
        )

    def staff_member(self, staff_id: str) -> StaffMember | None:
        """One of us, by staff id."""
        return self._staff("SELECT * FROM staff WHERE id = ?", staff_id)

    def staff_by_slack_user(self, slack_user_id: str) -> StaffMember | None:
        """One of us, by Slack user id; None also when two share it."""
        return self._staff("SELECT * FROM staff WHERE slack_user_id = ? LIMIT 2", slack_user_id)

    def service_prices(self) -> tuple[ServicePrice, ...]:
        """What single services cost without a contract (R22), by code."""
        return tuple(
            ServicePrice(code=row["code"], name=row["name"], price=_price(row))
            for row in self._rows("SELECT * FROM service_prices ORDER BY code")
        )

    @property
    def counted_holdings(self) -> Holdings | None:
        """What `holdings` counted; None while it has not been called."""
        return self._holdings

    def holdings(self) -> Holdings:
        """What customers hold, and what together (R44); counted at the first call, seconds for a large directory.

        Meant for a thread of its own: it reads over a connection of its own and counts in the database, so that nobody
        else waits meanwhile.
        """
        if self._holdings is None:
            held: Counter[str] = Counter()
            together: dict[str, Counter[str]] = {}
            with closing(sqlite3.connect(f"{self._path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
                ((customers,),) = connection.execute(_CUSTOMERS)
                held.update(dict(connection.execute(_EACH).fetchall()))
                for one, other, both in connection.execute(_TOGETHER):
                    together.setdefault(one, Counter())[other] = both
                    together.setdefault(other, Counter())[one] = both
            self._holdings = Holdings(customers, held, together)
        return self._holdings

    def baskets(self) -> Iterator[frozenset[str]]:
        """The products of each customer who has any."""
        rows = self._rows(f"{_HELD} ORDER BY customer_id")
        for _, items in groupby(rows, key=lambda row: str(row["customer_id"])):
            yield frozenset(str(row["name"]) for row in items)

    def basket(self, customer_id: str) -> frozenset[str]:
        """The products of one customer."""
        rows = self._rows(f"SELECT name FROM ({_HELD}) WHERE customer_id = ?", customer_id)  # noqa: S608 - our own words
        return frozenset(str(row["name"]) for row in rows)

    # --- rows

    def _rows(self, sql: str, *values: str) -> list[sqlite3.Row]:
        with self._lock:
            try:
                with closing(self._connection.execute(sql, values)) as cursor:
                    return cursor.fetchall()
            except sqlite3.DatabaseError as error:
                self.damage = _damaged(self._path, error)
                raise self.damage from error

    def _of(self, customer_id: str, table: str, order: str) -> list[sqlite3.Row]:
        sql = f"SELECT * FROM {table} WHERE customer_id = ? ORDER BY {order}"  # noqa: S608 - constants of ours
        return self._rows(sql, customer_id)

    def _only(self, sql: str, *values: str) -> str | None:
        found = self._rows(sql, *values)
        return str(found[0]["id"]) if len(found) == 1 else None

    def _meta(self, key: str) -> str:
        found = self._rows("SELECT value FROM meta WHERE key = ?", key)
        return str(found[0]["value"]) if found else ""

    def _staff(self, sql: str, value: str) -> StaffMember | None:
        found = self._rows(sql, value)
        return StaffMember.model_validate(dict(found[0])) if len(found) == 1 else None

    def _customer(self, row: sqlite3.Row) -> Customer:
        aliases = self._rows(
            "SELECT name FROM customer_names WHERE customer_id = ? AND kind = 'alias' ORDER BY rowid", row["id"]
        )
        return Customer.model_validate({**dict(row), "aliases": tuple(each["name"] for each in aliases)})

    def _product_names(self, customer_id: str) -> dict[str, str]:
        return {row["serial"]: row["name"] for row in self._of(customer_id, "products", "serial")}


class DirectorySource:
    """Where the directory stands; a newly imported one is taken up without a restart."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = RLock()
        self._open: tuple[tuple[int, int, int], Directory] | None = None

    def current(self) -> Directory:
        """The directory as it is now; the same object while the file is the same.

        Raises:
            UserError: When there is none yet, or it is damaged or of another schema version; also when damage was found
                while it was read, until there is another.
        """
        try:
            stat = self._path.stat()
        except OSError as error:
            raise UserError(f"There is no customer directory at {self._path}.", _IMPORT) from error
        version = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        with self._lock:
            if self._open is None or self._open[0] != version:
                self._open = (version, Directory(self._path))
            opened = self._open[1]
            if opened.damage:
                raise opened.damage
            return opened


def _contracts(rows: Sequence[sqlite3.Row]) -> Iterator[Contract]:
    """Each contract once, however many products it covers."""
    whole: dict[str, dict[str, Any]] = {}
    for row in rows:
        known = whole.setdefault(row["number"], {})
        for name in ("name", "price", "currency", "tax_basis"):
            if known.get(name) is None:
                known[name] = row[name]
    for number, known in whole.items():
        price = _price(known) if known["price"] is not None else None
        yield Contract(number=number, name=known["name"] or "", price=price)


def _coverages(
    contracts: Sequence[sqlite3.Row], warranties: Sequence[sqlite3.Row], products: dict[str, str]
) -> Iterator[Coverage]:
    for kind, reference, rows in (
        (CoverageKind.CONTRACT, "number", contracts),
        (CoverageKind.WARRANTY, "id", warranties),
    ):
        for row in rows:
            yield Coverage(
                kind=kind,
                reference=row[reference],
                product=row["product"] or products.get(row["serial"] or ""),
                serial=row["serial"],
                start=_day(row["start"]),
                end=_day(row["end"]),
                basis=DateBasis(row["basis"]) if row["basis"] else None,
                covers=Covers(**{name: _flag(row[f"covers_{name}"]) for name in Covers.model_fields}),
                response_hours=row["response_hours"],
                incidents_left=row["incidents_left"],
            )


def _price(row: Any) -> Price:
    basis = row["tax_basis"]
    return Price(amount=Decimal(row["price"]), currency=row["currency"], tax_basis=TaxBasis(basis) if basis else None)


def _day(stored: str | None) -> date | None:
    return date.fromisoformat(stored) if stored else None


def _flag(stored: int | None) -> bool | None:
    return None if stored is None else bool(stored)


def _but(row: sqlite3.Row, *names: str) -> dict[str, Any]:
    return {name: value for name, value in dict(row).items() if name not in names}


def _damaged(path: Path, error: Exception) -> UserError:
    return UserError(f"The customer directory at {path} cannot be read: {error}.", _IMPORT)


def _check_length(path: Path) -> None:
    """Refuse a file cut short, which SQLite itself notices only where the missing part is wanted."""
    with path.open("rb") as stream:
        header = stream.read(100)
    page_size = int.from_bytes(header[16:18], "big")
    pages = int.from_bytes(header[28:32], "big")
    if page_size == 1:  # SQLite writes 65,536 as 1
        page_size = 65_536
    if not header.startswith(b"SQLite format 3\0") or path.stat().st_size < page_size * pages:
        raise _damaged(path, ValueError("it is not a whole SQLite file"))
