"""`/aside away` and `back`: what the agent is told of it (R31), and a deputy who hears that they stand in."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import words
from bot.settings import Settings
from bot.setup import Away, RoleSource
from handlers.away import Asked
from tests.flow.conftest import (
    AGENT,
    APPROVALS,
    CUSTOMER,
    DEPUTY,
    GUEST,
    MANAGER,
    OTHER_AGENT,
    SALES,
    SETUP,
    SHARED,
    SUPERVISOR,
    Bot,
    save_setup,
    texts,
    whispers,
)
from tests.flow.test_home import home
from tests.flow.test_setup import kept, tell
from tests.flow.working import direct, rows
from tests.sandbox.stage import Seat, Stage

AWAY = "主管現在不在"
SAY = words("zh-TW")
WHO = f"<@{SUPERVISOR}>"
UNTIL = datetime(2099, 11, 30, 16, tzinfo=UTC)
STANDS_IN = SAY("{who} decides in your place meanwhile.", who=f"<@{AGENT}>")


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


async def test_the_line_is_not_true_while_a_manager_is_here(stage: Stage, settings: Settings, bot: Bot) -> None:
    """A manager is a supervisor too: only when they are away as well does nobody have a word to say."""
    save_setup(settings, SETUP.model_copy(update={"managers": RoleSource(users=(MANAGER,))}))
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    for who in (SUPERVISOR, DEPUTY):
        await tell(await stage.seat(who), APPROVALS, "/aside away")
    assert AWAY not in await asks_for_the_boss(customer, agent)
    await tell(await stage.seat(MANAGER), APPROVALS, "/aside away")
    assert AWAY in await asks_for_the_boss(customer, agent)


@pytest.mark.parametrize(
    "typed",
    [
        f"until 2099-12-01 deputy @{AGENT}",
        f"deputy @{AGENT} until 2099-12-01",
        f"到 2099-12-01 代理 @{AGENT}",
        "代理 @林怡君 到 2099-12-01",
        f"DEPUTY: @{AGENT}, until 2099/12/1",
        f"2099-12-01 @{AGENT}",
    ],
)
async def test_a_deputy_is_named_with_the_date_in_any_order(
    stage: Stage, settings: Settings, bot: Bot, typed: str
) -> None:
    """The answer names both, the deputy hears until when, and the duty shows them; one change, one audit row."""
    supervisor, agent = await stage.seat(SUPERVISOR), await stage.seat(AGENT)
    answer = await tell(supervisor, APPROVALS, f"/aside away {typed}")
    assert "2099-12-01" in answer
    assert STANDS_IN in answer
    assert kept(settings).away == (Away(user=SUPERVISOR, until=UNTIL, deputy=AGENT),)
    await direct(agent, WHO, "2099-12-01", "代為決定通融申請")
    assert f"{WHO}（2099-12-01 回來、代理：<@{AGENT}>）" in await tell(agent, SHARED, "/aside duty")
    assert rows(bot, "SELECT actor FROM audit WHERE subject = 'setup' AND at > 0") == [(SUPERVISOR,)]


async def test_without_a_date_the_deputy_stands_in_until_they_are_back(
    stage: Stage, settings: Settings, bot: Bot
) -> None:
    """They hear it when it begins, find it in their Home, and hear when it ends; then it is nowhere any more."""
    supervisor, agent = await stage.seat(SUPERVISOR), await stage.seat(AGENT)
    mine = SAY("You stand in for {who} until they are back.", who=WHO)
    assert mine not in texts((await home(agent))["blocks"])
    assert STANDS_IN in await tell(supervisor, APPROVALS, f"/aside away deputy @{AGENT}")
    begins = "{who} is away. Until they are back you stand in and can decide on exceptions for them. Thank you!"
    await direct(agent, SAY(begins, who=WHO))
    assert mine in texts((await home(agent))["blocks"])
    answer = await tell(supervisor, APPROVALS, "/aside back")
    assert SAY("{who} no longer stands in for you.", who=f"<@{AGENT}>") in answer
    await direct(agent, "回來了，代理到此結束")
    assert mine not in texts((await home(agent))["blocks"])
    assert kept(settings).away == ()


async def test_another_deputy_takes_the_place_of_the_first(stage: Stage, settings: Settings, bot: Bot) -> None:
    """What was said last holds: the one hears that it is over, the other that it begins, once."""
    supervisor, agent, other = [await stage.seat(who) for who in (SUPERVISOR, AGENT, OTHER_AGENT)]
    await tell(supervisor, APPROVALS, f"/aside away until 2099-12-01 deputy @{AGENT}")
    for _ in range(2):
        await tell(supervisor, APPROVALS, f"/aside away until 2099-12-01 deputy @{OTHER_AGENT}")
    await direct(agent, "另有安排")
    await direct(other, WHO, "2099-12-01")
    assert [each.deputy for each in kept(settings).away] == [OTHER_AGENT]
    assert SAY("You stand in for {who}, who is back on {day}.", who=WHO, day="2099-12-01") in texts(
        (await home(other))["blocks"]
    )
    await stage.settled()
    told = [push for push in other.of("message") if push["channel"].startswith("D")]
    assert len(told) == 1


@pytest.mark.parametrize(
    ("whom", "sentence"),
    [
        (SUPERVISOR, "Nobody stands in for themselves. Please name somebody else."),
        (SALES, "Only an agent or a supervisor can stand in. Please name somebody else."),
        (GUEST, "That is not one of our own people. Please choose a colleague."),
        (CUSTOMER, "That is not one of our own people. Please choose a colleague."),
        ("U0ASIDE", "That is not one of our own people. Please choose a colleague."),
    ],
)
async def test_whoever_cannot_stand_in_is_refused(
    stage: Stage, settings: Settings, bot: Bot, whom: str, sentence: str
) -> None:
    """One of our agents or supervisors, and somebody else: one sentence, and nothing is written down."""
    supervisor = await stage.seat(SUPERVISOR)
    assert await tell(supervisor, APPROVALS, f"/aside away deputy @{whom}") == SAY(sentence)
    assert kept(settings) == SETUP


async def test_whoever_has_left_or_is_away_cannot_stand_in(stage: Stage, settings: Settings, bot: Bot) -> None:
    """There would be nobody to decide."""
    supervisor, deputy = await stage.seat(SUPERVISOR), await stage.seat(DEPUTY)
    await tell(deputy, APPROVALS, "/aside away")
    answer = await tell(supervisor, APPROVALS, f"/aside away deputy @{DEPUTY}")
    assert answer == SAY("{who} is away as well. Please name somebody else.", who=f"<@{DEPUTY}>")
    await stage.admin("deactivate_user", user=OTHER_AGENT)
    answer = await tell(supervisor, APPROVALS, f"/aside away deputy @{OTHER_AGENT}")
    assert answer == SAY("They have left. Please choose somebody else.")
    assert [each.user for each in kept(settings).away] == [DEPUTY]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("deputy", "要請誰代理"),
        ("代理 小明", "要請誰代理"),
        ("until 2099-12-01 deputy @nobody", "要請誰代理"),
        ("deputy @agents", "要請誰代理"),
        (f"deputy @{AGENT} @{OTHER_AGENT}", "只能有一位"),
        (f"until tomorrow deputy @{AGENT}", "哪一天"),
        (f"until 2020-01-01 deputy @{AGENT}", "哪一天"),
        (f"deputy @{AGENT} 🤡 '; DROP TABLE", "哪一天"),
    ],
)
async def test_what_cannot_be_read_changes_nothing(
    stage: Stage, settings: Settings, bot: Bot, typed: str, told: str
) -> None:
    """A sentence says how to type it; half of it is not written down either."""
    supervisor = await stage.seat(SUPERVISOR)
    assert told in await tell(supervisor, APPROVALS, f"/aside away {typed}")
    assert kept(settings) == SETUP


@pytest.mark.parametrize(
    ("typed", "deputies", "day"),
    [
        ("", (), None),
        ("deputy <@U1|yi.chun> until 2099-12-01", ("U1",), date(2099, 12, 1)),
        ("到2099-12-01代理<@W1>", ("W1",), date(2099, 12, 1)),
        ("代理人：<@U1>，2099/12/1", ("U1",), date(2099, 12, 1)),
        ("<@U1> <@U2> <@U1>", ("U1", "U2"), None),
        ("until 2099-02-30", (), None),
    ],
)
def test_names_are_read_as_slack_sends_them(typed: str, deputies: tuple[str, ...], day: date | None) -> None:
    """With a name beside the id or without one, with and without spaces."""
    asked = Asked.of(typed)
    assert (asked.deputies, asked.day) == (deputies, day)


@given(st.text())
def test_anything_can_be_typed(typed: str) -> None:
    """It is read as something or as nothing, and never fails."""
    assert Asked.of(typed).deputies is not None
    assert Asked.of(typed).day is None or Asked.of(typed).day == Asked.of(Asked.of(typed).rest).day
