"""Which commitments are due, whose they are, and that of two workers one moves each."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.commitments import Commitment, CommitmentMove, CommitmentState, made, moved
from bot.policy import CommitmentPolicy, HoursPolicy
from storage import cases, commitments
from storage.engine import Casebook
from tests.casebook.sample import WORKSPACE, opened

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DUE = NOW + timedelta(hours=3)
POLICY, HOURS = CommitmentPolicy(), HoursPolicy()


def written(case_id: str, number: int = 1, by: str = "U1") -> Commitment:
    """Something promised in a case, due in some hours."""
    due_at = DUE + timedelta(hours=number)
    about = {"workspace": WORKSPACE, "id": f"p{number}", "case_id": case_id, "text": "call back", "made_by": by}
    plain = Commitment(**about, due_at=due_at, timezone="Asia/Taipei", made_at=NOW)
    return made(plain, POLICY, HOURS)


@pytest.mark.parametrize(
    ("move", "due_at"),
    [(CommitmentMove.REMIND, None), (CommitmentMove.KEEP, None), (CommitmentMove.RESCHEDULE, NOW + timedelta(days=2))],
)
def test_of_two_who_read_the_same_one_is_first(
    casebook: Casebook, move: CommitmentMove, due_at: datetime | None
) -> None:
    """Nothing is reminded of, kept or moved twice, also where the state stays what it was."""
    with casebook.begin() as connection:
        before = written(opened(connection, "100.0").id)
        commitments.write(connection, before)
        read = commitments.get(connection, WORKSPACE, before.id)
        assert read == before
        after = moved(read, move, by="U1", now=NOW, policy=POLICY, hours=HOURS, due_at=due_at)
        assert after
        assert commitments.settle(connection, read, after)
        assert not commitments.settle(connection, read, after)
        assert commitments.get(connection, WORKSPACE, before.id) == after


def test_the_longest_overdue_is_done_first_and_nothing_before_its_time(casebook: Casebook) -> None:
    """What was kept is never due."""
    with casebook.begin() as connection:
        case = opened(connection, "100.0")
        first, second, third = (written(case.id, number) for number in (1, 2, 3))
        for each in (third, first, second):
            commitments.write(connection, each)
        kept = moved(second, CommitmentMove.KEEP, by="U1", now=NOW, policy=POLICY, hours=HOURS)
        assert kept
        assert commitments.settle(connection, second, kept)
        assert first.next_at
        assert commitments.due(connection, WORKSPACE, first.next_at.timestamp() - 1) == []
        assert commitments.due(connection, WORKSPACE, first.next_at.timestamp()) == [first]
        assert commitments.due(connection, WORKSPACE, (DUE + timedelta(days=1)).timestamp()) == [first, third]
        assert commitments.due(connection, "T-other", (DUE + timedelta(days=1)).timestamp()) == []


def test_somebody_owes_what_they_promised_and_what_was_promised_where_they_are_now(casebook: Casebook) -> None:
    """The one due first foremost; nothing twice, and nothing that is settled."""
    with casebook.begin() as connection:
        theirs, others = opened(connection, "100.0"), opened(connection, "200.0")
        cases.hand_over(connection, theirs, "U2")
        for each in (
            written(others.id, 3, by="U2"),
            written(theirs.id, 2),
            written(others.id, 4),
            written(theirs.id, 1, by="U2"),
        ):
            commitments.write(connection, each)
        done = written(theirs.id, 5).model_copy(update={"state": CommitmentState.KEPT})
        commitments.write(connection, done)
        assert [each.id for each in commitments.owed_by(connection, WORKSPACE, "U2")] == ["p1", "p2", "p3"]
        assert [each.id for each in commitments.owed_by(connection, WORKSPACE, "U1")] == ["p2", "p4"]
        assert commitments.owed_by(connection, WORKSPACE, "U3") == []
