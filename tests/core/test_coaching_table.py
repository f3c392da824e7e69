"""Where a case stands in the decision table, and what may be asked for from there."""

import pytest

from bot.case import Standing
from bot.coaching import advise
from bot.decision_table import decide, may_ask_exception
from bot.entitlement import Entitlement
from bot.message import Role
from bot.playbook import Action, Playbook, Stage
from tests.core.coached import NOW, reading, situation_of, standings, whispered


def test_every_case_reaches_a_row_of_the_decision_table_and_every_row_is_reached(playbook: Playbook) -> None:
    """Together the rows cover everything, and none stands in another's shadow."""
    reached = {decide(playbook, stands).id for stands in standings(playbook)}
    assert reached == {row.id for row in playbook.decisions}


@pytest.mark.parametrize(
    ("stands", "row"),
    [
        (Standing(fault_ours="yes", entitlement=Entitlement.EXPIRED), "our_fault"),
        (Standing(entitlement=Entitlement.COVERED), "serve_covered"),
        (Standing(claim="confirmed"), "serve_promise"),
        (Standing(decision="granted"), "serve_grant"),
        (Standing(entitlement=Entitlement.UNKNOWN, fault_ours="no", cost="low"), "verify_record"),
        (Standing(entitlement=Entitlement.EXPIRED), "assess_fault"),
        (Standing(entitlement=Entitlement.EXPIRED, fault_ours="no"), "assess_cost"),
        (Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", decision="declined"), "hold"),
        (
            Standing(
                entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", decision="declined", new_facts="yes"
            ),
            "reopen",
        ),
        (Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", claim="pending"), "verify_claim"),
        (Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low"), "ask_goodwill"),
        (Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", history="used"), "used_up"),
        (Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="high"), "renew"),
    ],
)
def test_the_decision_table_decides_as_the_trade_does(playbook: Playbook, stands: Standing, row: str) -> None:
    """The table of the domain page, row by row."""
    assert decide(playbook, stands).id == row


def test_where_an_exception_can_be_asked_for_the_words_that_wait_for_it_are_shown(playbook: Playbook) -> None:
    """R19: "I have asked" is kept back until a request is on file, whatever the customer's words were."""
    stands = Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low")
    advice = whispered(playbook, situation_of(stands, Stage.TELL), "reports_fault")
    assert advice
    assert advice.action is Action.ASK_EXCEPTION
    assert ("exception_requested",) in [line.missing for line in advice.withheld]


@pytest.mark.parametrize(
    ("row", "stands"),
    [
        ("our_fault", Standing(entitlement=Entitlement.EXPIRED, fault_ours="yes")),
        ("serve_covered", Standing(entitlement=Entitlement.COVERED)),
        ("serve_promise", Standing(entitlement=Entitlement.EXPIRED, claim="confirmed")),
        ("hold", Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", decision="declined")),
        ("verify_claim", Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", claim="pending")),
        ("used_up", Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", history="used")),
    ],
)
def test_no_exception_is_asked_for_where_the_table_leads_elsewhere(
    playbook: Playbook, row: str, stands: Standing
) -> None:
    """What is owed is served, a promise is checked first, a no stays a no."""
    assert decide(playbook, stands).id == row
    assert not may_ask_exception(decide(playbook, stands), situation_of(stands, Stage.TELL))


def test_an_exception_can_be_asked_for_once_the_problem_was_received(playbook: Playbook) -> None:
    """Not into the first message (R03), and not twice."""
    stands = Standing(entitlement=Entitlement.EXPIRED)
    row = decide(playbook, stands)
    assert not may_ask_exception(row, situation_of(stands, Stage.RECEIVE))
    assert may_ask_exception(row, situation_of(stands, Stage.CONFIRM))
    asked = situation_of(stands, Stage.CONFIRM).model_copy(update={"asked": True})
    assert not may_ask_exception(row, asked)


def test_after_a_no_only_a_new_fact_lets_it_be_asked_again(playbook: Playbook) -> None:
    """R34: and not while the second request is open."""
    stands = Standing(entitlement=Entitlement.EXPIRED, fault_ours="no", cost="low", decision="declined")
    no = situation_of(stands, Stage.COMMIT).model_copy(update={"asked": True})
    reopened = no.model_copy(update={"standing": stands.model_copy(update={"new_facts": "yes"})})
    again = reopened.model_copy(update={"facts": reopened.facts | {"exception_requested"}})
    may = [may_ask_exception(decide(playbook, each.standing), each) for each in (no, reopened, again)]
    assert may == [False, True, False]


@pytest.mark.parametrize("signal", ["asks_favour", "asks_price"])
def test_what_is_owed_is_neither_asked_for_nor_priced(playbook: Playbook, signal: str) -> None:
    """Who is covered, or suffers from our mistake, is served; who had their exception is not told of another (R23)."""
    for stands in standings(playbook):
        owed = stands.entitlement is Entitlement.COVERED or stands.fault_ours == "yes"
        if not owed and (signal == "asks_price" or stands.history == "clear"):
            continue
        told = situation_of(stands, Stage.TELL)
        heard = reading(signal)
        advice = advise(
            playbook, reading=heard, speaker=Role.CUSTOMER, situation=told, given=(), language="en", now=NOW
        )
        assert advice is None or signal not in advice.plays, stands
