"""`kill -9` while a question about a promise waits: for each who is asked, for the late answer, for a supervisor.

The same as `test_killed_while_due`: time moves it on, then somebody answers after all, and a supervisor records it.
"""

import asyncio
import os
from functools import partial

import pytest

from bot.settings import Settings
from tests import fresh
from tests.flow.conftest import AGENT, APPROVALS, CUSTOMER, SALES, SALES_CHANNEL, SUCCESSOR, SUPERVISOR, save_setup
from tests.flow.test_promise import MANAGED, QUESTION, shown_in
from tests.flow.working import PROMISED, chosen, direct, press, press_in, typed
from tests.reliability.killing import Seats, calls_of, killed_at, rows, settled
from tests.reliability.test_killed_at_work import again_until, case_of, opened, sales_told, sent, told
from tests.sandbox.stage import Seat, Stage

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.flow.conftest"]

REMINDED, NEXT, NOBODY = "客戶在等有沒有答應過的消息", "現在改問", "業務都沒有回覆"
CONFIRMED, PRESSED, RECORDED = "業務確認答應過", "範圍還沒有人記下", "答應的範圍已經記下"
MOVES = ("ask", "remind", "move_up", "remind", "move_up", "remind", "give_up", "yes", "press", "record")
MOST_CALLS = 89
CALLS = range(1, MOST_CALLS + 1) if os.environ.get("ASIDE_KILL_EVERYWHERE") else (22, 38, 54, 76)


async def time_comes(settings: Settings, move: str) -> None:
    """What happens next by itself happens now, once; wait until it has."""
    before = moves_made(settings)
    fresh.changed(settings, "UPDATE verifications SET due_at = 1 WHERE due_at IS NOT NULL")
    while moves_made(settings) != [*before, move]:  # noqa: ASYNC110 - the other process has no event to wait for
        await asyncio.sleep(0.05)
    await settled(settings)


def moves_made(settings: Settings) -> list[str]:
    """What the audit has of the question."""
    return [move for (move,) in rows(settings, "SELECT move FROM audit WHERE subject = 'verification' ORDER BY seq")]


async def play(settings: Settings, stage: Stage) -> Seats:
    """Asked; nobody answers; the first one does in the end; nobody records it until somebody does."""
    seats = {who: await stage.seat(who) for who in (CUSTOMER, AGENT, SUCCESSOR, SALES, SUPERVISOR)}
    agent, sales, supervisor = seats[AGENT], seats[SUCCESSOR], seats[SUPERVISOR]
    case = await case_of(settings, seats, PROMISED)
    await sales_told(settings)
    card = await again_until(partial(press_in, agent, case, "ask_sales"), lambda: direct(sales, QUESTION))
    await settled(settings)
    for move in MOVES[1:7]:
        await time_comes(settings, move)
    view = await opened(sales, "promise_yes_view", lambda: press(sales, card, "promise_yes"))
    await sent(settings, sales, view, {"evidence": typed("報價單第 3 條")})
    promise = await shown_in(supervisor, APPROVALS, "報價單第 3 條")
    await time_comes(settings, "press")
    view = await opened(supervisor, "record_promise_view", lambda: press(supervisor, promise, "record_promise"))
    values = {"concession": chosen("full"), "what": typed("一年內免費維修")}
    await sent(settings, supervisor, view, values)
    await direct(agent, RECORDED)
    return seats


def shown(seat: Seat, channel: str, words: str) -> int:
    """How many messages of a channel say this."""
    return sum(
        push["channel"] == channel and words in str(push["message"].get("blocks")) for push in seat.of("message")
    )


def is_answered_once(settings: Settings, seats: Seats) -> None:
    """One card and one reminder to each, one word of each step to the agent, one answer, one scope."""
    for who in (SUCCESSOR, SALES):
        assert (told(seats[who], QUESTION), told(seats[who], REMINDED)) == (1, 1)
    assert [shown(seats[SALES], SALES_CHANNEL, words) for words in (QUESTION, REMINDED)] == [1, 1]
    heard = {NEXT: 2, NOBODY: 1, CONFIRMED: 1, RECORDED: 1}
    assert {words: told(seats[AGENT], words) for words in heard} == heard
    assert shown(seats[SUPERVISOR], APPROVALS, "報價單第 3 條") == 1
    assert told(seats[SUPERVISOR], PRESSED) == 1
    assert moves_made(settings) == list(MOVES)
    assert rows(settings, "SELECT state, conceded, due_at FROM verifications") == [("confirmed", "full", None)]
    assert rows(settings, "SELECT count(*) FROM sales_answers") == [(1,)]
    assert not seats[CUSTOMER].of("ephemeral")


@pytest.mark.parametrize("calls", CALLS)
async def test_killed_in_any_wait_each_is_asked_and_told_once(settings: Settings, stage: Stage, calls: int) -> None:
    """Everybody who was asked, and the agent all along, whenever it was killed."""
    save_setup(settings, MANAGED)
    is_answered_once(settings, await killed_at(calls, play, settings, stage))


async def test_every_call_of_it_is_one_at_which_it_is_killed(settings: Settings, stage: Stage) -> None:
    """`make test-kill-all` leaves no call out."""
    save_setup(settings, MANAGED)
    assert await calls_of(play, settings, stage, MOST_CALLS) == MOST_CALLS
