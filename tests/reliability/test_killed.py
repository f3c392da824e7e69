"""`kill -9` in the middle of the loop: started again, nothing is lost and nothing is doubled.

The bot is a process of its own on files of its own. It is killed the moment Slack has heard its n-th call, for every n
of the whole loop (`make test-kill`).
"""

import asyncio
import os
from contextlib import suppress

import pytest

from bot.settings import Settings
from tests.flow.conftest import AGENT, APPROVALS, CUSTOMER, SHARED, SUCCESSOR, SUPERVISOR
from tests.flow.test_goodwill import FORM, button_in
from tests.reliability.killing import TRY_SECONDS, Seats, calls_of, is_said_once, killed_at, rows
from tests.sandbox.stage import Json, Refused, Seat, Stage

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.flow.conftest"]

MOST_CALLS = 28
EVERY_CALL = range(1, MOST_CALLS + 1)
CALLS = EVERY_CALL if os.environ.get("ASIDE_KILL_EVERYWHERE") else (4, 9, 13, 17, 21)


async def insist(seat: Seat, deed: str, until: str, **body: object) -> Json:
    """Do it again until its effect is seen, as a person would whose click was lost."""
    while True:
        with suppress(Refused):
            await seat.do(deed, **body)
        with suppress(TimeoutError):
            async with asyncio.timeout(TRY_SECONDS):
                return await seat.sees(until)


async def submit(seat: Seat, view_id: str) -> None:
    """Send a window off until it is taken."""
    while True:
        with suppress(Refused):
            await seat.do("submit", view_id=view_id, values=FORM)
            return
        await asyncio.sleep(0.2)


async def play(settings: Settings, stage: Stage) -> Seats:
    """A fault, a request, an approval, from whoever's seat; lost clicks are made again."""
    seats = {who: await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR, SUCCESSOR)}
    customer, agent, supervisor = seats[CUSTOMER], seats[AGENT], seats[SUPERVISOR]
    ts = await customer.say(SHARED, "ERP 從早上就當機，發票都印不出來，出貨全部卡住")
    await agent.say(SHARED, "我先看一下，請問是哪幾台？", thread_ts=ts)
    await seats[SUCCESSOR].sees("message")
    opened = await insist(agent, "shortcut", "view_opened", callback_id="ask_exception", channel=SHARED, ts=ts)
    await submit(agent, opened["view"]["id"])
    card = (await supervisor.sees("message", lambda push: push["channel"] == APPROVALS))["message"]
    container = {"type": "message", "channel": APPROVALS, "ts": card["ts"]}
    await insist(
        supervisor,
        "action",
        "message_changed",
        container=container,
        action=button_in(card, "approve_exception"),
    )
    await agent.sees("message", is_the_decision)
    return seats


def is_the_decision(push: Json) -> bool:
    """The news of a decision, not the word that a window did not open: after a kill the trigger may be spent."""
    return push["channel"].startswith("D") and bool(push["message"].get("blocks"))


def is_decided_once(settings: Settings, seats: Seats) -> None:
    """One card, one ping to sales, one decision, one case."""
    approvals = [push for push in seats[SUPERVISOR].of("message") if push["channel"] == APPROVALS]
    assert len(approvals) == 1
    assert len(seats[SUCCESSOR].of("message")) == 1
    assert len([push for push in seats[AGENT].of("message") if is_the_decision(push)]) == 1
    assert rows(settings, "SELECT state FROM exceptions") == [("approved",)]
    assert rows(settings, "SELECT move FROM audit WHERE subject = 'exception' ORDER BY seq") == [("ask",), ("approve",)]
    assert rows(settings, "SELECT count(*) FROM opportunities") == [(1,)]
    assert rows(settings, "SELECT count(*) FROM cases") == [(1,)]
    assert rows(settings, "SELECT count(*) FROM messages") == [(2,)]
    assert is_said_once(seats[AGENT])
    assert not seats[CUSTOMER].of("ephemeral")


@pytest.mark.parametrize("calls", CALLS)
async def test_killed_at_any_call_it_takes_up_where_it_was(settings: Settings, stage: Stage, calls: int) -> None:
    """Rows and visible messages exactly once, ephemerals at most once."""
    is_decided_once(settings, await killed_at(calls, play, settings, stage))


async def test_every_call_of_the_loop_is_one_at_which_it_is_killed(settings: Settings, stage: Stage) -> None:
    """`make test-kill` leaves no call out."""
    assert await calls_of(play, settings, stage, MOST_CALLS) == MOST_CALLS
