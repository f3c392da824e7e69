"""`aside run` told to end while events come in: it ends soon, in order, and nothing of what was said is lost."""

import asyncio

import pytest

from bot.settings import Settings
from tests.flow.conftest import AGENT, CUSTOMER, SHARED
from tests.fresh import asked
from tests.reliability.killing import is_said_once
from tests.reliability.running import Running
from tests.sandbox.stage import Seat, Stage

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.flow.conftest"]

MESSAGES = 80
STOP_AFTER = (20, 50)
"""The bot is stopped after so many messages, while more are being said, and started again."""


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_what_is_said_while_it_ends_is_worked_on_once(stage: Stage, settings: Settings, *, http: bool) -> None:
    """Two ends in a stream of messages: each is worked on once, no entry stays held, and no whisper is shown twice."""
    stage.sandbox.workspace.state.manifest.settings.socket_mode_enabled = not http
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    bot = Running(settings, http=http)
    await bot.start()
    talking = asyncio.create_task(talk(customer))
    for number in STOP_AFTER:
        while len(said(customer)) < number:  # noqa: ASYNC110 - a person's talk has no event of its own
            await asyncio.sleep(0.01)
        assert await bot.stop() == 0
        assert asked(settings, "SELECT count(*) FROM inbox WHERE state = 'new' AND lease_until > 0") == [(0,)]
        assert asked(settings, "SELECT count(*) FROM outbox WHERE state = 'sending'") == [(0,)]
        await bot.start()
    await talking
    async with asyncio.timeout(60):
        while len(kept(settings)) < MESSAGES:  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.1)
    await stage.settled()
    assert await bot.stop() == 0
    assert sorted(kept(settings)) == sorted(said(customer))
    assert asked(settings, "SELECT count(*) FROM inbox WHERE state = 'failed'") == [(0,)]
    assert is_said_once(agent)


async def talk(customer: Seat) -> None:
    """The customer says one thing after the other."""
    for number in range(MESSAGES):
        await customer.say(SHARED, f"第 {number} 台 POS 開不了機")
        await asyncio.sleep(0.03)


def said(customer: Seat) -> list[str]:
    """What the customer said."""
    return [push["message"]["text"] for push in customer.of("message") if push["message"].get("user") == CUSTOMER]


def kept(settings: Settings) -> list[str]:
    """What the casebook has of it."""
    return [text for (text,) in asked(settings, "SELECT text FROM messages")]
