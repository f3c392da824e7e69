"""The report's figures, each against what a person counts by hand."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection, text, update

from bot.commitments import CommitmentState
from bot.goodwill import ExceptionState
from bot.insight import (
    AskedAfter,
    AskedAgain,
    AskedFor,
    Breadth,
    FirstWhispers,
    Granted,
    Insight,
    Kept,
    Lost,
    LostWords,
    Product,
    Sale,
    Wanted,
    Whispers,
)
from bot.message import Role
from bot.policy import Concession
from bot.promises import VerificationState
from bot.recommend import Holdings
from bot.sales import LostReason
from storage import advised, conversations, forgetting
from storage.engine import Casebook
from storage.insight import Questions
from storage.insight_sql import SQL
from storage.schema import cases as case_rows
from tests import fresh
from tests.casebook.counted import (
    HOUR,
    asked_sales,
    case_at,
    closed_at,
    deal,
    file,
    promised,
    reading,
    turned_away,
    whispered,
)
from tests.casebook.sample import WORKSPACE, said

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
UNTIL = datetime(2026, 12, 1, tzinfo=UTC)
START, END = SINCE.timestamp(), UNTIL.timestamp()
SIGNALS = ("asks_price", "asks", "reports_fault")


@pytest.fixture
def connection(casebook: Casebook) -> Iterator[Connection]:
    """One transaction to write and ask in."""
    with casebook.begin() as opened:
        yield opened


def ask(connection: Connection) -> Insight:
    """The report over the month."""
    return Questions(connection, WORKSPACE, SINCE, UNTIL, SIGNALS).insight(None)


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


def test_what_was_asked_for_counts_by_concession(connection: Connection) -> None:
    """Three requests of two kinds, two of them granted; a later one is of another month."""
    case = case_at(connection, START)
    file(connection, case, ExceptionState.APPROVED, START + 1, concession="labour_waived")
    file(connection, case, ExceptionState.DECLINED, START + 2, concession="labour_waived")
    file(connection, case, ExceptionState.USED, START + 3, concession="extension")
    file(connection, case, ExceptionState.USED, END, concession="extension")
    assert ask(connection).asked_for == (
        AskedFor(concession=Concession.LABOUR_WAIVED, asked=2, granted=1),
        AskedFor(concession=Concession.EXTENSION, asked=1, granted=1),
    )


def test_asking_again_is_another_case_of_the_same_customer_however_long_ago(connection: Connection) -> None:
    """A reopened request in the same case is not asking again; one of last year counts as the earlier."""
    before, now = case_at(connection, START - 300 * 24 * HOUR), case_at(connection, START)
    file(connection, before, ExceptionState.USED, START - 300 * 24 * HOUR, customer="C-1")
    file(connection, now, ExceptionState.DECLINED, START + 1, customer="C-1")
    file(connection, now, ExceptionState.APPROVED, START + 2, customer="C-1")
    file(connection, now, ExceptionState.DECLINED, START + 3, customer="C-2")
    file(connection, now, ExceptionState.APPROVED, START + 4, customer="C-2")
    assert ask(connection).asked_again == (AskedAgain(customer_id="C-1", requests=2, granted=1),)


def test_whoever_is_turned_away_by_the_limit_asked_again_unless_a_request_was_filed_after_all(
    connection: Connection,
) -> None:
    """A case counts once, however often somebody tried in it; before and after the month nothing counts."""
    tried, filed, earlier, nobodys = (
        case_at(connection, START + n, customer=customer) for n, customer in enumerate(("C-1", "C-1", "C-2", None))
    )
    for case, at in (
        (tried, START + 10),
        (tried, START + 20),
        (tried, START + 30),
        (filed, START + 10),
        (earlier, START - 1),
        (earlier, END),
        (nobodys, END - 1),
    ):
        turned_away(connection, case, at)
    file(connection, filed, ExceptionState.DECLINED, START + 10, customer="C-1")
    file(connection, tried, ExceptionState.DECLINED, START + 19, customer="C-1")
    assert ask(connection).asked_again == (
        AskedAgain(customer_id="C-1", requests=1, granted=0, turned_away=1),
        AskedAgain(customer_id=None, turned_away=1),
    )


def test_claims_count_by_how_they_ended(connection: Connection) -> None:
    """One confirmed, two open, one of another month."""
    for at, state in (
        (START, VerificationState.CONFIRMED),
        (START + 1, VerificationState.ASKED),
        (START + 2, VerificationState.ASKED),
        (END, VerificationState.ASKED),
    ):
        asked_sales(connection, case_at(connection, at), at, state)
    assert ask(connection).claims == {VerificationState.ASKED: 2, VerificationState.CONFIRMED: 1}


def test_what_customers_came_with_counts_cases_not_messages(connection: Connection) -> None:
    """Two messages of one case that ask the price are one; a signal whose name holds another's is not that other."""
    case = case_at(connection, START, signals=("asks_price", "reports_fault"))
    conversations.write_message(connection, said(f"{START + 5:.6f}"), reading("asks_price"), case.id)
    ours = said(f"{START + 6:.6f}", role=Role.AGENT)
    conversations.write_message(connection, ours, reading("asks"), case.id)
    case_at(connection, START + 10, signals=("asks_price",))
    case_at(connection, END, signals=("reports_fault",))
    assert ask(connection).wanted == (Wanted(signal="asks_price", cases=2), Wanted(signal="reports_fault", cases=1))


def test_what_was_heard_is_told_for_each_product_of_those_who_came(connection: Connection) -> None:
    """Who holds two counts for both; who is not on file, or whose case is nobody's, counts for none."""
    case_at(connection, START, signals=("asks_price", "reports_fault"), customer="C-1")
    case_at(connection, START + 1, signals=("asks_price",), customer="C-1")
    case_at(connection, START + 2, signals=("reports_fault",), customer="C-2")
    case_at(connection, START + 3, signals=("reports_fault",), customer="C-gone")
    case_at(connection, START + 4, signals=("reports_fault",), customer=None)
    case_at(connection, END, signals=("reports_fault",), customer="C-2")
    held = {"C-1": frozenset({"scanner", "printer"}), "C-2": frozenset({"printer"})}
    holdings = Holdings.counted([*held.values(), frozenset({"printer"}), frozenset({"router"})])
    asked = Questions(connection, WORKSPACE, SINCE, UNTIL, SIGNALS)
    found = asked.insight(holdings, lambda customer: held.get(customer, frozenset()))
    price, fault = Wanted(signal="asks_price", cases=2), Wanted(signal="reports_fault", cases=1)
    assert found.products == (
        Product(name="printer", holders=3, cases=3, heard=(price, fault.model_copy(update={"cases": 2}))),
        Product(name="scanner", holders=1, cases=2, heard=(price, fault)),
    )


@pytest.mark.parametrize(
    ("waits", "median", "nine_of_ten"),
    [
        ((4.0,), 4.0, 4.0),
        ((4.0, 0.5), 2.25, 4.0),
        ((9.0, 1.0, 2.0), 2.0, 9.0),
        ((1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 100.0), 5.5, 9.0),
    ],
)
def test_the_first_whisper_of_each_case_is_timed_from_the_message_it_is_about(
    connection: Connection, waits: tuple[float, ...], median: float, nine_of_ten: float
) -> None:
    """The one in the middle, of two their mean; and the one that nine of ten are not above."""
    for number, wait in enumerate(waits):
        at = START + number * HOUR
        case = case_at(connection, at)
        whispered(connection, case, at + wait, after=wait)
        whispered(connection, case, at + 200, after=0.1)
    found = ask(connection)
    assert found.first_whisper.cases == len(waits)
    assert found.first_whisper.median == pytest.approx(median)
    assert found.first_whisper.nine_of_ten == pytest.approx(nine_of_ten)
    assert found.whispers == Whispers(shown=2 * len(waits))


def test_what_was_kept_in_a_pause_or_came_true_by_a_deed_is_no_first_whisper(connection: Connection) -> None:
    """Lines offered since a case was closed are about no message: a week of quiet is no wait."""
    paused, closed = case_at(connection, START), case_at(connection, START + 1)
    whispered(connection, paused, START + 5, after=5, while_paused=True)
    whispered(connection, closed, START + 7 * 24 * HOUR, after=7 * 24 * HOUR, heard=())
    found = ask(connection)
    assert found.first_whisper == FirstWhispers()
    assert found.whispers == Whispers(shown=1)


def test_a_whisper_counts_as_rated_by_whoever_it_was_for(connection: Connection) -> None:
    """Two rated one way and the other, one not at all; somebody else's rating of it is not theirs."""
    case = case_at(connection, START)
    ids = [whispered(connection, case, START + n, after=1) for n in range(3)]
    for advice_id, person, helpful in ((ids[0], "UA", True), (ids[1], "UA", False), (ids[0], "UB", False)):
        advised.rate(
            connection, workspace=WORKSPACE, advice_id=advice_id, person=person, helpful=helpful, now=START + 9
        )
    assert ask(connection).whispers == Whispers(shown=3, helpful=1, unhelpful=1)


def test_commitments_count_by_the_time_the_customer_was_told(connection: Connection) -> None:
    """Kept at the last moment is in time; kept by a time it was moved to is said apart; open ones do not count."""
    case = case_at(connection, START)
    due = START + HOUR
    promised(connection, case, due, CommitmentState.KEPT, settled=due)
    promised(connection, case, due, CommitmentState.KEPT, settled=due, moved_from=due - HOUR)
    promised(connection, case, due, CommitmentState.KEPT, settled=due + 1)
    promised(connection, case, due, CommitmentState.MISSED)
    promised(connection, case, due, CommitmentState.OPEN)
    promised(connection, case, due, CommitmentState.WITHDRAWN, settled=due)
    promised(connection, case, END, CommitmentState.MISSED)
    assert ask(connection).kept == Kept(in_time=1, moved=1, late=1, missed=1)


def test_what_was_kept_counts_when_it_was_kept_and_what_was_missed_when_it_was_due(connection: Connection) -> None:
    """A follow-up made good today for next week is in today's report, and in no other."""
    case = case_at(connection, START)
    promised(connection, case, END + HOUR, CommitmentState.KEPT, settled=END - 1)
    promised(connection, case, END - HOUR, CommitmentState.KEPT, settled=END)
    promised(connection, case, START - 1, CommitmentState.KEPT, settled=START)
    promised(connection, case, START - HOUR, CommitmentState.KEPT, settled=START - 1)
    promised(connection, case, START, CommitmentState.MISSED)
    promised(connection, case, START - 1, CommitmentState.MISSED)
    assert ask(connection).kept == Kept(in_time=1, late=1, missed=1)


def test_a_follow_up_is_what_was_promised_in_a_case_after_its_renewal_was_won(connection: Connection) -> None:
    """R42: a commitment made before the sale, or in a case that brought none, is no follow-up."""
    sold, lost = case_at(connection, START - HOUR), case_at(connection, START - 2 * HOUR)
    deal(connection, START + HOUR, "won", case=sold, value="1")
    deal(connection, START + HOUR, "lost", case=lost, lost_reason="price")
    for case, made, state, settled in (
        (sold, START + HOUR, CommitmentState.KEPT, START + 2 * HOUR),
        (sold, START + 2 * HOUR, CommitmentState.MISSED, None),
        (sold, START + HOUR - 1, CommitmentState.KEPT, START + HOUR),
        (lost, START + 2 * HOUR, CommitmentState.KEPT, START + 2 * HOUR),
    ):
        promised(connection, case, made + HOUR, state, settled=settled)
    due = START + 9 * HOUR
    promised(connection, sold, due, CommitmentState.KEPT, settled=due, moved_from=due - HOUR)
    found = ask(connection)
    assert found.kept == Kept(in_time=3, moved=1, missed=1)
    assert found.followed_up == Kept(in_time=1, moved=1, missed=1)


def test_a_case_is_asked_after_when_the_next_word_after_its_closing_is_ours(connection: Connection) -> None:
    """Whoever answers a customer who came back has not asked first; a case that closes twice counts once."""
    asked, answered, left, earlier = (case_at(connection, START - n * HOUR) for n in range(1, 5))
    for case, at in ((asked, START), (asked, START + 9), (answered, START), (left, START), (earlier, START - 1)):
        closed_at(connection, case, at)
    for case, at, role in (
        (asked, START + 10, Role.AGENT),
        (answered, START + 11, Role.CUSTOMER),
        (answered, START + 12, Role.AGENT),
        (left, START - 1, Role.AGENT),
        (earlier, START + 13, Role.AGENT),
    ):
        conversations.write_message(connection, said(f"{at:.6f}", role=role), reading(), case.id)
    assert ask(connection).asked_after == AskedAfter(closed=3, asked_after=1)


def test_breadth_is_counted_from_the_directory(connection: Connection) -> None:
    """Three products over two customers."""
    holdings = Holdings.counted([frozenset("ab"), frozenset("a")])
    found = Questions(connection, WORKSPACE, SINCE, UNTIL, ()).insight(holdings)
    assert found.breadth == Breadth(renewed=None, everybody=1.5)


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
    """Whoever renewed twice counts once, and a customer who is no longer on file not at all."""
    deal(connection, START + HOUR, "won", customer="C-1", value="1")
    deal(connection, START + 4 * HOUR, "won", customer="C-1", value="1")
    deal(connection, START + 5 * HOUR, "won", customer="C-2", value="1")
    deal(connection, END, "won", customer="C-3", value="1")
    deal(connection, START + 2 * HOUR, "won", customer="C-gone", value="1")
    deal(connection, START + 3 * HOUR, "won", customer=None, value="1")
    holdings = Holdings.counted([frozenset("ab"), frozenset("a"), frozenset()])
    asked = Questions(connection, WORKSPACE, SINCE, UNTIL, ())
    held: Mapping[str, frozenset[str]] = {"C-1": frozenset("ab"), "C-2": frozenset("a"), "C-3": frozenset("abc")}
    found = asked.insight(holdings, lambda customer: held.get(customer, frozenset()))
    assert found.breadth == Breadth(renewed=1.5, everybody=1.5)


def test_what_the_lost_ones_said_is_told_without_their_names_until_they_are_forgotten(connection: Connection) -> None:
    """The newest first, as sales wrote it down; with the customer's words these go as well, and the count stays."""
    deal(connection, START + HOUR, "lost", lost_reason="price", lost_note="Too dear", customer="C-1")
    deal(connection, START + 2 * HOUR, "lost", lost_reason="other", lost_note="They merged", customer="C-2")
    deal(connection, START + 3 * HOUR, "lost", lost_reason="price")
    deal(connection, END, "lost", lost_reason="price", lost_note="Of December")
    merged = LostWords(
        reason=LostReason.OTHER, settled_at=datetime.fromtimestamp(START + 2 * HOUR, UTC), words="They merged"
    )
    dear = LostWords(reason=LostReason.PRICE, settled_at=datetime.fromtimestamp(START + HOUR, UTC), words="Too dear")
    assert ask(connection).lost_words == (merged, dear)
    connection.execute(update(case_rows).values(customer_id="C-1"))
    forgetting.forget(connection, "C-1", now=END)
    found = ask(connection)
    assert found.lost_words == ()
    assert found.lost == (Lost(reason=LostReason.PRICE, times=2), Lost(reason=LostReason.OTHER, times=1))


@pytest.mark.parametrize("name", SQL)
def test_each_question_can_be_asked_again_as_it_is_printed(connection: Connection, name: str) -> None:
    """The spelt question is whole: nothing in it is left to be filled."""
    case_at(connection, START, signals=("asks_price",))
    months = [(SINCE.date(), SINCE), (UNTIL.date(), UNTIL)]
    questions = Questions(connection, WORKSPACE, SINCE, UNTIL + timedelta(days=1), SIGNALS, months)
    whole = text(questions.sql(name).rstrip(";"))
    assert whole.compile().params == {}
    connection.execute(whole)


@pytest.mark.skipif(fresh.ON_SERVER, reason="a server plans by what it knows of its tables")
@pytest.mark.parametrize(
    ("name", "table"), [("wanted", "messages"), ("wanted_by", "messages"), ("first_whisper", "advice")]
)
def test_a_week_reads_what_belongs_to_its_own_cases(connection: Connection, name: str, table: str) -> None:
    """The bot stands still while it counts the week, so that the years before must not be read as well."""
    question = Questions(connection, WORKSPACE, SINCE, UNTIL, SIGNALS).sql(name)
    plan = [str(row[3]) for row in connection.execute(text(f"EXPLAIN QUERY PLAN {question}"))]
    (read,) = (step for step in plan if f" {table} " in step)
    assert "workspace=? AND case_id=?" in read
