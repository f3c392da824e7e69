"""The report's figures, each against what a person counts by hand."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection, text

from bot.case import Case, CaseState
from bot.commitments import CommitmentState
from bot.goodwill import ExceptionState
from bot.insight import AskedAgain, Breadth, Granted, Insight, Kept, Lost, Sale, Wanted, Whispers
from bot.promises import VerificationState
from bot.recommend import Holdings
from bot.sales import LostReason
from bot.signals import Reading, Signal
from storage import advised, cases, conversations
from storage.engine import Casebook
from storage.insight import SQL, Questions
from storage.schema import cases as case_rows
from storage.schema import commitments, exceptions, opportunities, verifications
from tests.casebook.sample import WORKSPACE, advice, said

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
UNTIL = datetime(2026, 12, 1, tzinfo=UTC)
START, END = SINCE.timestamp(), UNTIL.timestamp()
HOUR = 3600.0
SIGNALS = ("asks_price", "asks", "reports_fault")


@pytest.fixture
def connection(casebook: Casebook) -> Iterator[Connection]:
    """One transaction to write and ask in."""
    with casebook.begin() as opened:
        yield opened


def ask(connection: Connection) -> Insight:
    """The report over the month."""
    return Questions(connection, WORKSPACE, SINCE, UNTIL, SIGNALS).insight(None)


def case_at(connection: Connection, at: float, *, signals: tuple[str, ...] = (), closed: bool = False) -> Case:
    """A case that was opened then, by a message that shows these signals."""
    message = said(f"{at:.6f}")
    case = cases.open_case(connection, message, "C-1")
    changed = {"opened_at": at} | ({"state": CaseState.CLOSED} if closed else {})
    connection.execute(case_rows.update().where(case_rows.c.id == case.id).values(changed))
    reading = Reading(tuple(Signal(id=each, score=0.9, words="x") for each in signals), 0)
    conversations.write_message(connection, message, reading, case.id)
    return case


def file(
    connection: Connection,
    case: Case,
    state: ExceptionState,
    at: float,
    *,
    cost: str = "1000",
    cap: str | None = None,
    ours: bool = False,
    said_ours: str = "no",
    customer: str = "C-1",
    currency: str = "TWD",
) -> None:
    """A request that was filed and decided then."""
    connection.execute(
        exceptions.insert().values(
            workspace=WORKSPACE,
            id=f"e{at:.0f}{customer}",
            case_id=case.id,
            customer_id=customer,
            state=state,
            requested_by="UA",
            requested_at=at,
            concession="full",
            fault="x",
            cost=Decimal(cost),
            cap=Decimal(cap) if cap else None,
            currency=currency,
            reason="x",
            decided_at=at,
            fault_ours=said_ours,
            ours=ours,
        )
    )


def test_an_empty_month_is_all_noughts(connection: Connection) -> None:
    """Nothing breaks where there is nothing to count."""
    assert ask(connection) == Insight(since=SINCE, until=UNTIL)


def test_cases_count_from_the_first_second_to_before_the_last(connection: Connection) -> None:
    """The period begins with its first moment and ends before its last; another workspace's case is not ours."""
    for at, closed in ((START - 1, True), (START, True), (END - 1, False), (END, False)):
        case_at(connection, at, closed=closed)
    other = case_at(connection, START + 1)
    connection.execute(case_rows.update().where(case_rows.c.id == other.id).values(workspace="T2"))
    found = ask(connection)
    assert (found.opened, found.closed) == (2, 1)


def test_what_was_granted_counts_by_its_cap_each_currency_and_our_own_faults_apart(connection: Connection) -> None:
    """A grant of at most 600 for something that costs 1,000 costs 600; a lapsed or declined one costs nothing.

    Whose fault it was is the word of whoever granted it, not of whoever asked.
    """
    case = case_at(connection, START)
    file(connection, case, ExceptionState.APPROVED, START + 1, cap="600")
    file(connection, case, ExceptionState.USED, START + 2, cost="250.50", said_ours="yes")
    file(connection, case, ExceptionState.USED, START + 3, cost="80", currency="USD")
    file(connection, case, ExceptionState.USED, START + 4, cost="9000", ours=True)
    file(connection, case, ExceptionState.LAPSED, START + 5)
    file(connection, case, ExceptionState.DECLINED, START + 6)
    file(connection, case, ExceptionState.USED, END)
    found = ask(connection)
    assert found.granted == (
        Granted(currency="TWD", ours=False, granted=2, cost=Decimal("850.50")),
        Granted(currency="USD", ours=False, granted=1, cost=Decimal(80)),
        Granted(currency="TWD", ours=True, granted=1, cost=Decimal(9000)),
    )
    assert found.asked == {
        ExceptionState.USED: 3,
        ExceptionState.APPROVED: 1,
        ExceptionState.DECLINED: 1,
        ExceptionState.LAPSED: 1,
    }


def test_asking_again_is_another_case_of_the_same_customer_however_long_ago(connection: Connection) -> None:
    """A reopened request in the same case is not asking again; one of last year counts as the earlier."""
    before, now = case_at(connection, START - 300 * 24 * HOUR), case_at(connection, START)
    file(connection, before, ExceptionState.USED, START - 300 * 24 * HOUR, customer="C-1")
    file(connection, now, ExceptionState.DECLINED, START + 1, customer="C-1")
    file(connection, now, ExceptionState.APPROVED, START + 2, customer="C-1")
    file(connection, now, ExceptionState.DECLINED, START + 3, customer="C-2")
    file(connection, now, ExceptionState.APPROVED, START + 4, customer="C-2")
    assert ask(connection).asked_again == (AskedAgain(customer_id="C-1", requests=2, granted=1),)


def test_claims_count_by_how_they_ended(connection: Connection) -> None:
    """One confirmed, two open, one of another month."""
    for at, state in (
        (START, VerificationState.CONFIRMED),
        (START + 1, VerificationState.ASKED),
        (START + 2, VerificationState.ASKED),
        (END, VerificationState.ASKED),
    ):
        case = case_at(connection, at)
        values = {"workspace": WORKSPACE, "id": f"v{at:.0f}", "case_id": case.id, "state": state, "asked_by": "UA"}
        connection.execute(verifications.insert().values(**values, asked_at=at))
    assert ask(connection).claims == {VerificationState.ASKED: 2, VerificationState.CONFIRMED: 1}


def test_what_customers_came_with_counts_cases_not_messages(connection: Connection) -> None:
    """Two messages of one case that ask the price are one; a signal whose name holds another's is not that other."""
    case = case_at(connection, START, signals=("asks_price", "reports_fault"))
    reading = Reading((Signal(id="asks_price", score=0.9, words="x"),), 0)
    conversations.write_message(connection, said(f"{START + 5:.6f}"), reading, case.id)
    case_at(connection, START + 10, signals=("asks_price",))
    case_at(connection, END, signals=("reports_fault",))
    assert ask(connection).wanted == (Wanted(signal="asks_price", cases=2), Wanted(signal="reports_fault", cases=1))


def test_the_first_whisper_of_each_case_is_timed_from_the_message_it_is_about(connection: Connection) -> None:
    """Later whispers, and those that were only kept while somebody paused, do not count as the first."""
    slow, quick, paused = (case_at(connection, START + n * HOUR) for n in range(3))
    for case, ts, given, while_paused in (
        (slow, START, START + 4, False),
        (slow, START + 60, START + 61, False),
        (quick, START + HOUR, START + HOUR + 0.5, False),
        (paused, START + 2 * HOUR, START + 2 * HOUR + 1, True),
    ):
        advised.write_advice(
            connection,
            case,
            message_ts=f"{ts:.6f}",
            person="UA",
            given=advice(),
            now=given,
            while_paused=while_paused,
        )
    found = ask(connection)
    assert list(found.waits) == pytest.approx([0.5, 4.0])
    assert found.whispers == Whispers(shown=3)


def test_a_whisper_counts_as_rated_by_whoever_it_was_for(connection: Connection) -> None:
    """Two rated one way and the other, one not at all; somebody else's rating of it is not theirs."""
    case = case_at(connection, START)
    ids = [
        advised.write_advice(connection, case, message_ts="1.0", person="UA", given=advice(), now=START + n)
        for n in range(3)
    ]
    for advice_id, person, helpful in ((ids[0], "UA", True), (ids[1], "UA", False), (ids[0], "UB", False)):
        advised.rate(
            connection, workspace=WORKSPACE, advice_id=advice_id, person=person, helpful=helpful, now=START + 9
        )
    assert ask(connection).whispers == Whispers(shown=3, helpful=1, unhelpful=1)


def test_commitments_count_by_the_time_the_customer_was_told(connection: Connection) -> None:
    """Kept at the last moment is in time; kept by a time it was moved to is said apart; withdrawn ones are not due."""
    case = case_at(connection, START)
    due = START + HOUR
    for number, (state, settled, moved) in enumerate(
        (
            (CommitmentState.KEPT, due, None),
            (CommitmentState.KEPT, due - 1, due - HOUR),
            (CommitmentState.KEPT, due + 1, None),
            (CommitmentState.MISSED, None, None),
            (CommitmentState.OPEN, None, None),
            (CommitmentState.WITHDRAWN, due, None),
        )
    ):
        connection.execute(
            commitments.insert().values(
                workspace=WORKSPACE,
                id=f"c{number}",
                case_id=case.id,
                text="x",
                state=state,
                due_at=due,
                timezone="Asia/Taipei",
                made_by="UA",
                made_at=START,
                settled_at=settled,
                moved_from=moved,
            )
        )
    assert ask(connection).kept == Kept(in_time=1, moved=1, late=1, missed=2)


def test_breadth_is_counted_from_the_directory(connection: Connection) -> None:
    """Three products over two customers."""
    holdings = Holdings.counted([frozenset("ab"), frozenset("a")])
    found = Questions(connection, WORKSPACE, SINCE, UNTIL, ()).insight(holdings)
    assert found.breadth.everybody == 1.5


def deal(
    connection: Connection,
    at: float,
    state: str,
    *,
    customer: str = "C-1",
    value: str | None = None,
    currency: str = "TWD",
    lost_reason: str | None = None,
) -> None:
    """An opportunity that was opened an hour before it was settled then."""
    connection.execute(
        opportunities.insert().values(
            workspace=WORKSPACE,
            id=f"o{at:.0f}",
            case_id=case_at(connection, at - HOUR).id,
            customer_id=customer,
            state=state,
            reasons="[]",
            opened_at=at - HOUR,
            settled_at=at if state in {"won", "lost"} else None,
            value=Decimal(value) if value else None,
            currency=currency if value else None,
            months=12 if value else None,
            lost_reason=lost_reason,
        )
    )


def test_renewals_won_count_when_they_were_won_each_currency_and_those_after_an_exception_apart(
    connection: Connection,
) -> None:
    """An exception granted before the sale counts, however long before; one of another customer, or later, does not."""
    case = case_at(connection, START - 100 * HOUR)
    file(connection, case, ExceptionState.USED, START - 100 * HOUR, customer="C-1")
    file(connection, case, ExceptionState.APPROVED, START + 50 * HOUR, customer="C-2")
    file(connection, case, ExceptionState.DECLINED, START, customer="C-3")
    deal(connection, START + 1, "won", customer="C-1", value="96000")
    deal(connection, START + 2, "won", customer="C-2", value="48000.50")
    deal(connection, START + 3, "won", customer="C-3", value="900", currency="USD")
    deal(connection, END, "won", customer="C-1", value="1")
    found = ask(connection)
    assert found.sales == (
        Sale(
            currency="TWD",
            won=2,
            value=Decimal("144000.50"),
            after_exception=1,
            value_after_exception=Decimal(96000),
        ),
        Sale(currency="USD", won=1, value=Decimal(900), after_exception=0, value_after_exception=Decimal(0)),
    )
    assert found.sales[0].average == Decimal("72000.25")


def test_opportunities_count_when_they_were_opened_and_losses_by_their_reason(connection: Connection) -> None:
    """Most frequent reason first; one lost in another month is not of this one."""
    deal(connection, START + 2 * HOUR, "lost", lost_reason="price")
    deal(connection, START + 3 * HOUR, "lost", lost_reason="price")
    deal(connection, START + 4 * HOUR, "lost", lost_reason="no_answer")
    deal(connection, START + 5 * HOUR, "taken")
    deal(connection, END + 1, "lost", lost_reason="budget")
    found = ask(connection)
    assert found.opportunities == {"lost": 4, "taken": 1}
    assert found.lost == (Lost(reason=LostReason.PRICE, times=2), Lost(reason=LostReason.NO_ANSWER, times=1))


def test_breadth_of_those_who_renewed_is_told_beside_everybodys(connection: Connection) -> None:
    """Two products of the one who renewed; a customer who is no longer on file is left out."""
    deal(connection, START + HOUR, "won", customer="C-1", value="1")
    deal(connection, START + 2 * HOUR, "won", customer="C-gone", value="1")
    holdings = Holdings.counted([frozenset("ab"), frozenset("a"), frozenset()])
    asked = Questions(connection, WORKSPACE, SINCE, UNTIL, ())
    found = asked.insight(holdings, {"C-1": 2}.get)
    assert found.breadth == Breadth(renewed=2.0, everybody=1.5)


@pytest.mark.parametrize("name", SQL)
def test_each_question_can_be_asked_again_as_it_is_printed(connection: Connection, name: str) -> None:
    """The spelt question is whole: nothing in it is left to be filled."""
    case_at(connection, START, signals=("asks_price",))
    questions = Questions(connection, WORKSPACE, SINCE, UNTIL + timedelta(days=1), SIGNALS)
    connection.exec_driver_sql(questions.sql(name).rstrip(";"))
    assert text(questions.sql(name)).compile().params == {}
