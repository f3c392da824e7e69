"""The ledger as a small chart that a person can check."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from bot.cards import ledger as ledger_card
from bot.goodwill import ExceptionState
from bot.i18n import words
from bot.ledger import AtLimit, Entry, Ledger, Month, Total, bar, month_starts
from bot.policy import Concession, CostBands, GoodwillPolicy, Policy

TAIPEI = ZoneInfo("Asia/Taipei")
NOW = datetime(2026, 2, 28, 17, 0, tzinfo=UTC)
"""The first of March in Taipei."""
TODAY = date(2026, 3, 1)
MONTHS = month_starts(NOW, TAIPEI)
POLICY = Policy(cost=CostBands(low_up_to=Decimal(5000)))
SAY = words("en")


def shown(ledger: Ledger, policy: Policy = POLICY) -> str:
    """Everything that somebody reads, in order."""
    texts = []
    for block in ledger_card.blocks(ledger, MONTHS, {"C-1": "Hefeng & Co"}, policy, SAY):
        parts = [block["text"]] if "text" in block else block.get("fields") or block["elements"]
        texts += [part["text"] for part in parts]
    return "\n".join(texts)


def test_months_begin_by_the_desks_clock() -> None:
    """The last six, over the turn of the year, the current one last."""
    assert [f"{each:%Y-%m-%d}" for each in MONTHS[:3]] == ["2025-10-01", "2025-11-01", "2025-12-01"]
    assert [f"{each:%Y-%m-%d}" for each in MONTHS[3:]] == ["2026-01-01", "2026-02-01", "2026-03-01"]


@pytest.mark.parametrize(
    ("amount", "blocks"), [("0", 0), ("1", 1), ("500", 5), ("1000", 10)], ids=["nothing", "little", "half", "most"]
)
def test_a_bar_stands_beside_the_dearest_month(amount: str, blocks: int) -> None:
    """Nothing has no bar; little has one block at least."""
    assert bar(Decimal(amount), Decimal(1000)) == "▇" * blocks


def test_an_empty_ledger_says_so() -> None:
    """No chart of nothing."""
    assert shown(Ledger()) == "Ledger\nNo exception was granted in the past 365 days."


def test_each_month_has_its_number_its_cost_and_a_bar() -> None:
    """A month without any stands there as well; columns stay in line."""
    months = (
        Month(first=date(2025, 12, 1), currency="TWD", granted=12, cost=Decimal(24_000)),
        Month(first=date(2026, 3, 1), currency="TWD", granted=1, cost=Decimal("2500.50")),
    )
    total = Total(currency="TWD", granted=13, cost=Decimal("26500.50"), dearest=Decimal(5000))
    text = shown(Ledger(totals=(total,), months=months))
    assert text.splitlines() == [
        "Ledger",
        "*Granted in 365 days*",
        "13, for NT$26,500.50 at most",
        "*Largest single one*",
        "NT$5,000",
        "*A supervisor grants alone*",
        "up to NT$20,000",
        "*A manager grants*",
        "up to NT$200,000",
        "Month, how many, what they may cost us:",
        "```",
        "2025-10   0         NT$0",
        "2025-11   0         NT$0",
        "2025-12  12    NT$24,000  ▇▇▇▇▇▇▇▇▇▇",
        "2026-01   0         NT$0",
        "2026-02   0         NT$0",
        "2026-03   1  NT$2,500.50  ▇",
        "```",
    ]


def test_money_is_never_summed_over_currencies() -> None:
    """Each currency has its own total and its own chart."""
    units = ("TWD", "USD")
    totals = [Total(currency=unit, granted=1, cost=Decimal(300), dearest=Decimal(300)) for unit in units]
    months = [Month(first=MONTHS[-1], currency=unit, granted=1, cost=Decimal(300)) for unit in units]
    text = shown(Ledger(totals=tuple(totals), months=tuple(months)))
    assert "1, for NT$300 at most\n1, for US$300 at most" in text
    assert text.count("2026-03  1  NT$300  ▇▇▇▇▇▇▇▇▇▇") == 1
    assert text.count("2026-03  1  US$300  ▇▇▇▇▇▇▇▇▇▇") == 1
    assert "600" not in text


def test_who_is_at_the_limit_what_came_to_nothing_and_the_last_decisions() -> None:
    """By name, and from which day another exception is possible."""
    ledger = Ledger(
        totals=(Total(currency="TWD", granted=2, cost=Decimal(900), dearest=Decimal(500), ours=True),),
        at_limit=(AtLimit(customer_id="C-1", free_on=TODAY), AtLimit(customer_id="C-2", free_on=TODAY)),
        at_limit_more=1,
        outcomes={ExceptionState.DECLINED: 3, ExceptionState.LAPSED: 1},
        entries=(
            Entry(
                decided_at=NOW,
                customer_id="C-1",
                concession=Concession.FULL,
                cost=Decimal(2500),
                currency="TWD",
                decided_by="US",
                state=ExceptionState.USED,
            ),
        ),
    )
    assert shown(ledger).splitlines()[2:] == [
        "*At their limit (1 in 365 days)*",
        "• Hefeng &amp; Co, again from 2026-03-01",
        "• a customer not on file, again from 2026-03-01",
        "and 1 more",
        "Filed in the past 365 days: declined 3 · approved, not used in time 1.",
        "2 more put right our own faults (NT$900) and don't count as exceptions.",
        "*The last decisions*",
        "• 2026-03-01 · *Hefeng &amp; Co* · the service free of charge · NT$2,500 · <@US> · approved and booked",
    ]


def test_where_the_policy_allows_none_no_day_is_promised() -> None:
    """Whoever had one all the same is listed."""
    none = POLICY.model_copy(update={"goodwill": GoodwillPolicy(exceptions_per_window=0)})
    text = shown(Ledger(at_limit=(AtLimit(customer_id="C-1", free_on=TODAY),)), none)
    assert text.endswith("*Had an exception, though the policy allows none*\n• Hefeng &amp; Co")
