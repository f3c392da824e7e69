"""Once a week, when the desk opens, those who look after it read what the last week was."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.goodwill import ExceptionState
from bot.settings import Settings
from bot.setup import RoleSource
from handlers import digest
from storage import workspace as workspaces
from storage.schema import exceptions
from tests.flow.conftest import SETUP, WORKSPACE
from tests.flow.without_slack import Desk, desk
from tests.sandbox.stage import Stage

FRIDAY = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
MONDAY_OPENING = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
DIGESTS = "SELECT target, body FROM outbox WHERE key LIKE 'digest:%' ORDER BY key"


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """A desk on the Friday before."""
    async with desk(stage, settings) as made:
        made.set_up(SETUP.model_copy(update={"managers": RoleSource(users=("U0LIWEN",))}))
        made.clock.now = FRIDAY.timestamp()
        yield made


def granted(at: Desk) -> None:
    """One exception of at most 2,000, that Friday."""
    request = at.request(at.case())
    with at.services.casebook.begin() as connection:
        connection.execute(
            exceptions.update()
            .where(exceptions.c.id == request.id)
            .values(state=ExceptionState.USED, decided_at=at.clock.now, cap=2000, due_at=None)
        )


async def tells(at: Desk, now: datetime) -> list[tuple[str, str]]:
    """Who is told what, if it is done at this time."""
    at.clock.now = now.timestamp()
    await digest.tell(at.services)
    return [(json.loads(target)["user"], body) for target, body in at.rows(DIGESTS)]


async def test_each_supervisor_and_manager_hears_once_when_the_desk_opens(at: Desk) -> None:
    """Not before opening; then all of them; and not again, an hour or two days later."""
    granted(at)
    assert await tells(at, MONDAY_OPENING - timedelta(minutes=1)) == []
    told = await tells(at, MONDAY_OPENING)
    assert sorted(user for user, _ in told) == ["U0CHIHMING", "U0LIWEN", "U0YATING"]
    assert await tells(at, MONDAY_OPENING + timedelta(hours=1)) == told
    assert await tells(at, MONDAY_OPENING + timedelta(days=2)) == told


async def test_the_figures_are_last_weeks_beside_the_week_before(at: Desk) -> None:
    """One case and one exception of at most NT$2,000; none the week before."""
    granted(at)
    told = await tells(at, MONDAY_OPENING)
    fields = [each["text"] for each in json.loads(told[0][1])["blocks"][1]["fields"]]
    assert fields[:2] == ["*開的案件*\n1（前一週 0）", "*核准的通融*\n1（前一週 0）\nNT$2,000"]


async def test_a_week_in_which_nothing_happened_is_not_told_of(at: Desk) -> None:
    """Quiet unless it helps; and the week is not looked at again."""
    assert await tells(at, MONDAY_OPENING) == []
    with at.services.casebook.look() as connection:
        assert workspaces.told_week(connection, WORKSPACE) == datetime(2026, 11, 23, tzinfo=UTC).date()


async def test_a_holiday_on_monday_puts_it_off_to_the_first_working_day(at: Desk) -> None:
    """28 September 2026, a Monday, is Teachers' Day: the desk opens on Tuesday."""
    at.clock.now = datetime(2026, 9, 24, 4, tzinfo=UTC).timestamp()
    granted(at)
    holiday = datetime(2026, 9, 28, 1, tzinfo=UTC)
    assert await tells(at, holiday) == []
    assert len(await tells(at, holiday + timedelta(days=1))) == 3
