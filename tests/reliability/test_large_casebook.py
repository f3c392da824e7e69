"""A casebook of many years: what is looked for at every message is found at once, and who reads long stops nobody."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, text

from bot.policy import GoodwillPolicy, HoursPolicy
from bot.renewals import EndingKey
from storage import conversations, endings, inbox, ledger, quiet, retention, team, which_case
from storage import goodwill as requests
from storage.engine import Casebook
from storage.inbox import Lane
from storage.moments import at
from storage.ratings import by_play
from tests.fresh import ON_SERVER, casebook_at

pytestmark = pytest.mark.slow
CONTRACT = EndingKey(customer_id="C-1", contract="M-1", ends_on=date(2027, 12, 31))


@pytest.fixture
def casebook(tmp_path: Path) -> Iterator[Casebook]:
    """A new one."""
    opened = casebook_at(tmp_path / "casebook.db")
    yield opened
    opened.close()


def plan(connection: Connection, asking: Callable[[Connection], object]) -> str:
    """How SQLite goes about what is asked."""
    asked: list[tuple[str, object]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    asking(connection)
    event.remove(connection, "before_cursor_execute", note)
    steps = [
        row[3]
        for statement, parameters in asked
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type] # as they came
    ]
    return "\n".join(steps)


@pytest.mark.skipif(ON_SERVER, reason="PostgreSQL plans by what is in its tables, and in these is nothing")
@pytest.mark.parametrize(
    ("asking", "found_by"),
    [
        (
            lambda connection: which_case.of_thread(connection, "T1", "C1", "1.0"),
            "workspace=? AND channel=? AND thread_ts=?",
        ),
        (
            lambda connection: conversations.forget_message(connection, "T1", "C1", "1.0", 5.0),
            "workspace=? AND channel=? AND message_ts=?",
        ),
        (lambda connection: quiet.feedback(connection, "T1", since=5.0), "workspace=? AND given_at>?"),
        (
            lambda connection: retention.let_go_of_sent(connection, "T1", before=5.0, limit=9),
            "workspace=? AND created_at<?",
        ),
        (
            lambda connection: retention.empty_advice(connection, "T1", before=5.0, now=9.0, limit=9),
            "workspace=? AND text_removed_at=? AND given_at<?",
        ),
        (
            lambda connection: retention.empty_cases(connection, "T1", before=5.0, now=9.0, limit=9),
            "workspace=? AND text_removed_at=? AND touched_at<?",
        ),
        (
            lambda connection: which_case.handled_by(connection, "T1", "U1", 8),
            "workspace=? AND agent=? AND state=?",
        ),
        (lambda connection: conversations.last_said(connection, "T1", ["c1", "c2"]), "workspace=? AND case_id=?"),
        (lambda connection: team.open_cases(connection, "T1"), "COVERING INDEX"),
        (lambda connection: team.overdue(connection, "T1", 5.0), "state=? AND due_at<?"),
        (lambda connection: requests.pending(connection, "T1"), "workspace=? AND state=?"),
        (lambda connection: ledger.totals(connection, "T1", since=5.0, now=9.0), "workspace=? AND decided_at>?"),
        (
            lambda connection: ledger.at_limit(
                connection, "T1", policy=GoodwillPolicy(window_days=1), hours=HoursPolicy(), now=at(9.0)
            ),
            "workspace=? AND decided_at>?",
        ),
        (
            lambda connection: ledger.outcomes(connection, "T1", since=5.0),
            "workspace=? AND state=? AND requested_at>?",
        ),
        (lambda connection: ledger.entries(connection, "T1", 10), "workspace=? AND decided_at>?"),
        (
            lambda connection: endings.of_contract(connection, "T1", CONTRACT),
            "workspace=? AND customer_id=? AND contract=? AND ends_on=?",
        ),
        (
            lambda connection: endings.spoken_for(connection, "T1", CONTRACT.ends_on, ["C-1", "C-2"]),
            "workspace=? AND customer_id=?",
        ),
        (lambda connection: endings.on_list(connection, "T1", "renewals:1"), "workspace=? AND message=?"),
        (
            lambda connection: inbox.claim(connection, lane=Lane.STREAM, now=5.0),
            "ix_inbox_waiting_in_channel (workspace=? AND channel=? AND seq<?)",
        ),
    ],
    ids=[
        "the case of a thread",
        "advice about a deleted message",
        "how often a team was whispered to",
        "what was sent long ago",
        "old whispers",
        "old cases",
        "somebody's open cases",
        "who spoke last",
        "the team's open cases",
        "what the team owes late",
        "what waits for a decision",
        "what was granted",
        "who is at the limit",
        "what came to nothing",
        "the last decisions",
        "what was made of a contract that ends",
        "what was made of somebody's contracts",
        "the contracts on a list",
        "what waits before it in its channel",
    ],
)
def test_it_is_found_by_an_index_of_its_own(
    casebook: Casebook, asking: Callable[[Connection], object], found_by: str
) -> None:
    """Neither a channel's cases nor a workspace's advice are all read for one of them."""
    with casebook.begin() as connection:
        assert found_by in plan(connection, asking)


def test_who_reads_for_long_keeps_nobody_from_writing(casebook: Casebook) -> None:
    """The ratings of years are counted from a terminal while the bot writes down what is said."""
    with casebook.look() as reading:
        assert by_play(reading) == {}
        with casebook.begin() as connection:
            quiet.pause(connection, "T1", "U1", until=5.0)
        assert reading.execute(text("SELECT count(*) FROM pauses")).scalar_one() == 0
    with casebook.look() as reading:
        assert reading.execute(text("SELECT count(*) FROM pauses")).scalar_one() == 1
