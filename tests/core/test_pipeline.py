"""What a salesperson has before them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from bot.cards import pipeline as card
from bot.customer import Contract, Customer, CustomerRecord, Price
from bot.entitlement import Coverage, CoverageKind
from bot.i18n import words
from bot.pipeline import Mine, Pipeline, Settled, by_due, by_month, endings_ahead, last_day, month_starts
from bot.renewals import Listed, on_file
from bot.sales import LostReason, Opportunity, OpportunityState, SalesMove

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)


def opportunity(
    name: str, *, due: datetime | None = None, state: OpportunityState = OpportunityState.TAKEN
) -> Opportunity:
    """One that a salesperson has taken."""
    return Opportunity(
        workspace="T1",
        id=name,
        case_id=f"case-{name}",
        customer_id="C-1",
        state=state,
        reasons=("reports_fault",),
        opened_at=NOW - timedelta(days=1),
        told=("U0SALES",),
        taken_by="U0SALES" if state is OpportunityState.TAKEN else None,
        due_at=due,
    )


def record(name: str, *contracts: tuple[str, date, str | None]) -> CustomerRecord:
    """A customer with contracts: number, last day, yearly price."""
    return CustomerRecord(
        customer=Customer(id=name, name=name),
        contracts=tuple(
            Contract(number=number, name="維護", price=Price(amount=Decimal(price)) if price else None)
            for number, _, price in contracts
        ),
        coverages=tuple(
            Coverage(kind=CoverageKind.CONTRACT, reference=number, product=number, start=date(2025, 1, 1), end=end)
            for number, end, _ in contracts
        ),
    )


def test_what_is_due_first_stands_first_and_what_has_no_time_last() -> None:
    """Among those without a time the older one comes first."""
    known = [opportunity("c"), opportunity("b", due=NOW + timedelta(days=1)), opportunity("a", due=NOW)]
    assert [each.id for each in by_due(known)] == ["a", "b", "c"]


def test_six_months_are_shown_from_this_one_on_also_over_the_end_of_a_year() -> None:
    """November to April; the last day shown is the last of April."""
    assert month_starts(TODAY)[0] == date(2026, 11, 1)
    assert month_starts(TODAY)[-1] == date(2027, 4, 1)
    assert last_day(TODAY) == date(2027, 4, 30)


def test_contracts_that_end_are_counted_in_their_month_with_what_they_cost() -> None:
    """One ended yesterday and one ends in May: neither is counted; one without a price counts without money."""
    records = [
        record(
            "A", ("past", TODAY - timedelta(days=1), "1"), ("today", TODAY, "96000"), ("dec", date(2026, 12, 31), None)
        ),
        record("B", ("apr", date(2027, 4, 30), "60000"), ("may", date(2027, 5, 1), "1")),
    ]
    endings = endings_ahead(records, TODAY)
    assert [each.contract for each in endings] == ["today", "dec", "apr"]
    months = by_month(endings, TODAY)
    assert [each.contracts for each in months] == [1, 1, 0, 0, 0, 1]
    assert [each.worth for each in months] == [{"TWD": Decimal(96000)}, {}, {}, {}, {}, {"TWD": Decimal(60000)}]


def test_the_home_shows_each_with_its_buttons_and_the_chart() -> None:
    """Taken: later, hand on, won, not sold. Free: to be taken. And a bar beside each month's worth."""
    endings = endings_ahead([record("廣昕精密", ("M1", TODAY, "96000"))], TODAY)
    shown = card.blocks(
        Pipeline(
            mine=(Mine(opportunity=opportunity("o1", due=NOW - timedelta(hours=1)), customer="廣昕精密"),),
            free=(Mine(opportunity=opportunity("o2", state=OpportunityState.ASKED), customer=None),),
            renewals=by_month(endings, TODAY),
            next_endings=tuple(Listed(ending=each) for each in endings),
            settled=Settled(won=2, value={"TWD": Decimal(150000)}, lost={LostReason.PRICE: 3, LostReason.BUDGET: 1}),
        ),
        NOW,
        "Asia/Taipei",
        words("en"),
    )
    rows = [[each["action_id"] for each in block["elements"]] for block in shown if block["type"] == "actions"]
    assert rows == [
        ["sales_snooze", "sales_hand_on", "sales_won", "sales_lost"],
        ["sales_take", "sales_snooze", "sales_hand_on", "sales_won", "sales_lost"],
    ]
    told = [block["text"]["text"] for block in shown if block["type"] == "section"]
    assert told[0] == "*廣昕精密*\n<@U0SALES> has taken it.\nThis is due now."
    assert told[2].splitlines()[2] == "2026-11  1  NT$96,000  ▇▇▇▇▇▇▇▇▇▇"
    assert told[3] == "*廣昕精密* · M1 維護\nends today · 2026-11-22 · NT$96,000"
    (menu,) = [block["accessory"] for block in shown if "accessory" in block]
    assert [each["value"] for each in menu["options"]] == ["on_it", "renewed", "not_renewed"]
    assert told[4] == "*The last 90 days*\n2 won · NT$150,000\n4 not sold (the price 3, no budget this year 1)"


def test_what_nobody_took_says_when_the_next_one_is_told_and_what_sleeps_does_not() -> None:
    """A time that moves it on is told; who put it off has their own time on the line already."""

    def told(state: OpportunityState, move: SalesMove) -> list[str]:
        known = opportunity("o1", due=NOW + timedelta(hours=2), state=state).model_copy(update={"due_move": move})
        mine = (Mine(opportunity=known, customer="廣昕精密"),)
        shown = card.blocks(Pipeline(mine=mine), NOW, "Asia/Taipei", words("en"))
        return str(shown[1]["text"]["text"]).splitlines()[2:]

    assert told(OpportunityState.ASKED, SalesMove.MOVE_UP) == [
        "If nobody takes it by 2026-11-22 14:00, the next one is told."
    ]
    assert told(OpportunityState.SNOOZED, SalesMove.WAKE) == []


def test_an_opportunity_of_a_contract_says_which_contract_it_is() -> None:
    """Number, name and last day stand over how it stands; once the contract is over it says since when."""
    record_ = record("廣昕精密", ("M1", TODAY, "96000"))
    (ending,) = endings_ahead([record_], TODAY)
    over = on_file(record_, ending.key, TODAY + timedelta(days=3))
    known = opportunity("o1").model_copy(update={"case_id": None, "contract": "M1", "ends_on": TODAY})
    mine = tuple(Mine(opportunity=known, customer="廣昕精密", ending=each) for each in (ending, over))
    shown = card.blocks(Pipeline(mine=mine), NOW, "Asia/Taipei", words("en"))
    told = [block["text"]["text"].splitlines() for block in shown if block["type"] == "section"]
    assert told[0] == ["*廣昕精密*", "M1 維護 · ends today · 2026-11-22", "<@U0SALES> has taken it."]
    assert told[1][1] == "M1 維護 · ended on 2026-11-22"


def test_an_empty_list_says_so_kindly() -> None:
    """No chart, no noughts: three short sentences."""
    shown = card.blocks(Pipeline(renewals=by_month([], TODAY)), NOW, "Asia/Taipei", words("en"))
    told = [block["text"]["text"] for block in shown if block["type"] == "section"]
    assert told == [
        "Nothing is waiting for you. Aside writes as soon as a customer needs you.",
        "No contract of your accounts ends in the next six months.",
        "*The last 90 days*\nNothing was settled.",
    ]
