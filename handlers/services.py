"""What every handler is given: the parts that `bot.app` wired together."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import UserError
from bot.knowledge import Knowledge
from bot.metrics import Metrics
from bot.playbook import Playbook
from bot.playbook_yaml import Fault
from bot.signals import Detector
from handlers.identity import Identity
from storage.directory import Directory, DirectorySource
from storage.engine import Casebook

__all__ = ["Identity", "Known", "Services", "Shown", "Wake"]

log = structlog.get_logger()


@dataclass(frozen=True)
class Wake:
    """Tells the workers that there is something to do."""

    person: asyncio.Event = field(default_factory=asyncio.Event)
    stream: asyncio.Event = field(default_factory=asyncio.Event)
    outbox: asyncio.Event = field(default_factory=asyncio.Event)
    homes: asyncio.Event = field(default_factory=asyncio.Event)
    after_a_home: asyncio.Lock = field(default_factory=asyncio.Lock)
    work_ends: asyncio.Event = field(default_factory=asyncio.Event)
    sending_ends: asyncio.Event = field(default_factory=asyncio.Event)

    def of_another(self) -> "Wake":
        """For one more workspace: the queues are everybody's, the Homes are its own."""
        return replace(self, homes=asyncio.Event())

    def end_work(self) -> None:
        """Let the workers end, each after what it is at."""
        self.work_ends.set()
        self.person.set()
        self.stream.set()

    def end_sending(self) -> None:
        """Let the sender end once nothing is due."""
        self.sending_ends.set()
        self.outbox.set()


async def woken(event: asyncio.Event, seconds: float) -> None:
    """Wait until something happens, or for so long.

    Not `asyncio.wait_for`: before Python 3.12 it can swallow a cancellation that comes together with the event, and
    then nothing stops us any more.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


@dataclass
class Known:
    """What the coach knows now, and what is wrong with the playbook's files if they say something else meanwhile."""

    now: Knowledge
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Shown:
    """What somebody's App Home shows.

    Attributes:
        looked_at: When they last opened it or clicked in it, in seconds since 1970.
        view: A hash of what it shows.
    """

    looked_at: float
    view: str


@dataclass(frozen=True)
class Services:
    """The parts, made once at start-up.

    Attributes:
        known: Playbook and detector; an edit of the playbook's files changes both at once.
        clock: Seconds since 1970.
        http: For `response_url`s, which are not part of the Web API.
        exports: Folder for the cases that are taken out as evidence.
        homes: The App Homes that were opened in the past month, by person.
        metrics: Counts what happens.
        told: What was told of the directory when it could last not be read; empty while it can.
        groups_asked: Held while Slack is asked who is in the user groups, so that many who want to know ask once.
    """

    identity: Identity
    client: AsyncWebClient
    http: aiohttp.ClientSession
    casebook: Casebook
    directories: DirectorySource
    known: Known
    clock: Callable[[], float]
    exports: Path = Path("exports")
    wake: Wake = field(default_factory=Wake)
    homes: dict[str, Shown] = field(default_factory=dict)
    metrics: Metrics = field(default_factory=Metrics)
    told: set[str] = field(default_factory=set)
    groups_asked: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def playbook(self) -> Playbook:
        """The playbook as it is now."""
        return self.known.now.playbook

    @property
    def detector(self) -> Detector:
        """The detector as it is now."""
        return self.known.now.detector

    def for_one_task(self) -> Self:
        """The same parts for one piece of work, which keeps the playbook with which it began."""
        return replace(self, known=replace(self.known))

    def directory(self) -> Directory | None:
        """The directory as it is now; None while there is none to read."""
        try:
            found = self.directories.current()
        except UserError as error:
            self.tell_unreadable(error)
            return None
        self.told.clear()
        return found

    def tell_unreadable(self, error: UserError) -> None:
        """Log why the directory cannot be read, once until that changes, however often somebody asks."""
        if error.what not in self.told:
            self.told.clear()
            self.told.add(error.what)
            log.warning("directory_unreadable", workspace=self.identity.workspace, what=error.what)
