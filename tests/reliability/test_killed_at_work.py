"""`kill -9` while somebody works on a case: what was asked, written down or handed over is there once.

The same as `test_killed`, for the buttons of a case: assess, an engineer, a commitment, a takeover; a question to sales
and its answer.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import pytest

from bot.settings import Settings
from tests.flow.conftest import AGENT, CUSTOMER, DEPUTY, OTHER_AGENT, SALES, SHARED, SUCCESSOR, SUPERVISOR, texts
from tests.flow.working import (
    ASKED_BACK,
    FAULT,
    PROMISED,
    chosen,
    direct,
    moment,
    person,
    press,
    press_in,
    typed,
)
from tests.reliability.killing import TRY_SECONDS, Seats, calls_of, is_said_once, killed_at, rows, settled
from tests.sandbox.stage import Json, Refused, Seat, Stage

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.flow.conftest"]

TOMORROW_SECONDS = 86_400
QUESTION, ANSWER = "有答應過什麼嗎", "業務確認答應過"
LOOK, CONTEXT, TAKEN = "發票模組今早更新後印不出來", "可以接手", "已接手"


async def again_until(deed: Callable[[], Awaitable[None]], effect: Callable[[], Awaitable[Json]]) -> Json:
    """Do it again until its effect is seen, as a person would whose click was lost."""
    while True:
        with suppress(Refused):
            await deed()
        with suppress(TimeoutError):
            async with asyncio.timeout(TRY_SECONDS):
                return await effect()


async def opened(seat: Seat, callback_id: str, deed: Callable[[], Awaitable[None]]) -> Json:
    """The window that this opens."""

    async def shown() -> Json:
        kinds = ("view_opened", "view_pushed")
        return await seat.sees_any(kinds, lambda push: push["view"]["callback_id"] == callback_id)

    return dict((await again_until(deed, shown))["view"])


async def sent(settings: Settings, seat: Seat, view: Json, values: Json) -> None:
    """Send a window off until it is taken, and wait for all that it causes."""
    while True:
        with suppress(Refused):
            await seat.do("submit", view_id=view["id"], values=values)
            break
        await asyncio.sleep(0.2)
    await settled(settings)


async def sales_told(settings: Settings) -> None:
    """Wait until sales has its card, which comes by itself a moment later: the count of calls goes by it."""
    while rows(settings, "SELECT state FROM opportunities") != [("asked",)]:  # noqa: ASYNC110 - the other process has no event to wait for
        await asyncio.sleep(0.05)
    await settled(settings)


async def case_of(settings: Settings, seats: Seats, *said: str) -> Json:
    """A fault, answered, and what the customer says then; the case's window."""
    customer, agent = seats[CUSTOMER], seats[AGENT]
    ts = await customer.say(SHARED, FAULT)
    await agent.say(SHARED, ASKED_BACK, thread_ts=ts)
    for text in said:
        await customer.say(SHARED, text, thread_ts=ts)
    while rows(settings, "SELECT count(*) FROM messages") != [(2 + len(said),)]:  # noqa: ASYNC110 - the other process has no event to wait for
        await asyncio.sleep(0.05)
    await sales_told(settings)

    async def ask() -> None:
        await agent.do("shortcut", callback_id="case_card", channel=SHARED, ts=ts)

    return await opened(agent, "case_view", ask)


async def work(settings: Settings, stage: Stage) -> Seats:
    """Assess, send an engineer to look, commit, hand over."""
    seats = {who: await stage.seat(who) for who in (CUSTOMER, AGENT, SALES, DEPUTY)}
    agent, deputy = seats[AGENT], seats[DEPUTY]
    case = await case_of(settings, seats)
    forms: list[tuple[str, Json]] = [
        (
            "assess",
            {
                "severity": chosen("team"),
                "effort_hours": typed("2"),
                "cost": typed("3000"),
                "fault_ours": chosen("no"),
                "why": typed(""),
            },
        ),
        ("assign_engineer", {"engineer": person(SALES), "what": typed(LOOK)}),
        ("commit", {"text": typed("回電說明檢測結果"), "due": moment(int(time.time()) + TOMORROW_SECONDS)}),
        ("ask_takeover", {"whom": person(DEPUTY), "why": typed("客戶要找能作主的人")}),
    ]
    for action, values in forms:
        button = {"ask_takeover": "choose_takeover"}.get(action, action)
        view = await opened(agent, f"{action}_view", partial(press_in, agent, case, button))
        await sent(settings, agent, view, values)
    card = await direct(deputy, CONTEXT)

    async def changed() -> Json:
        return await deputy.sees("message_changed", lambda push: TAKEN in texts(push["message"]["blocks"]))

    await again_until(lambda: press(deputy, card, "take_over"), changed)
    await direct(agent, TAKEN)
    return seats


def is_done_once(settings: Settings, seats: Seats) -> None:
    """Every fact, row and message of the work."""
    assert told(seats[SALES], LOOK) == 1
    assert told(seats[DEPUTY], CONTEXT) == 1
    assert told(seats[AGENT], TAKEN) == 1
    recorded = "SELECT name, count(*) FROM facts GROUP BY name ORDER BY name"
    assert rows(settings, recorded) == [
        (name, 1)
        for name in (
            *("commitment_recorded", "cost", "effort_hours", "engineer", "engineer_assigned", "fault_ours"),
            *("severity", "takeover_accepted", "takeover_asked", "takeover_by"),
        )
    ]
    assert rows(settings, "SELECT state FROM commitments") == [("open",)]
    assert rows(settings, "SELECT agent FROM cases") == [(DEPUTY,)]
    assert rows(settings, "SELECT subject, move FROM audit WHERE subject IN ('case', 'commitment') ORDER BY seq") == [
        ("commitment", "make"),
        ("case", "take_over"),
    ]


async def question(settings: Settings, stage: Stage) -> Seats:
    """Ask sales whether it was promised; they say yes."""
    seats = {who: await stage.seat(who) for who in (CUSTOMER, AGENT, SUCCESSOR)}
    agent, sales = seats[AGENT], seats[SUCCESSOR]
    case = await case_of(settings, seats, PROMISED)
    card = await again_until(lambda: press_in(agent, case, "ask_sales"), lambda: direct(sales, QUESTION))
    view = await opened(sales, "promise_yes_view", lambda: press(sales, card, "promise_yes"))
    await sent(settings, sales, view, {"evidence": typed("報價單第 3 條")})
    await direct(agent, ANSWER)
    return seats


def is_answered_once(settings: Settings, seats: Seats) -> None:
    """The question, its answer and the news."""
    assert told(seats[SUCCESSOR], QUESTION) == 1
    assert told(seats[AGENT], ANSWER) == 1
    assert rows(settings, "SELECT state FROM verifications") == [("confirmed",)]
    assert rows(settings, "SELECT answer, evidence FROM sales_answers") == [("yes", "報價單第 3 條")]
    assert rows(settings, "SELECT move FROM audit WHERE subject = 'verification' ORDER BY seq") == [("ask",), ("yes",)]
    assert rows(settings, "SELECT name, value FROM facts ORDER BY seq") == [
        ("promise_being_checked", "yes"),
        ("claim", "confirmed"),
        ("evidence", "報價單第 3 條"),
        ("promise_being_checked", "no"),
    ]


async def asked_in(settings: Settings, stage: Stage) -> Seats:
    """Ask whoever is right to take over; one cannot, and the next one does."""
    seats = {who: await stage.seat(who) for who in (CUSTOMER, AGENT, OTHER_AGENT, SUPERVISOR, DEPUTY)}
    agent, peer = seats[AGENT], seats[OTHER_AGENT]
    case = await case_of(settings, seats)
    card = await again_until(lambda: press_in(agent, case, "ask_takeover"), lambda: direct(peer, CONTEXT))

    async def passed_on() -> Json:
        return await peer.sees("message_changed", lambda push: "沒關係" in texts(push["message"]["blocks"]))

    await again_until(lambda: press(peer, card, "not_now"), passed_on)
    await settled(settings)
    ((second,),) = rows(settings, "SELECT asked FROM takeovers WHERE number = 2")
    card = await direct(seats[second], CONTEXT)

    async def taken() -> Json:
        return await seats[second].sees("message_changed", lambda push: TAKEN in texts(push["message"]["blocks"]))

    await again_until(lambda: press(seats[second], card, "take_over"), taken)
    await direct(agent, TAKEN)
    return seats


def is_taken_over_once(settings: Settings, seats: Seats) -> None:
    """Each was asked once, each answer counted once, and whoever asked heard each."""
    ((first, said_no), (second, came)) = rows(settings, "SELECT asked, state FROM takeovers ORDER BY number")
    assert (first, said_no, came) == (OTHER_AGENT, "declined", "accepted")
    assert [told(seats[who], CONTEXT) for who in (first, second)] == [1, 1]
    assert (told(seats[AGENT], "已改請"), told(seats[AGENT], TAKEN)) == (1, 1)
    assert rows(settings, "SELECT agent FROM cases") == [(second,)]
    assert rows(settings, "SELECT subject, move FROM audit WHERE subject IN ('case', 'takeover') ORDER BY seq") == [
        ("takeover", "ask"),
        ("takeover", "decline"),
        ("takeover", "ask"),
        ("takeover", "accept"),
        ("case", "take_over"),
    ]


def told(seat: Seat, words: str) -> int:
    """How many direct messages say this."""
    return sum(
        push["channel"].startswith("D") and words in texts(push["message"].get("blocks")) for push in seat.of("message")
    )


STORIES = {
    "work": (work, is_done_once, 37),
    "question": (question, is_answered_once, 30),
    "asked_in": (asked_in, is_taken_over_once, 29),
}
SOME = [("work", 15), ("work", 25), ("question", 9), ("question", 17), ("asked_in", 13), ("asked_in", 19)]
EVERY = [(story, calls) for story, (_, _, most) in STORIES.items() for calls in range(1, most + 1)]


@pytest.mark.parametrize(("story", "calls"), EVERY if os.environ.get("ASIDE_KILL_EVERYWHERE") else SOME)
async def test_killed_at_any_call_every_effect_is_there_once(
    settings: Settings, stage: Stage, story: str, calls: int
) -> None:
    """Rows and visible messages exactly once, ephemerals at most once, and the customer sees none of it."""
    play, is_once, _ = STORIES[story]
    seats = await killed_at(calls, play, settings, stage, may_be_fewer=True)
    is_once(settings, seats)
    assert rows(settings, "SELECT count(*) FROM cases") == [(1,)]
    assert is_said_once(seats[AGENT])
    assert not seats[CUSTOMER].of("ephemeral")


@pytest.mark.parametrize("story", STORIES)
async def test_every_call_of_the_work_is_one_at_which_it_is_killed(
    settings: Settings, stage: Stage, story: str
) -> None:
    """`make test-kill` leaves no call out; an update that a newer one overtakes is one less."""
    play, _, most = STORIES[story]
    assert most - 1 <= await calls_of(play, settings, stage, most) <= most
