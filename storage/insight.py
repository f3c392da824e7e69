"""The report's figures: one question to the database each (R42–R45)."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from bot.goodwill import ExceptionState
from bot.insight import (
    AskedAfter,
    AskedAgain,
    AskedFor,
    Breadth,
    FirstWhispers,
    Granted,
    Insight,
    Kept,
    Lost,
    LostWords,
    Month,
    Sale,
    Wanted,
    Whispers,
    by_product,
)
from bot.promises import VerificationState
from bot.recommend import Holdings
from bot.sales import LostReason
from storage.insight_sql import SQL
from storage.moments import at


class Questions:
    """Asks the questions for one workspace and period."""

    def __init__(
        self,
        connection: Connection,
        workspace: str,
        since: datetime,
        until: datetime,
        signals: Iterable[str],
        months: Sequence[tuple[date, datetime]] = (),
    ) -> None:
        """Nothing is asked yet.

        Args:
            signals: Which of the customers' signals are counted: ids of the playbook, which hold no quotation marks.
            months: First days and beginnings of the months that are told one by one, oldest first; the last one
                goes up to `until`.
        """
        self._connection = connection
        self._since, self._until = since, until
        self._months = [first for first, _ in months]
        self._values = {"workspace": workspace, "since": since.timestamp(), "until": until.timestamp()}
        self._filled = {"signals": _signals(signals), "months": month_rows(months, until)}

    def sql(self, name: str) -> str:
        """A question as a person can ask it again, with its values in it."""
        spelt = SQL[name].format(**self._filled).strip()
        for value, filled in self._values.items():
            spelt = spelt.replace(f":{value}", f"'{filled}'" if isinstance(filled, str) else f"{filled:.3f}")
        return f"{spelt};"

    def _rows(self, name: str) -> list[RowMapping]:
        return list(self._connection.execute(text(SQL[name].format(**self._filled)), self._values).mappings())

    def _one(self, name: str) -> dict[str, Any]:
        return dict(self._rows(name)[0])

    def insight(
        self, holdings: Holdings | None, basket: Callable[[str], frozenset[str]] = lambda _: frozenset()
    ) -> Insight:
        """All of them.

        Args:
            holdings: What customers hold, from the directory; None when there is none.
            basket: The products of one of them.
        """
        renewed = [len(held) for row in self._rows("renewed") if (held := basket(row["customer_id"]))]
        came = {row["customer_id"]: row["cases"] for row in self._rows("came")} if holdings else {}
        return Insight(
            since=self._since,
            until=self._until,
            **self._one("cases"),
            first_whisper=FirstWhispers(**self._one("first_whisper")),
            whispers=Whispers(**self._one("whispers")),
            granted=tuple(
                Granted(**{**row, "ours": bool(row["ours"]), "cost": money(row["cost"])})
                for row in self._rows("granted")
            ),
            asked={ExceptionState(row["state"]): row["times"] for row in self._rows("asked")},
            asked_for=tuple(AskedFor(**row) for row in self._rows("asked_for")),
            asked_again=self._asked_again(),
            claims={VerificationState(row["state"]): row["times"] for row in self._rows("claims")},
            opportunities={row["state"]: row["times"] for row in self._rows("opportunities")},
            sales=tuple(
                Sale(
                    **{
                        **row,
                        "value": money(row["value"]),
                        "value_after_exception": money(row["value_after_exception"]),
                    }
                )
                for row in self._rows("sales")
            ),
            lost=tuple(Lost(reason=LostReason(row["reason"]), times=row["times"]) for row in self._rows("lost")),
            lost_words=tuple(
                LostWords(reason=LostReason(row["reason"]), settled_at=at(row["settled_at"]), words=row["words"])
                for row in self._rows("lost_words")
            ),
            wanted=tuple(Wanted(**row) for row in self._rows("wanted")),
            products=by_product(
                came,
                [
                    (row["customer_id"], Wanted(signal=row["signal"], cases=row["cases"]))
                    for row in (self._rows("wanted_by") if holdings else ())
                ],
                {customer: basket(customer) for customer in came},
                holdings.held if holdings else {},
            ),
            kept=Kept(**self._one("kept")),
            followed_up=Kept(**self._one("followed_up")),
            asked_after=AskedAfter(**self._one("asked_after")),
            breadth=Breadth(
                renewed=statistics.mean(renewed) if renewed else None,
                everybody=holdings.breadth if holdings else None,
            ),
            months=self._by_month() if self._months else (),
        )

    def _asked_again(self) -> tuple[AskedAgain, ...]:
        """Those who asked again, and those who would have; whoever did so most often first."""
        turned_away = {row["customer_id"]: row["cases"] for row in self._rows("turned_away")}
        filed = {row["customer_id"]: row for row in self._rows("asked_again")}
        found = [
            AskedAgain(**{**filed.get(each, {"customer_id": each}), "turned_away": turned_away.get(each, 0)})
            for each in filed.keys() | turned_away.keys()
        ]
        return tuple(
            sorted(found, key=lambda each: (-each.requests - each.turned_away, -each.requests, each.customer_id or ""))
        )

    def _by_month(self) -> tuple[Month, ...]:
        """Every month, also one in which nothing happened."""
        found: dict[str, dict[str, Any]] = {each.isoformat(): {"first": each} for each in self._months}
        for row in (*self._rows("opened_by_month"), *self._rows("claims_by_month")):
            found[row["month"]] |= {name: value for name, value in row.items() if name != "month"}
        for row in self._rows("first_whisper_by_month"):
            found[row["month"]]["first_whisper"] = row["median"]
        for name, times, sum_of in (("granted_by_month", "granted", "cost"), ("won_by_month", "won", "value")):
            for row in self._rows(name):
                month = found[row["month"]]
                month[times] = month.get(times, 0) + row[times]
                month.setdefault(sum_of, {})[row["currency"]] = money(row[sum_of])
        return tuple(Month(**each) for each in found.values())


def _signals(signals: Iterable[str]) -> str:
    return " UNION ALL SELECT ".join(f"'{each}' AS signal" for each in sorted(signals)) or "'' AS signal"


def month_rows(months: Sequence[tuple[date, datetime]], until: datetime) -> str:
    """The months as rows of SQL: name, beginning, and the end, which is the next one's beginning."""
    moments = [*(begins for _, begins in months), until]
    rows = [
        f"('{first.isoformat()}', {begins.timestamp():.3f}, {end.timestamp():.3f})"
        for (first, begins), end in zip(months, moments[1:], strict=True)
    ]
    return ", ".join(rows) if rows else "('', 0.0, 0.0)"


def money(stored: float | Decimal) -> Decimal:
    """A sum to the hundredth, as SQLite gives it back as a float."""
    return Decimal(str(stored)).quantize(Decimal("0.01"))


def workspaces(connection: Connection) -> list[str]:
    """Those that have had a case."""
    return list(connection.execute(text("SELECT DISTINCT workspace FROM cases ORDER BY 1")).scalars())
