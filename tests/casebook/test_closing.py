"""Which cases are closed because nothing was said any more."""

from datetime import datetime
from decimal import Decimal

import pytest
from sqlalchemy import select

from bot.case import CaseState
from bot.commitments import Commitment, CommitmentState
from bot.goodwill import ExceptionRequest, ExceptionState, Grant
from bot.policy import Concession
from storage import cases, commitments, goodwill
from storage.engine import Casebook
from storage.schema import audit
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


@pytest.mark.parametrize(
    ("state", "valid_until", "stays"),
    [
        (ExceptionState.APPROVED, at(NOW + 1_000), True),
        (ExceptionState.APPROVED, None, False),
        (ExceptionState.USED, at(NOW + 1_000), False),
        (ExceptionState.LAPSED, at(NOW - 1_000), False),
    ],
    ids=["not booked", "an extension", "booked", "lapsed"],
)
def test_a_case_stays_open_while_a_service_that_was_granted_in_it_is_not_booked(
    casebook: Casebook, state: ExceptionState, valid_until: datetime | None, *, stays: bool
) -> None:
    """Nobody asks a customer how it has been since, who has not been served; booked or lapsed, it closes."""
    with casebook.begin() as connection:
        case = opened(connection)
        request = ExceptionRequest(
            workspace=WORKSPACE,
            id="e1",
            case_id=case.id,
            customer_id=case.customer_id,
            state=state,
            requested_by="U1",
            requested_at=at(100),
            concession=Concession.FULL,
            fault="down",
            cost=Decimal(3000),
            currency="TWD",
            reason="regular",
            decided_by="U2",
            decided_at=at(200),
            grant=Grant(concession=Concession.FULL, scope="down", cap=Decimal(3000), valid_until=valid_until),
        )
        assert goodwill.write(connection, request)
        assert bool(cases.gone_quiet(connection, WORKSPACE, before=NOW)) is not stays
        assert cases.close(connection, case, before=NOW, now=NOW) is not stays


def test_a_case_that_waits_for_a_decision_does_not_close_and_one_decided_closes_as_after_a_word(
    casebook: Casebook,
) -> None:
    """However long nothing is said: the decision itself is something that happened, and has to be told first."""
    with casebook.begin() as connection:
        case = opened(connection)
        cases.await_decision(connection, case, by="U1", now=200.0)
        assert not cases.close(connection, case, before=NOW, now=NOW)
        cases.move(connection, case, CaseState.DECIDED, now=NOW)
        assert not cases.close(connection, case, before=NOW, now=NOW)
        assert cases.close(connection, case, before=NOW + 1, now=NOW)


@pytest.mark.parametrize("state", [CaseState.OPEN, CaseState.DECIDED, CaseState.WAITING])
def test_a_case_read_before_it_was_closed_is_not_written_back_as_open(casebook: Casebook, state: CaseState) -> None:
    """A move leaves a closed case closed, whatever whoever moves it has read."""
    with casebook.begin() as connection:
        as_read = opened(connection)
        assert cases.close(connection, as_read, before=NOW, now=NOW)
        cases.move(connection, as_read, state, now=NOW)
        after = cases.get(connection, WORKSPACE, as_read.id)
    assert after == as_read.model_copy(update={"state": CaseState.CLOSED})


def test_asking_for_an_exception_opens_a_closed_case_and_the_audit_says_who(casebook: Casebook) -> None:
    """What waits for a decision is not over; where it was open already, nothing is opened."""
    with casebook.begin() as connection:
        case = opened(connection)
        cases.move(connection, case, CaseState.CLOSED, now=NOW)
        for _ in range(2):
            cases.await_decision(connection, case, by="U1", now=NOW)
        after = cases.get(connection, WORKSPACE, case.id)
        rows = connection.execute(select(audit.c.actor, audit.c.move, audit.c.before, audit.c.after)).all()
    assert after is not None
    assert after.state is CaseState.WAITING
    assert [tuple(row) for row in rows] == [("U1", "reopen", "closed", "open")]
