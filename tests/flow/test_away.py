"""`/aside away` and `back`: the line that says that the supervisor is away comes only when all of them are."""

import pytest

from tests.flow.conftest import AGENT, APPROVALS, CUSTOMER, DEPUTY, SHARED, SUPERVISOR, Bot, whispers
from tests.flow.test_setup import tell
from tests.flow.working import rows
from tests.sandbox.stage import Seat, Stage

AWAY = "主管現在不在"


async def asks_for_the_boss(customer: Seat, agent: Seat) -> str:
    """The customer asks for a supervisor in a case of its own; what the agent reads."""
    before = len(whispers(agent))
    await customer.say(SHARED, "叫你們主管出來講")
    await agent.sees("ephemeral", lambda _: len(whispers(agent)) > before)
    return whispers(agent)[-1]


async def test_when_every_supervisor_is_away_the_line_says_so(stage: Stage, bot: Bot) -> None:
    """R31: both supervisors said so; shown with the duty, kept with who and when."""
    customer, agent, first, second = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR, DEPUTY)]
    assert "已記下" in await tell(first, APPROVALS, "/aside away until 2099-12-01")
    assert "已記下" in await tell(second, APPROVALS, "/aside away")
    duty = await tell(agent, SHARED, "/aside duty")
    assert f"<@{SUPERVISOR}>（2099-12-01 回來）" in duty
    assert f"<@{DEPUTY}>" in duty
    assert AWAY in await asks_for_the_boss(customer, agent)
    assert rows(bot, "SELECT actor FROM audit WHERE subject = 'setup' AND at > 0 ORDER BY seq") == [
        (SUPERVISOR,),
        (DEPUTY,),
    ]


async def test_while_one_supervisor_is_here_nobody_is_told_that_they_are_away(stage: Stage, bot: Bot) -> None:
    """One of two is away, or came back: the line would not be true."""
    customer, agent, first, second = [await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR, DEPUTY)]
    await tell(first, APPROVALS, "/aside away")
    await tell(second, APPROVALS, "/aside away")
    assert "回來" in await tell(second, APPROVALS, "/aside back")
    assert "沒有" in await tell(second, APPROVALS, "/aside back")
    assert AWAY not in await asks_for_the_boss(customer, agent)
    assert f"<@{DEPUTY}>" not in (await tell(agent, SHARED, "/aside duty")).partition("主管")[2]


@pytest.mark.parametrize(
    "typed", ["until tomorrow", "2099-02-30", "0001-01-01", "until 2020-01-01", "; DROP TABLE settings"]
)
async def test_a_day_that_is_none_or_past_changes_nothing(stage: Stage, bot: Bot, typed: str) -> None:
    """A sentence that says how, and the setup stays as it was."""
    supervisor = await stage.seat(SUPERVISOR)
    assert "哪一天" in await tell(supervisor, APPROVALS, f"/aside away {typed}")
    assert rows(bot, "SELECT count(*) FROM audit WHERE subject = 'setup' AND at > 0") == [(0,)]


async def test_an_agent_cannot_be_away_as_a_supervisor(stage: Stage, bot: Bot) -> None:
    """Who typed it decides."""
    agent = await stage.seat(AGENT)
    assert "主管" in await tell(agent, SHARED, "/aside away")
    assert rows(bot, "SELECT count(*) FROM audit WHERE subject = 'setup' AND at > 0") == [(0,)]
