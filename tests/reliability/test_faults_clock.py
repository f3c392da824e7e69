"""A clock that jumps: what is due happens once, what waits is not lost, and Slack is not told anything twice."""

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from bot import app
from bot.goodwill import ExceptionState, Move
from bot.refusals import Reason, Refusals
from bot.settings import Settings
from handlers import due, works
from handlers.ready import Ready
from handlers.standing import Standings
from handlers.worker import work_on
from storage import inbox, outbox
from storage.inbox import Lane
from storage.outbox import SendKind
from tests.flow.conftest import AGENT, CUSTOMER, SHARED, SUPERVISOR, WORKSPACE, learn_once, read_once
from tests.flow.without_slack import Clock, Desk, desk
from tests.flow.working import FAULT
from tests.fresh import asked
from tests.reliability.test_faults_messages import comes
from tests.reliability.test_faults_slack import tell
from tests.sandbox.stage import Json, Stage

pytest_plugins = ["tests.flow.conftest"]

HOUR, YEAR = 3_600.0, 365 * 86_400.0


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """The desk."""
    async with desk(stage, settings) as made:
        yield made


async def everything_due(at: Desk) -> None:
    """Some seconds in which whatever is due happens, and is sent."""
    for _ in range(5):
        await due.do_due(at.services)
        await at.send_all()
        at.clock.now += 1


async def test_a_clock_a_year_ahead_skips_no_step_and_decides_nothing(at: Desk) -> None:
    """Each step is counted from the one before: a reminder, told once; set right again, it can still be decided."""
    request = at.request(at.case())
    at.clock.now += YEAR
    await everything_due(at)
    moves = at.rows("SELECT move FROM audit WHERE subject_id = ?", request.id)
    assert moves == [(Move.REMIND,)]
    at.clock.now -= YEAR
    await everything_due(at)
    assert at.rows("SELECT move FROM audit WHERE subject_id = ?", request.id) == moves
    await at.click(SUPERVISOR, "approve_exception", request.id)
    assert at.stands(request).state is ExceptionState.APPROVED


async def test_what_was_written_down_before_the_clock_went_back_waits_until_it_has_caught_up(at: Desk) -> None:
    """Late, and once; what comes in after the jump is done at once."""
    for number, back in enumerate((0.0, HOUR)):
        at.clock.now -= back
        ts = f"{at.clock.now:.6f}"
        said = {"type": "message", "channel": SHARED, "user": CUSTOMER, "text": f"{FAULT} {number}", "ts": ts}
        for _ in range(2):
            tell(at, f"news{number}")
        comes(at, said, ts)
    while True:
        with at.services.casebook.begin() as connection:
            entry = inbox.claim(connection, lane=Lane.STREAM, now=at.clock())
        if entry is None:
            break
        await work_on(at.services, entry, works.STREAM)
    await at.send_all()
    found = "SELECT key, state FROM outbox WHERE key LIKE 'news%' ORDER BY key"
    assert at.rows("SELECT count(*) FROM messages") == [(2,)]
    assert at.rows(found) == [("news0", "due"), ("news1", "sent")]
    at.clock.now += HOUR
    await at.send_all()
    assert at.rows(found) == [("news0", "sent"), ("news1", "sent")]


async def test_what_was_posted_is_found_again_though_our_clock_is_hours_ahead(at: Desk, stage: Stage) -> None:
    """Slack's times are Slack's own: a second try looks back far enough to see the first."""
    at.clock.now = stage.sandbox.workspace.state.clock.now() + 5 * HOUR
    with at.services.casebook.begin() as connection:
        outbox.put(
            connection,
            workspace=WORKSPACE,
            key="news",
            kind=SendKind.DIRECT,
            target={"user": AGENT},
            body={"text": "The request was approved."},
            now=at.clock(),
        )
    await at.send_all()
    at.rows("UPDATE outbox SET state = 'due', sent_ts = NULL, body = '{\"text\": \"again\"}' WHERE key = 'news'")
    at.clock.now += 60
    await at.send_all()
    log = stage.sandbox.workspace.log.since(0)
    assert sum(1 for each in log if each["name"] == "chat.postMessage") == 1
    assert at.rows("SELECT state FROM outbox WHERE key = 'news'") == [("sent",)]


async def test_whoever_watches_us_is_not_told_old_news_until_the_clock_has_caught_up(
    stage: Stage, settings: Settings
) -> None:
    """What was read lately is told again for some seconds of any clock, and not for an hour."""
    clock = Clock()
    async with app.wired(settings, clock=clock, learning=learn_once, reading=read_once) as parts:
        ready, standings = Ready(parts.workspaces), Standings(parts.workspaces)
        refusals = Refusals(clock)
        refusals.refused(Reason.SIGNATURE)
        await ready.checks()
        assert (await standings.now()).inbox["stream"].rows == 0
        clock.now -= HOUR
        with parts.workspaces.casebook.begin() as connection:
            more: Json = {"lane": Lane.STREAM, "kind": "message", "payload": {}}
            inbox.put(connection, workspace=WORKSPACE, key="Ev1", now=clock.now, **more)
        await ready.checks()
        with capture_logs() as told:
            refusals.refused(Reason.SIGNATURE)
        assert [each["event"] for each in told] == ["requests_refused"]
        assert (await standings.now()).inbox["stream"].rows == 1
        ((written_at,),) = asked(settings, "SELECT value FROM settings WHERE name = 'written_at'")
        assert float(written_at) < clock.now + 60
