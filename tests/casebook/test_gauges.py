"""What waits in a casebook, as whoever watches us reads it."""

import pytest
from sqlalchemy import update

from bot.metrics import Waiting
from storage import gauges, inbox, outbox
from storage.engine import Casebook
from storage.inbox import Lane
from storage.outbox import SendKind, SendState
from storage.schema import commitments, exceptions, opportunities, takeovers, verifications
from storage.schema import outbox as rows
from tests.casebook.filled import NOW, WORKSPACE, whole_case


def heard(casebook: Casebook, key: str, at: float, lane: Lane = Lane.STREAM) -> None:
    """Something that Slack told us."""
    with casebook.begin() as connection:
        inbox.put(connection, workspace="T1", key=key, lane=lane, kind="message", payload={}, now=at, channel="C1")


def test_what_nobody_has_worked_on_is_counted_by_lane_from_the_oldest_on(casebook: Casebook) -> None:
    """What is done counts no more; a lane in which nothing waits is told with nothing."""
    for key, at in (("Ev1", 100.0), ("Ev2", 130.0), ("Ev3", 190.0)):
        heard(casebook, key, at)
    with casebook.begin() as connection:
        first = inbox.claim(connection, lane=Lane.STREAM, now=200.0)
        assert first
        assert inbox.finish(connection, first)
    with casebook.look() as connection:
        found = gauges.inbox_waiting(connection, ["T1"], now=200.0)
        gone = gauges.inbox_waiting(connection, ["T2"], now=200.0)
        assert {each.rows for each in gone.values()} == {0}  # who took our token back may leave work for good
        assert found == {"person": Waiting(0, 0.0), "stream": Waiting(2, 70.0)}
        assert gauges.heard_in(connection, "T1") == {"C1": 190.0}


def test_what_is_to_be_sent_is_counted_by_kind_from_when_it_was_decided(casebook: Casebook) -> None:
    """What is put off, as after an error, still waits; what was sent does not."""
    with casebook.begin() as connection:
        for n, at in ((1, 100.0), (2, 150.0), (3, 50.0)):
            outbox.put(
                connection, workspace="T1", key=f"k{n}", kind=SendKind.DIRECT, target={"user": "U1"}, body={}, now=at
            )
        connection.execute(update(rows).where(rows.c.key == "k1").values(due_at=900.0))
        connection.execute(update(rows).where(rows.c.key == "k3").values(state=SendState.SENT))
        found = gauges.outbox_waiting(connection, ["T1"], now=200.0)
        assert {each.rows for each in gauges.outbox_waiting(connection, ["T2"], now=200.0).values()} == {0}
    assert found["direct"] == Waiting(2, 100.0)
    assert {kind for kind, waiting in found.items() if waiting.rows} == {"direct"}
    assert set(found) == {kind.value for kind in SendKind}


@pytest.mark.parametrize("late_by", [0.0, 90.0])
def test_what_should_have_happened_by_itself_is_late_from_its_time_on(casebook: Casebook, late_by: float) -> None:
    """Of each kind of row that has a time; a row without one is never late."""
    with casebook.begin() as connection:
        whole_case(connection, "x")
        for table in (commitments, exceptions, opportunities, takeovers, verifications):
            due_at = table.c.next_at if table is commitments else table.c.due_at
            connection.execute(update(table).values({due_at: None}))
        assert set(gauges.late(connection, [WORKSPACE], NOW).values()) == {Waiting(0, 0.0)}
        connection.execute(update(exceptions).values(due_at=NOW - late_by + 1.0))
        connection.execute(update(takeovers).values(due_at=NOW - late_by + 1.0))
        found = gauges.late(connection, [WORKSPACE], NOW)
        assert set(gauges.late(connection, ["T-another"], NOW).values()) == {Waiting(0, 0.0)}
    late = {what: waiting for what, waiting in found.items() if waiting.rows}
    assert late == ({} if not late_by else {"exception": Waiting(1, 89.0), "takeover": Waiting(1, 89.0)})


def test_however_much_waits_no_more_is_counted_than_it_takes_to_raise_an_alarm(
    casebook: Casebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks every few seconds must not keep a casebook busy in which a million rows wait."""
    monkeypatch.setattr(gauges, "MOST", 3)
    for n in range(5):
        heard(casebook, f"Ev{n}", 100.0 + n)
    with casebook.look() as connection:
        assert gauges.inbox_waiting(connection, ["T1"], now=200.0)["stream"] == Waiting(3, 100.0)


def test_errors_of_the_database_are_told_by_their_kind(casebook: Casebook) -> None:
    """Also of one that somebody handles."""
    told: list[str] = []
    gauges.tell_of_errors(casebook, told.append)
    with pytest.raises(Exception, match="no_such_table"), casebook.begin() as connection:
        connection.exec_driver_sql("SELECT * FROM no_such_table")
    assert len(told) == 1
    assert told[0] in {"OperationalError", "UndefinedTable"}
