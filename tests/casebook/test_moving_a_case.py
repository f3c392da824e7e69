"""A case that is moved to the right customer: what counts for them counts for the right one, and the audit says why."""

from decimal import Decimal

import pytest
from sqlalchemy import Connection, select

from bot import goodwill as rules
from bot.case import Case
from bot.goodwill import ExceptionRequest, ExceptionState, Grant
from bot.policy import Concession
from storage import cases, goodwill, ledger, right_customer
from storage.engine import Casebook
from storage.schema import audit
from tests.casebook.sample import WORKSPACE, at, opened, said

NOW = 5_000.0


def asked(connection: Connection, case: Case, state: ExceptionState) -> ExceptionRequest:
    """A request of a case."""
    granted = state in rules.GRANTED
    request = ExceptionRequest(
        workspace=WORKSPACE,
        id=f"E-{state}",
        case_id=case.id,
        customer_id=case.customer_id,
        state=state,
        requested_by="U1",
        requested_at=at(1_000),
        concession=Concession.FULL,
        fault="It is broken",
        cost=Decimal(3000),
        currency="TWD",
        reason="An old customer",
        decided_by="U2" if granted else None,
        decided_at=at(2_000) if granted else None,
        grant=Grant(concession=Concession.FULL, scope="It", cap=Decimal(3000)) if granted else None,
    )
    goodwill.write(connection, request)
    return request


@pytest.mark.parametrize("before", [None, "C-9"])
def test_the_case_is_the_right_customers_with_who_when_and_why(casebook: Casebook, before: str | None) -> None:
    """From nobody or from a wrong one."""
    with casebook.begin() as connection:
        case = cases.open_case(connection, said("100.0"), before)
        moved = right_customer.move(connection, case, "C-1", by="U1", now=NOW, why="the mail says so")
        assert moved == cases.get(connection, WORKSPACE, case.id) == case.model_copy(update={"customer_id": "C-1"})
        (row,) = connection.execute(select(audit)).all()
    assert (row.actor, row.at, row.subject, row.subject_id, row.move) == ("U1", NOW, "case", case.id, "right_customer")
    assert (row.before, row.after, row.why) == (before or "", "C-1", "the mail says so")


def test_whoever_read_the_case_before_it_was_moved_moves_nothing(casebook: Casebook) -> None:
    """Two who name the customer at once: the first is not written over."""
    with casebook.begin() as connection:
        as_read = opened(connection)
        assert right_customer.move(connection, as_read, "C-2", by="U1", now=NOW)
        assert right_customer.move(connection, as_read, "C-3", by="U2", now=NOW) is None
        found = cases.get(connection, WORKSPACE, as_read.id)
        assert found
        assert found.customer_id == "C-2"
        assert len(connection.execute(select(audit)).all()) == 1


@pytest.mark.parametrize("state", [ExceptionState.APPROVED, ExceptionState.USED])
def test_a_grant_counts_in_the_window_of_whoever_got_the_service(casebook: Casebook, state: ExceptionState) -> None:
    """R23: the wrong customer has theirs again, the right one has had it; the ledger and its audit say so."""
    with casebook.begin() as connection:
        case = opened(connection)
        request = asked(connection, case, state)
        right_customer.move(connection, case, "C-2", by="U2", now=NOW, why="wrong branch")
        assert goodwill.granted_at(connection, WORKSPACE, "C-1") == []
        assert goodwill.granted_at(connection, WORKSPACE, "C-2") == [at(2_000)]
        assert [each.customer_id for each in ledger.entries(connection, WORKSPACE, 10)] == ["C-2"]
        rows = connection.execute(select(audit).where(audit.c.subject == "exception")).all()
    assert [(row.subject_id, row.before, row.after, row.why) for row in rows] == [
        (request.id, "C-1", "C-2", "wrong branch")
    ]


def test_a_decision_made_about_the_wrong_customer_meanwhile_does_not_hold(casebook: Casebook) -> None:
    """Whoever decides looked at the wrong one's window: the move is compared, and looked at anew."""
    with casebook.begin() as connection:
        case = opened(connection)
        as_read = asked(connection, case, ExceptionState.REQUESTED)
        right_customer.move(connection, case, "C-2", by="U1", now=NOW)
        decided = as_read.model_copy(update={"state": ExceptionState.DECLINED})
        assert not goodwill.settle(connection, as_read, decided)
        now = goodwill.get(connection, WORKSPACE, as_read.id)
        assert now == as_read.model_copy(update={"customer_id": "C-2"})


def test_what_belongs_to_another_case_stays(casebook: Casebook) -> None:
    """Only this case was about somebody else."""
    with casebook.begin() as connection:
        case, other = opened(connection, "100.0"), opened(connection, "200.0")
        asked(connection, other, ExceptionState.USED)
        right_customer.move(connection, case, "C-2", by="U1", now=NOW)
        assert goodwill.granted_at(connection, WORKSPACE, "C-1") == [at(2_000)]
        assert cases.get(connection, WORKSPACE, other.id) == other
