"""A casebook of years: rows as the bot leaves them behind, written straight into the tables."""

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, insert

from bot.advice import Advice
from bot.playbook import Stage
from storage.schema import advice, cases, commitments, exceptions, inbox, messages, opportunities, outbox
from tests.bench._desk import Workspace

DAY_SECONDS = 86_400.0
YEARS = 3
OPEN = 100
"""So many cases of a workspace are open, however many there have been: its desk does not grow."""
SAID = 5
ADVISED = 2
ONE_IN = 10
"""One case in so many had an exception, one an opportunity, one a commitment."""
_AT_ONCE = 5_000

Row = Mapping[str, Any]


def add(
    connection: Connection, workspace: Workspace, numbers: range, customers: Sequence[str], now: float, most: int
) -> None:
    """Write the cases with these numbers, the oldest first, with all that was said and came of it.

    Args:
        most: How many there are in all, in `YEARS`.
    """
    writer = _Writer(workspace, customers, now, most)
    _write(connection, cases, (writer.case(each) for each in numbers))
    _write(connection, messages, (row for each in numbers for row in writer.said(each)))
    _write(connection, inbox, (row for each in numbers for row in writer.heard(each)))
    _write(connection, advice, (row for each in numbers for row in writer.advised(each)))
    _write(connection, outbox, (row for each in numbers for row in writer.sent(each)))
    tenth = [each for each in numbers if each % ONE_IN == 0]
    _write(connection, exceptions, map(writer.exception, tenth))
    _write(connection, opportunities, map(writer.opportunity, tenth))
    _write(connection, commitments, map(writer.commitment, tenth))


def _write(connection: Connection, table: Table, rows: Iterable[Row]) -> None:
    coming = iter(rows)
    while some := list(islice(coming, _AT_ONCE)):
        connection.execute(insert(table), some)


class _Writer:
    """What one workspace left behind."""

    def __init__(self, workspace: Workspace, customers: Sequence[str], now: float, most: int) -> None:
        self._workspace = workspace
        self._customers = customers
        self._now = now
        self._most = most
        given = Advice(
            signals=(), anger=1, plays=("cool_down",), rules=("R02",), stage=Stage.RECEIVE, row=None, lines=(),
            withheld=(), routes=(), action=None, facts=(), playbook_version="0" * 12,
        )  # fmt: skip
        self._content = given.model_dump_json()

    def _of(self, number: int) -> dict[str, Any]:
        return {"workspace": self._workspace.id, "case_id": f"{number:032x}"}

    def _opened_at(self, number: int) -> float:
        share = (number + 1) / (self._most + 1)
        return self._now - (1 - share) * YEARS * 365 * DAY_SECONDS

    def _channel(self, number: int) -> int:
        return number % self._workspace.channels

    def case(self, number: int) -> Row:
        """Closed, but for the last ones."""
        is_open = number >= self._most - OPEN
        at = self._now - 3_600.0 if is_open else self._opened_at(number)
        return {
            "workspace": self._workspace.id,
            "id": f"{number:032x}",
            "customer_id": self._customers[number % len(self._customers)],
            "channel": self._workspace.channel(self._channel(number)),
            "thread_ts": f"{at:.6f}",
            "state": "open" if is_open else "closed",
            "agent": self._workspace.agent(self._channel(number)),
            "context": "{}",
            "opened_at": at,
            "touched_at": at,
        }

    def _said_at(self, number: int, which: int) -> str:
        return f"{self._opened_at(number) + which * 60:.4f}{number % 100:02}"

    def said(self, number: int) -> Iterable[Row]:
        """Some messages of customer and agent."""
        channel = self._channel(number)
        for which in range(SAID):
            by_customer = which % 2 == 0
            yield {
                **self._of(number),
                "channel": self._workspace.channel(channel),
                "ts": self._said_at(number, which),
                "thread_ts": None,
                "speaker": self._workspace.contact(channel, 0) if by_customer else self._workspace.agent(channel),
                "role": "customer" if by_customer else "agent",
                "text": "ERP 從早上就當機，發票都印不出來，出貨全部卡住",
                "mirrored": False,
                "anger": 1,
                "signals": json.dumps(["reports_fault"] if by_customer else []),
            }

    def heard(self, number: int) -> Iterable[Row]:
        """Their entries, done."""
        for which in range(SAID):
            yield {
                "workspace": self._workspace.id,
                "key": f"Ev{number}-{which}",
                "lane": "stream",
                "kind": "message",
                "channel": self._workspace.channel(self._channel(number)),
                "payload": "{}",
                "received_at": self._opened_at(number),
                "state": "done",
                "lease_until": 0.0,
                "attempts": 1,
            }

    def advised(self, number: int) -> Iterable[Row]:
        """What was whispered."""
        channel = self._channel(number)
        for which in range(ADVISED):
            yield {
                **self._of(number),
                "id": f"{number * ADVISED + which:032x}",
                "channel": self._workspace.channel(channel),
                "message_ts": self._said_at(number, which),
                "person": self._workspace.agent(channel),
                "given_at": self._opened_at(number),
                "playbook_version": "0" * 12,
                "content": self._content,
                "while_paused": False,
            }

    def sent(self, number: int) -> Iterable[Row]:
        """The rows by which it was."""
        channel = self._channel(number)
        for which in range(ADVISED):
            target = {"channel": self._workspace.channel(channel), "user": self._workspace.agent(channel)}
            yield {
                **self._of(number),
                "key": f"advice:{number * ADVISED + which:032x}",
                "kind": "ephemeral",
                "place": self._workspace.agent(channel),
                "target": json.dumps(target),
                "body": "{}",
                "created_at": self._opened_at(number),
                "state": "sent",
                "due_at": self._opened_at(number),
                "attempts": 1,
            }

    def exception(self, number: int) -> Row:
        """Granted and used."""
        at = self._opened_at(number) + 600
        return {
            **self._of(number),
            "id": f"{number:032x}",
            "customer_id": self._customers[number % len(self._customers)],
            "state": "used",
            "requested_by": self._workspace.agent(self._channel(number)),
            "requested_at": at,
            "concession": "full",
            "fault": "當機",
            "cost": 1_500,
            "currency": "TWD",
            "reason": "老客戶",
            "decided_by": self._workspace.supervisor,
            "decided_at": at + 600,
            "granted": "full",
            "scope": "一次",
            "cap": 1_500,
            "conditions": "",
            "valid_until": at + 14 * DAY_SECONDS,
            "used_by": self._workspace.agent(self._channel(number)),
            "used_at": at + 7_200,
        }

    def opportunity(self, number: int) -> Row:
        """Lost, or won."""
        at, is_won = self._opened_at(number) + 900, number % 3 == 0
        return {
            **self._of(number),
            "id": f"{number:032x}",
            "customer_id": self._customers[number % len(self._customers)],
            "state": "won" if is_won else "lost",
            "value": 48_000 if is_won else None,
            "currency": "TWD" if is_won else None,
            "months": 12 if is_won else None,
            "lost_reason": None if is_won else "price",
            "reasons": json.dumps(["threatens_to_leave"]),
            "opened_at": at,
            "told": json.dumps([self._workspace.salesperson]),
            "taken_by": self._workspace.salesperson,
            "taken_at": at + 600,
            "settled_by": self._workspace.salesperson,
            "settled_at": at + 7 * DAY_SECONDS,
        }

    def commitment(self, number: int) -> Row:
        """Kept."""
        at = self._opened_at(number) + 300
        return {
            **self._of(number),
            "id": f"{number:032x}",
            "text": "下午三點前回電",
            "state": "kept",
            "due_at": at + 7_200,
            "timezone": "Asia/Taipei",
            "made_by": self._workspace.agent(self._channel(number)),
            "made_at": at,
            "settled_by": self._workspace.agent(self._channel(number)),
            "settled_at": at + 3_600,
        }
