"""A yes beyond a supervisor's limits waits for a manager's: what the first one would grant is not lost on the way."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from bot.goodwill import ExceptionRequest, ExceptionState
from bot.policy import Concession
from bot.settings import Settings
from bot.setup import Away, RoleSource
from handlers import due
from tests.flow.conftest import AGENT, DEPUTY, MANAGER, OTHER_AGENT, SETUP, SUPERVISOR, texts
from tests.flow.test_who_may_do_what import REASON, TERMS
from tests.flow.without_slack import Desk, desk
from tests.flow.working import typed
from tests.sandbox.stage import Stage

CONDITION = "零件由客戶負擔"


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """A desk with a manager."""
    async with desk(stage, settings) as made:
        made.set_up(SETUP.model_copy(update={"managers": RoleSource(users=(MANAGER,))}))
        yield made


async def in_favour(at: Desk) -> ExceptionRequest:
    """A dear request that a supervisor would grant with a condition."""
    request = at.request(at.case(), cost=60_000)
    await at.submit(SUPERVISOR, "approve_exception_view", request.id, {**TERMS, "cap": typed("50000")})
    assert at.stands(request).state is ExceptionState.SECONDING
    return request


async def test_a_manager_sees_on_which_condition_and_a_plain_yes_keeps_it(at: Desk) -> None:
    """On the card, in the window from their Home, and filled in where they would change it; then it is the grant's."""
    request = await in_favour(at)
    card = texts(at.body(f"exception:{request.id}:%:card")["blocks"])
    assert CONDITION in card
    assert "NT$50,000" in card
    await at.click(MANAGER, "approve_exception", request.id, in_message=False)
    assert CONDITION in texts(at.view()["blocks"])
    await at.click(MANAGER, "approve_exception_with_terms", request.id)
    assert CONDITION in json.dumps(at.view(), ensure_ascii=False)
    await at.click(MANAGER, "approve_exception", request.id)
    grant = at.stands(request).grant
    assert grant
    assert (grant.concession, grant.cap, grant.conditions) == (Concession.LABOUR_WAIVED, Decimal(50_000), CONDITION)


async def test_only_who_can_give_the_second_yes_is_asked_for_it(at: Desk) -> None:
    """A manager and whoever stands in for one; who stands in for a supervisor could not."""
    setup = SETUP.model_copy(update={"managers": RoleSource(users=(MANAGER,))})
    at.set_up(setup.with_away(DEPUTY, Away(user=DEPUTY, deputy=OTHER_AGENT)))
    last = at.last_row()
    request = at.request(at.case(), cost=60_000)
    await at.click(SUPERVISOR, "approve_exception", request.id)
    assert at.told(MANAGER, last)
    assert at.told(OTHER_AGENT, last) == []


async def test_a_managers_no_is_the_managers_alone(at: Desk) -> None:
    """Whoever was in favour is not named as somebody who declined."""
    request = await in_favour(at)
    await at.submit(MANAGER, "decline_exception_view", request.id, REASON)
    card = texts(at.body(f"exception:{request.id}:%:card")["blocks"])
    assert f"<@{MANAGER}>" in card
    assert f"<@{SUPERVISOR}>" not in card


async def test_what_ends_with_its_question_unanswered_is_not_said_to_be_undecided(at: Desk) -> None:
    """It waited for whoever asked, not for the supervisors: both read so."""
    request = at.request(at.case())
    await at.submit(SUPERVISOR, "ask_back_exception_view", request.id, REASON)
    for _ in range(2):
        due_at = at.stands(request).due_at
        assert due_at
        at.clock.now = due_at.timestamp() + 1
        await due.do_due(at.services)
    assert at.stands(request).state is ExceptionState.EXPIRED
    assert "問題逾時未回覆" in at.told(AGENT)[-1]
    assert "問題逾時未回覆" in texts(at.body(f"exception:{request.id}:%:card")["blocks"])


async def test_an_answer_that_nobody_waits_for_any_more_is_not_said_to_have_arrived(at: Desk) -> None:
    """Another supervisor was in favour before it came."""
    request = at.request(at.case(), cost=60_000)
    await at.submit(SUPERVISOR, "ask_back_exception_view", request.id, REASON)
    await at.click(DEPUTY, "approve_exception", request.id)
    (told,) = await at.submit(AGENT, "answer_exception_view", request.id, REASON)
    assert "不必再回覆" in told
    assert at.stands(request).answer == ""
