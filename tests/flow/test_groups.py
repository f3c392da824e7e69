"""Who is in a user group: asked of Slack by whoever wants to know first."""

import asyncio

from bot.settings import Settings
from handlers import people
from tests.flow.conftest import SETUP
from tests.flow.without_slack import desk
from tests.sandbox.stage import Stage


async def test_many_who_want_to_know_at_once_ask_slack_once(stage: Stage, settings: Settings) -> None:
    """After a start everybody does, and Slack lets us ask only so often."""
    async with desk(stage, settings) as at:
        at.set_up(SETUP)
        at.clock.now += people.GROUPS_TOO_OLD_SECONDS
        found = await asyncio.gather(*(people.who_is_who(at.services) for _ in range(5)))
        assert {each.groups.keys() == set(SETUP.groups) for each in found} == {True}
        log = stage.sandbox.workspace.log.since(0)
        asked = [each for each in log if each["dir"] == "call" and each["name"] == "usergroups.users.list"]
        assert len(asked) == len(SETUP.groups)
