"""What comes in is odd, or ends us: it keeps nothing else from being done, and it does not end us for ever."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.settings import Settings
from handlers import inbound, works
from handlers.services import Services
from handlers.worker import MOST_ENDS, Task, work_on
from storage import inbox
from storage.inbox import Lane
from tests.flow.conftest import CUSTOMER, DESK, SHARED, WORKSPACE
from tests.flow.without_slack import Desk, desk
from tests.flow.working import FAULT
from tests.sandbox.stage import Json, Stage

pytest_plugins = ["tests.flow.conftest"]


@pytest.fixture
async def at(stage: Stage, settings: Settings) -> AsyncIterator[Desk]:
    """The desk."""
    async with desk(stage, settings) as made:
        yield made


def comes(at: Desk, event: Json, key: str, channel: str = SHARED) -> None:
    """Slack has told us."""
    with at.services.casebook.begin() as connection:
        inbox.put(
            connection,
            workspace=WORKSPACE,
            key=key,
            lane=Lane.STREAM,
            kind="message",
            payload=event,
            now=at.clock(),
            channel=channel,
        )


def message(text: str, ts: str, channel: str = SHARED) -> Json:
    """What a customer says."""
    return {"type": "message", "channel": channel, "user": CUSTOMER, "text": text, "ts": ts}


async def poisoned(services: Services, task: Task) -> None:
    """Work that always fails on one text."""
    if task.entry.payload["text"] == "毒":
        raise ZeroDivisionError
    await works.STREAM["message"](services, task)


async def work(at: Desk, seconds: int) -> None:
    """Work on what there is, for so long."""
    for _ in range(seconds):
        with at.services.casebook.begin() as connection:
            entry = inbox.claim(connection, lane=Lane.STREAM, now=at.clock())
        if entry:
            await work_on(at.services, entry, {**works.STREAM, "message": poisoned})
        else:
            at.clock.now += 1


async def test_a_message_on_which_work_always_fails_is_given_up_and_holds_up_nobody(at: Desk) -> None:
    """Five tries with longer pauses; it stays as it came, with the code of the log, and the channel goes on."""
    comes(at, message("毒", "1795406401.000100"), "one")
    comes(at, message(FAULT, "1795406402.000100"), "two")
    await work(at, 10)
    assert at.rows("SELECT text FROM messages") == [(FAULT,)]
    await work(at, 120)
    ((state, attempts, error, payload),) = at.rows(
        "SELECT state, attempts, error, payload FROM inbox WHERE key = 'one'"
    )
    assert (state, attempts, len(error), "ts" in payload) == ("failed", 5, 6, True)


async def test_what_ends_us_at_each_try_ends_us_no_more_at_last(at: Desk) -> None:
    """Somebody's file that takes all memory must not keep us from starting for good; what follows is done."""
    comes(at, message("毒", "1795406401.000100"), "one")
    comes(at, message(FAULT, "1795406402.000100"), "two")
    for _ in range(MOST_ENDS):
        with at.services.casebook.begin() as connection:
            entry = inbox.claim(connection, lane=Lane.STREAM, now=at.clock())
            inbox.release_leases(connection)  # what a start after a crash does
        assert entry
        assert entry.key == "one"
    await work(at, 10)
    assert at.rows("SELECT state FROM inbox WHERE key = 'one'") == [("failed",)]
    assert at.rows("SELECT text FROM messages") == [(FAULT,)]


ODD: dict[str, Json] = {
    "nobody": {"type": "message", "channel": SHARED, "ts": "1795406401.000100", "text": FAULT},
    "no text": {"type": "message", "channel": SHARED, "user": CUSTOMER, "ts": "1795406401.000100"},
    "no time": {"type": "message", "channel": SHARED, "user": CUSTOMER, "text": FAULT},
    "a time that is none": message(FAULT, "yesterday"),
    "a text that is none": {"type": "message", "channel": SHARED, "user": CUSTOMER, "ts": "1.1", "text": {"a": [1]}},
    "an edit of nothing": {"type": "message", "subtype": "message_changed", "channel": SHARED, "ts": "1.1"},
    "a deletion of nothing": {"type": "message", "subtype": "message_deleted", "channel": SHARED},
    "a kind that Slack will invent": {"type": "message", "subtype": "telepathy", "channel": SHARED, "ts": "1.1"},
    "half a surrogate": message("\ud83d 當機", "1795406401.000100"),
    "no character that is seen": message("\x00\u200b\u202e", "1795406401.000100"),
}


@pytest.mark.parametrize("shape", sorted(ODD))
async def test_a_payload_of_an_unexpected_shape_holds_up_nobody(at: Desk, shape: str) -> None:
    """It is kept, left out or given up; what a customer says after it is kept, and nothing ends."""
    comes(at, ODD[shape], "odd")
    comes(at, message("請問發票怎麼開？", "1795406409.000100"), "next")
    await work(at, 100)
    assert at.rows("SELECT state FROM inbox WHERE key = 'next'") == [("done",)]
    assert at.rows("SELECT count(*) FROM messages WHERE text = '請問發票怎麼開？'") == [(1,)]
    assert at.rows("SELECT count(*) FROM inbox WHERE state = 'new'") == [(0,)]


async def test_a_message_as_long_as_slack_lets_anybody_write_is_kept_whole(at: Desk) -> None:
    """40,000 characters, with what makes it urgent at the end; what we say of it fits into what Slack takes."""
    text = "我們的發票印不出來，" * 3_996 + "不處理我就去告你們"
    comes(at, message(text, "1795406401.000100", DESK), "long", DESK)
    await work(at, 5)
    assert at.rows("SELECT text FROM messages") == [(text,)]
    await at.send_all()
    assert at.rows("SELECT count(*) FROM outbox WHERE state = 'failed'") == [(0,)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = ("subtype", "channel", "ts", "thread_ts", "user", "text", "message", "previous_message", "bot_id", "bot_profile")


@trying(max_examples=50)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, JSON)))
def test_any_payload_is_read_or_refused_and_never_hangs(event: dict[str, Any]) -> None:
    """The one reader of payloads ends with something known, or with an error that the worker takes for the entry's."""
    try:
        read = inbound.incoming(event)
    except (ValidationError, KeyError, TypeError, AttributeError, ValueError):
        return
    assert read is None or isinstance(read.text, str)


async def test_a_stop_in_the_middle_of_work_loses_nothing(at: Desk) -> None:
    """Whoever is next may begin with it at once, and it does not count as tried."""
    comes(at, message(FAULT, "1795406401.000100"), "one")
    with at.services.casebook.begin() as connection:
        entry = inbox.claim(connection, lane=Lane.STREAM, now=at.clock())
    assert entry

    async def waits(_: Services, __: Task) -> None:
        await asyncio.Event().wait()

    working = asyncio.create_task(work_on(at.services, entry, {"message": waits}))
    await asyncio.sleep(0)
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert at.rows("SELECT state, attempts, lease_until FROM inbox") == [("new", 0, 0.0)]
