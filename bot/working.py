"""What goes on at once while we run, and how it ends: nothing new is begun, what was begun is finished."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.enduring import enduring
from bot.logs import of_workspace
from bot.transport import FINISH_SECONDS, Heard, Transport
from handlers import catch_up, closing, digest, due, home, outgoing, people, renewals, retention, works
from handlers.services import Services
from handlers.worker import run_lane
from handlers.workspaces import Workspaces
from storage import workspace as kept
from storage.inbox import Lane

MINUTE_SECONDS = 60.0
HOUR_SECONDS = 3_600.0
LOOK_SECONDS = 5.0
"""How soon a workspace that installed us, or a new token of one, is known to every process."""
START_SECONDS = 10.0
"""How long the start may wait for history: a Slack that is slow or holds us keeps no worker from beginning."""
PERSON_AT_ONCE = 4
STREAM_AT_ONCE = 8
"""So many of what people did, and of what was said, are worked on at a time; of one channel one."""

log = structlog.get_logger()


Also = Callable[[Services], Iterable[Coroutine[None, None, None]]]
"""What else goes on for a workspace."""


async def work_until(
    stop: asyncio.Event,
    workspaces: Workspaces,
    transport: Transport,
    *others: Coroutine[None, None, None],
    also: Also,
    unread: set[str],
) -> None:
    """Run the workers. While the database is away they wait for it; when one dies otherwise, so do we.

    Told to stop, first nothing more comes in, then each worker finishes what it is at, then what they had to say is
    sent, all of it within a bound; the rest stands in the casebook, free for the next.

    Args:
        unread: The workspaces of which not all was read that was said before we listened.
    """
    lanes = [
        asyncio.create_task(enduring(partial(run_lane, workspaces, lane, does, at_once), lane.value))
        for lane, does, at_once in (
            (Lane.PERSON, works.PERSON, PERSON_AT_ONCE),
            (Lane.STREAM, works.STREAM, STREAM_AT_ONCE),
        )
    ]
    under_way: outgoing.UnderWay = {}
    sender = asyncio.create_task(enduring(partial(outgoing.run_outbox, workspaces, under_way), "outbox"))
    rest = [
        asyncio.create_task(each)
        for each in (
            enduring(partial(_look_after, workspaces, also), "look_after"),
            _keep_listening(workspaces, transport, unread),
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
        workspaces.wake.end_work()
        await asyncio.wait(lanes, timeout=FINISH_SECONDS)
        workspaces.wake.end_sending()
        await asyncio.wait([sender], timeout=FINISH_SECONDS)
    finally:
        await _cancelled(everything)
        await _cancelled([*under_way])


async def _cancelled(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _look_after(workspaces: Workspaces, also: Also) -> None:
    """What goes on for each workspace, beginning when it comes and ending when it goes."""
    tended: dict[str, tuple[Services, asyncio.Task[None]]] = {}
    try:
        while True:
            for parts in workspaces.all():
                workspace = parts.identity.workspace
                if workspace not in tended:
                    tended[workspace] = parts, asyncio.create_task(_tend(parts, also))
            for workspace, (parts, task) in list(tended.items()):
                if workspaces.of(workspace) is not parts:
                    await _cancelled([tended.pop(workspace)[1]])
                elif task.done():
                    task.result()
            await asyncio.sleep(LOOK_SECONDS)
            await workspaces.refresh()
    finally:
        await _cancelled([task for _, task in tended.values()])


async def _tend(parts: Services, also: Also) -> None:
    """What goes on for one workspace; when one thing of it dies, all of it does."""
    with of_workspace(parts.identity.workspace):
        await _tended(parts, also)


async def _tended(parts: Services, also: Also) -> None:
    async with asyncio.TaskGroup() as group:
        for begin in (due.run_due, home.keep_fresh, _every_hour, _count_holdings):
            group.create_task(enduring(partial(begin, parts), begin.__name__))
        for each in also(parts):
            group.create_task(each)


async def not_filled_in(workspaces: Workspaces, patience: float = START_SECONDS) -> set[str]:
    """Read what was said while nobody listened; the workspaces of which not all could be read.

    Args:
        patience: After so many seconds nobody who speaks or clicks now waits for it longer: it is read on beside them.
    """

    async def is_filled_in(parts: Services) -> bool:
        try:
            async with asyncio.timeout(patience):
                return await catch_up.fill_in(parts)
        except TimeoutError:
            return False

    everywhere = workspaces.all()
    heard = await asyncio.gather(*map(is_filled_in, everywhere))
    for parts, all_heard in zip(everywhere, heard, strict=True):
        if all_heard:
            catch_up.note_alive(parts)
    return {parts.identity.workspace for parts, all_heard in zip(everywhere, heard, strict=True) if not all_heard}


async def _keep_listening(workspaces: Workspaces, transport: Transport, unread: set[str]) -> None:
    """Note each minute that we hear Slack; after a gap, first read what was said meanwhile.

    Raises:
        UserError: when a newer Aside has taken the casebook over.
    """
    while True:
        await asyncio.sleep(MINUTE_SECONDS)
        with suppress(SQLAlchemyError, OSError):  # one that is away is looked at again
            workspaces.casebook.check_revision()
        await heard_by_all(workspaces, await transport.heard(), unread)


async def heard_by_all(workspaces: Workspaces, heard: Heard, unread: set[str]) -> None:
    """Note for each workspace that all was heard until now, if it was, and written down.

    Args:
        heard: What came since the last time.
        unread: The workspaces of which not all was heard; written on.
    """
    await asyncio.gather(*(_heard_by(parts, workspaces, heard, unread) for parts in workspaces.all()))


async def _heard_by(parts: Services, workspaces: Workspaces, heard: Heard, unread: set[str]) -> None:
    """The same for one, for which nobody else waits."""
    workspace = parts.identity.workspace
    heard_all = workspace not in unread | workspaces.unwritten
    unread.add(workspace)
    workspaces.unwritten.discard(workspace)
    try:
        if await listened(parts, heard, heard_all=heard_all):
            unread.discard(workspace)
    except (SQLAlchemyError, OSError):
        log.exception("listening_not_noted", workspace=workspace)


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
            setup = kept.setup(connection, parts.identity.workspace)
        await people.refresh_groups(parts, setup.groups)
        await closing.close_quiet(parts)
        await retention.remove_old_words(parts)
        await digest.tell(parts)
        await renewals.look_ahead(parts.for_one_task())
        await asyncio.sleep(HOUR_SECONDS)
