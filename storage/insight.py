"""The report's figures: one question to the database each, in SQL that a person can read and ask again (R42–R45)."""

import statistics
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, text

from bot.goodwill import ExceptionState
from bot.insight import AskedAgain, Breadth, Granted, Insight, Kept, Lost, Sale, Wanted, Whispers
from bot.promises import VerificationState
from bot.recommend import Holdings
from bot.sales import LostReason

SQL: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cases": """
SELECT COUNT(*) AS opened, COALESCE(SUM(CASE WHEN state = 'closed' THEN 1 ELSE 0 END), 0) AS closed
  FROM cases
 WHERE workspace = :workspace AND opened_at >= :since AND opened_at < :until""",
        "granted": """
SELECT currency, CASE WHEN ours THEN 1 ELSE 0 END AS ours,
       COUNT(*) AS granted, SUM(COALESCE(cap, cost)) AS cost
  FROM exceptions
 WHERE workspace = :workspace AND decided_at >= :since AND decided_at < :until
   AND state IN ('approved', 'used')
 GROUP BY 1, 2
 ORDER BY 2, 3 DESC, 1""",
        "asked": """
SELECT state, COUNT(*) AS times
  FROM exceptions
 WHERE workspace = :workspace AND requested_at >= :since AND requested_at < :until
 GROUP BY state
 ORDER BY 2 DESC, 1""",
        "asked_again": """
SELECT now.customer_id, COUNT(*) AS requests,
       SUM(CASE WHEN now.state IN ('approved', 'used') THEN 1 ELSE 0 END) AS granted
  FROM exceptions AS now
 WHERE now.workspace = :workspace AND now.requested_at >= :since AND now.requested_at < :until
   AND EXISTS (SELECT 1 FROM exceptions AS earlier
                WHERE earlier.workspace = now.workspace AND earlier.customer_id = now.customer_id
                  AND earlier.case_id <> now.case_id AND earlier.requested_at < now.requested_at)
 GROUP BY now.customer_id
 ORDER BY 2 DESC, 1""",
        "claims": """
SELECT state, COUNT(*) AS times
  FROM verifications
 WHERE workspace = :workspace AND asked_at >= :since AND asked_at < :until
 GROUP BY state
 ORDER BY 2 DESC, 1""",
        "opportunities": """
SELECT state, COUNT(*) AS times
  FROM opportunities
 WHERE workspace = :workspace AND opened_at >= :since AND opened_at < :until
 GROUP BY state
 ORDER BY 2 DESC, 1""",
        "sales": """
SELECT currency, COUNT(*) AS won, SUM(value) AS value, SUM(after) AS after_exception,
       SUM(CASE WHEN after = 1 THEN value ELSE 0 END) AS value_after_exception
  FROM (SELECT currency, value,
               CASE WHEN EXISTS (SELECT 1 FROM exceptions
                                  WHERE exceptions.workspace = opportunities.workspace
                                    AND exceptions.customer_id = opportunities.customer_id
                                    AND exceptions.state IN ('approved', 'used')
                                    AND exceptions.decided_at < opportunities.settled_at) THEN 1 ELSE 0 END AS after
          FROM opportunities
         WHERE workspace = :workspace AND state = 'won' AND settled_at >= :since AND settled_at < :until) AS won
 GROUP BY currency
 ORDER BY 2 DESC, 1""",
        "renewed": """
SELECT DISTINCT customer_id
  FROM opportunities
 WHERE workspace = :workspace AND state = 'won' AND settled_at >= :since AND settled_at < :until
 ORDER BY 1""",
        "lost": """
SELECT lost_reason AS reason, COUNT(*) AS times
  FROM opportunities
 WHERE workspace = :workspace AND state = 'lost' AND settled_at >= :since AND settled_at < :until
 GROUP BY lost_reason
 ORDER BY 2 DESC, 1""",
        "wanted": """
SELECT shown.signal, COUNT(DISTINCT messages.case_id) AS cases
  FROM cases
  JOIN messages ON messages.workspace = cases.workspace AND messages.case_id = cases.id
  JOIN (SELECT {signals}) AS shown ON messages.signals LIKE '%"' || shown.signal || '"%'
 WHERE cases.workspace = :workspace AND cases.opened_at >= :since AND cases.opened_at < :until
   AND messages.role = 'customer'
 GROUP BY shown.signal
 ORDER BY 2 DESC, 1""",
        "first_whisper": """
SELECT advice.given_at - CAST(advice.message_ts AS DOUBLE PRECISION) AS seconds
  FROM cases
  JOIN advice ON advice.workspace = cases.workspace AND advice.case_id = cases.id
 WHERE cases.workspace = :workspace AND cases.opened_at >= :since AND cases.opened_at < :until
   AND NOT advice.while_paused
   AND advice.given_at = (SELECT MIN(first.given_at) FROM advice AS first
                           WHERE first.workspace = cases.workspace AND first.case_id = cases.id
                             AND NOT first.while_paused)
 ORDER BY 1""",
        "whispers": """
SELECT COUNT(*) AS shown, COALESCE(SUM(CASE WHEN ratings.helpful THEN 1 ELSE 0 END), 0) AS helpful,
       COALESCE(SUM(CASE WHEN NOT ratings.helpful THEN 1 ELSE 0 END), 0) AS unhelpful
  FROM advice
  LEFT JOIN ratings ON ratings.workspace = advice.workspace AND ratings.advice_id = advice.id
                   AND ratings.person = advice.person
 WHERE advice.workspace = :workspace AND advice.given_at >= :since AND advice.given_at < :until
   AND NOT advice.while_paused""",
        "kept": """
SELECT COALESCE(SUM(CASE WHEN state = 'kept' AND settled_at <= due_at AND moved_from IS NULL THEN 1 ELSE 0 END), 0)
       AS in_time,
       COALESCE(SUM(CASE WHEN state = 'kept' AND settled_at <= due_at AND moved_from IS NOT NULL THEN 1 ELSE 0 END), 0)
       AS moved,
       COALESCE(SUM(CASE WHEN state = 'kept' AND settled_at > due_at THEN 1 ELSE 0 END), 0) AS late,
       COALESCE(SUM(CASE WHEN state IN ('open', 'missed') THEN 1 ELSE 0 END), 0) AS missed
  FROM commitments
 WHERE workspace = :workspace AND due_at >= :since AND due_at < :until""",
    }
)
"""Each figure's question. `:since` and `:until` are seconds since 1970."""


class Questions:
    """Asks the questions for one workspace and period."""

    def __init__(
        self, connection: Connection, workspace: str, since: datetime, until: datetime, signals: Iterable[str]
    ) -> None:
        """Nothing is asked yet.

        Args:
            signals: Which of the customers' signals are counted: ids of the playbook, which hold no quotation marks.
        """
        self._connection = connection
        self._since, self._until = since, until
        self._values = {"workspace": workspace, "since": since.timestamp(), "until": until.timestamp()}
        self._signals = " UNION ALL SELECT ".join(f"'{each}' AS signal" for each in sorted(signals)) or "'' AS signal"

    def sql(self, name: str) -> str:
        """A question as a person can ask it again, with its values in it."""
        spelt = SQL[name].format(signals=self._signals).strip()
        for value, filled in self._values.items():
            spelt = spelt.replace(f":{value}", f"'{filled}'" if isinstance(filled, str) else f"{filled:.3f}")
        return f"{spelt};"

    def _rows(self, name: str) -> list[RowMapping]:
        asked = text(SQL[name].format(signals=self._signals))
        return list(self._connection.execute(asked, self._values).mappings())

    def _one(self, name: str) -> dict[str, Any]:
        return dict(self._rows(name)[0])

    def insight(self, holdings: Holdings | None, products: Callable[[str], int | None] = lambda _: None) -> Insight:
        """All of them.

        Args:
            holdings: What customers hold, from the directory; None when there is none.
            products: How many different ones a customer holds; None when they are not on file.
        """
        renewed = [held for row in self._rows("renewed") if (held := products(row["customer_id"])) is not None]
        return Insight(
            since=self._since,
            until=self._until,
            **self._one("cases"),
            granted=tuple(
                Granted(**{**row, "ours": bool(row["ours"]), "cost": _money(row["cost"])})
                for row in self._rows("granted")
            ),
            asked={ExceptionState(row["state"]): row["times"] for row in self._rows("asked")},
            asked_again=tuple(AskedAgain(**row) for row in self._rows("asked_again")),
            claims={VerificationState(row["state"]): row["times"] for row in self._rows("claims")},
            opportunities={row["state"]: row["times"] for row in self._rows("opportunities")},
            sales=tuple(
                Sale(
                    **{
                        **row,
                        "value": _money(row["value"]),
                        "value_after_exception": _money(row["value_after_exception"]),
                    }
                )
                for row in self._rows("sales")
            ),
            lost=tuple(Lost(reason=LostReason(row["reason"]), times=row["times"]) for row in self._rows("lost")),
            wanted=tuple(Wanted(**row) for row in self._rows("wanted")),
            waits=tuple(row["seconds"] for row in self._rows("first_whisper")),
            whispers=Whispers(**self._one("whispers")),
            kept=Kept(**self._one("kept")),
            breadth=Breadth(
                renewed=statistics.mean(renewed) if renewed else None,
                everybody=holdings.breadth if holdings else None,
            ),
        )


def _money(stored: float | Decimal) -> Decimal:
    """A sum to the hundredth, as SQLite gives it back as a float."""
    return Decimal(str(stored)).quantize(Decimal("0.01"))


def workspaces(connection: Connection) -> list[str]:
    """Those that have had a case."""
    return list(connection.execute(text("SELECT DISTINCT workspace FROM cases ORDER BY 1")).scalars())
