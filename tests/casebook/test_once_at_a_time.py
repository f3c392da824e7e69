"""What may stand once in a case or for a customer: whoever looks holds first, and the database lets in no second."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import update
from sqlalchemy.dialects import registry
from sqlalchemy.exc import IntegrityError

from bot.case import Case
from bot.goodwill import PENDING, ExceptionRequest, ExceptionState
from bot.policy import Concession, HoursPolicy, TakeoverPolicy
from bot.takeover import Asking, AskMove, Kind, ask, moved
from storage import cases, takeovers
from storage import goodwill as requests
from storage.engine import Casebook
from storage.schema import cases as case_rows
from tests.casebook.sample import WORKSPACE, opened

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def a_request(case: Case, request_id: str, state: ExceptionState) -> ExceptionRequest:
    """A request of a case."""
    return ExceptionRequest(
        workspace=WORKSPACE,
        id=request_id,
        case_id=case.id,
        customer_id=case.customer_id,
        state=state,
        requested_by="UAGENT",
        requested_at=NOW,
        concession=Concession.FULL,
        fault="down",
        cost=Decimal(3000),
        currency="TWD",
        reason="regular",
    )


@pytest.mark.parametrize("first", sorted(PENDING))
@pytest.mark.parametrize("second", sorted(PENDING))
def test_a_case_has_one_request_that_waits_for_a_word(
    casebook: Casebook, first: ExceptionState, second: ExceptionState
) -> None:
    """Whatever it waits for, none is let in beside it; another case has its own."""
    with casebook.begin() as connection:
        case, other = opened(connection), opened(connection, "200.0")
        assert requests.write(connection, a_request(case, "e1", first))
        assert not requests.write(connection, a_request(case, "e2", second))
        assert requests.write(connection, a_request(other, "e3", second))
        assert [each.id for each in requests.of_case(connection, WORKSPACE, case.id)] == ["e1"]


@pytest.mark.parametrize("settled", sorted(set(ExceptionState) - PENDING))
def test_what_is_settled_makes_room(casebook: Casebook, settled: ExceptionState) -> None:
    """Whether a case may ask again is a rule; that two may not wait at once is the database's."""
    with casebook.begin() as connection:
        case = opened(connection)
        for number in (1, 2):
            assert requests.write(connection, a_request(case, f"e{number}", settled))
        assert requests.write(connection, a_request(case, "e3", ExceptionState.REQUESTED))


def test_one_colleague_is_asked_at_a_time(casebook: Casebook) -> None:
    """For each wish: a second question of the same kind is not let in, and it is once the first is settled."""
    with casebook.begin() as connection:
        case = opened(connection)

    def put(asking_id: str, kind: Kind) -> None:
        with casebook.begin() as connection:
            takeovers.write(connection, asking(asking_id, kind))

    def asking(asking_id: str, kind: Kind) -> Asking:
        return ask(
            workspace=WORKSPACE,
            new_id=asking_id,
            case_id=case.id,
            kind=kind,
            asked_by="UA",
            whom="UB",
            why="",
            now=NOW,
            policy=TakeoverPolicy(),
            hours=HoursPolicy(),
        )

    put("t1", Kind.TAKEOVER)
    put("t2", Kind.PEER)
    with pytest.raises(IntegrityError):
        put("t3", Kind.TAKEOVER)
    first = asking("t1", Kind.TAKEOVER)
    settled = moved(first, AskMove.DECLINE, now=NOW)
    assert settled
    with casebook.begin() as connection:
        assert takeovers.settle(connection, first, settled)
    put("t3", Kind.TAKEOVER)


def test_whoever_holds_a_case_holds_all_of_its_customer(casebook: Casebook) -> None:
    """As the case stands now, whoever was read as its customer before: an exception counts for the whole customer."""
    with casebook.begin() as connection:
        mine, theirs, elsewhere = (opened(connection, f"{number}.0") for number in (1, 2, 3))
        connection.execute(update(case_rows).where(case_rows.c.id == elsewhere.id).values(customer_id="C-2"))
        nobodys = opened(connection, "4.0")
        connection.execute(update(case_rows).where(case_rows.c.id == nobodys.id).values(customer_id=None))
        held = [row.id for row in connection.execute(cases.to_hold(WORKSPACE, mine.id))]
        assert held == sorted([mine.id, theirs.id])
        assert [row.id for row in connection.execute(cases.to_hold(WORKSPACE, elsewhere.id))] == [elsewhere.id]
        assert [row.id for row in connection.execute(cases.to_hold(WORKSPACE, nobodys.id))] == [nobodys.id]
        assert connection.execute(cases.to_hold("T2", mine.id)).all() == []


def test_a_server_locks_the_rows_in_one_order() -> None:
    """Where several write at a time: FOR UPDATE, sorted; where one does, nothing needs to be locked."""
    statement = cases.to_hold(WORKSPACE, "c1")
    for dialect, end in (("postgresql", "ORDER BY cases.id FOR UPDATE"), ("sqlite", "ORDER BY cases.id")):
        assert str(statement.compile(dialect=registry.load(dialect)())).endswith(end)
