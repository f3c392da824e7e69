"""What an amount means, as people type it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.amounts import CostError, parse_cost


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        ("3000", Decimal(3000)),
        ("NT$3,000", Decimal(3000)),
        ("３，０００元", Decimal(3000)),
        ("1.2 萬", Decimal(12000)),
        (" 0 ", Decimal(0)),
        ("2500.5", Decimal("2500.50")),
        ("-1", CostError.NEGATIVE),
        ("", CostError.NOT_A_NUMBER),
        ("免費", CostError.NOT_A_NUMBER),
        ("NaN", CostError.NOT_A_NUMBER),
        ("inf", CostError.NOT_A_NUMBER),
        ("1e30", CostError.ABSURD),
        ("9e999999k", CostError.ABSURD),
        ("1e999999999", CostError.ABSURD),
        ("100000001", CostError.ABSURD),
        ("1,234,567 元", Decimal(1_234_567)),
        ("3千", Decimal(3000)),
        ("１２ｋ", Decimal(12_000)),
        ("－３０００", CostError.NEGATIVE),
        ("-0", Decimal(0)),
        ("US$3,000", CostError.NOT_A_NUMBER),
        ("USD 100", CostError.NOT_A_NUMBER),
        ("€500", CostError.NOT_A_NUMBER),
        ("1,5", CostError.NOT_A_NUMBER),
        ("3.000,50", CostError.NOT_A_NUMBER),
        ("三千", CostError.NOT_A_NUMBER),
        ("k", CostError.NOT_A_NUMBER),
    ],
)
def test_an_amount_is_read_as_people_type_it(typed: str, amount: Decimal | CostError) -> None:
    """Full-width digits, our own currency's signs and 萬 are read; other money and nonsense are named."""
    assert str(parse_cost(typed, "TWD")) == str(
        amount if isinstance(amount, CostError) else amount.quantize(Decimal("0.01"))
    )


@pytest.mark.parametrize(
    ("typed", "currency"), [("US$12", "USD"), ("USD 12", "USD"), ("€12", "EUR"), ("12円", "JPY"), ("12", "CHF")]
)
def test_a_desk_that_counts_in_other_money_types_its_own_sign(typed: str, currency: str) -> None:
    """The policy says in which money costs are counted."""
    assert parse_cost(typed, currency) == Decimal(12)
    assert parse_cost("NT$12", currency) is CostError.NOT_A_NUMBER


@given(st.text(max_size=200) | st.from_regex(r"[-$,.0-9０-９萬千k ]{0,20}"))
def test_no_text_breaks_the_amount(typed: str) -> None:
    """Whatever is typed, there is an amount within bounds or an error."""
    cost = parse_cost(typed, "TWD")
    assert isinstance(cost, CostError) or 0 <= cost <= 100_000_000
