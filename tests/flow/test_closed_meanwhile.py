"""A click on a case that has been closed since: it opens nothing unsaid, and says what happened instead."""

from collections.abc import AsyncIterator

import pytest

from bot.case import Case, CaseState
from bot.goodwill import ExceptionState
from bot.settings import Settings
from handlers.due import do_due
from storage import cases
from tests.flow.conftest import AGENT, OTHER_AGENT, SUPERVISOR
from tests.flow.test_who_may_do_what import FORM
from tests.flow.without_slack import Desk, desk
from tests.flow.working import person, typed
from tests.sandbox.stage import Stage

HOUR = 3_600
CLOSED = "已經結案"
STATE = "SELECT state, agent FROM cases WHERE id = ?"
QUESTION = "SELECT asked, state FROM takeovers WHERE case_id = ? ORDER BY number"


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """A desk."""
    async with desk(stage, settings) as made:
        yield made


def close(at: Desk, case: Case) -> None:
    """Behind everybody's back."""
    with at.services.casebook.begin() as connection:
        cases.move(connection, case, CaseState.CLOSED, now=at.clock())


async def asked_in(at: Desk, action: str) -> tuple[Case, str]:
    """A case that was closed after a colleague was asked in, and the question."""
    case = at.case()
    await at.click(AGENT, action, case.id)
    await at.send_all()
    close(at, case)
    ((question,),) = at.rows("SELECT id FROM takeovers WHERE case_id = ?", case.id)
    return case, str(question)


@pytest.mark.parametrize("action", ["ask_takeover", "ask_peer"])
async def test_nobody_is_asked_into_a_closed_case(at: Desk, action: str) -> None:
    """Whoever asks reads why, and when it opens again."""
    case = at.case()
    close(at, case)
    told = await at.click(AGENT, action, case.id)
    told += await at.submit(AGENT, "ask_takeover_view", case.id, {"whom": person(OTHER_AGENT), "why": typed("幫忙")})
    assert [CLOSED in each for each in told] == [True, True]
    assert at.rows(QUESTION, case.id) == []


@pytest.mark.parametrize(("action", "yes"), [("ask_takeover", "take_over"), ("ask_peer", "peer_looks")])
async def test_nobody_comes_into_a_case_that_was_closed_since(at: Desk, action: str, yes: str) -> None:
    """The case stays with whoever had it; both hear what happened, and no line says that somebody was asked."""
    case, question = await asked_in(at, action)
    last = at.last_row()
    (answer,) = await at.click(OTHER_AGENT, yes, question)
    assert CLOSED in answer
    (told,) = at.told(AGENT, since=last)
    assert CLOSED in told
    assert at.rows(QUESTION, case.id) == [(OTHER_AGENT, "withdrawn")]
    assert at.rows(STATE, case.id) == [("closed", AGENT)]
    facts = dict(at.rows("SELECT name, value FROM facts WHERE case_id = ? ORDER BY seq", case.id))
    assert facts.get("takeover_asked", "no") == "no"
    assert "takeover_accepted" not in facts


@pytest.mark.parametrize("silent", [False, True], ids=["cannot", "does not answer"])
async def test_after_a_colleague_who_could_not_nobody_else_is_asked_into_a_closed_case(
    at: Desk, *, silent: bool
) -> None:
    """Whoever asked hears that the case is closed, not silence."""
    case, question = await asked_in(at, "ask_takeover")
    last = at.last_row()
    if silent:
        at.clock.now += HOUR
        await do_due(at.services)
    else:
        await at.click(OTHER_AGENT, "not_now", question)
    (told,) = at.told(AGENT, since=last)
    assert CLOSED in told
    assert len(at.rows(QUESTION, case.id)) == 1


async def test_a_decision_on_a_closed_case_stands_and_opens_nothing(at: Desk) -> None:
    """Whoever asked hears it; the customer's next word opens the case, not ours."""
    case = at.case()
    request = at.request(case)
    close(at, case)
    await at.click(SUPERVISOR, "approve_exception", request.id)
    assert at.stands(request).state is ExceptionState.APPROVED
    assert at.rows(STATE, case.id) == [("closed", AGENT)]
    assert "核准" in " ".join(at.told(AGENT))


async def test_asking_for_an_exception_opens_a_closed_case(at: Desk) -> None:
    """What waits for a decision is not over; the audit says who opened it."""
    case = at.case()
    close(at, case)
    await at.submit(AGENT, "ask_exception_view", case.id, FORM)
    assert at.rows(STATE, case.id) == [("waiting", AGENT)]
    opened = at.rows("SELECT actor, move FROM audit WHERE subject = 'case' AND subject_id = ?", case.id)
    assert opened == [(AGENT, "reopen")]
