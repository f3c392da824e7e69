"""Working on what was written down: each entry once, in a transaction with everything it causes."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from bot.i18n import words
from bot.language import language_of_locale
from bot.logs import of_workspace
from handlers import deliver, people
from handlers.services import Services, woken
from handlers.workspaces import Workspaces
from storage import inbox, outbox
from storage.inbox import Entry, Lane
from storage.outbox import SendKind

Work = Callable[[Services, "Task"], Awaitable[None]]
NOT_THERE_SECONDS = 2.0
"""How long entries wait for a workspace whose parts are not there yet, as while its playbook is learnt."""

MOST_ENDS = 20
"""What we began so often, and never came to an end with, may be what ends us."""

log = structlog.get_logger()


class OvertakenError(Exception):
    """Another worker finished this entry first; what was about to be written is rolled back."""


class NotYetError(Exception):
    """What an entry is about may be on its way; it is worked on again a little later."""


class Task:
    """One entry being worked on. What it causes is written in `finishing()`, once."""

    def __init__(self, services: Services, entry: Entry) -> None:
        self._services = services
        self.entry = entry
        self.is_finished = False

    @contextmanager
    def finishing(self) -> Iterator[Connection]:
        """The transaction that holds the effects and the mark that the entry is done.

        What Slack told is on the disk, so whatever is lost with the power is done again; and before anything of it is
        sent, the sender's own transaction puts all that came before it on the disk.
        """
        with self._services.casebook.begin(on_disk=False) as connection:
            if not inbox.finish(connection, self.entry):
                raise OvertakenError
            yield connection
            has_new = outbox.has_new(connection)
        self.is_finished = True
        if has_new:
            self._services.wake.outbox.set()
        self._services.wake.homes.set()


async def work_on(services: Services, entry: Entry, works: Mapping[str, Work]) -> None:
    """Do one entry's work; after an error nobody waits in silence and nothing that was said is lost."""
    task = Task(services, entry)
    if entry.attempts > MOST_ENDS:
        log.error("work_given_up", entry=entry.seq, kind=entry.kind)
        with services.casebook.begin() as connection:
            inbox.give_back(connection, entry, error="we ended at each try", now=services.clock())
        return
    try:
        await works[entry.kind](services.for_one_task(), task)
        if not task.is_finished:
            with task.finishing():
                pass
        services.metrics.worked(entry.lane, services.clock() - entry.received_at)
    except OvertakenError:
        log.info("overtaken", entry=entry.seq, kind=entry.kind)
    except NotYetError:
        with services.casebook.begin() as connection:
            inbox.give_back(connection, entry, error="not yet", now=services.clock())
    except asyncio.CancelledError:
        with services.casebook.begin() as connection:
            inbox.let_go(connection, entry)
        raise
    except Exception as error:
        reference = deliver.reference()
        services.metrics.work_failed(entry.kind)
        log.exception("work_failed", entry=entry.seq, kind=entry.kind, reference=reference)
        person = _waiting(entry)
        if person:
            with suppress(OvertakenError):
                await _tell(services, task, person, reference)
            return
        passes = isinstance(error, people.UnknownForNowError | OperationalError)
        again = inbox.put_off if passes else inbox.give_back
        with services.casebook.begin() as connection:
            again(connection, entry, error=reference, now=services.clock())


def _waiting(entry: Entry) -> str | None:
    """Who clicked or typed and waits for an answer; nobody waits for a message."""
    if entry.lane is not Lane.PERSON:
        return None
    return entry.payload.get("user_id") or (entry.payload.get("user") or {}).get("id")


async def _tell(services: Services, task: Task, user_id: str, reference: str) -> None:
    """Say that it did not work, with the code under which the log tells why; the person can try again."""
    try:
        locale = (await people.look_up(services, user_id)).locale
    except people.UnknownForNowError:
        locale = ""
    say = words(language_of_locale(locale))
    sentence = say("That did not work. Please try again, or tell whoever runs Aside this code: {code}", code=reference)
    response_url = task.entry.payload.get("response_url")
    with task.finishing() as connection:
        if response_url:
            deliver.reply(
                connection,
                workspace=task.entry.workspace,
                key=f"{task.entry.key}:error",
                response_url=response_url,
                person=user_id,
                body={"text": sentence},
                now=services.clock(),
                for_anyone=True,
            )
        else:
            outbox.put(
                connection,
                workspace=task.entry.workspace,
                key=f"{task.entry.key}:error",
                kind=SendKind.DIRECT,
                target={"user": user_id},
                body={"text": sentence},
                now=services.clock(),
            )


async def run_lane(workspaces: Workspaces, lane: Lane, works: Mapping[str, Work], at_once: int = 1) -> None:
    """Work on one lane, oldest first, until there is to be no more of it; what was begun by then is finished.

    Args:
        at_once: So many entries are worked on at a time: most of it is waiting for Slack, or for the encoders. Where
            there are several workspaces none takes all of it, so that one with a slow Slack leaves room for another.
    """
    wake = workspaces.wake
    woken_by = wake.person if lane is Lane.PERSON else wake.stream
    most_of_one = at_once if workspaces.is_lone else max(1, at_once - at_once // 4)
    at_work: Counter[str] = Counter()
    absent: dict[str, float] = {}

    async def work(services: Services, entry: Entry) -> None:
        try:
            with of_workspace(entry.workspace):
                await work_on(services, entry, works)
        finally:
            at_work[entry.workspace] -= 1
            woken_by.set()

    async with asyncio.TaskGroup() as group:
        while not wake.work_ends.is_set():
            woken_by.clear()
            now = workspaces.clock()
            absent = {each: until for each, until in absent.items() if until > now and not workspaces.of(each)}
            busy = {each for each, number in at_work.items() if number >= most_of_one}
            entry = _claimed(workspaces, lane, busy | absent.keys()) if at_work.total() < at_once else None
            if entry is None:
                await woken(woken_by, 1.0)
                continue
            if services := workspaces.of(entry.workspace):
                at_work[entry.workspace] += 1
                group.create_task(work(services, entry))
            else:
                absent[entry.workspace] = now + NOT_THERE_SECONDS
                with workspaces.casebook.statement() as connection:
                    inbox.let_go(connection, entry)
            await asyncio.sleep(0)  # it begins, and whoever else waits has their turn


def _claimed(workspaces: Workspaces, lane: Lane, but_not: Collection[str]) -> Entry | None:
    with workspaces.casebook.statement() as connection:
        return inbox.claim(connection, lane=lane, now=workspaces.clock(), but_not=but_not)
