"""What every handler is given: the parts that `bot.app` wired together."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import UserError
from bot.playbook import Playbook
from bot.signals import Detector
from handlers.identity import Identity
from storage.directory import Directory, DirectorySource
from storage.engine import Casebook

__all__ = ["Identity", "Services", "Wake"]

log = structlog.get_logger()


@dataclass(frozen=True)
class Wake:
    """Tells the workers that there is something to do."""

    person: asyncio.Event = field(default_factory=asyncio.Event)
    stream: asyncio.Event = field(default_factory=asyncio.Event)
    outbox: asyncio.Event = field(default_factory=asyncio.Event)


async def woken(event: asyncio.Event, seconds: float) -> None:
    """Wait until something happens, or for so long.

    Not `asyncio.wait_for`: before Python 3.12 it can swallow a cancellation that comes together with the event, and
    then nothing stops us any more.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


@dataclass(frozen=True)
class Services:
    """The parts, made once at start-up.

    Attributes:
        clock: Seconds since 1970.
        http: For `response_url`s, which are not part of the Web API.
    """

    identity: Identity
    client: AsyncWebClient
    http: aiohttp.ClientSession
    casebook: Casebook
    directories: DirectorySource
    playbook: Playbook
    detector: Detector
    clock: Callable[[], float]
    wake: Wake = field(default_factory=Wake)

    def directory(self) -> Directory | None:
        """The directory as it is now; None while there is none to read."""
        try:
            return self.directories.current()
        except UserError as error:
            log.warning("directory_unreadable", what=error.what)
            return None
