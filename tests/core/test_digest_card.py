"""The week's figures as supervisors and managers read them on Monday."""

from datetime import UTC, date, datetime
from decimal import Decimal

from bot.cards.digest import card, is_empty
from bot.goodwill import ExceptionState
from bot.i18n import words
from bot.insight import AskedAfter, AskedAgain, FirstWhispers, Granted, Insight, Kept, Sale, Wanted, Whispers
from bot.promises import VerificationState
from bot.sales import OpportunityState

BEFORE = Insight(since=datetime(2026, 11, 9, tzinfo=UTC), until=datetime(2026, 11, 16, tzinfo=UTC), opened=4)
WEEK = Insight(
    since=datetime(2026, 11, 16, tzinfo=UTC),
    until=datetime(2026, 11, 23, tzinfo=UTC),
    opened=7,
    granted=(
        Granted(currency="TWD", ours=False, granted=2, cost=Decimal(5000)),
        Granted(currency="TWD", ours=True, granted=1, cost=Decimal(900)),
    ),
    asked={ExceptionState.APPROVED: 3},
    asked_again=(AskedAgain(customer_id="C-1", requests=1), AskedAgain(customer_id="C-2", turned_away=2)),
    claims={
        VerificationState.CONFIRMED: 2,
        VerificationState.LAPSED: 1,
        VerificationState.NOT_CONFIRMED: 2,
        VerificationState.REMEMBERED: 1,
        VerificationState.ASKED: 1,
    },
    opportunities={OpportunityState.ASKED: 1, OpportunityState.WON: 1},
    sales=(Sale(currency="TWD", won=1, value=Decimal(96000), after_exception=0, value_after_exception=Decimal(0)),),
    wanted=(
        Wanted(signal="price", cases=5),
        Wanted(signal="taken_out", cases=4),
        Wanted(signal="fault", cases=3),
        Wanted(signal="why", cases=2),
        Wanted(signal="boss", cases=1),
    ),
    first_whisper=FirstWhispers(cases=6, median=1.24, nine_of_ten=3.0),
    whispers=Whispers(shown=9, helpful=3, unhelpful=1),
    kept=Kept(in_time=2, missed=1),
    asked_after=AskedAfter(closed=5, asked_after=2),
)
CALLED = {"price": "Asks the price", "fault": "A fault", "why": "Why & how", "boss": "Asks for the boss"}


def test_it_holds_the_week_beside_the_one_before_and_no_customers_name() -> None:
    """R42, R45: what was kept, asked after and heard; a favour is one, our own fault put right is none."""
    text, blocks = card(WEEK, BEFORE, CALLED, first=date(2026, 11, 16), last=date(2026, 11, 22), say=words("en"))
    assert text == "The desk's week, 2026-11-16 to 2026-11-22"
    assert [each["text"] for each in blocks[1]["fields"]] == [
        "*Cases opened*\n7 (the week before: 4)",
        "*Exceptions granted*\n2 (the week before: 0)\nNT$5,000",
        "*Promises checked*\n7 (the week before: 0)\n3 confirmed, 2 not, 2 open",
        "*Renewals won*\n1 (the week before: 0)\nNT$96,000",
        "*Commitments kept in time*\n2 of 3",
        "*Whispers that helped*\n3 of 4\nthe first in a case after 1.2 s, median",
        "*Asked after once closed*\n2 of 5",
        "*Heard most, in how many cases*\nAsks the price 5\nA fault 3\nWhy &amp; how 2",
        "*Customers who asked again*\n2",
        "*Opportunities nobody took yet*\n1",
    ]


def test_a_week_is_empty_when_nothing_of_it_would_be_read() -> None:
    """A commitment that was due is something; an opportunity that only waits is nothing."""
    nothing = Insight(since=WEEK.since, until=WEEK.until, opportunities={OpportunityState.ASKED: 1})
    assert is_empty(nothing)
    assert not is_empty(nothing.model_copy(update={"kept": Kept(missed=1)}))
