"""Any order of deeds by anybody, over the real handlers and a real casebook: the audit tells one unbroken life."""

import random

import pytest

from bot.goodwill import GRANTED, MOVES, PENDING, ExceptionState, Move
from bot.settings import Settings
from bot.setup import Away, RoleSource, Setup
from handlers import due
from tests.flow.conftest import AGENT, CUSTOMER, DEPUTY, MANAGER, OTHER_AGENT, SALES, SETUP, SUPERVISOR
from tests.flow.test_who_may_do_what import TERMS
from tests.flow.without_slack import Desk, desk
from tests.flow.working import typed
from tests.sandbox.stage import Stage

PEOPLE = (AGENT, OTHER_AGENT, SUPERVISOR, SUPERVISOR, DEPUTY, MANAGER, MANAGER, SALES, CUSTOMER)
BUTTONS = ("approve_exception", "approve_exception", "answer_exception", "withdraw_exception", "use_exception")
WINDOWS = ("approve_exception_view", "ask_back_exception_view", "answer_exception_view", "decline_exception_view")
STEPS, LIVES = 12, 6
HOURS_LATER = (0, 0, 1, 3, 30, 400)


async def one_deed(at: Desk, dice: random.Random, request_id: str) -> list[str]:
    """Somebody does something, or time passes."""
    who = dice.choice(PEOPLE)
    match dice.randrange(10):
        case 0 | 1 | 2:
            return await at.click(who, dice.choice(BUTTONS), request_id)
        case 3 | 4 | 5:
            window = dice.choice(WINDOWS)
            amount = typed(dice.choice(("900", "20000", "50000", "300000")))
            said = {"reason": typed(f"因為 {dice.random()}")}
            return await at.submit(who, window, request_id, {**TERMS, **said, "cap": amount})
        case 6:
            at.set_up(at_desk(away=dice.choice((SUPERVISOR, MANAGER, None)), deputy=dice.choice(PEOPLE)))
        case _:
            at.clock.now += dice.choice(HOURS_LATER) * 3600
            await due.do_due(at.services)
    return ["time"]


def at_desk(away: str | None = None, deputy: str | None = None) -> Setup:
    """The desk, with somebody away."""
    setup = SETUP.model_copy(update={"managers": RoleSource(users=(MANAGER,))})
    return setup.with_away(away, Away(user=away, deputy=deputy)) if away else setup


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_anybody_does_each_life_is_whole(stage: Stage, settings: Settings, seed: int) -> None:
    """Every move is one of the table and begins where the last one ended; one decision; and no click is silent."""
    dice = random.Random(seed)  # noqa: S311 - a story, no secret
    async with desk(stage, settings) as at:
        for _ in range(LIVES):
            at.set_up(at_desk())
            request = at.request(at.case(), cost=dice.choice((3_000, 50_000, 300_000)))
            for _ in range(STEPS):
                before = at.stands(request)
                answered = await one_deed(at, dice, request.id)
                assert answered or at.stands(request) != before
            after = at.stands(request)
            lived = at.rows(
                "SELECT move, before, after, actor FROM audit WHERE subject_id = ? ORDER BY seq", request.id
            )
            state = ExceptionState.REQUESTED
            for move, begins, ends, _ in lived:
                assert begins == state
                state = MOVES[state, Move(move)]
                assert ends == state
            assert state is after.state
            decided = [actor for move, _, _, actor in lived if move in {Move.APPROVE, Move.DECLINE}]
            assert decided == ([after.decided_by] if after.decided_by else [])
            assert {AGENT, OTHER_AGENT, SALES, CUSTOMER}.isdisjoint(decided) or after.deputy_for
            assert CUSTOMER not in decided
            assert SALES not in decided
            assert AGENT not in {after.first_by, after.decided_by}
            news = at.rows("SELECT count(*), count(DISTINCT key) FROM outbox WHERE key LIKE ?", f"%{request.id}%:card")
            moved = [move for move, begins, ends, _ in lived if begins != ends or move == Move.ASK_BACK]
            assert len(moved) <= news[0][0] == news[0][1] <= len(lived)
        bounded = {*GRANTED, ExceptionState.LAPSED}
        ends = at.rows("SELECT state, granted IS NOT NULL, first_by IS NOT NULL FROM exceptions")
        for state, has, is_proposed in ends:  # while it waits, these are the bounds of whoever was in favour
            assert bool(has) is (state in bounded or (state in PENDING and bool(is_proposed)))
