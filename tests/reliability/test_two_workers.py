"""Two `aside run` on one PostgreSQL: one is killed at any time, the other goes on, each thing happens once.

Slack gives each event to one of the two connections; both processes share the rows by lease, so what the killed one
held is taken up when its lease is over.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from bot.settings import Settings
from storage.engine import open_casebook
from tests.flow.conftest import AGENT, APPROVALS, CUSTOMER, DESK, SETUP, SHARED, SUCCESSOR, SUPERVISOR, save_setup
from tests.flow.test_goodwill import button_in
from tests.flow.working import ASKED_BACK, FAULT
from tests.reliability.killing import Seats, Victim, calls_heard, is_said_once, rows, settled
from tests.reliability.test_killed import insist, is_the_decision, submit
from tests.reliability.test_killed_selling import patiently
from tests.sandbox.stage import Stage
from tests.server import server

pytestmark = pytest.mark.slow

pytest_plugins = ["tests.flow.conftest"]

STORY_SECONDS = 240
NEVER = 1_000_000
MESSAGES = 12


@pytest.fixture
def shared(settings: Settings) -> Iterator[Settings]:
    """The same bot with its casebook on a server, in which there are no tables yet."""
    database = server().bare()
    made = settings.model_copy(update={"database_url": server().url(database)})
    yield made
    server().drop(database)


@asynccontextmanager
async def two(shared: Settings, stage: Stage) -> AsyncIterator[tuple[Victim, Victim]]:
    """Two workers, started at the same moment on a database without tables, the second from a folder of its own."""
    first = Victim(shared, stage, NEVER)
    elsewhere = shared.model_copy(update={"data": shared.data.parent / "elsewhere" / "data"})
    second = Victim(elsewhere, stage, NEVER)
    try:
        async with asyncio.timeout(STORY_SECONDS):
            await asyncio.gather(first.start(), second.start())
            save_setup(shared, SETUP)
            yield first, second
            await settled(shared)
    finally:
        await first.kill()
        await second.kill()


async def both_kept(shared: Settings) -> None:
    """Wait for both messages: an answer that came in ahead of what it answers to is looked at again a little later."""
    while rows(shared, "SELECT count(*) FROM messages") != [(2,)]:  # noqa: ASYNC110 - they have no event
        await asyncio.sleep(0.01)


async def killed_after(calls: int, victim: Victim, shared: Settings, stage: Stage) -> None:
    """Kill one of them when Slack has heard so many calls since both messages were kept."""
    await both_kept(shared)
    until = calls_heard(stage) + calls
    while calls_heard(stage) < until:  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.002)
    await victim.kill()


async def played(shared: Settings, stage: Stage) -> Seats:
    """A fault, a request, an approval; lost clicks are made again, and what a dead worker held is waited for."""
    seats = {who: await stage.seat(who) for who in (CUSTOMER, AGENT, SUPERVISOR, SUCCESSOR)}
    customer, agent, supervisor = seats[CUSTOMER], seats[AGENT], seats[SUPERVISOR]
    ts = await customer.say(SHARED, FAULT)
    await agent.say(SHARED, ASKED_BACK, thread_ts=ts)
    await both_kept(shared)
    await patiently(lambda: seats[SUCCESSOR].sees("message"))
    opened = await insist(agent, "shortcut", "view_opened", callback_id="ask_exception", channel=SHARED, ts=ts)
    await submit(agent, opened["view"]["id"])
    card = await patiently(lambda: supervisor.sees("message", lambda push: push["channel"] == APPROVALS))
    message = card["message"]
    await insist(
        supervisor,
        "action",
        "message_changed",
        container={"type": "message", "channel": APPROVALS, "ts": message["ts"]},
        action=button_in(message, "approve_exception"),
    )
    await patiently(lambda: agent.sees("message", is_the_decision))
    return seats


@pytest.mark.parametrize("calls", [1, 6, 11])
async def test_one_is_killed_and_the_other_finishes_the_story(shared: Settings, stage: Stage, calls: int) -> None:
    """Asked, decided and told by whoever is there: rows and visible messages exactly once, ephemerals at most once."""
    async with two(shared, stage) as (first, _):
        killing = asyncio.create_task(killed_after(calls, first, shared, stage))
        seats = await played(shared, stage)
        await killing
        await settled(shared)
    approvals = [push for push in seats[SUPERVISOR].of("message") if push["channel"] == APPROVALS]
    assert len(approvals) == 1
    assert len(seats[SUCCESSOR].of("message")) == 1
    assert len([push for push in seats[AGENT].of("message") if is_the_decision(push)]) == 1
    assert rows(shared, "SELECT state FROM exceptions") == [("approved",)]
    assert rows(shared, "SELECT move FROM audit WHERE subject = 'exception' ORDER BY seq") == [("ask",), ("approve",)]
    assert rows(shared, "SELECT count(*) FROM opportunities") == [(1,)]
    assert rows(shared, "SELECT count(*) FROM cases") == [(1,)]
    assert rows(shared, "SELECT count(*) FROM messages") == [(2,)]
    assert is_said_once(seats[AGENT])
    assert not seats[CUSTOMER].of("ephemeral")


async def test_what_is_said_at_once_in_two_channels_is_kept_once_and_in_its_cases(
    shared: Settings, stage: Stage
) -> None:
    """A customer who writes and writes has one case, also while two workers read and one of them dies."""
    customer, agent = await stage.seat(CUSTOMER), await stage.seat(AGENT)
    async with two(shared, stage) as (first, _):
        for number in range(MESSAGES):
            await customer.say(SHARED, f"{FAULT} {number}")
            helpdesk = {"app_id": "A0DESK", "bot_id": "B0DESK", "username": "mail"}
            await agent.do("say", channel=DESK, text=f"{FAULT} {number}", as_app=helpdesk)
            if number == MESSAGES // 2:
                await first.kill()
        while rows(shared, "SELECT count(*) FROM messages") != [(2 * MESSAGES,)]:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.1)
        await settled(shared)
    texts = [text for (text,) in rows(shared, "SELECT text FROM messages")]
    assert Counter(texts) == Counter([f"{FAULT} {number}" for number in range(MESSAGES)] * 2)
    assert rows(shared, f"SELECT count(DISTINCT case_id) FROM messages WHERE channel = '{SHARED}'") == [(1,)]  # noqa: S608 - a name of ours
    assert rows(shared, "SELECT count(*) FROM cases") == [(1 + MESSAGES,)]
    assert rows(shared, "SELECT count(*) FROM opportunities") == [(1,)]
    assert rows(shared, "SELECT state FROM inbox WHERE state <> 'done'") == []
    assert is_said_once(agent)
    assert not customer.of("ephemeral")


def test_a_casebook_without_tables_is_made_by_one_of_several(tmp_path: Path) -> None:
    """All of them open it at once; none fails, and there is one set of tables."""
    database = server().bare()
    url = server().url(database)

    async def opened() -> None:
        def once() -> None:
            with closing(open_casebook(url)) as casebook, casebook.look() as connection:
                assert connection.exec_driver_sql("SELECT count(*) FROM cases").scalar_one() == 0

        await asyncio.gather(*(asyncio.to_thread(once) for _ in range(4)))

    asyncio.run(opened())
    server().drop(database)
