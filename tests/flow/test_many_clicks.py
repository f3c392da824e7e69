"""Two hundred clicks at once on one card: one decision, and everybody else reads what became of it."""

import asyncio
from collections import Counter
from contextlib import suppress
from functools import partial

from bot.setup import RoleSource
from tests.flow.conftest import (
    AGENT,
    APPROVALS,
    CUSTOMER,
    DEPUTY,
    MANAGER,
    OTHER_AGENT,
    SETUP,
    SHARED,
    SUPERVISOR,
    Bot,
    save_setup,
)
from tests.flow.test_life_of_a_request import asked, card_with
from tests.flow.working import asked_favour, button_in, has_button, press, rows, typed, window
from tests.sandbox.stage import Json, Refused, Seat, Stage, until

SETTLED = "已有結果"
EACH = 33
"""Clicks of each of six seats; with two windows sent off, two hundred."""


class Impatient:
    """Somebody who clicks and clicks."""

    def __init__(self, seat: Seat, container: Json, action: Json) -> None:
        self.seat = seat
        self.heard_before = _answers(seat)
        self.too_slow = 0
        self._body = {"container": container, "action": action}

    async def click(self) -> None:
        """One click; Slack itself says so when we were too slow to take it."""
        try:
            await self.seat.do("action", **self._body)
        except Refused:
            self.too_slow += 1

    @property
    def sentences(self) -> int:
        """How many answers they have read."""
        return _answers(self.seat) - self.heard_before


def _answers(seat: Seat) -> int:
    """Answers to clicks are bare sentences; what Aside whispers meanwhile has more to it."""
    return len([push for push in seat.of("ephemeral") if not push["message"].get("blocks")])


def has_read(whoever: Impatient, sentences: int, _: Json) -> bool:
    """Whether they have read so many answers."""
    return whoever.sentences >= sentences


async def decline_window(supervisor: Seat, card: Json) -> Json:
    """A supervisor has begun to write why not."""
    await press(supervisor, card, "decline_exception")
    return await window(supervisor, "decline_exception_view")


async def test_of_two_hundred_clicks_at_once_one_decides(stage: Stage, bot: Bot) -> None:
    """Approved, declined or withdrawn, by six people at the same moment: one row, one audit row, one set of news."""
    save_setup(bot.settings, SETUP.model_copy(update={"managers": RoleSource(users=(MANAGER,))}))
    customer = await stage.seat(CUSTOMER)
    agent, other, supervisor, deputy, manager = [
        await stage.seat(who) for who in (AGENT, OTHER_AGENT, SUPERVISOR, DEPUTY, MANAGER)
    ]
    await asked(agent, await asked_favour(customer, agent))
    card = await card_with(supervisor)
    mine = await agent.sees("ephemeral", lambda push: has_button(push, "withdraw_exception"))
    windows = [(seat, await decline_window(seat, card)) for seat in (supervisor, deputy)]

    message = {"type": "message", "channel": APPROVALS, "ts": card["message"]["ts"]}
    approve = button_in(card["message"]["blocks"], "approve_exception")
    whisper = {"type": "ephemeral", "channel": SHARED, "ts": mine["message"]["ts"]}
    withdraw = button_in(mine["message"]["blocks"], "withdraw_exception")
    clickers = [Impatient(seat, message, approve) for seat in (supervisor, deputy, manager, other)]
    clickers += [Impatient(agent, whisper, withdraw), Impatient(agent, message, approve)]

    async def decline(seat: Seat, view: Json) -> bool:
        """Whether it was taken; otherwise the window says why not, or Slack that we were too slow."""
        with suppress(Refused):
            answer = await seat.do("submit", view_id=view["id"], values={"reason": typed("都有續約")})
            return answer["response_action"] is None
        return False

    declining = [asyncio.create_task(decline(seat, view)) for seat, view in windows]
    await asyncio.gather(*(each.click() for _ in range(EACH) for each in clickers))
    taken = sum(await asyncio.gather(*declining))
    done = "SELECT count(*) FROM inbox WHERE state = 'new'"
    await until(lambda: rows(bot, done) == [(0,)])
    await until(lambda: rows(bot, "SELECT count(*) FROM outbox WHERE state IN ('due', 'sending')") == [(0,)])

    moves = rows(bot, "SELECT move, actor FROM audit WHERE subject = 'exception' AND move != 'ask'")
    assert len(moves) == 1
    ((move, winner),) = moves
    ends = {"approve": "approved", "decline": "declined", "withdraw": "withdrawn"}
    assert rows(bot, "SELECT state, decided_by FROM exceptions") == [
        (ends[move], None if move == "withdraw" else winner)
    ]
    assert rows(bot, "SELECT count(*) FROM outbox WHERE key LIKE 'exception:%:card'") == [(1,)]
    answered = Counter({winner: -1} if move == "approve" else {})
    for each in clickers:
        answered[each.seat.user] += EACH - each.too_slow
    for user, clicks in answered.items():
        heard = next(each for each in clickers if each.seat.user == user)
        await heard.seat.sees("ephemeral", partial(has_read, heard, clicks))
        assert heard.sentences <= 2 * EACH
    late = taken - (move == "decline")
    assert len([push for seat in (supervisor, deputy) for push in seat.of("message") if SETTLED in str(push)]) >= late
