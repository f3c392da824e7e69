"""Whole stories with two `aside run` behind one address, over HTTP, on one PostgreSQL: one of them dies on the way.

Slack's requests take turns between the two, so that what one window begins the other goes on with; when one is killed
the other finishes, and each thing has happened once.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from bot.serving import PATH
from bot.settings import Settings
from bot.setup import RoleSource, Setup
from storage import workspace as workspaces
from storage.engine import open_casebook
from tests.flow.conftest import MANAGER, SETUP, WORKSPACE
from tests.flow.test_promise import MANAGED
from tests.reliability import (
    test_killed,
    test_killed_at_work,
    test_killed_deciding,
    test_killed_selling,
    test_killed_while_asking,
    test_killed_while_due,
)
from tests.reliability.killing import Play, Seats, calls_heard, settled
from tests.reliability.running import Running
from tests.reliability.test_several_processes import balancing
from tests.sandbox import stage as stages
from tests.sandbox.stage import Stage
from tests.server import server

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.flow.conftest"]

STORY_SECONDS = 240
PATIENCE_SECONDS = 90
"""What the killed one held is taken up after thirty seconds, at the latest."""

IsOnce = Callable[[Settings, Seats], None]

WITH_MANAGER = SETUP.model_copy(update={"managers": RoleSource(users=(MANAGER,))})
STORIES: dict[str, tuple[Play, IsOnce, Setup, int]] = {
    "an exception": (test_killed.play, test_killed.is_decided_once, SETUP, 15),
    "the work on a case": (test_killed_at_work.work, test_killed_at_work.is_done_once, SETUP, 22),
    "a question to sales": (test_killed_at_work.question, test_killed_at_work.is_answered_once, SETUP, 18),
    "a takeover": (test_killed_at_work.asked_in, test_killed_at_work.is_taken_over_once, SETUP, 20),
    "a decision with conditions": (
        *(test_killed_deciding.decide, test_killed_deciding.is_decided_once),
        *(WITH_MANAGER, 35),
    ),
    "nobody decides": (test_killed_deciding.wait, test_killed_deciding.is_over_once, WITH_MANAGER, 30),
    "a commitment is missed": (test_killed_while_due.play, test_killed_while_due.is_told_once, SETUP, 20),
    "a promise is recorded": (test_killed_while_asking.play, test_killed_while_asking.is_answered_once, MANAGED, 50),
    "a renewal is sold": (test_killed_selling.play, test_killed_selling.is_sold_once, SETUP, 35),
}
"""What is played, how it is counted, what is set up, and at which call to Slack one of the two is killed."""


@pytest.fixture
def shared(settings: Settings) -> Iterator[Settings]:
    """The same bot with its casebook on a server."""
    database = server().new()
    yield settings.model_copy(update={"database_url": server().url(database)})
    server().give_back(database)


@pytest.mark.parametrize("story", STORIES)
async def test_one_of_two_dies_on_the_way_and_each_thing_happens_once(
    stage: Stage, shared: Settings, monkeypatch: pytest.MonkeyPatch, story: str
) -> None:
    """Rows and visible messages exactly once, ephemerals at most once, and the customer sees none of it."""
    monkeypatch.setattr(stages, "PATIENCE_SECONDS", PATIENCE_SECONDS)
    play, is_once, setup, calls = STORIES[story]
    with closing(open_casebook(shared.database_url)) as casebook, casebook.begin() as connection:
        workspaces.save_setup(connection, WORKSPACE, setup, actor="test", now=0.0)
    stage.sandbox.workspace.state.manifest.settings.socket_mode_enabled = False
    both = [Running(shared, http=True, is_alone=False) for _ in range(2)]
    try:
        for each in both:
            await each.start()
        async with balancing([each.address for each in both], stage.http) as address, asyncio.timeout(STORY_SECONDS):
            await stage.admin("set_request_url", url=address + PATH)
            killing = asyncio.create_task(_killed_after(calls, both[0], stage))
            seats = await play(shared, stage)
            await killing
            await settled(shared)
            assert await both[1].stop() == 0
    finally:
        for each in both:
            await each.kill()
    is_once(shared, seats)


async def _killed_after(calls: int, victim: Running, stage: Stage) -> None:
    while calls_heard(stage) < calls:  # noqa: ASYNC110 - the other process has no event to wait for
        await asyncio.sleep(0.002)
    await victim.kill()
