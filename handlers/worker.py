"""Working on what was written down: each entry once, in a transaction with everything it causes."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy import Connection

from bot.errors import UserError
from handlers import deliver
from handlers.services import Services
from storage import inbox
from storage.inbox import Entry, InboxState, Lane

Work = Callable[[Services, "Task"], Awaitable[None]]

log = structlog.get_logger()


class OvertakenError(Exception):
    """Another worker finished this entry first; what was about to be written is rolled back."""


class Task:
    """One entry being worked on. What it causes is written in `finishing()`, once."""

    def __init__(self, services: Services, entry: Entry) -> None:
        self._services = services
        self.entry = entry
        self.is_finished = False

    @contextmanager
    def finishing(self) -> Iterator[Connection]:
        """The transaction that holds the effects and the mark that the entry is done."""
        with self._services.casebook.begin() as connection:
            if not inbox.finish(connection, self.entry):
                raise OvertakenError
            yield connection
        self.is_finished = True
        self._services.wake.outbox.set()


async def work_on(services: Services, entry: Entry, work: Work) -> None:
    """Do one entry's work; an error leaves it for a later try and tells whoever is waiting."""
    task = Task(services, entry)
    try:
        await work(services, task)
        if not task.is_finished:
            with task.finishing():
                pass
    except OvertakenError:
        log.info("overtaken", entry=entry.seq, kind=entry.kind)
    except UserError as error:
        _tell(services, task, f"{error.what} {error.do}")
    except Exception:
        reference = deliver.reference()
        log.exception("work_failed", entry=entry.seq, kind=entry.kind, reference=reference)
        with services.casebook.begin() as connection:
            state = inbox.give_back(connection, entry, error=reference, now=services.clock())
        if state is InboxState.FAILED:
            _tell(services, task, f"Aside could not do that. 旁白這次沒有做成。 ({reference})", finish=False)


def _tell(services: Services, task: Task, sentence: str, *, finish: bool = True) -> None:
    """Answer whoever clicked or typed; nobody waits for anything else."""
    payload = task.entry.payload
    response_url = payload.get("response_url")
    user = payload.get("user_id") or (payload.get("user") or {}).get("id")
    with services.casebook.begin() as connection:
        if finish and not inbox.finish(connection, task.entry):
            return
        if response_url and user:
            deliver.reply(
                connection,
                workspace=task.entry.workspace,
                key=f"{task.entry.key}:error",
                response_url=response_url,
                person=user,
                body={"text": sentence},
                now=services.clock(),
            )
    services.wake.outbox.set()


async def run_lane(services: Services, lane: Lane, works: dict[str, Work]) -> None:
    """Work on one lane, oldest first, forever."""
    wake = services.wake.person if lane is Lane.PERSON else services.wake.stream
    while True:
        wake.clear()
        with services.casebook.begin() as connection:
            entry = inbox.claim(connection, lane=lane, now=services.clock())
        if entry:
            await work_on(services, entry, works[entry.kind])
            continue
        try:
            await asyncio.wait_for(wake.wait(), 1.0)
        except TimeoutError:
            continue
