"""`kill -9` while what was promised to a customer is reminded of, missed and told to the supervisors: each once.

The same as `test_killed`, for what happens by itself: no click is made again, time alone moves it.
"""

import os
import time
from functools import partial

import pytest

from bot.settings import Settings
from tests import fresh
from tests.flow.conftest import AGENT, CUSTOMER, SUPERVISOR
from tests.flow.working import direct, moment, press_in, typed
from tests.reliability.killing import Seats, calls_of, killed_at, rows, settled
from tests.reliability.test_killed_at_work import case_of, opened, sent, told
from tests.sandbox.stage import Stage

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.flow.conftest"]

PROMISE = "回電說明檢測結果"
REMINDED, MISSED, ESCALATED = "快到時間", "時間已經過了", "過了時間還沒做到"
MOST_CALLS = 27
CALLS = range(1, MOST_CALLS + 1) if os.environ.get("ASIDE_KILL_EVERYWHERE") else (20, 24)


def time_comes(settings: Settings, due_at: int) -> None:
    """The next thing happens now, to something that was due then."""
    fresh.changed(settings, "UPDATE commitments SET due_at = ?, next_at = 1", due_at)


async def play(settings: Settings, stage: Stage) -> Seats:
    """Promised, and nobody does it."""
    seats = {who: await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)}
    agent, now = seats[AGENT], int(time.time())
    case = await case_of(settings, seats)
    view = await opened(agent, "commit_view", partial(press_in, agent, case, "commit"))
    await sent(settings, agent, view, {"text": typed(PROMISE), "due": moment(now + 86_400)})
    for due_at, seat, words in (
        (now + 86_400, agent, REMINDED),
        (now - 3_600, agent, MISSED),
        (now - 3_600, seats[SUPERVISOR], ESCALATED),
    ):
        time_comes(settings, due_at)
        await direct(seat, words)
        await settled(settings)
    return seats


def is_told_once(settings: Settings, seats: Seats) -> None:
    """One reminder, one word that it was missed, one to the supervisors, and the audit says the same."""
    assert [told(seats[AGENT], words) for words in (REMINDED, MISSED)] == [1, 1]
    assert told(seats[SUPERVISOR], ESCALATED) == 1
    assert rows(settings, "SELECT move FROM audit WHERE subject = 'commitment' ORDER BY seq") == [
        (move,) for move in ("make", "remind", "miss", "escalate")
    ]
    assert rows(settings, "SELECT state, next_at FROM commitments") == [("missed", None)]


@pytest.mark.parametrize("calls", CALLS)
async def test_killed_at_any_call_each_is_told_once(settings: Settings, stage: Stage, calls: int) -> None:
    """Reminded, missed, told to the supervisors, whenever it was killed."""
    is_told_once(settings, await killed_at(calls, play, settings, stage))


async def test_every_call_of_it_is_one_at_which_it_is_killed(settings: Settings, stage: Stage) -> None:
    """`make test-kill-all` leaves no call out."""
    assert await calls_of(play, settings, stage, MOST_CALLS) == MOST_CALLS
