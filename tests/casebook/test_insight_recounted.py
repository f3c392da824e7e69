"""Every figure of the report, counted once more in plain Python from whatever cases there may be."""

import statistics
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from bot.commitments import CommitmentState
from bot.goodwill import GRANTED, ExceptionState
from bot.insight import AskedAfter, Breadth, Insight, Kept, Month
from bot.insight_months import months_told
from bot.message import Role
from bot.policy import Concession
from bot.promises import VerificationState
from bot.recommend import Holdings
from bot.sales import LostReason
from storage import conversations
from storage.engine import Casebook
from storage.insight import Questions
from tests.casebook import counted
from tests.casebook.counted import HOUR
from tests.casebook.sample import WORKSPACE, said
from tests.fresh import casebook_at

TAIPEI = ZoneInfo("Asia/Taipei")
SINCE, UNTIL = datetime(2026, 10, 20, tzinfo=TAIPEI), datetime(2026, 12, 3, tzinfo=TAIPEI)
FIRST, LAST = SINCE.date(), (UNTIL - timedelta(days=1)).date()
START, END = SINCE.timestamp(), UNTIL.timestamp()
MONTHS = months_told(FIRST, LAST, TAIPEI)
SIGNALS = ("asks_price", "reports_fault", "why")
HELD = {"C-1": frozenset({"printer", "scanner"}), "C-2": frozenset({"printer"})}
CURRENCIES = st.sampled_from(["TWD", "USD"])
AMOUNTS = st.integers(1, 99_999).map(lambda cents: Decimal(cents) / 100)


@dataclass(frozen=True)
class Request:
    """A request, filed and decided at once."""

    at: float
    state: ExceptionState
    cost: Decimal
    currency: str
    ours: bool
    concession: Concession


@dataclass(frozen=True)
class Deal:
    """An opportunity, opened an hour before that, and settled then unless it is open."""

    at: float
    state: str
    value: Decimal
    currency: str
    reason: LostReason


@dataclass(frozen=True)
class Made:
    """A case, with what happened in it and when, if at all; times are seconds since 1970.

    Attributes:
        wait: Seconds until its first whisper.
        asked_after: Whether the next word after it was closed was ours.
        due: Commitments: when they were due, what became of them, and how many hours late.
    """

    at: float
    customer: str | None
    signals: frozenset[str]
    wait: int | None
    request: Request | None
    turned_away: float | None
    claim: tuple[float, VerificationState] | None
    deal: Deal | None
    closed: float | None
    asked_after: bool
    due: tuple[tuple[float, CommitmentState, int], ...]


EDGES = sorted({START, END, *(begins.timestamp() for _, begins in MONTHS[-3:])})
WHEN = st.sampled_from([edge + each for edge in EDGES for each in (-1.0, 0.0, HOUR)]) | st.integers(-100, 1200).map(
    lambda hours: START + hours * HOUR
)
"""Where a moment more or less decides, as often as anywhere else."""
MADE = st.builds(
    Made,
    at=WHEN,
    customer=st.sampled_from(["C-1", "C-2", "C-gone", None]),
    signals=st.frozensets(st.sampled_from(SIGNALS)),
    wait=st.none() | st.integers(0, 300),
    request=st.none()
    | st.builds(
        Request,
        at=WHEN,
        state=st.sampled_from(ExceptionState),
        cost=AMOUNTS,
        currency=CURRENCIES,
        ours=st.booleans(),
        concession=st.sampled_from(Concession),
    ),
    turned_away=st.none() | WHEN,
    claim=st.none() | st.tuples(WHEN, st.sampled_from(VerificationState)),
    deal=st.none()
    | st.builds(
        Deal,
        at=WHEN,
        state=st.sampled_from(["asked", "taken", "won", "lost"]),
        value=AMOUNTS,
        currency=CURRENCIES,
        reason=st.sampled_from(LostReason),
    ),
    closed=st.none() | WHEN,
    asked_after=st.booleans(),
    due=st.lists(st.tuples(WHEN, st.sampled_from(CommitmentState), st.integers(-1, 1)), max_size=2).map(tuple),
)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Casebook]:
    """One casebook, in which nothing stays."""
    folder: Path = tmp_path_factory.mktemp("recounted")
    opened = casebook_at(folder / "casebook.db")
    yield opened
    opened.close()


def write(connection: Connection, made: Made) -> None:
    """The rows of a case."""
    case = counted.case_at(
        connection,
        made.at,
        signals=tuple(sorted(made.signals)),
        closed=made.closed is not None,
        customer=made.customer,
    )
    if made.wait is not None:
        counted.whispered(connection, case, made.at + made.wait, after=made.wait)
    if made.turned_away is not None:
        counted.turned_away(connection, case, made.turned_away)
    if asked := made.request:
        counted.file(
            connection,
            case,
            asked.state,
            asked.at,
            cost=str(asked.cost),
            currency=asked.currency,
            ours=asked.ours,
            concession=asked.concession,
            customer=made.customer,
        )
    if made.claim:
        counted.asked_sales(connection, case, *made.claim)
    if deal := made.deal:
        counted.deal(
            connection,
            deal.at,
            deal.state,
            case=case,
            customer=made.customer,
            value=str(deal.value) if deal.state == "won" else None,
            currency=deal.currency,
            lost_reason=deal.reason if deal.state == "lost" else None,
            lost_note=str(deal.value) if deal.state == "lost" else "",
        )
    for due, state, late in made.due:
        settled = due + late * HOUR if state is CommitmentState.KEPT else None
        counted.promised(connection, case, due, state, settled=settled)
    if made.closed is not None:
        counted.closed_at(connection, case, made.closed)
        role = Role.AGENT if made.asked_after else Role.CUSTOMER
        message = said(f"{made.closed + 0.5:.6f}", role=role).model_copy(update={"channel": case.id})
        conversations.write_message(connection, message, counted.reading(), case.id)


def of(found: Insight, name: str, *fields: str) -> Counter[tuple[object, ...]]:
    """The rows of a figure, whatever their order."""
    return Counter(tuple(getattr(each, field) for field in fields) for each in getattr(found, name))


def within(at: float, since: float = START, until: float = END) -> bool:
    """Whether a moment is in the period."""
    return since <= at < until


def whole(at: float, deal: Deal) -> Made:
    """A case in which everything happened at one moment, or was due then."""
    return Made(
        at=at,
        customer="C-1",
        signals=frozenset(SIGNALS),
        wait=3,
        request=Request(at, ExceptionState.USED, Decimal(100), "TWD", ours=False, concession=Concession.FULL),
        turned_away=at,
        claim=(at, VerificationState.CONFIRMED),
        deal=deal,
        closed=at,
        asked_after=True,
        due=((at, CommitmentState.KEPT, 0),),
    )


def won(at: float) -> Deal:
    """Won then."""
    return Deal(at, "won", Decimal(900), "TWD", LostReason.PRICE)


@settings(max_examples=40)
@example(cases=[whole(START, won(START))])
@example(cases=[whole(edge, won(edge)) for edge in EDGES])
@example(cases=[replace(whole(edge, won(edge + HOUR)), turned_away=edge - 1) for edge in EDGES])
@example(cases=[replace(whole(edge, replace(won(edge), state="lost")), request=None) for edge in EDGES])
@given(cases=st.lists(MADE, max_size=6, unique_by=lambda made: made.at))
def test_each_figure_is_what_a_plain_count_finds(book: Casebook, cases: list[Made]) -> None:
    """R42–R45: whatever happened, the questions in SQL and a loop over the same cases agree."""
    with book.engine.connect() as connection, connection.begin() as transaction:
        for made in cases:
            write(connection, made)
        asked = Questions(connection, WORKSPACE, SINCE, UNTIL, SIGNALS, MONTHS)
        holdings = Holdings.counted(HELD.values())
        found = asked.insight(holdings, lambda customer: HELD.get(customer, frozenset()))
        transaction.rollback()

    opened = [made for made in cases if within(made.at)]
    assert (found.opened, found.closed) == (len(opened), sum(made.closed is not None for made in opened))
    waits = sorted(made.wait for made in opened if made.wait is not None)
    assert found.first_whisper.cases == len(waits)
    assert found.first_whisper.median == (pytest.approx(statistics.median(waits), abs=1e-3) if waits else None)
    nine_of_ten = next((each for each in waits if sum(w <= each for w in waits) * 10 >= len(waits) * 9), None)
    assert found.first_whisper.nine_of_ten == (pytest.approx(nine_of_ten, abs=1e-3) if waits else None)
    check_requests(found, cases)
    check_sales(found, cases)
    check_promises(found, cases)
    check_market(found, opened)
    check_months(found, cases)


def test_what_another_workspace_did_counts_nowhere(book: Casebook) -> None:
    """Two cases with everything in them, and the report of a workspace that had none."""
    case = replace(whole(START, won(START + HOUR)), turned_away=START + HOUR)
    lost = replace(won(START + 3 * HOUR), state="lost")
    with book.engine.connect() as connection, connection.begin() as transaction:
        write(connection, case)
        write(connection, whole(START + 2 * HOUR, lost))
        asked = Questions(connection, "T2", SINCE, UNTIL, SIGNALS, MONTHS)
        found = asked.insight(Holdings.counted(HELD.values()), lambda customer: HELD.get(customer, frozenset()))
        transaction.rollback()
    months = tuple(Month(first=first) for first, _ in MONTHS)
    assert found == Insight(since=SINCE, until=UNTIL, breadth=Breadth(everybody=1.5), months=months)


def check_requests(found: Insight, cases: list[Made]) -> None:
    """Requests, by state, by concession, granted, again and turned away."""
    all_filed = [(made, made.request, made.request.at) for made in cases if made.request]
    filed = [(made, request, at) for made, request, at in all_filed if within(at)]
    assert found.asked == Counter(request.state for _, request, _ in filed)
    by_kind = Counter(request.concession for _, request, _ in filed)
    granted_by_kind = Counter(request.concession for _, request, _ in filed if request.state in GRANTED)
    assert of(found, "asked_for", "concession", "asked", "granted") == Counter(
        (kind, times, granted_by_kind[kind]) for kind, times in by_kind.items()
    )
    costs: dict[tuple[str, bool], list[Decimal]] = {}
    for _, request, _ in filed:
        if request.state in GRANTED:
            costs.setdefault((request.currency, request.ours), []).append(request.cost)
    assert of(found, "granted", "currency", "ours", "granted", "cost") == Counter(
        (*kind, len(each), sum(each)) for kind, each in costs.items()
    )
    again = [
        (made.customer, request)
        for made, request, at in filed
        if made.customer
        and any(other.customer == made.customer and other is not made and then < at for other, _, then in all_filed)
    ]
    away = Counter(
        made.customer
        for made in cases
        if made.turned_away is not None
        and within(made.turned_away)
        and not (made.request and made.request.at >= made.turned_away)
    )
    requests: Counter[str | None] = Counter(customer for customer, _ in again)
    granted: Counter[str | None] = Counter(customer for customer, request in again if request.state in GRANTED)
    assert of(found, "asked_again", "customer_id", "requests", "granted", "turned_away") == Counter(
        (each, requests[each], granted[each], away[each]) for each in {*requests, *away}
    )


def check_sales(found: Insight, cases: list[Made]) -> None:
    """Opportunities, what was won and after an exception, what was lost, and who renewed."""
    deals = [(made, made.deal, made.deal.at) for made in cases if made.deal]
    assert found.opportunities == Counter(deal.state for _, deal, at in deals if within(at - HOUR))
    settled = [(made, deal, at) for made, deal, at in deals if within(at)]
    sales: dict[str, list[tuple[Decimal, bool]]] = {}
    for made, deal, at in settled:
        if deal.state == "won":
            after = any(
                made.customer
                and other.customer == made.customer
                and other.request
                and other.request.state in GRANTED
                and other.request.at < at
                for other in cases
            )
            sales.setdefault(deal.currency, []).append((deal.value, after))
    assert of(found, "sales", "currency", "won", "value", "after_exception", "value_after_exception") == Counter(
        (
            currency,
            len(each),
            sum(value for value, _ in each),
            sum(after for _, after in each),
            sum((value for value, after in each if after), Decimal(0)),
        )
        for currency, each in sales.items()
    )
    assert {each.reason: each.times for each in found.lost} == Counter(
        deal.reason for _, deal, _ in settled if deal.state == "lost"
    )
    assert of(found, "lost_words", "reason", "words") == Counter(
        (deal.reason, str(deal.value)) for _, deal, _ in settled if deal.state == "lost"
    )
    renewed = {made.customer for made, deal, _ in settled if deal.state == "won"} & HELD.keys()
    breadth = statistics.mean(len(HELD[str(each)]) for each in renewed) if renewed else None
    assert (found.breadth.renewed, found.breadth.everybody) == (breadth, 1.5)


def check_promises(found: Insight, cases: list[Made]) -> None:
    """Claims, commitments, follow-ups and whom we asked after."""
    assert found.claims == Counter(made.claim[1] for made in cases if made.claim and within(made.claim[0]))

    def kept(*, after_sale: bool) -> Kept:
        ended = [
            (state, late)
            for made in cases
            for due, state, late in made.due
            if within(due + late * HOUR if state is CommitmentState.KEPT else due)
            and (not after_sale or (made.deal and made.deal.state == "won" and made.deal.at <= due - HOUR))
        ]
        return Kept(
            in_time=sum(state is CommitmentState.KEPT and late <= 0 for state, late in ended),
            late=sum(state is CommitmentState.KEPT and late > 0 for state, late in ended),
            missed=sum(state is CommitmentState.MISSED for state, _ in ended),
        )

    assert (found.kept, found.followed_up) == (kept(after_sale=False), kept(after_sale=True))
    closed = [made for made in cases if made.closed is not None and within(made.closed)]
    assert found.asked_after == AskedAfter(closed=len(closed), asked_after=sum(made.asked_after for made in closed))


def check_market(found: Insight, opened: list[Made]) -> None:
    """What was heard, over all cases and by product."""
    assert {each.signal: each.cases for each in found.wanted} == Counter(
        signal for made in opened for signal in made.signals
    )
    for product in ("printer", "scanner"):
        theirs = [made for made in opened if product in HELD.get(made.customer or "", ())]
        heard = Counter(signal for made in theirs for signal in made.signals)
        told = [each for each in found.products if each.name == product]
        assert [each.cases for each in told] == ([len(theirs)] if theirs else [])
        assert [{one.signal: one.cases for one in each.heard} for each in told] == ([heard] if theirs else [])


def check_months(found: Insight, cases: list[Made]) -> None:
    """Each month of the desk's clock, the last one up to the end."""
    ends = [*(begins.timestamp() for _, begins in MONTHS[1:]), END]
    for month, (first, begins), end in zip(found.months, MONTHS, ends, strict=True):
        since = begins.timestamp()
        costs: dict[str, Decimal] = {}
        values: dict[str, Decimal] = {}
        granted = won = 0
        for made in cases:
            asked, deal = made.request, made.deal
            if asked and asked.state in GRANTED and not asked.ours and within(asked.at, since, end):
                granted += 1
                costs[asked.currency] = costs.get(asked.currency, Decimal(0)) + asked.cost
            if deal and deal.state == "won" and within(deal.at, since, end):
                won += 1
                values[deal.currency] = values.get(deal.currency, Decimal(0)) + deal.value
        waits = [made.wait for made in cases if made.wait is not None and within(made.at, since, end)]
        median = statistics.median(waits) if waits else None
        assert month.first_whisper == (pytest.approx(median, abs=1e-3) if waits else None)
        assert month.model_copy(update={"first_whisper": None}) == Month(
            first=first,
            opened=sum(within(made.at, since, end) for made in cases),
            granted=granted,
            cost=costs,
            won=won,
            value=values,
            claims=sum(within(made.claim[0], since, end) for made in cases if made.claim),
        )
