"""Contracts that end: when each comes up, how it is known again, and what a salesperson can say of it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards import renewals as card
from bot.customer import Contract, Customer, CustomerRecord, Price
from bot.entitlement import Coverage, CoverageKind
from bot.i18n import words
from bot.policy import HoursPolicy, SalesPolicy
from bot.renewals import (
    MOST_LISTED,
    Ending,
    EndingKey,
    Listed,
    endings,
    is_last_call,
    key_of,
    on_file,
    reach,
    spoken_for,
    threshold,
)
from bot.sales import Opportunity, OpportunityState, SalesMove, moved

POLICY = SalesPolicy()
TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
KEY = EndingKey(customer_id="C-1", contract="M-1", ends_on=TODAY + timedelta(days=20))


def contract(number: str, days: int | None, product_: str | None = "ERP") -> tuple[Contract, Coverage]:
    """A contract that ends in so many days."""
    end = TODAY + timedelta(days=days) if days is not None else None
    covers = Coverage(
        kind=CoverageKind.CONTRACT, reference=number, product=product_, start=TODAY - timedelta(days=300), end=end
    )
    return Contract(number=number, name="Care", price=Price(amount=Decimal(48_000))), covers


def holding(*held: tuple[Contract, Coverage]) -> CustomerRecord:
    """A customer with these contracts."""
    return CustomerRecord(
        customer=Customer(id="C-1", name="廣昕"),
        contracts=tuple(each for each, _ in held),
        coverages=tuple(each for _, each in held),
    )


def ahead(*held: tuple[Contract, Coverage]) -> list[Ending]:
    """Which of them come up."""
    return endings(holding(*held), TODAY, reach(POLICY))


@pytest.mark.parametrize(
    ("days", "within"), [(91, None), (90, 90), (61, 90), (60, 60), (31, 60), (30, 30), (0, 30), (-1, None)]
)
def test_a_contract_comes_under_the_nearest_threshold(days: int, within: int | None) -> None:
    """90, 60 and 30 days ahead, to the day; what is over is no renewal ahead."""
    assert [threshold(each, POLICY) for each in ahead(contract("M-1", days))] == ([within] if within else [])


def test_only_under_the_nearest_of_all_thresholds_it_is_the_last_call() -> None:
    """In whatever order the policy names them."""
    policy = SalesPolicy(renewals_ahead_days=(30, 90, 60))
    assert [is_last_call(each, policy) for each in (90, 60, 30)] == [False, False, True]


def test_what_was_renewed_or_has_a_gap_is_not_told() -> None:
    """A later contract for the same thing follows it; one for another product does not; no date is not an end."""
    assert ahead(contract("M-1", 20), contract("M-2", 385)) == []
    assert ahead(contract("M-1", 20), contract("M-2", 385, None)) == []
    (found,) = ahead(contract("M-1", 20), contract("M-2", 385, "POS"))
    assert found.key == KEY
    assert ahead(contract("M-1", None)) == []


@given(st.text(max_size=64), st.text(max_size=64), st.dates())
def test_a_contract_is_known_again_by_what_stands_on_its_menu(customer_id: str, number: str, ends_on: date) -> None:
    """Whatever its number is made of; what is no contract, like the id of an opportunity, is none."""
    key = EndingKey(customer_id=customer_id, contract=number, ends_on=ends_on)
    assert EndingKey.read(card.key_of_row(card.row_id(key))) == key


@pytest.mark.parametrize(
    "spelt", ["", "0123456789abcdef0123456789abcdef", "[]", "7", '["C-1","M-1","soon"]', '["C-1"]']
)
def test_what_is_no_contract_is_read_as_none(spelt: str) -> None:
    """A click with anything else is about no contract."""
    assert EndingKey.read(spelt) is None


def test_what_somebody_says_of_a_contract_stands_on_that_end_of_it() -> None:
    """A contract renewed under its number ends again, and that end is another one."""
    known = spoken_for(KEY, workspace="T1", opportunity_id="o1", now=NOW)
    assert (known.case_id, known.reasons, known.state) == (None, ("contract_ends",), OpportunityState.ASKED)
    assert key_of(known) == KEY
    assert key_of(known) != KEY.model_copy(update={"ends_on": TODAY + timedelta(days=385)})


def test_a_contract_stays_known_once_it_is_over_or_followed() -> None:
    """Until its number is not on file any more."""
    record = holding(contract("M-1", 400))
    found = on_file(record, KEY, TODAY + timedelta(days=25))
    assert found
    assert (found.ends_on, found.days, found.name) == (KEY.ends_on, -5, "Care")
    assert on_file(record, KEY.model_copy(update={"contract": "M-9"}), TODAY) is None


@pytest.mark.parametrize(
    ("days_left", "asked_again_days_left"),
    [(90, 60), (70, 60), (61, 54), (60, 30), (45, 30), (42, 28), (32, 25), (30, 23)],
)
def test_whoever_is_on_it_is_asked_when_it_would_be_told_of_had_nobody_taken_it(
    days_left: int, asked_again_days_left: int
) -> None:
    """At the next threshold, on the next working day; and never sooner than after the policy's five working days."""
    key = KEY.model_copy(update={"ends_on": TODAY + timedelta(days=days_left)})
    known = spoken_for(key, workspace="T1", opportunity_id="o1", now=NOW)
    taken = moved(known, SalesMove.TAKE, by="U1", now=NOW, policy=POLICY, hours=HoursPolicy())
    assert taken.due_at
    assert (taken.due_move, (key.ends_on - taken.due_at.date()).days) == (SalesMove.REMIND, asked_again_days_left)


# --- the list


def known(state: OpportunityState) -> Opportunity:
    """What somebody made of it."""
    made = spoken_for(KEY, workspace="T1", opportunity_id="o1", now=NOW)
    return made.model_copy(update={"state": state, "taken_by": "U1", "settled_by": "U1"})


@pytest.mark.parametrize(
    ("state", "offered", "to_others"),
    [
        (None, ["on_it", "renewed", "not_renewed"], "on_it"),
        (OpportunityState.ASKED, ["on_it", "renewed", "not_renewed"], "on_it"),
        (OpportunityState.SNOOZED, ["on_it", "renewed", "not_renewed", "hand_on"], "on_it"),
        (OpportunityState.TAKEN, ["renewed", "not_renewed", "hand_on"], None),
        (OpportunityState.WON, None, None),
        (OpportunityState.LOST, None, None),
    ],
)
def test_the_menu_offers_only_what_would_not_be_refused(
    state: OpportunityState | None, offered: list[str] | None, to_others: str | None
) -> None:
    """Nothing once it is settled; to take what a colleague has not taken; nobody says twice that they are on it."""
    (ending,) = ahead(contract("M-1", 20))
    made = known(state) if state else None
    theirs, others = (
        card.paragraph(Listed(ending=ending, opportunity=made, is_theirs=each), "Asia/Taipei", words("en"))
        for each in (True, False)
    )
    menu, button = theirs.get("accessory"), others.get("accessory")
    assert (menu and [each["value"] for each in menu["options"]]) == offered
    assert (button and (button["type"], button["value"])) == (to_others and ("button", to_others))


def test_a_contract_whose_name_fits_on_no_menu_is_shown_without_one() -> None:
    """Slack refuses the whole message for one id that is too long."""
    (ending,) = ahead(contract("M-1", 20))
    long = ending.model_copy(update={"contract": "約" * 300})
    assert "block_id" not in card.paragraph(Listed(ending=long), "Asia/Taipei", words("en"))


def test_the_list_says_whose_each_contract_is_and_what_became_of_it() -> None:
    """Their own ones say nothing of whose they are; a colleague's names them; one that is taken says so instead."""
    (ending,) = ahead(contract("M-1", 20))
    found = [
        Listed(ending=ending),
        Listed(ending=ending.model_copy(update={"contract": "M-2"}), keeper="U2"),
        Listed(ending=ending, keeper="U2", opportunity=known(OpportunityState.TAKEN)),
    ]
    text, blocks = card.listing(found, zone="Asia/Taipei", say=words("en"), follow=2, beside=1)
    assert text == "6 contracts end soon"
    lines = [each["text"]["text"].splitlines() for each in blocks if each["type"] == "section"]
    assert lines == [
        ["*廣昕* · M-1 Care", "ends in 20 days · 2026-12-13 · NT$48,000"],
        ["*With others, and nothing noted by the last reminder*"],
        ["*廣昕* · M-2 Care", "ends in 20 days · 2026-12-13 · NT$48,000 · <@U2>"],
        ["*廣昕* · M-1 Care", "ends in 20 days · 2026-12-13 · NT$48,000 · <@U2>", "<@U1> has taken it."],
    ]


@given(st.integers(0, 200), st.integers(0, 9), st.integers(0, 9))
def test_a_list_is_never_longer_than_slack_shows(listed: int, follow: int, beside: int) -> None:
    """Fifty blocks a message, however many contracts end."""
    (ending,) = ahead(contract("M-1", 20))
    found = [Listed(ending=ending, keeper=keeper) for keeper in (None, "U2") * listed][:listed]
    _, blocks = card.listing(found, zone="Asia/Taipei", say=words("zh-TW"), follow=follow, beside=beside)
    assert len(blocks) <= 50
    assert sum("accessory" in each for each in blocks) == min(listed, MOST_LISTED)
