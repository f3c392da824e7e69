"""Slack delivers in any order: an answer may come in ahead of what it answers to."""

import pytest

from bot.settings import Settings
from handlers import works
from handlers.worker import work_on
from storage import inbox
from storage.inbox import Lane
from tests.flow.conftest import AGENT, CUSTOMER, SHARED, WORKSPACE
from tests.flow.without_slack import Desk, desk
from tests.flow.working import ASKED_BACK, FAULT
from tests.sandbox.stage import Json, Stage

ROOT = "1795406400.000100"
SAID: Json = {"type": "message", "channel": SHARED, "user": CUSTOMER, "text": FAULT, "ts": ROOT}
ANSWERED: Json = {
    "type": "message",
    "channel": SHARED,
    "user": AGENT,
    "text": ASKED_BACK,
    "ts": "1795406403.000100",
    "thread_ts": ROOT,
}


async def heard(at: Desk, *events: Json) -> None:
    """These come in, in this order; whatever there is to do with them is done, and what waits is waited for."""
    with at.services.casebook.begin() as connection:
        for event in events:
            inbox.put(
                connection,
                workspace=WORKSPACE,
                key=event["ts"],
                lane=Lane.STREAM,
                kind="message",
                payload=event,
                now=at.clock(),
                channel=SHARED,
            )
    for _ in range(20):
        with at.services.casebook.begin() as connection:
            entry = inbox.claim(connection, lane=Lane.STREAM, now=at.clock())
        if entry:
            await work_on(at.services, entry, works.STREAM)
        else:
            at.clock.now += 1


@pytest.mark.parametrize("events", [(SAID, ANSWERED), (ANSWERED, SAID)], ids=["as said", "the answer first"])
async def test_whoever_answers_handles_the_case_in_whichever_order_slack_tells(
    stage: Stage, settings: Settings, events: tuple[Json, Json]
) -> None:
    """Both messages are in one case, and it is the agent's who answered."""
    async with desk(stage, settings) as at:
        await heard(at, *events)
        assert at.rows("SELECT agent FROM cases") == [(AGENT,)]
        assert at.rows("SELECT text FROM messages ORDER BY ts") == [(FAULT,), (ASKED_BACK,)]


async def test_an_answer_to_what_no_customer_said_is_nobodys_business(stage: Stage, settings: Settings) -> None:
    """It waits a little, opens no case and keeps nothing; it is not a failure."""
    async with desk(stage, settings) as at:
        await heard(at, ANSWERED)
        assert at.rows("SELECT count(*) FROM cases") == [(0,)]
        assert at.rows("SELECT state FROM inbox") == [("done",)]
