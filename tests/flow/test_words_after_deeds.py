"""What is told and shown after single deeds around a decision, with nothing running."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest

from bot.goodwill import ExceptionState
from bot.policy import Concession
from bot.settings import Settings
from bot.setup import Away, Person
from storage import workspace as workspaces
from tests.flow.conftest import AGENT, OTHER_AGENT, SALES, SETUP, SUPERVISOR, WORKSPACE, texts
from tests.flow.test_who_may_do_what import TERMS
from tests.flow.without_slack import Desk, desk
from tests.flow.working import chosen
from tests.sandbox.stage import Json, Stage


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """A desk at noon, in Taipei."""
    async with desk(stage, settings) as made:
        yield made


def extension_to(day: date) -> Json:
    """A yes to an extension with its last day."""
    last = {"day": {"type": "datepicker", "selected_date": day.isoformat()}}
    return {**TERMS, "concession": chosen("extension"), "extended_to": last}


async def test_whoever_stands_in_for_a_supervisor_reads_what_was_said(at: Desk) -> None:
    """They decide, so they see the case; before and after that they do not."""
    case = at.case()
    (refused,) = await at.click(OTHER_AGENT, "read_conversation", case.id)
    assert "主管" in refused
    at.set_up(SETUP.with_away(SUPERVISOR, Away(user=SUPERVISOR, deputy=OTHER_AGENT)))
    assert await at.click(OTHER_AGENT, "read_conversation", case.id) == ["window conversation_view"]
    assert "ERP 當機了" in texts(at.view()["blocks"])
    at.set_up(SETUP.with_away(SUPERVISOR, Away(user=SUPERVISOR, deputy=SALES)))
    assert await at.click(SALES, "read_conversation", case.id) != ["window conversation_view"]


async def test_the_last_day_of_an_extension_is_the_desks_wherever_the_supervisor_is(at: Desk) -> None:
    """At the desk it is Monday noon; in Honolulu still Sunday, and Monday is no day of the future all the same."""
    far = Person(user_id=SUPERVISOR, name="張雅婷", outsider=False, timezone="Pacific/Honolulu", locale="zh-TW")
    with at.services.casebook.begin() as connection:
        workspaces.save_person(connection, WORKSPACE, far, at.clock())
    asked = at.request(at.case(), concession=Concession.EXTENSION)
    monday = date(2026, 11, 23)
    (error,) = await at.submit(SUPERVISOR, "approve_exception_view", asked.id, extension_to(monday))
    assert error.startswith("extended_to: ")
    await at.submit(SUPERVISOR, "approve_exception_view", asked.id, extension_to(monday + timedelta(days=1)))
    assert at.stands(asked).state is ExceptionState.APPROVED


async def test_a_colleague_is_named_as_slack_names_them(at: Desk) -> None:
    """In blocks a mention, which everybody reads in their own Slack's way; in the notification the name."""
    case = at.case()
    await at.click(AGENT, "ask_takeover", case.id)
    told = at.body("takeover:%:told")
    assert f"<@{OTHER_AGENT}>" in texts(told["blocks"])
    assert "陳柏翰" in told["text"]


async def test_whoever_asked_hears_that_the_handler_withdrew_and_nobody_hears_of_their_own(at: Desk) -> None:
    """With who it was; one's own click has its own answer."""
    asked = at.request(at.case(agent=OTHER_AGENT), requested_by=AGENT)
    before = at.last_row()
    told = await at.click(OTHER_AGENT, "withdraw_exception", asked.id)
    assert len(told) == 1
    assert [each for each in at.told(AGENT, since=before) if "撤回" in each]
    assert f"<@{OTHER_AGENT}>" in texts(at.body(f"exception:{asked.id}:withdraw:%:agent:{AGENT}")["blocks"])
    own = at.request(at.case(), requested_by=AGENT)
    assert len(await at.click(AGENT, "withdraw_exception", own.id)) == 1
