"""Which cases are closed because nothing was said any more."""

import pytest

from bot.case import CaseState
from bot.commitments import Commitment, CommitmentState
from storage import cases, commitments
from storage.engine import Casebook
from tests.casebook.sample import WORKSPACE, at, opened

NOW = 5_000.0


@pytest.mark.parametrize("due_at", [NOW - 1_000, NOW + 1_000], ids=["overdue", "still to come"])
@pytest.mark.parametrize(
    ("state", "is_owed"),
    [
        (CommitmentState.OPEN, True),
        (CommitmentState.MISSED, True),
        (CommitmentState.KEPT, False),
        (CommitmentState.WITHDRAWN, False),
    ],
)
def test_a_case_stays_open_while_something_promised_in_it_is_owed(
    casebook: Casebook, state: CommitmentState, due_at: float, *, is_owed: bool
) -> None:
    """R33: what we owe the customer keeps their case open, however long nothing is said in it, and no other case."""
    with casebook.begin() as connection:
        promised, other = opened(connection, "100.0"), opened(connection, "200.0")
        commitments.write(
            connection,
            Commitment(
                workspace=WORKSPACE,
                id="owed",
                case_id=promised.id,
                text="call back",
                state=state,
                due_at=at(due_at),
                timezone="Asia/Taipei",
                made_by="U1",
                made_at=at(0),
            ),
        )
        quiet = [each.id for each in cases.gone_quiet(connection, WORKSPACE, before=NOW)]
        assert quiet == ([other.id] if is_owed else [promised.id, other.id])
        assert cases.close(connection, promised, before=NOW, now=NOW) is not is_owed
        assert cases.close(connection, other, before=NOW, now=NOW)
        after = cases.get(connection, WORKSPACE, promised.id)
    assert after is not None
    assert (after.state is CaseState.CLOSED) is not is_owed
