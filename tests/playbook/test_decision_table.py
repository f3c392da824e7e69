"""The decision table of the trade, said again here in plain sentences and held against the playbook's, case by case."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product

import pytest

from bot.advice import Situation
from bot.case import Standing
from bot.coaching import advise
from bot.decision_table import beside, decide
from bot.entitlement import Entitlement
from bot.message import Role
from bot.playbook import Action, Playbook, Route, Stage
from bot.playbook_files import load_playbook
from bot.settings import PACKAGED_PLAYBOOK
from bot.signals import Reading, Signal

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Told:
    """One row as the trade tells it.

    Attributes:
        rows: The ids of the playbook's rows that say it; a row with "or" is said in two.
        action: What the agent can do about the case as it stands.
    """

    when: Callable[[Standing], bool]
    rows: tuple[str, ...]
    routes: tuple[Route, ...] = ()
    action: Action | None = None


TRADE = (
    Told(lambda case: case.fault_ours == "yes", ("our_fault",), (Route.SUPERVISOR,), Action.COMMIT),
    Told(lambda case: case.entitlement is Entitlement.COVERED, ("serve_covered",), (), Action.COMMIT),
    Told(lambda case: case.claim == "confirmed", ("serve_promise",), (Route.SUPERVISOR,), Action.COMMIT),
    Told(lambda case: case.decision == "granted", ("serve_grant",), (), Action.COMMIT),
    Told(lambda case: case.entitlement is Entitlement.UNKNOWN, ("verify_record",)),
    Told(
        lambda case: case.fault_ours == "unknown" or case.cost == "unknown",
        ("assess_fault", "assess_cost"),
        (),
        Action.ASSESS,
    ),
    Told(lambda case: case.decision == "declined" and case.new_facts == "no", ("hold",), (), Action.NEW_FACTS),
    Told(
        lambda case: case.decision == "declined" and case.new_facts == "yes",
        ("reopen",),
        (Route.SUPERVISOR,),
        Action.ASK_EXCEPTION,
    ),
    Told(lambda case: case.claim == "pending", ("verify_claim",), (Route.SALES,), Action.ASK_SALES),
    Told(
        lambda case: case.cost == "low" and case.history == "clear",
        ("ask_goodwill",),
        (Route.SUPERVISOR,),
        Action.ASK_EXCEPTION,
    ),
    Told(lambda case: case.cost == "low" and case.history == "used", ("used_up",), (Route.SALES,)),
    Told(lambda case: case.cost == "high", ("renew",), (Route.SALES,), Action.ASK_EXCEPTION),
)
"""In the order of the trade's table; the first that holds decides. "Partly covered" has a test of its own."""


@pytest.fixture(scope="module")
def playbook() -> Playbook:
    """The playbook that comes with Aside."""
    return load_playbook(PACKAGED_PLAYBOOK)


def every_case(playbook: Playbook) -> Iterator[Standing]:
    """Every combination of the table's dimensions."""
    for values in product(*playbook.dimensions.values()):
        yield Standing.model_validate(dict(zip(playbook.dimensions, values, strict=True)))


def told(case: Standing) -> Told:
    """What the trade says of a case."""
    return next(row for row in TRADE if row.when(case))


def test_the_dimensions_are_those_of_the_trade(playbook: Playbook) -> None:
    """Seven dimensions, each with every value it can have; 1,728 cases."""
    assert {name: set(values) for name, values in playbook.dimensions.items()} == {
        "entitlement": {"covered", "partly", "expired", "unknown"},
        "fault_ours": {"yes", "no", "unknown"},
        "claim": {"none", "pending", "confirmed", "not_confirmed"},
        "cost": {"low", "high", "unknown"},
        "history": {"clear", "used"},
        "decision": {"none", "granted", "declined"},
        "new_facts": {"yes", "no"},
    }
    assert len(list(every_case(playbook))) == 1_728


def test_the_rows_stand_in_the_order_of_the_trade(playbook: Playbook) -> None:
    """First match wins, so the order is part of what the table says."""
    assert [row.id for row in playbook.decisions] == [name for row in TRADE for name in row.rows]


def test_every_case_reaches_the_row_that_the_trade_means(playbook: Playbook) -> None:
    """Row, who comes in and what can be done: the same in all 1,728 cases."""
    wrong = []
    for case in every_case(playbook):
        row, meant = decide(playbook, case), told(case)
        if row.id not in meant.rows or set(row.routes) != set(meant.routes) or row.action is not meant.action:
            wrong.append((case, row.id, meant.rows))
    assert wrong == []


def test_what_is_unknown_is_assessed_for_what_is_unknown(playbook: Playbook) -> None:
    """The two rows that say "fault or cost unknown": whose fault first, then how much."""
    for case in every_case(playbook):
        row = decide(playbook, case).id
        if row in {"assess_fault", "assess_cost"}:
            assert row == ("assess_fault" if case.fault_ours == "unknown" else "assess_cost")


def test_of_the_partly_covered_the_covered_part_is_served_and_the_rest_goes_by_the_table(playbook: Playbook) -> None:
    """Beside the row for the rest; where everything is made right or kept as promised, there is no rest."""
    for case in every_case(playbook):
        all_served = case.fault_ours == "yes" or case.claim == "confirmed"
        expected = ["covered_part"] if case.entitlement is Entitlement.PARTLY and not all_served else []
        assert [row.id for row in beside(playbook, case) if row.id != "verify_claim"] == expected
        if expected:
            as_if_expired = case.model_copy(update={"entitlement": Entitlement.EXPIRED})
            assert decide(playbook, case) == decide(playbook, as_if_expired)


def test_a_claim_is_verified_while_everything_else_goes_by_the_table(playbook: Playbook) -> None:
    """R24: pending, it is checked in every row, once; where all is served anyhow there is nothing to check."""
    for case in every_case(playbook):
        rows = [decide(playbook, case).id, *(row.id for row in beside(playbook, case))]
        served = case.fault_ours == "yes" or case.entitlement is Entitlement.COVERED or case.decision == "granted"
        assert rows.count("verify_claim") == int(case.claim == "pending" and not served)


def test_the_agent_of_a_partly_covered_customer_reads_both_rows(playbook: Playbook) -> None:
    """What is served now, and how the rest is decided, with what can be done about each."""
    case = Standing(entitlement=Entitlement.PARTLY, fault_ours="no", cost="low")
    facts = frozenset({"partly_covered", "problem_confirmed", "cost_estimated"})
    advice = advise(
        playbook,
        reading=Reading((Signal("asks_favour", 0.9, "…"),), 0),
        speaker=Role.CUSTOMER,
        situation=Situation(standing=case, stage=Stage.ASSESS, facts=facts),
        given=(),
        language="en",
        now=NOW,
    )
    assert advice
    assert (advice.row, advice.beside) == ("ask_goodwill", ("covered_part",))
    assert advice.actions == (Action.ASK_EXCEPTION, Action.COMMIT)
    assert playbook.words["en"].decisions["covered_part"].customer_hears


def test_every_row_says_what_the_customer_may_hear(playbook: Playbook) -> None:
    """Both sentences in every language, and no inside word in the one for the customer."""
    inside = ("主管", "籌碼", "成本", "通融", "领导", "筹码", "supervisor", "exception", "goodwill", "chip")
    for words in playbook.words.values():
        for row in (*playbook.decisions, *playbook.beside):
            said = words.decisions[row.id]
            assert said.route
            assert not [word for word in inside if word in said.customer_hears.lower()], said.customer_hears
