"""A promise that is over: the customer says that it goes on, or sales does; then a new question, and a new scope."""

from collections.abc import AsyncIterator

import pytest

from bot.case import Case
from bot.message import Message, Role
from bot.promises import Answer, Verification
from bot.settings import Settings
from bot.signals import Reading, Signal
from handlers.situation import CaseRecord, customer_of, situation
from storage import conversations, promises
from tests.flow.conftest import AGENT, CUSTOMER, OTHER_AGENT, SALES, SHARED, SUCCESSOR, SUPERVISOR, WORKSPACE
from tests.flow.test_promise_scope import ONE_SUPERVISOR, SCOPE, TICKED, claim, given, question, stands, typed_in
from tests.flow.without_slack import Desk, desk
from tests.sandbox.stage import Json, Stage

AGAIN = "業務說保固已經再延一年了"


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """Nothing running."""
    async with desk(stage, settings) as made:
        made.set_up(ONE_SUPERVISOR)
        yield made


def until(day: str) -> Json:
    """What was promised, until a day."""
    return {**SCOPE, "until": {"day": {"type": "datepicker", "selected_date": day}}}


async def over(at: Desk) -> tuple[Case, Verification]:
    """A promise that was confirmed and recorded for a time that has gone by."""
    case, known = question(at, given(at, Answer.YES, SUCCESSOR, "報價單第 3 條"))
    await at.submit(SUPERVISOR, "record_promise_view", known.id, {**until("2026-11-20"), **TICKED})
    assert stands(at, known).state == "lapsed"
    return case, stands(at, known)


def claims_again(at: Desk, case: Case) -> None:
    """The customer says once more that something was promised."""
    at.clock.now += 60
    said = Message(
        workspace=WORKSPACE,
        channel=SHARED,
        ts=f"{at.clock():.6f}",
        thread_ts=case.thread_ts,
        speaker=CUSTOMER,
        role=Role.CUSTOMER,
        text=AGAIN,
    )
    with at.services.casebook.begin() as connection:
        conversations.write_message(connection, said, Reading((Signal("claims_promise", 0.9, AGAIN),), 0), case.id)


def table(at: Desk, case: Case) -> str:
    """Where the claim puts the case in the decision table."""
    with at.services.casebook.look() as connection:
        customer = customer_of(at.services, case.customer_id)
        return situation(CaseRecord(at.services, connection, case), customer, language="zh-TW").standing.claim


def asked(at: Desk, case: Case) -> list[Verification]:
    """Every question of the case, oldest first."""
    with at.services.casebook.look() as connection:
        return promises.all_of_case(connection, WORKSPACE, case.id)


async def test_a_claim_that_is_brought_anew_is_asked_about_anew(at: Desk) -> None:
    """Until then nothing is pending and nobody is asked; what was is kept, and the new one has a scope of its own."""
    case, first = await over(at)
    assert table(at, case) == "none"
    assert "答應的事已經過期" in " ".join(await at.click(AGENT, "ask_sales", case.id))
    claims_again(at, case)
    assert table(at, case) == "pending"
    await at.click(AGENT, "ask_sales", case.id)
    before, now = asked(at, case)
    assert (before, now.claimed, now.state, now.told) == (first, AGAIN, "asked", (SUCCESSOR,))
    assert (claim(at, case), table(at, case)) == ("pending", "pending")
    assert "promise_prolonged" not in str(at.body(f"verification:{first.id}:anew:{now.id}:card:0"))
    assert "已經問過業務" in " ".join(await at.click(AGENT, "ask_sales", case.id))
    await at.submit(SUCCESSOR, "promise_yes_view", now.id, typed_in("2026 年 11 月的信"))
    await at.submit(SUPERVISOR, "record_promise_view", now.id, until("2027-11-30"))
    assert (table(at, case), stands(at, first)) == ("confirmed", first)
    scope = stands(at, now).scope
    assert scope
    assert str(scope.until) == "2027-11-30"


async def test_sales_says_that_it_goes_on_and_it_is_a_question_of_its_own(at: Desk) -> None:
    """With evidence it binds, the supervisors get their card, and whoever asked hears of it."""
    case, first = await over(at)
    assert await at.click(SUCCESSOR, "promise_prolonged", first.id) == ["window promise_prolonged_view"]
    last = at.last_row()
    await at.submit(SUCCESSOR, "promise_prolonged_view", first.id, typed_in("續約信，到 2027 年底"))
    before, now = asked(at, case)
    assert (before, now.state, now.asked_by, now.told) == (first, "confirmed", AGENT, (SUCCESSOR,))
    assert table(at, case) == "confirmed"
    assert any("業務確認答應過" in each for each in at.told(AGENT, since=last))
    assert "record_promise" in str(at.body(f"verification:{now.id}:scope:0"))
    twice = " ".join(await at.submit(SALES, "promise_prolonged_view", first.id, typed_in("我也知道")))
    assert "請在新的那張卡片上回覆" in twice
    assert len(asked(at, case)) == 2
    audited = at.rows("SELECT move, actor FROM audit WHERE subject = 'verification' ORDER BY seq")
    assert audited[-2:] == [("ask", SUCCESSOR), ("yes", SUCCESSOR)]


async def test_from_memory_it_is_settled_by_a_supervisor(at: Desk) -> None:
    """What nobody wrote down prolongs nothing by itself (R25)."""
    case, first = await over(at)
    await at.submit(SALES, "promise_prolonged_view", first.id, typed_in(""))
    assert (asked(at, case)[-1].state, table(at, case)) == ("remembered", "pending")


@pytest.mark.parametrize(("who", "told"), [(OTHER_AGENT, "只有被問的人"), (AGENT, "只有被問的人")])
async def test_who_may_not_say_that_it_goes_on(at: Desk, who: str, told: str) -> None:
    """It is sales' to say, and nobody answers their own question; a forged window changes nothing either."""
    case, first = await over(at)
    assert told in " ".join(await at.click(who, "promise_prolonged", first.id))
    assert told in " ".join(await at.submit(who, "promise_prolonged_view", first.id, typed_in("信")))
    assert asked(at, case) == [first]


async def test_a_promise_that_holds_is_not_prolonged_but_answered(at: Desk) -> None:
    """A window that was forged or is old says so."""
    case, known = question(at, given(at, Answer.YES, SUCCESSOR, "報價單第 3 條"))
    assert "還沒過期" in " ".join(await at.submit(SUCCESSOR, "promise_prolonged_view", known.id, typed_in("信")))
    assert asked(at, case) == [known]


async def test_the_case_shows_what_was_before(at: Desk) -> None:
    """Both stand in the case's window: the promise that is over with its scope, and the question that is open."""
    case, _ = await over(at)
    claims_again(at, case)
    await at.click(AGENT, "ask_sales", case.id)
    await at.click(SUPERVISOR, "show_case", case.id)
    shown = str(at.view())
    assert "在那之前" in shown
    assert "一年內免費維修" in shown
    assert AGAIN in shown
