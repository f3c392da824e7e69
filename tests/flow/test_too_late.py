"""A whisper that Slack did not take at once: it goes while it is still wanted, and else the App Home has it."""

from collections.abc import AsyncIterator

import pytest

from bot.cards.feedback import row_id
from bot.settings import Settings
from storage import turns
from tests.flow.conftest import AGENT, CUSTOMER, WORKSPACE
from tests.flow.test_unanswered import FAULT, THREAT, said
from tests.flow.without_slack import Desk, desk
from tests.sandbox.stage import Stage

WHISPER = "SELECT state, error FROM outbox WHERE key = (SELECT 'advice:' || id FROM advice WHERE message_ts = ?)"
REFUSED_SECONDS = 30


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """A desk in a workspace of which Slack takes no whisper for half a minute."""
    async with desk(stage, settings) as made:
        with made.services.casebook.begin() as connection:
            turns.hold(connection, WORKSPACE, "chat.postEphemeral", until=made.clock() + REFUSED_SECONDS)
        yield made


@pytest.mark.parametrize(
    ("text", "state", "why"), [(FAULT, "withheld", turns.TOO_LATE), (THREAT, "sent", None)], ids=["everyday", "threat"]
)
async def test_once_the_agent_has_answered_only_what_is_urgent_is_still_said(
    at: Desk, text: str, state: str, why: str | None
) -> None:
    """The everyday would disturb by now; the reason is kept, and the Home has the words."""
    ts = await said(at, CUSTOMER, text)
    at.clock.now += 5
    await said(at, AGENT, "我先看一下，請問是哪幾台？", thread_ts=ts)
    at.clock.now += REFUSED_SECONDS
    await at.send_all()
    assert at.rows(WHISPER, ts) == [(state, why)]
    ((advice,),) = at.rows("SELECT id FROM advice WHERE message_ts = ?", ts)
    assert row_id(advice) in await at.home(AGENT)


async def test_while_nobody_has_answered_it_is_said_as_soon_as_slack_takes_it(at: Desk) -> None:
    """Half a minute late is not too late for whoever waits for a word."""
    ts = await said(at, CUSTOMER, FAULT)
    at.clock.now += REFUSED_SECONDS
    await at.send_all()
    assert at.rows(WHISPER, ts) == [("sent", None)]
