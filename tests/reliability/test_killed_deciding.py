"""`kill -9` while an exception is decided, and while time moves it: each move, its audit row, its news are there once.

The same as `test_killed`, for the whole life of a request: asked back, answered, recommended, granted with conditions,
booked; reminded of, handed on, expired; granted and lapsed.
"""

import asyncio
import os
from contextlib import suppress
from functools import partial
from sqlite3 import OperationalError

import pytest

from bot.settings import Settings
from bot.setup import RoleSource
from tests import fresh
from tests.flow.conftest import AGENT, APPROVALS, CUSTOMER, DEPUTY, MANAGER, SETUP, SUPERVISOR, save_setup, texts
from tests.flow.test_life_of_a_request import FORM, TERMS
from tests.flow.working import direct, press, press_in, typed
from tests.reliability.killing import TRY_SECONDS, Seats, calls_of, is_said_once, killed_at, rows, settled
from tests.reliability.test_killed_at_work import again_until, case_of, opened, sent, told
from tests.sandbox.stage import Json, Seat, Stage

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.flow.conftest"]

ASKED, ANSWERED, REASON = "影響幾個人？", "出貨組 12 位", "老客戶，工資這次不收"
AUDIT = "SELECT move, after FROM audit WHERE subject = 'exception' ORDER BY seq"


async def requested(settings: Settings, seats: Seats, cost: str) -> None:
    """A request on file."""
    case = await case_of(settings, seats)
    view = await opened(seats[AGENT], "ask_exception_view", partial(press_in, seats[AGENT], case, "ask_exception"))
    await sent(settings, seats[AGENT], view, {**FORM, "cost": typed(cost)})


async def card_with(seat: Seat, words: str) -> Json:
    """The card, once it says so."""

    def fits(push: Json) -> bool:
        return push["channel"] == APPROVALS and words in texts((push.get("message") or {}).get("blocks"))

    return {**await seat.sees_any(("message", "message_changed"), fits), "type": "message"}


async def given(settings: Settings, seat: Seat, card: Json, action_id: str, values: Json) -> None:
    """A button's window, sent off."""
    callback_id = f"{action_id.removesuffix('_with_terms')}_view"
    view = await opened(seat, callback_id, partial(press, seat, card, action_id))
    await sent(settings, seat, view, values)


async def state_is(settings: Settings, state: str) -> Json:
    """Wait until the request stands so."""
    async with asyncio.timeout(TRY_SECONDS):
        while rows(settings, "SELECT state FROM exceptions") != [(state,)]:  # noqa: ASYNC110 - the other process has no event to wait for
            await asyncio.sleep(0.05)
    return {}


async def decide(settings: Settings, stage: Stage) -> Seats:
    """Ask, ask back, answer, recommend, approve with conditions, book."""
    seats = {who: await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR, MANAGER)}
    agent, supervisor, manager = seats[AGENT], seats[SUPERVISOR], seats[MANAGER]
    await requested(settings, seats, "5 萬")
    await given(settings, supervisor, await card_with(supervisor, "NT$50,000"), "ask_back_exception", said(ASKED))
    await given(settings, agent, await direct(agent, ASKED), "answer_exception", said(ANSWERED))
    card = await card_with(supervisor, ANSWERED)
    await again_until(lambda: press(supervisor, card, "approve_exception"), partial(state_is, settings, "seconding"))
    await settled(settings)
    await given(
        settings, manager, await card_with(manager, "還需要上級主管同意"), "approve_exception_with_terms", TERMS
    )
    news = await direct(agent, REASON)
    await again_until(lambda: press(agent, news, "use_exception"), partial(state_is, settings, "used"))
    await card_with(supervisor, "已於")
    return seats


def said(words: str) -> Json:
    """A window with one box."""
    return {"reason": typed(words)}


def is_decided_once(settings: Settings, seats: Seats) -> None:
    """Each move and each of its news."""
    assert rows(settings, AUDIT) == [
        ("ask", "requested"),
        ("ask_back", "asked_back"),
        ("answer", "requested"),
        ("recommend", "seconding"),
        ("approve", "approved"),
        ("use", "used"),
    ]
    assert told(seats[AGENT], ASKED) == 1
    assert told(seats[SUPERVISOR], "有回覆了") == 1
    assert told(seats[AGENT], "主管已同意") == 1
    assert told(seats[MANAGER], "NT$50,000") == 1
    assert told(seats[AGENT], REASON) == 1
    assert rows(settings, "SELECT granted, cap, first_by, decided_by, used_by FROM exceptions") == [
        ("labour_waived", 1500, SUPERVISOR, MANAGER, AGENT)
    ]


async def time_passes(settings: Settings, move: str) -> None:
    """The time has come for what is next; wait for it, and for all it causes."""
    while (move,) not in rows(settings, "SELECT move FROM audit"):
        with suppress(OperationalError):
            fresh.changed(settings, "UPDATE exceptions SET due_at = 1 WHERE due_move = ? AND due_at > 1", move)
        await asyncio.sleep(0.1)
    await settled(settings)


async def wait(settings: Settings, stage: Stage) -> Seats:
    """Nobody decides: reminded, handed on, expired."""
    seats = {who: await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR, DEPUTY, MANAGER)}
    await requested(settings, seats, "3000")
    for move in ("remind", "hand_on", "expire"):
        await time_passes(settings, move)
    return seats


def is_over_once(settings: Settings, seats: Seats) -> None:
    """Each told once, however often it was started anew."""
    assert [move for move, _ in rows(settings, AUDIT)] == ["ask", "remind", "hand_on", "expire"]
    assert told(seats[SUPERVISOR], "等待決定") == told(seats[DEPUTY], "等待決定") == 1
    assert told(seats[MANAGER], "還在等") == 1
    assert told(seats[AGENT], "逾時沒有人決定") == 1


async def lapse(settings: Settings, stage: Stage) -> Seats:
    """Granted, reminded of, never used."""
    seats = {who: await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR)}
    supervisor = seats[SUPERVISOR]
    await requested(settings, seats, "3000")
    card = await card_with(supervisor, "NT$3,000")
    await again_until(lambda: press(supervisor, card, "approve_exception"), partial(state_is, settings, "approved"))
    await settled(settings)
    for move in ("remind", "lapse"):
        await time_passes(settings, move)
    return seats


def is_lapsed_once(settings: Settings, seats: Seats) -> None:
    """A yes, a reminder, an end."""
    assert [move for move, _ in rows(settings, AUDIT)] == ["ask", "approve", "remind", "lapse"]
    assert [told(seats[AGENT], words) for words in ("核准了", "快到期了", "已失效")] == [1, 1, 1]


FEWER = 7
STORIES = {
    "decide": (decide, is_decided_once, 68),
    "wait": (wait, is_over_once, 48),
    "lapse": (lapse, is_lapsed_once, 45),
}
SOME = [("decide", 24), ("decide", 41), ("wait", 26), ("lapse", 27)]
EVERY = [(story, calls) for story, (_, _, most) in STORIES.items() for calls in range(1, most + 1)]


@pytest.fixture
def with_manager(settings: Settings) -> Settings:
    """A desk with a second approver."""
    save_setup(settings, SETUP.model_copy(update={"managers": RoleSource(users=(MANAGER,))}))
    return settings


@pytest.mark.parametrize(("story", "calls"), EVERY if os.environ.get("ASIDE_KILL_EVERYWHERE") else SOME)
async def test_killed_at_any_call_every_move_is_made_once(
    with_manager: Settings, stage: Stage, story: str, calls: int
) -> None:
    """Rows and visible messages exactly once, ephemerals at most once, and the customer sees none of it."""
    play, is_once, _ = STORIES[story]
    seats = await killed_at(calls, play, with_manager, stage, may_be_fewer=True)
    is_once(with_manager, seats)
    assert len([push for push in seats[SUPERVISOR].of("message") if push["channel"] == APPROVALS]) == 1
    assert rows(with_manager, "SELECT count(*) FROM exceptions") == [(1,)]
    assert is_said_once(seats[AGENT])
    assert not seats[CUSTOMER].of("ephemeral")


@pytest.mark.parametrize("story", STORIES)
async def test_every_call_of_the_life_is_one_at_which_it_is_killed(
    with_manager: Settings, stage: Stage, story: str
) -> None:
    """`make test-kill-all` leaves no call out; a click made again is one more, an overtaken update one less."""
    play, _, most = STORIES[story]
    assert most - FEWER <= await calls_of(play, with_manager, stage, most) <= most
