"""What goes on at once while we run, and how it ends: nothing new is begun, what was begun is finished."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from bot.transport import FINISH_SECONDS, Heard, Transport
from handlers import catch_up, closing, deliver, digest, due, home, people, renewals, retention, works
from handlers.services import Services
from handlers.worker import run_lane
from storage import workspace as workspaces
from storage.inbox import Lane

MINUTE_SECONDS = 60.0
HOUR_SECONDS = 3_600.0
PERSON_WORKERS = 4

log = structlog.get_logger()


async def work_until(
    stop: asyncio.Event, parts: Services, transport: Transport, *others: Coroutine[None, None, None], heard_all: bool
) -> None:
    """Run the workers; when one of them dies, so do we, and whoever supervises us starts us anew.

    Told to stop, first nothing more comes in, then each worker finishes what it is at, then what they had to say is
    sent, all of it within a bound; the rest stands in the casebook, free for the next.

    Args:
        heard_all: Whether all was read that was said before we listened.
    """
    lanes = [
        *(asyncio.create_task(run_lane(parts, Lane.PERSON, works.PERSON)) for _ in range(PERSON_WORKERS)),
        asyncio.create_task(run_lane(parts, Lane.STREAM, works.STREAM)),
    ]
    sender = asyncio.create_task(deliver.run_outbox(parts))
    rest = [
        asyncio.create_task(each)
        for each in (
            due.run_due(parts),
            home.keep_fresh(parts),
            _every_hour(parts),
            _count_holdings(parts),
            _keep_listening(parts, transport, heard_all=heard_all),
            *others,
        )
    ]
    stopping = asyncio.create_task(stop.wait())
    everything = [*lanes, sender, *rest, stopping]
    try:
        done, _ = await asyncio.wait(everything, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {stopping}:
            task.result()
        await transport.stop()
        await _cancelled(rest)
        parts.wake.end_work()
        await asyncio.wait(lanes, timeout=FINISH_SECONDS)
        parts.wake.end_sending()
        await asyncio.wait([sender], timeout=FINISH_SECONDS)
    finally:
        await _cancelled(everything)


async def _cancelled(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_listening(parts: Services, transport: Transport, *, heard_all: bool) -> None:
    """Note each minute that we hear Slack; after a gap, first read what was said meanwhile."""
    while True:
        await asyncio.sleep(MINUTE_SECONDS)
        heard_all = await listened(parts, await transport.heard(), heard_all=heard_all)


async def listened(parts: Services, heard: Heard, *, heard_all: bool) -> bool:
    """Note that all was heard until now, if it was; whether all was, whatever Slack sends from now on.

    Args:
        heard: What came since the last time.
        heard_all: Whether all was heard until then. What was missed is read from history, tried until it succeeds.
    """
    heard_all = heard_all and heard is not Heard.AFTER_A_GAP
    if heard_all and heard is Heard.NOTHING:
        return True
    if not heard_all and not await catch_up.fill_in(parts):
        return False
    catch_up.note_alive(parts)
    return True


async def _count_holdings(parts: Services) -> None:
    """Count what customers hold together in each new directory, in a thread; until then nothing is said of it."""
    while True:
        directory = parts.directory()
        if directory and directory.counted_holdings is None:
            try:
                await asyncio.to_thread(directory.holdings)
            except Exception:
                log.exception("holdings_not_counted")  # a pitch says less; nothing else depends on it
        await asyncio.sleep(MINUTE_SECONDS)


async def _every_hour(parts: Services) -> None:
    """Ask who is in the user groups, close the cases that have gone quiet, remove what is too old."""
    while True:
        with parts.casebook.begin() as connection:
            setup = workspaces.setup(connection, parts.identity.workspace)
        await people.refresh_groups(parts, setup.groups)
        await closing.close_quiet(parts)
        await retention.remove_old_words(parts)
        await digest.tell(parts)
        await renewals.look_ahead(parts.for_one_task())
        await asyncio.sleep(HOUR_SECONDS)
