"""What was decided before, looked up for the next decision: others' as precedent, this customer's own as noes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from bot.case import Case
from bot.goodwill import ExceptionRequest, ExceptionState, Grant
from bot.policy import Concession
from storage import goodwill as requests
from storage.engine import Casebook
from tests.casebook.sample import WORKSPACE, opened

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
LOW = Decimal(5000)


def filed(
    connection: Connection,
    name: str,
    case: Case,
    customer: str | None,
    state: ExceptionState = ExceptionState.DECLINED,
    *,
    days_ago: int = 1,
    ours: bool = False,
) -> ExceptionRequest:
    """A request that was decided so long ago, or is asked now."""
    when = NOW - timedelta(days=days_ago)
    decided = state is not ExceptionState.REQUESTED
    grant = Grant(concession=Concession.FULL, scope="x", cap=LOW, ours=ours)
    request = ExceptionRequest(
        workspace=WORKSPACE,
        id=name,
        case_id=case.id,
        customer_id=customer,
        state=state,
        requested_by="UA",
        requested_at=when,
        concession=Concession.FULL,
        fault="x",
        cost=Decimal(3000),
        currency="TWD",
        reason="x",
        fault_ours="yes",
        decided_by="US" if decided else None,
        decided_at=when if decided else None,
        grant=grant if state is ExceptionState.USED else None,
    )
    requests.write(connection, request)
    return request


def test_precedent_is_what_others_were_decided(casebook: Casebook) -> None:
    """The same customer's no or yes is no precedent for their next wish, nor is a fault of ours that was put right."""
    with casebook.begin() as connection:
        case, other = opened(connection), opened(connection, "200.0")
        asked = filed(connection, "asked", case, "C-1", ExceptionState.REQUESTED)
        filed(connection, "own no", other, "C-1")
        filed(connection, "own yes", other, "C-1", ExceptionState.USED)
        filed(connection, "same case", case, None)
        filed(connection, "another's", other, "C-2", days_ago=3)
        filed(connection, "nobody's", other, None, days_ago=4)
        filed(connection, "our fault", other, "C-2", ExceptionState.USED, ours=True)
        assert [each.id for each in requests.similar(connection, asked, LOW)] == ["another's", "nobody's"]
        unknown = asked.model_copy(update={"customer_id": None})
        assert {each.id for each in requests.similar(connection, unknown, LOW)} == {
            *("own no", "own yes", "another's", "nobody's")
        }


def test_a_no_is_found_from_every_case_of_the_customer(casebook: Casebook) -> None:
    """In the window from other cases; in its own case as long as the case lasts, also of a customer not on file."""
    with casebook.begin() as connection:
        case, other = opened(connection), opened(connection, "200.0")
        assert case.customer_id == "C-1"
        filed(connection, "here, long ago", case, "C-1", days_ago=800)
        filed(connection, "elsewhere", other, "C-1", days_ago=30)
        filed(connection, "elsewhere, long ago", other, "C-1", days_ago=500)
        filed(connection, "another's", other, "C-2", days_ago=30)
        filed(connection, "a yes", other, "C-1", ExceptionState.USED, days_ago=30)
        since = NOW - timedelta(days=365)
        assert [each.id for each in requests.declined(connection, case, since)] == ["here, long ago", "elsewhere"]
        nobody = case.model_copy(update={"customer_id": None})
        assert [each.id for each in requests.declined(connection, nobody, since)] == ["here, long ago"]
