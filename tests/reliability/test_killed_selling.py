"""`kill -9` while sales is told, told anew, passed over, takes it, is reminded of it, put off, woken, won: each once.

The same as `test_killed`, for an opportunity: what time moves and what people click.
"""

import os
import time
from collections.abc import Awaitable, Callable

import pytest

from bot.settings import Settings
from tests import fresh
from tests.flow.conftest import AGENT, CUSTOMER, SALES, SALES_CHANNEL, SHARED, SUCCESSOR, texts
from tests.flow.working import ASKED_BACK, FAULT, direct, moment, press, typed
from tests.reliability.killing import Seats, calls_of, is_said_once, killed_at, rows, settled
from tests.reliability.test_killed_at_work import again_until, opened, sent, told
from tests.sandbox.stage import Json, Seat, Stage

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.flow.conftest"]

NEED, THREAT, TAKEN = "需要協助，保固或合約已經到期", "說要換別家", "業務接下了"
HOW, STILL, RENEWED = "進展如何", "接下之後沒有新的紀錄", "續約了"
LEAVING = "這樣的話我們只好考慮換別家廠商了"
DAY = 86_400
MOST_CALLS = 70
CALLS = range(1, MOST_CALLS + 1) if os.environ.get("ASIDE_KILL_EVERYWHERE") else (12, 24, 40, 60)


def cards(seat: Seat) -> list[Json]:
    """What stands in the sales channel, as it was posted."""
    return [push for push in seat.of("message") if push["channel"] == SALES_CHANNEL]


async def patiently(effect: Callable[[], Awaitable[Json]]) -> Json:
    """Wait for it for as long as the story may take: a bot that starts again needs its time."""

    async def nothing() -> None:
        return None

    return await again_until(nothing, effect)


async def play(settings: Settings, stage: Stage) -> Seats:
    """A fault, a threat; the successor does not react, somebody else does: taken, left alone, put off, won."""
    seats = {who: await stage.seat(who) for who in (CUSTOMER, AGENT, SUCCESSOR, SALES)}
    customer, agent, owner, sales = (seats[who] for who in (CUSTOMER, AGENT, SUCCESSOR, SALES))
    ts = await customer.say(SHARED, FAULT)
    await patiently(lambda: direct(owner, NEED))
    await settled(settings)
    await agent.say(SHARED, ASKED_BACK, thread_ts=ts)
    await customer.say(SHARED, LEAVING, thread_ts=ts)
    await patiently(lambda: direct(owner, THREAT))
    await settled(settings)
    fresh.changed(settings, "UPDATE opportunities SET due_at = 1")
    card = await patiently(lambda: sales.sees("message", lambda push: push["channel"] == SALES_CHANNEL))
    await settled(settings)
    await again_until(lambda: press(sales, card, "sales_take"), lambda: direct(agent, TAKEN))
    await settled(settings)
    fresh.changed(settings, "UPDATE opportunities SET due_at = 1")
    await patiently(lambda: direct(sales, HOW))
    await settled(settings)
    fresh.changed(settings, "UPDATE opportunities SET due_at = 1")
    await patiently(lambda: sales.sees("message", lambda push: STILL in texts(push["message"]["blocks"])))
    await settled(settings)
    view = await opened(sales, "sales_snooze_view", lambda: press(sales, card, "sales_snooze"))
    await sent(settings, sales, view, {"until": moment(int(time.time()) + DAY)})
    fresh.changed(settings, "UPDATE opportunities SET due_at = 1")
    await patiently(lambda: direct(sales, THREAT))
    await settled(settings)
    view = await opened(sales, "sales_won_view", lambda: press(sales, card, "sales_won"))
    await sent(settings, sales, view, {"value": typed("48000"), "months": typed("12")})
    return seats


def is_sold_once(settings: Settings, seats: Seats) -> None:
    """One card, one word that it got graver, one move up, one reminder, one sale; the customer sees nothing of it."""
    assert [told(seats[SUCCESSOR], words) for words in (NEED, THREAT)] == [1, 1]
    in_channel = [texts(push["message"]["blocks"]) for push in cards(seats[SALES])]
    assert [STILL in each for each in in_channel] == [False, True]
    assert [told(seats[SALES], words) for words in (HOW, THREAT)] == [1, 1]
    assert [told(seats[AGENT], words) for words in (TAKEN, RENEWED)] == [1, 1]
    assert rows(settings, "SELECT move FROM audit WHERE subject = 'opportunity' ORDER BY seq") == [
        (move,)
        for move in (
            "open",
            "tell",
            "join",
            "tell_anew",
            "move_up",
            "take",
            "remind",
            "escalate",
            "snooze",
            "wake",
            "win",
        )
    ]
    assert rows(settings, "SELECT state, value, months FROM opportunities") == [("won", 48_000, 12)]
    assert rows(settings, "SELECT value FROM facts WHERE name = 'sales_took_it_up' ORDER BY seq") == [("yes",), ("no",)]
    assert is_said_once(seats[AGENT])
    assert not seats[CUSTOMER].of("ephemeral")


@pytest.mark.parametrize("calls", CALLS)
async def test_killed_at_any_call_each_is_told_and_done_once(settings: Settings, stage: Stage, calls: int) -> None:
    """Told, told anew, passed over, taken, put off, sold, whenever it was killed."""
    is_sold_once(settings, await killed_at(calls, play, settings, stage, may_be_fewer=True))


async def test_every_call_of_it_is_one_at_which_it_is_killed(settings: Settings, stage: Stage) -> None:
    """`make test-kill-all` leaves no call out."""
    assert await calls_of(play, settings, stage, MOST_CALLS) == MOST_CALLS
