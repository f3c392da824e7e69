"""Telling a CRM, in order, each move once it is written down; the same event again until it is taken."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import aiohttp
import structlog

from bot.crm import RETRIES, Crm, Event
from bot.webhook import signed
from handlers.services import Services
from handlers.situation import moment
from storage import audit, crm

PAUSE_SECONDS = 1.0

log = structlog.get_logger()


@dataclass(frozen=True)
class Webhook:
    """A signed POST for each event (`bot.webhook`)."""

    services: Services
    url: str
    key: bytes

    async def send(self, event: Event) -> str | None:
        """Post it; anything but a 2xx is a no."""
        headers = {"content-type": "application/json", **signed(self.key, event.id, event.body, moment(self.services))}
        try:
            async with self.services.http.post(
                self.url, data=event.body.encode(), headers=headers, allow_redirects=False
            ) as answer:
                return None if answer.ok and answer.status < 300 else f"http {answer.status}"  # noqa: PLR2004
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return type(error).__name__


async def run_crm(services: Services, to: Crm, retries: Sequence[timedelta] = RETRIES) -> None:
    """Tell it everything from now on, forever.

    Args:
        retries: How long each next try of one event waits; after the last it is left out.
    """
    workspace = services.identity.workspace
    with services.casebook.begin() as connection:
        crm.begin(connection, workspace)
    while True:
        if not await tell_next(services, to, retries):
            await asyncio.sleep(PAUSE_SECONDS)


async def tell_next(services: Services, to: Crm, retries: Sequence[timedelta] = RETRIES) -> bool:
    """Tell it the next move, however long that takes; False when there is none."""
    workspace = services.identity.workspace
    with services.casebook.look() as connection:
        found = crm.next_event(connection, workspace)
    if found is None:
        return False
    seq, event = found
    refused = await _told(to, event, retries) if event else None
    with services.casebook.begin() as connection:
        crm.note_heard(connection, workspace, seq)
        if refused and event:
            log.error("crm_left_out", crm_event=event.id, error=refused)
            audit.write(
                connection,
                workspace=workspace,
                actor="aside",
                subject="crm",
                subject_id=event.id,
                move="left_out",
                why=refused,
                now=services.clock(),
            )
    return True


async def _told(to: Crm, event: Event, retries: Sequence[timedelta]) -> str | None:
    """Tell it one thing, again and again; why it never took it, None when it did."""
    for pause in retries:
        refused = await to.send(event)
        if refused is None:
            return None
        log.warning("crm_later", crm_event=event.id, error=refused, seconds=pause.total_seconds())
        await asyncio.sleep(pause.total_seconds())
    return await to.send(event)
