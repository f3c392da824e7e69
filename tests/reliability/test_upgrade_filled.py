"""A casebook that an earlier version filled is whole after the upgrade, and what was begun in it goes on."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.goodwill import GRANTED, ExceptionState
from bot.settings import Settings
from handlers import due, works
from handlers.worker import work_on
from storage import cases, conversations, inbox
from storage import goodwill as requests
from storage.engine import open_casebook
from storage.inbox import Lane
from storage.insight import Questions
from storage.revisions import known_revisions
from storage.schema import metadata
from tests.flow.conftest import AGENT, CUSTOMER, SALES, SUPERVISOR, WORKSPACE
from tests.flow.test_who_may_do_what import REASON
from tests.flow.without_slack import Desk, desk
from tests.flow.working import chosen
from tests.reliability.old_casebooks import Rows, lay_out, revisions, rows_of
from tests.reliability.test_upgrade import differences
from tests.sandbox.stage import Stage
from tests.server import server

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.flow.conftest"]

NEVER_ALONE = {"0008"}
"""No version was ever at this revision: its migration and the next came together."""

NOT_OUT_YET = "0019"
"""From here on nobody has filled a casebook yet: these come with the next release, which moves this on."""

ANOTHER_VALUE = {("opportunities", "state")}
"""What an upgrade means to change: sales that had been told has been asked by now (0012)."""

ANOTHER_PLACE = {
    ("opportunities", "owner"),
    ("verifications", "answered_at"),
    ("verifications", "answered_by"),
    ("verifications", "asked"),
    ("verifications", "evidence"),
}
"""Columns that stand elsewhere by now: in `told`, and in rows of their own (0012, 0014)."""

A_YEAR = 366 * 86_400.0


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a casebook without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'old.db'}"
        return
    database = server().bare()
    yield server().url(database)
    server().drop(database)


def test_of_each_revision_that_was_ever_at_work_there_is_a_casebook() -> None:
    """A release adds the casebook of its revision (`tests.reliability.old_casebooks`)."""
    out = {each for each in known_revisions() if each < NOT_OUT_YET}
    assert sorted(out - NEVER_ALONE) == revisions()


@pytest.mark.parametrize("revision", revisions())
def test_every_row_is_there_and_the_report_counts_what_it_counted(url: str, revision: str) -> None:
    """Each row has the words, times and figures that it had; the tables are laid out like those of a new casebook."""
    before = rows_of(revision)
    lay_out(url, revision)
    with closing(open_casebook(url)) as casebook:
        with casebook.begin() as connection:
            assert differences(connection) == []
        with casebook.look() as connection:
            now = {
                table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
                for table in metadata.sorted_tables
            }
            signals = Questions(
                connection, WORKSPACE, datetime(2026, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC), ()
            )
            told = signals.insight(None)
    assert changed(before, now) == set()
    asked = Counter(row["state"] for row in before.get("exceptions", []))
    assert {state.value: times for state, times in told.asked.items()} == asked
    granted = [
        Decimal(str(row.get("cap") or row["cost"])) for row in before.get("exceptions", []) if row["state"] in GRANTED
    ]
    assert sum((each.cost for each in told.granted), Decimal(0)) == sum(granted)
    assert sum(each.granted for each in told.granted) == len(granted)
    assert sum(told.opportunities.values()) == len(before.get("opportunities", []))
    assert sum(told.claims.values()) == len(before.get("verifications", []))


def changed(before: Rows, now: Rows) -> set[tuple[str, str]]:
    """Tables and columns in which something is not what it was, or a table with a row that is gone."""
    found = set()
    for name, rows in before.items():
        keys = [column.name for column in metadata.tables[name].primary_key]
        known = {tuple(str(row[key]) for key in keys): row for row in now[name]}
        for row in rows:
            after = known.get(tuple(str(row[key]) for key in keys))
            if after is None:
                found.add((name, "gone"))
                continue
            found |= {
                (name, column)
                for column, value in row.items()
                if (name, column) not in ANOTHER_VALUE | ANOTHER_PLACE and not same(value, after[column])
            }
    return found


def same(before: Any, after: Any) -> bool:
    """Whether a value is what it was, however the database gives it back."""
    if isinstance(after, bool | Decimal | float) and before is not None:
        return float(before) == float(after)
    return bool(before == after)


@pytest.fixture
async def at(url: str, revision: str, stage: Stage, settings: Settings) -> Any:
    """The bot of today on the casebook of then."""
    lay_out(url, revision)
    async with desk(stage, settings.model_copy(update={"database_url": url})) as made:
        yield made


@pytest.mark.parametrize("revision", revisions())
async def test_what_was_begun_goes_on(at: Desk) -> None:
    """Who waited is answered, who writes in a thread is in their case, and every row's time can come."""
    with at.services.casebook.look() as connection:
        waiting = [
            each
            for (case_id,) in at.rows("SELECT id FROM cases ORDER BY id")
            for each in requests.of_case(connection, WORKSPACE, case_id)
            if each.state is ExceptionState.REQUESTED
        ]
        still_open = [
            case
            for (case_id,) in at.rows("SELECT id FROM cases WHERE state <> 'closed' ORDER BY id")
            if (case := cases.get(connection, WORKSPACE, case_id))
        ]
    for user in (AGENT, SUPERVISOR, SALES):
        assert '"blocks"' in await at.home(user)
    for request in waiting:
        last = at.last_row()
        await at.submit(SUPERVISOR, "decline_exception_view", request.id, {**REASON, "fault_ours": chosen("no")})
        assert at.told(request.requested_by, since=last)
        assert at.stands(request).state is ExceptionState.DECLINED
    for number, case in enumerate(still_open):
        ts = f"{at.clock.now + number:.6f}"
        await heard(
            at, {"channel": case.channel, "ts": ts, "thread_ts": case.thread_ts, "user": CUSTOMER, "text": "還在嗎？"}
        )
        with at.services.casebook.look() as connection:
            assert "還在嗎？" in [each.text for each in conversations.in_full(connection, case)]
    at.clock.now += A_YEAR
    for _ in range(12):
        await due.do_due(replace(at.services))
    counted = at.services.metrics.text().decode()
    assert "aside_due_failed_total 0.0" in counted
    assert "aside_work_failed_total{" not in counted


async def heard(at: Desk, event: dict[str, Any]) -> None:
    """Slack tells of a message, and it is worked on."""
    with at.services.casebook.begin() as connection:
        inbox.put(
            connection,
            workspace=WORKSPACE,
            key=f"Ev{event['ts']}",
            lane=Lane.STREAM,
            kind="message",
            payload={"type": "message", **event},
            now=at.clock(),
        )
        entry = inbox.claim(connection, lane=Lane.STREAM, now=at.clock())
    assert entry
    await work_on(at.services, entry, works.STREAM)
