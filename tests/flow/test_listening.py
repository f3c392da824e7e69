"""Until when all was heard: noted each minute, and what was missed is read from history first."""

import time
from collections.abc import AsyncIterator

import pytest

from bot.settings import Settings
from bot.transport import Heard
from bot.working import listened
from handlers import catch_up
from storage import workspace as workspaces
from tests.flow.conftest import CUSTOMER, SETUP, SHARED, WORKSPACE
from tests.flow.without_slack import Desk, desk
from tests.sandbox.stage import Stage


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """A desk that heard everything until now."""
    async with desk(stage, settings) as made:
        made.set_up(SETUP)
        made.clock.now = 1_000.0
        catch_up.note_alive(made.services)
        yield made


def heard_until(at: Desk) -> float:
    """Until when all was heard, to the minute."""
    with at.services.casebook.look() as connection:
        return round(workspaces.alive_at(connection, WORKSPACE) or 0, -1)


def read(at: Desk) -> int:
    """How many messages were read from history."""
    return int(at.rows("SELECT count(*) FROM inbox")[0][0])


async def test_a_minute_in_which_slack_was_heard_is_noted_and_one_in_silence_is_not(at: Desk) -> None:
    """A silence may be a quiet hour, or nobody getting through to us."""
    at.clock.now = 2_000.0
    assert await listened(at.services, Heard.ALL, heard_all=True)
    assert heard_until(at) == 2_000.0
    at.clock.now = 3_000.0
    assert await listened(at.services, Heard.NOTHING, heard_all=True)
    assert heard_until(at) == 2_000.0


async def test_what_was_missed_is_read_until_it_could_be_read(stage: Stage, at: Desk) -> None:
    """Also while nothing more comes; until then nothing is noted, so that a new start reads it too."""
    await (await stage.seat(CUSTOMER)).say(SHARED, "ERP 當機了")
    at.clock.now = 2_000.0
    await stage.admin("fail_next", method="conversations.history", error="internal_error", times=2)
    assert not await listened(at.services, Heard.AFTER_A_GAP, heard_all=True)
    assert not await listened(at.services, Heard.ALL, heard_all=False)
    assert (heard_until(at), read(at)) == (1_000.0, 0)
    assert await listened(at.services, Heard.NOTHING, heard_all=False)
    assert (heard_until(at), read(at)) == (2_000.0, 1)


async def test_what_was_said_just_before_we_last_knew_that_we_heard_is_read_again(stage: Stage, at: Desk) -> None:
    """We may not have heard it any more; what we did hear is known by its channel and time."""
    stage.sandbox.workspace.state.clock._read = lambda: time.time() - 60
    await (await stage.seat(CUSTOMER)).say(SHARED, "ERP 當機了")
    at.clock.now = time.time()
    catch_up.note_alive(at.services)
    assert await listened(at.services, Heard.AFTER_A_GAP, heard_all=True)
    assert read(at) == 1


async def test_a_thread_that_began_while_nobody_listened_is_read_to_its_end(stage: Stage, at: Desk) -> None:
    """It has no case yet by which we would know of it."""
    customer = await stage.seat(CUSTOMER)
    ts = await customer.say(SHARED, "ERP 當機了")
    await customer.say(SHARED, "整間公司都在等", thread_ts=ts)
    at.clock.now = 2_000.0
    assert await listened(at.services, Heard.AFTER_A_GAP, heard_all=True)
    assert read(at) == 2


async def test_however_much_was_said_all_of_it_is_read(stage: Stage, at: Desk) -> None:
    """Slack gives it page by page."""
    slack = stage.sandbox.workspace
    for number in range(catch_up.PAGE + 1):
        slack.post(slack.state.conversations[SHARED], {"type": "message", "user": CUSTOMER, "text": str(number)})
    at.clock.now = 2_000.0
    assert await listened(at.services, Heard.AFTER_A_GAP, heard_all=True)
    assert read(at) == catch_up.PAGE + 1


@pytest.mark.parametrize("ahead", [5 * 3_600.0, 400 * 86_400.0])
async def test_what_was_missed_is_read_though_our_clock_is_ahead_of_slacks(
    stage: Stage, at: Desk, ahead: float
) -> None:
    """Messages bear Slack's time; since when something lacks is known by ours."""
    at.clock.now = time.time() + ahead
    catch_up.note_alive(at.services)
    await (await stage.seat(CUSTOMER)).say(SHARED, "ERP 當機了")
    at.clock.now += 60
    assert await listened(at.services, Heard.AFTER_A_GAP, heard_all=True)
    assert read(at) == 1


async def test_what_was_missed_is_read_once_a_clock_that_was_ahead_is_right_again(stage: Stage, at: Desk) -> None:
    """Nobody knows then since when something lacks: a day back, in which what was heard is known again."""
    at.clock.now = time.time() + 90 * 86_400.0
    catch_up.note_alive(at.services)
    await (await stage.seat(CUSTOMER)).say(SHARED, "ERP 當機了")
    at.clock.now = time.time() + 5
    assert await listened(at.services, Heard.AFTER_A_GAP, heard_all=True)
    assert read(at) == 1
    assert heard_until(at) == round(at.clock.now, -1)
